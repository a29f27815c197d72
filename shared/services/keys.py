"""API keys: issued once, stored as hashes, looked up on every request."""

import hashlib
from dataclasses import dataclass

from shared.errors import Forbidden, Unauthorized
from shared.model import paths
from shared.model.workspace import Key, Scope, Workspace
from shared.ports import Create, Ports

PREFIX = "msk_"
SECRET_LENGTH = 40
USER_PREFIX_LENGTH = 8


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking: everything that follows stays inside this workspace."""

    workspace_id: str
    scopes: tuple[Scope, ...]

    def require(self, scope: Scope) -> None:
        if scope not in self.scopes:
            raise Forbidden(f"This key may not do that; it needs the scope {scope.value!r}.")


def digest(secret: str) -> str:
    """SHA-256 in hex. A key is 200 random bits, so a fast hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def create_workspace(ports: Ports, name: str) -> Workspace:
    """A new tenant with its own public path prefix."""
    now = ports.clock.now()
    workspace = Workspace(
        id=ports.ids.uuid(),
        created_at=now,
        updated_at=now,
        name=name,
        user_prefix=ports.ids.token(USER_PREFIX_LENGTH),
    )
    ports.documents.commit([Create(paths.workspace(workspace.id), workspace.stored())])
    return workspace


def issue(ports: Ports, workspace_id: str, name: str, scopes: tuple[Scope, ...]) -> str:
    """A new key's secret, which can never be read again."""
    secret = PREFIX + ports.ids.token(SECRET_LENGTH)
    now = ports.clock.now()
    key = Key(
        id=digest(secret),
        created_at=now,
        updated_at=now,
        workspace_id=workspace_id,
        name=name,
        scopes=scopes,
    )
    ports.documents.commit([Create(paths.key(key.id), key.stored())])
    return secret


def authenticate(ports: Ports, authorization: str | None) -> Principal:
    """The principal of an `Authorization: Bearer …` header, or Unauthorized."""
    scheme, _, secret = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Unauthorized("Send your API key as 'Authorization: Bearer <key>'.")
    document = ports.documents.get(paths.key(digest(secret.strip())))
    if document is None:
        raise Unauthorized("This API key is not known, or was revoked.")
    return Principal(
        workspace_id=document.data["workspace_id"],
        scopes=tuple(Scope(scope) for scope in document.data["scopes"]),
    )
