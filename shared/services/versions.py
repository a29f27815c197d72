"""Versions of an item's files: judged by people, and the best of them at a URL that stays."""

import logging
from collections.abc import Iterator, Sequence
from typing import Any, Final

from shared.errors import BadRequest, Conflict, NotFound
from shared.graph.policy import GRACE
from shared.model import paths
from shared.model.asset import Asset, AssetStatus, Review, content_type
from shared.model.base import instant_text
from shared.model.version import CACHE_CONTROL, best, best_folder, best_paths
from shared.ports import Blob, Bucket, Delete, Json, Ports, Put, Query, Replace
from shared.services import assets, contention, entities, items
from shared.services.keys import Principal

BATCH: Final = 100

log = logging.getLogger(__name__)


def judge(
    ports: Ports,
    who: Principal,
    asset_id: str,
    changes: dict[str, Any],
    *,
    if_match: str | None = None,
) -> Asset:
    """Approve, reject or pin a version: `review` and `pinned`, as far as they are given. What is
    the best one follows at once."""
    for _ in contention.tries(ports):
        asset, version = assets.get(ports, who, asset_id)
        entities.require_version(version, if_match)
        item_id = asset.item_id
        if item_id is None:
            raise BadRequest("is an upload, which has no versions", field="asset_id")
        if asset.status is not AssetStatus.READY:
            raise Conflict("The asset is not ready; wait for its job.")
        now = ports.clock.now()
        if "review" in changes:
            asset = asset.with_(review=changes["review"])
        if "pinned" in changes:
            asset = asset.with_(pinned_at=now if changes["pinned"] else None)
        if asset.pinned_at and asset.review is Review.REJECTED:
            raise BadRequest("a rejected version cannot be pinned", field="pinned")
        changed = asset.with_(updated_at=now)
        path = paths.asset(who.workspace_id, asset_id)
        due = {
            "at": instant_text(now + GRACE),
            "workspace_id": who.workspace_id,
            "item_id": item_id,
        }
        try:
            ports.documents.commit(
                [Replace(path, changed.stored(), version), Put(paths.due(item_id), due)]
            )
        except Conflict:
            continue
        sweep(ports, due)
        return changed
    raise Conflict("The asset is being changed by too many at once; try again.")


def best_of(ports: Ports, who: Principal, item_id: str) -> dict[str, Asset]:
    """The best version of each kind that an item has, by asset key."""
    items.get(ports, who, item_id)
    return best(of_item(ports, who.workspace_id, item_id))


def sweep(ports: Ports, due: Json) -> None:
    """Refresh an item that was judged; the sweeper does it when the first to try has died."""
    refresh(ports, due["workspace_id"], due["item_id"])
    ports.documents.commit([Delete(paths.due(due["item_id"]))])


def refresh(ports: Ports, workspace_id: str, item_id: str) -> None:
    """Let the stable names of an item serve its best versions. Can be repeated at any time; of two
    at once, the one that knows less finds that the name has been written, and looks again."""
    for _ in contention.tries(ports):
        try:
            _refresh(ports, workspace_id, item_id)
        except Conflict:
            continue
        return
    log.error("the best versions could not be refreshed", extra={"item": item_id})


def remove(ports: Ports, workspace_id: str, item_id: str) -> None:
    """Take the stable names of a deleted item away."""
    for blob in _served(ports, workspace_id, item_id):
        ports.blobs.delete(Bucket.ASSETS, blob.name)


def _refresh(ports: Ports, workspace_id: str, item_id: str) -> None:
    served = {blob.name: blob for blob in _served(ports, workspace_id, item_id)}
    found = best(of_item(ports, workspace_id, item_id))
    if ports.documents.get(paths.item(workspace_id, item_id)) is None:
        found = {}
    wanted = {
        name: (asset, path) for asset in found.values() for name, path in best_paths(asset).items()
    }
    for name, (asset, path) in wanted.items():
        _serve(ports, workspace_id, name, asset, path, served.get(name))
    for name in sorted(served.keys() - wanted.keys()):
        ports.blobs.delete(Bucket.ASSETS, name, if_generation=served[name].generation)
    if wanted and ports.documents.get(paths.item(workspace_id, item_id)) is None:
        remove(ports, workspace_id, item_id)  # deleted while we copied


def _serve(
    ports: Ports, workspace_id: str, name: str, asset: Asset, path: str, there: Blob | None
) -> None:
    if there and there.metadata.get("asset") == asset.id:
        return
    try:
        ports.blobs.copy(
            (Bucket.ASSETS, path),
            (Bucket.ASSETS, name),
            content_type=content_type(path),
            cache_control=CACHE_CONTROL,
            metadata={
                "workspace": workspace_id,
                "item": asset.item_id or "-",
                "asset": asset.id,
                "best": "true",
            },
            if_generation=there.generation if there else 0,
        )
    except NotFound:
        log.info("a version was deleted meanwhile", extra={"asset": asset.id})


def of_item(ports: Ports, workspace_id: str, item_id: str) -> Iterator[Asset]:
    """Every asset of an item."""
    query = Query(paths.collection_of(workspace_id, "assets"), {"item_id": item_id})
    for document in entities.every(ports.documents, query, at_once=BATCH):
        yield Asset.load(document.data)


def _served(ports: Ports, workspace_id: str, item_id: str) -> Sequence[Blob]:
    workspace = ports.documents.get(paths.workspace(workspace_id))
    if workspace is None:
        return ()
    folder = best_folder(workspace.data["user_prefix"], item_id)
    return ports.blobs.list(Bucket.ASSETS, folder, limit=BATCH).results
