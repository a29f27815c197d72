"""The Firebase project whose users may enter a workspace: registering it, and letting it go.

Who registers a project has to prove that it is his, by a token with a claim that only the project's
own service accounts can set. Otherwise a stranger could register somebody else's. He would see
nothing of that one, but the users of that one's app would be shown the stranger's pictures, and
tell him what they ask for. A project that is registered elsewhere moves to who proves it last: it
belongs to whoever holds its accounts.
"""

from collections.abc import Callable, Sequence
from typing import Final

from shared.errors import BadRequest, Conflict, NotFound, Unauthorized
from shared.model import paths
from shared.model.base import canonical_id
from shared.model.firebase import FirebaseProject
from shared.model.workspace import Scope
from shared.ports import Create, Delete, Document, Ports, Replace, Write
from shared.services.certificates import Certificates
from shared.services.firebase import tokens
from shared.services.keys import Principal

WORKSPACE_CLAIM: Final = "mascotry_workspace"


def find(ports: Ports, project_id: str) -> FirebaseProject | None:
    """The registration of a project, whosever it is."""
    document = ports.documents.get(paths.firebase_project(project_id))
    return FirebaseProject.load(document.data) if document else None


def get(ports: Ports, who: Principal) -> FirebaseProject:
    """The project that is registered for one's own workspace."""
    return _load(_present(ports, who)[1])


def register(
    ports: Ports,
    certificates: Callable[[], Certificates],
    who: Principal,
    project_id: str,
    *,
    scopes: tuple[Scope, ...],
    allowed_origins: tuple[str, ...],
    proof: str | None,
) -> FirebaseProject:
    """Let the users of a project enter, in place of those of another project.

    `proof` is needed unless the project is registered for this workspace already; BadRequest says
    what is wrong with it.
    """
    choice, current = _present(ports, who)
    target = paths.firebase_project(project_id)
    found = current if current and current.path == target else ports.documents.get(target)
    known = FirebaseProject.load(found.data) if found else None
    if known is None or known.workspace_id != who.workspace_id:
        _require_proof(ports, certificates, who, project_id, proof)
        known = None
    now = ports.clock.now()
    project = FirebaseProject(
        id=project_id,
        created_at=known.created_at if known else now,
        updated_at=now,
        workspace_id=who.workspace_id,
        scopes=scopes,
        allowed_origins=allowed_origins,
    )
    chosen = paths.firebase_choice(who.workspace_id)
    # The choice is compared, too: of two at once, one would stay open and be seen nowhere.
    writes: list[Write] = [
        _write(target, project.stored(), found),
        _write(chosen, {"project_id": project_id}, choice),
    ]
    if current and current.path != target:
        writes.append(Delete(current.path, current.version))
    _commit(ports, writes)
    return project


def remove(ports: Ports, who: Principal) -> FirebaseProject:
    """From now on no token of the project opens anything."""
    choice, current = _present(ports, who)
    project = _load(current)
    _commit(ports, [Delete(found.path, found.version) for found in (choice, current) if found])
    return project


def _present(ports: Ports, who: Principal) -> tuple[Document | None, Document | None]:
    """What the workspace has chosen, and the registration of that unless it is another's by now."""
    choice = ports.documents.get(paths.firebase_choice(who.workspace_id))
    if choice is None:
        return None, None
    found = ports.documents.get(paths.firebase_project(choice.data["project_id"]))
    mine = found is not None and found.data["workspace_id"] == who.workspace_id
    return choice, found if mine else None


def _load(document: Document | None) -> FirebaseProject:
    if document is None:
        raise NotFound("No Firebase project is registered for this workspace.")
    return FirebaseProject.load(document.data)


def _require_proof(
    ports: Ports,
    certificates: Callable[[], Certificates],
    who: Principal,
    project_id: str,
    proof: str | None,
) -> None:
    """BadRequest unless a service account of the project has named this workspace in a token.

    A token alone would not do: in most apps anybody may sign up.
    """
    wanted = f"an ID token of the project with the claim {WORKSPACE_CLAIM!r}: the workspace's id"
    if proof is None:
        raise BadRequest(f"show that the project is yours: {wanted}", field="proof")
    try:
        token = tokens.parse(proof)
        tokens.verify(certificates(), token, project_id, ports.clock.now())
    except Unauthorized as error:
        raise BadRequest(f"must be {wanted}. {error.message}", field="proof") from None
    if canonical_id(str(token.claims.get(WORKSPACE_CLAIM))) != who.workspace_id:
        raise BadRequest(f"must be {wanted}; this token lacks the claim", field="proof")


def _write(path: str, data: dict[str, object], found: Document | None) -> Write:
    return Replace(path, data, found.version) if found else Create(path, data)


def _commit(ports: Ports, writes: Sequence[Write]) -> None:
    try:
        ports.documents.commit(writes)
    except Conflict:
        raise Conflict("The Firebase project is being changed; try again.") from None
