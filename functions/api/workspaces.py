"""/v1/workspace: one's own."""

from collections.abc import Callable
from typing import Any

from functions import composition
from functions.api.call import Call, Reply, Route
from functions.api.changes import Changes, Given
from shared.errors import BadRequest, PermanentError
from shared.model.request import ImageProviderName, Name, VideoProviderName, VisionProviderName
from shared.model.workspace import Scope, Workspace
from shared.services import workspaces

PROVIDERS: dict[str, Callable[[str], object]] = {
    "image_provider": composition.image_provider,
    "video_provider": composition.video_provider,
    "vision_provider": composition.vision_provider,
}
OFFLINE = "offline"


class UpdateBody(Changes):
    """A provider that is null goes back to the installation's choice."""

    name: Given[Name] = None
    image_provider: ImageProviderName | None = None
    video_provider: VideoProviderName | None = None
    vision_provider: VisionProviderName | None = None


def show(call: Call, workspace: Workspace) -> dict[str, Any]:
    """The workspace; `defaults` are the providers where it has chosen none."""
    defaults = {field: getattr(call.settings, field) for field in PROVIDERS}
    return {**workspace.stored(), "defaults": defaults}


def get(call: Call) -> Reply:
    """Read the workspace that the key opens."""
    workspace, _ = workspaces.get(call.ports, call.who)
    return Reply(show(call, workspace))


def update(call: Call) -> Reply:
    """Rename the workspace, or choose who draws, animates and looks."""
    changes = call.body(UpdateBody).changes()
    for field, choose in PROVIDERS.items():
        _require_usable(field, choose, changes.get(field))
    return Reply(show(call, workspaces.update(call.ports, call.who, changes)))


def _require_usable(field: str, choose: Callable[[str], object], name: str | None) -> None:
    """BadRequest when the installation has not what the provider needs; the message says what."""
    if name is None or name == OFFLINE:  # which needs nothing, and is heavy to load
        return
    try:
        choose(name)
    except PermanentError as error:
        raise BadRequest(error.message, field=field) from None


ROUTES = (
    Route("GET", "/v1/workspace", get, answer="Workspace"),
    Route(
        "PATCH",
        "/v1/workspace",
        update,
        Scope.ADMIN,
        body=UpdateBody,
        answer="Workspace",
        example={"image_provider": "offline"},
    ),
)
