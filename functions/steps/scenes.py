"""The words behind a still, kept with its asset for later films and edits of the same scene."""

from typing import Any

from shared.providers.base import Scene
from shared.services.steps import Source


def remember(scene: Scene) -> dict[str, Any]:
    """A scene as parameters of an asset's provenance."""
    return {"character": scene.character, "action": scene.action, "edits": list(scene.edits)}


def recall(still: Source, motion: str = "") -> Scene | None:
    """The scene of a still that we drew ourselves; nobody knows the words behind an upload."""
    parameters = still.provenance.parameters if still.provenance else {}
    if not parameters.get("character"):
        return None
    edits = tuple(parameters.get("edits", ()))
    return Scene(parameters["character"], parameters["action"], motion, edits)


def seed(still: Source | None, fallback: int) -> int:
    """The seed that a still was drawn with."""
    found = still.provenance.seed if still and still.provenance else None
    return fallback if found is None else found
