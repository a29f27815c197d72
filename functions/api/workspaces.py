"""/v1/workspace: one's own."""

from collections.abc import Callable
from typing import Any

from functions import composition
from functions.api.call import Call, Reply, Route
from shared.errors import BadRequest, PermanentError
from shared.model.base import Value
from shared.model.request import ImageProviderName, Name, VideoProviderName, VisionProviderName
from shared.model.workspace import Scope, Workspace
from shared.services import workspaces

PROVIDERS: dict[str, Callable[[str], object]] = {
    "image_provider": composition.image_provider,
    "video_provider": composition.video_provider,
    "vision_provider": composition.vision_provider,
}
OFFLINE = "offline"


class UpdateBody(Value):
    """A provider that is null goes back to the installation's choice."""

    name: Name | None = None
    image_provider: ImageProviderName | None = None
    video_provider: VideoProviderName | None = None
    vision_provider: VisionProviderName | None = None


def show(call: Call, workspace: Workspace) -> dict[str, Any]:
    """The workspace; `defaults` are the providers where it has chosen none."""
    defaults = {field: getattr(call.settings, field) for field in PROVIDERS}
    return {**workspace.stored(), "defaults": defaults}


def get(call: Call) -> Reply:
    workspace, _ = workspaces.get(call.ports, call.who)
    return Reply(show(call, workspace))


def update(call: Call) -> Reply:
    given = call.body(UpdateBody)
    changes = {name: getattr(given, name) for name in given.model_fields_set}
    if "name" in changes and given.name is None:
        raise BadRequest("may be left out, but not be null", field="name")
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
    Route("GET", "/v1/workspace", get),
    Route("PATCH", "/v1/workspace", update, Scope.ADMIN),
)
