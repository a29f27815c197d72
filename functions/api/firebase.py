"""/v1/workspace/firebase: the Firebase project whose users may enter with their own tokens."""

from typing import Annotated, Any, Literal

from pydantic import Field

from functions import composition
from functions.api.call import Call, Reply, Route
from functions.api.keys import Origins
from shared.errors import NotFound
from shared.model.base import Value
from shared.model.firebase import FirebaseProject, FirebaseProjectId
from shared.model.schema import named
from shared.model.workspace import Scope, including
from shared.services.firebase import projects
from shared.services.tokens import MAX_LENGTH

Scopes = Annotated[
    tuple[Annotated[Literal["read", "write"], named("TokenScope")], ...], Field(min_length=1)
]
Proof = Annotated[str, Field(min_length=1, max_length=MAX_LENGTH)]


class RegisterBody(Value):
    """All of it: what is left out goes back to what is said here."""

    firebase_project_id: FirebaseProjectId
    scopes: Scopes = ("read",)
    allowed_origins: Origins = ()
    proof: Proof | None = None


def show(project: FirebaseProject) -> dict[str, Any]:
    """A registration without its workspace, which is the asker's own."""
    fields = {"scopes", "allowed_origins", "created_at", "updated_at"}
    return {"firebase_project_id": project.id, **project.model_dump(mode="json", include=fields)}


def get(call: Call) -> Reply:
    """Read which Firebase project is registered."""
    return Reply(show(projects.get(call.ports, call.who)))


def register(call: Call) -> Reply:
    """Register a Firebase project, or change what its users may do.

    `proof` is an ID token of the project with the claim `mascotry_workspace`, which is the id of
    the workspace; it isn't needed to change what is registered already.
    """
    body = call.body(RegisterBody)
    project = projects.register(
        call.ports,
        composition.certificates,
        call.who,
        body.firebase_project_id,
        scopes=including(tuple(map(Scope, body.scopes))),
        allowed_origins=body.allowed_origins,
        proof=body.proof,
    )
    return Reply(show(project))


def remove(call: Call) -> Reply:
    """Let the Firebase project go: its tokens open nothing any more, at once.

    The answer is what was registered.
    """
    return Reply(show(projects.remove(call.ports, call.who)))


ROUTES = (
    Route("GET", "/v1/workspace/firebase", get, answer="Firebase", errors=(NotFound,)),
    Route(
        "PUT",
        "/v1/workspace/firebase",
        register,
        Scope.ADMIN,
        body=RegisterBody,
        answer="Firebase",
        example={
            "firebase_project_id": "my-app-1a2b3",
            "scopes": ["read"],
            "allowed_origins": ["https://app.example"],
            "proof": "eyJhbGciOiJSUzI1NiIs…",
        },
    ),
    Route(
        "DELETE",
        "/v1/workspace/firebase",
        remove,
        Scope.ADMIN,
        answer="Firebase",
        errors=(NotFound,),
    ),
)
