"""The users of a registered Firebase project: who they are, and what they may do."""

import hashlib
from typing import Any, Final

from shared.errors import Unauthorized
from shared.model.firebase import FirebaseProject, is_project_id
from shared.model.workspace import Scope, including
from shared.ports import Ports
from shared.services.certificates import Certificates
from shared.services.firebase import projects, tokens
from shared.services.keys import Principal
from shared.services.tokens import Token

SCOPES: Final = (Scope.READ, Scope.WRITE)
"""What a user can have at all: who manages a workspace does it with a key."""
SCOPES_CLAIM: Final = "mascotry_scopes"


def authenticate(ports: Ports, certificates: Certificates, text: str) -> Principal:
    """The user that a token was made for, or Unauthorized.

    Nothing is fetched for a project that nobody has registered. Letting a project go takes effect
    with the next request, as revoking a key does.
    """
    token = tokens.parse(text)
    project = _registered(ports, token)
    user_id = tokens.verify(certificates, token, project.id, ports.clock.now())
    scopes = _scopes(project, token.claims.get(SCOPES_CLAIM))
    return Principal(
        workspace_id=project.workspace_id,
        scopes=scopes,
        subject=_subject(project, user_id),
        publishable=Scope.WRITE not in scopes,
        person=True,
        allowed_origins=project.allowed_origins,
    )


def _registered(ports: Ports, token: Token) -> FirebaseProject:
    project_id = token.audience
    project = projects.find(ports, project_id) if is_project_id(project_id) else None
    if project is None:
        raise Unauthorized(tokens.REFUSED)
    return project


def _scopes(project: FirebaseProject, claim: Any) -> tuple[Scope, ...]:
    """What the project's users have, or what is left of it by the claim that names fewer; a claim
    that names nothing known leaves nothing."""
    given = set(including(project.scopes))
    if claim is not None:
        named = claim if isinstance(claim, list) else []
        given &= set(including(tuple(scope for scope in Scope if scope.value in named)))
    return tuple(scope for scope in SCOPES if scope in given)


def _subject(project: FirebaseProject, user_id: str) -> str:
    """A user as rate limits know him: hashed, for a user's id may hold anything."""
    whole = f"{project.workspace_id}\n{project.id}\n{user_id}"
    hashed = hashlib.sha256(whole.encode(errors="surrogatepass")).hexdigest()
    return f"firebase-{hashed}"
