"""What follows from an image or a video, made again for nothing: its cut-out, its formats."""

from collections.abc import Sequence
from typing import Any

from shared.errors import Conflict
from shared.graph.plan import plan_cutout, plan_formats
from shared.model import paths
from shared.model.asset import Asset, AssetStatus, asset_key
from shared.model.link import Role
from shared.model.version import best
from shared.model.workspace import Workspace
from shared.ports import Ports
from shared.services import assets, collections, entities, items, versions
from shared.services.generation import Proposal
from shared.services.keys import Principal


def propose_cutout(ports: Ports, who: Principal, image_id: str, sizes: Sequence[int]) -> Proposal:
    """Plan how an image is cut out again, with some size variants of the cut-out."""
    image, place = _place(ports, who, image_id)
    return Proposal(plan_cutout(image, sizes, **place), place["item"], is_new=False)


def propose_formats(ports: Ports, who: Principal, video_id: str) -> Proposal:
    """Plan the formats that a video lacks, or of which none is good enough; all of them if it lacks
    none."""
    video, place = _place(ports, who, video_id)
    links = assets.links_of_item(ports, who, place["item"].id)
    ours = {
        one.target_asset_id
        for one in links
        if one.source_asset_id == video.id and one.role is Role.SOURCE
    }
    of_item = versions.of_item(ports, who.workspace_id, place["item"].id)
    counted = best((one for one in of_item if one.take == video.take), doubtful=True)
    there = {
        type_
        for type_ in place["collection"].settings.formats
        if (film := counted.get(asset_key(type_, None, video.purpose))) and film.id in ours
    }
    if there == {*place["collection"].settings.formats}:
        there = set()
    to_video = [one for one in links if one.target_asset_id == video.id]
    return Proposal(plan_formats(video, to_video, there, **place), place["item"], is_new=False)


def _place(ports: Ports, who: Principal, asset_id: str) -> tuple[Asset, dict[str, Any]]:
    """A finished asset, and where what is made of it belongs."""
    asset, _ = assets.get(ports, who, asset_id)
    if asset.status is not AssetStatus.READY:
        raise Conflict("The asset is not ready; wait for its job.")
    item, _ = items.get(ports, who, asset.item_id or "-")
    collection, _ = collections.get(ports, who, item.collection_id)
    workspace, _ = entities.read(ports.documents, Workspace, paths.workspace(who.workspace_id))
    return asset, {
        "workspace_id": who.workspace_id,
        "user_prefix": workspace.user_prefix,
        "collection": collection,
        "item": item,
        "ids": ports.ids,
        "now": ports.clock.now(),
    }
