"""The way back of a finished video, for those who did not ask for it at once."""

from shared.config import Settings
from shared.errors import BadRequest, Conflict
from shared.graph.plan import plan_reverse
from shared.model import paths
from shared.model.asset import Asset, AssetStatus, AssetType, Purpose
from shared.model.workspace import Workspace
from shared.ports import Ports
from shared.services import assets, collections, entities, generation, items
from shared.services.generation import Generation, Proposal
from shared.services.keys import Principal


def reverse(ports: Ports, settings: Settings, who: Principal, video_id: str) -> Generation:
    """Begin a job that turns a video round, on the same item. It is free."""
    return generation.accept(ports, settings, who, propose(ports, who, video_id))


def propose(ports: Ports, who: Principal, video_id: str) -> Proposal:
    """Plan how a video is turned round."""
    video, _ = assets.get(ports, who, video_id)
    _check(video)
    item, _ = items.get(ports, who, video.item_id or "-")
    collection, _ = collections.get(ports, who, item.collection_id)
    workspace, _ = entities.read(ports.documents, Workspace, paths.workspace(who.workspace_id))
    planned = plan_reverse(
        video,
        assets.links_to(ports, who, [video.id]),
        workspace_id=who.workspace_id,
        user_prefix=workspace.user_prefix,
        collection=collection,
        item=item,
        ids=ports.ids,
        now=ports.clock.now(),
    )
    return Proposal(planned, item, is_new=False)


def _check(video: Asset) -> None:
    if video.type is not AssetType.VIDEO:
        raise BadRequest(f"must be a video; this is a {video.type.value}", field="video_id")
    if video.purpose is Purpose.REVERSE:
        raise BadRequest("is a way back already; take the video itself", field="video_id")
    if video.status is not AssetStatus.READY:
        raise Conflict("The video is not ready; wait for its job.")
