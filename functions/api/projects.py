"""/v1/projects."""

from typing import Any

from functions.api import parameter
from functions.api.call import Call, Reply, Route
from shared.model import paths
from shared.model.base import Value
from shared.model.project import Project
from shared.model.request import Name
from shared.model.workspace import Scope
from shared.ports import Query
from shared.services import projects


class ProjectBody(Value):
    name: Name


def show(project: Project) -> dict[str, Any]:
    return project.stored()


def index(call: Call) -> Reply:
    """List the projects, oldest first."""
    query = Query(paths.collection_of(call.who.workspace_id, "projects"))
    return call.listing(
        query, lambda page: [show(Project.load(found.data)) for found in page.results]
    )


def create(call: Call) -> Reply:
    """Create a project."""
    project = projects.create(call.ports, call.who, call.body(ProjectBody).name)
    return Reply(show(project), status=201)


def get(call: Call) -> Reply:
    """Read a project."""
    project, version = projects.get(call.ports, call.who, call.ids["project_id"])
    return Reply(show(project), version=version)


def update(call: Call) -> Reply:
    """Rename a project."""
    name = call.body(ProjectBody).name
    project = projects.rename(
        call.ports, call.who, call.ids["project_id"], name, if_match=call.if_match
    )
    return Reply(show(project))


def delete(call: Call) -> Reply:
    """Delete a project with everything in it.

    While a picture in it is a reference of characters elsewhere the answer is 409 and names their
    collections; with `detach` it is taken from them, which clears their style cards.
    """
    from shared.services import deletion  # which knows all that can be below a project

    job = deletion.delete_project(
        call.ports,
        call.who,
        call.ids["project_id"],
        if_match=call.if_match,
        detach=call.flag("detach"),
    )
    return call.deleted(call.ids["project_id"], job)


_EXAMPLE = {"name": "My app"}

ROUTES = (
    Route("GET", "/v1/projects", index, answer="Project", paged=True),
    Route(
        "POST",
        "/v1/projects",
        create,
        Scope.WRITE,
        body=ProjectBody,
        answer="Project",
        status=201,
        gives={"project_id": "/id"},
        example=_EXAMPLE,
    ),
    Route("GET", "/v1/projects/<project_id>", get, answer="Project", versioned=True),
    Route(
        "PATCH",
        "/v1/projects/<project_id>",
        update,
        Scope.WRITE,
        versioned=True,
        body=ProjectBody,
        answer="Project",
        example=_EXAMPLE,
    ),
    Route(
        "DELETE",
        "/v1/projects/<project_id>",
        delete,
        Scope.WRITE,
        versioned=True,
        query=(parameter.DETACH,),
        answer="Deletion",
        status=202,
        gives={"job_id": "/job_id"},
    ),
)
