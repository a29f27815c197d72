"""Workspaces: reading and changing one's own, and which providers it has chosen."""

from typing import Any

from shared.config import Settings
from shared.model import paths
from shared.model.workspace import Workspace
from shared.ports import Ports, Replace
from shared.services import entities
from shared.services.keys import Principal


def get(ports: Ports, who: Principal) -> tuple[Workspace, str]:
    """One's own workspace, and its version."""
    return entities.read(ports.documents, Workspace, paths.workspace(who.workspace_id))


def update(ports: Ports, who: Principal, changes: dict[str, Any]) -> Workspace:
    """Change the name or the providers; None goes back to the installation's choice."""
    workspace, version = get(ports, who)
    changed = workspace.with_(**changes, updated_at=ports.clock.now())
    path = paths.workspace(who.workspace_id)
    ports.documents.commit([Replace(path, changed.stored(), version)])
    return changed


def image_provider(ports: Ports, workspace_id: str, settings: Settings) -> str:
    """The name of who draws for a workspace, when a request does not say."""
    workspace, _ = entities.read(ports.documents, Workspace, paths.workspace(workspace_id))
    return workspace.image_provider or settings.image_provider


def vision_provider(ports: Ports, workspace_id: str, settings: Settings) -> str:
    """The name of who looks at pictures for a workspace."""
    workspace, _ = entities.read(ports.documents, Workspace, paths.workspace(workspace_id))
    return workspace.vision_provider or settings.vision_provider
