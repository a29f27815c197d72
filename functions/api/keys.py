"""/v1/keys: what opens a workspace. Only a key with the scope `admin` sees and makes others."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from functions.api.call import Call, Reply, Route
from functions.api.changes import Changes, Given
from shared.model.base import Value
from shared.model.request import Name
from shared.model.workspace import Key, KeyKind, Origin, Scope
from shared.services import keys

MAX_ORIGINS = 20
DEFAULT_SCOPES = {
    KeyKind.SECRET: (Scope.READ, Scope.WRITE),
    KeyKind.PUBLISHABLE: (Scope.READ,),
}


def _once(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


Origins = Annotated[tuple[Origin, ...], Field(max_length=MAX_ORIGINS), AfterValidator(_once)]
Scopes = Annotated[tuple[Scope, ...], Field(min_length=1)]


class CreateBody(Value):
    name: Name
    kind: KeyKind = KeyKind.SECRET
    scopes: Scopes | None = None
    allowed_origins: Origins = ()


class UpdateBody(Changes):
    name: Given[Name] = None
    allowed_origins: Given[Origins] = None


def show(key: Key) -> dict[str, Any]:
    """A key without its workspace, which is the asker's own."""
    return key.model_dump(
        mode="json",
        include={
            *("id", "name", "kind", "scopes", "allowed_origins", "last_four"),
            *("created_at", "updated_at", "last_used_at"),
        },
    )


def index(call: Call) -> Reply:
    """List the keys, oldest first."""
    return call.listing(
        keys.of_workspace(call.who.workspace_id),
        lambda page: [show(keys.load(found)) for found in page.results],
    )


def create(call: Call) -> Reply:
    """Make a key.

    This is the only answer that holds its secret.
    """
    body = call.body(CreateBody)
    key, secret = keys.create(
        call.ports,
        call.who.workspace_id,
        body.name,
        kind=body.kind,
        scopes=body.scopes or DEFAULT_SCOPES[body.kind],
        allowed_origins=body.allowed_origins,
    )
    return Reply({**show(key), "secret": secret}, status=201)


def update(call: Call) -> Reply:
    """Rename a key, or bind a publishable one to other origins."""
    changes = call.body(UpdateBody).changes()
    return Reply(show(keys.update(call.ports, call.who, call.ids["key_id"], changes)))


def revoke(call: Call) -> Reply:
    """Revoke a key, at once."""
    with call.unless_done():
        keys.revoke(call.ports, call.who, call.ids["key_id"])
    return Reply({"id": call.ids["key_id"], "deleted": True})


ROUTES = (
    Route("GET", "/v1/keys", index, Scope.ADMIN, answer="Key", paged=True),
    Route(
        "POST",
        "/v1/keys",
        create,
        Scope.ADMIN,
        secret=True,
        body=CreateBody,
        answer="NewKey",
        status=201,
        gives={"key_id": "/id"},
        example={"name": "Website", "kind": "publishable"},
    ),
    Route(
        "PATCH",
        "/v1/keys/<key_id>",
        update,
        Scope.ADMIN,
        body=UpdateBody,
        answer="Key",
        example={"name": "Server"},
    ),
    Route("DELETE", "/v1/keys/<key_id>", revoke, Scope.ADMIN, answer="Gone"),
)
