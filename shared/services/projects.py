"""Projects: the top of the hierarchy."""

from shared.model import paths
from shared.model.project import Project
from shared.ports import Create, Ports, Replace
from shared.services import entities
from shared.services.keys import Principal


def create(ports: Ports, who: Principal, name: str) -> Project:
    now = ports.clock.now()
    project = Project(id=ports.ids.uuid(), created_at=now, updated_at=now, name=name)
    path = paths.project(who.workspace_id, project.id)
    entities.create(ports.documents, path, [Create(path, project.stored())])
    return project


def get(ports: Ports, who: Principal, project_id: str) -> tuple[Project, str]:
    """A project and its version; NotFound in another workspace, as if it did not exist."""
    return entities.read(ports.documents, Project, paths.project(who.workspace_id, project_id))


def rename(
    ports: Ports, who: Principal, project_id: str, name: str, *, if_match: str | None = None
) -> Project:
    project, version = get(ports, who, project_id)
    entities.require_version(version, if_match)
    changed = project.with_(name=name, updated_at=ports.clock.now())
    path = paths.project(who.workspace_id, project_id)
    ports.documents.commit([Replace(path, changed.stored(), version)])
    return changed
