"""Imports: pictures and films that a client has made himself, as items of a character."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.errors import BadRequest, NotFound
from shared.graph.plan import plan_import
from shared.model import paths
from shared.model.asset import Asset, AssetStatus, AssetType
from shared.model.collection import Collection
from shared.model.item import Item, ItemType
from shared.model.workspace import Workspace
from shared.ports import Ports
from shared.services import assets, collections, entities, items
from shared.services.generation import Proposal
from shared.services.keys import Principal


@dataclass(frozen=True, slots=True)
class Target:
    """Where an import goes: a new item of a name, or more of an item that is there."""

    name: str | None = None
    item_id: str | None = None


def propose(
    ports: Ports,
    who: Principal,
    collection_id: str,
    upload: Asset,
    target: Target,
    sizes: Sequence[int] | None = None,
) -> Proposal:
    """Plan what an uploaded picture or film becomes."""
    collection, _ = collections.get(ports, who, collection_id)
    workspace, _ = entities.read(ports.documents, Workspace, paths.workspace(who.workspace_id))
    item = _item(ports, who, collection, upload, target)
    planned = plan_import(
        upload,
        workspace_id=who.workspace_id,
        user_prefix=workspace.user_prefix,
        collection=collection,
        item=item,
        sizes=sizes,
        ids=ports.ids,
        now=ports.clock.now(),
    )
    return Proposal(planned, item, is_new=target.item_id is None)


def uploaded(ports: Ports, who: Principal, asset_id: str, *, field: str) -> Asset:
    """An upload that can be imported. A film may still be on its way: its job waits for it."""
    try:
        asset, _ = assets.get(ports, who, asset_id)
    except NotFound as error:
        raise BadRequest("there is no such asset", field=field) from error
    if asset.job_id is not None:
        raise BadRequest("was made here; name the asset of an upload of yours", field=field)
    if asset.error is not None:
        raise BadRequest(f"cannot be imported: {asset.error.message}", field=field)
    if asset.type is not AssetType.VIDEO and asset.status is not AssetStatus.READY:
        raise BadRequest("is not there yet; wait until its status is ready", field=field)
    return asset


def _item(
    ports: Ports, who: Principal, collection: Collection, upload: Asset, target: Target
) -> Item:
    if target.item_id is None:
        type_ = ItemType.ANIMATION if upload.type is AssetType.VIDEO else ItemType.IMAGE
        return items.draft(ports, collection, type_, target.name or "")
    return items.of_collection(ports, who, target.item_id, collection)
