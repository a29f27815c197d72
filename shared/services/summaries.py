"""What lists show of a pose or a mascot beside its name: the files that count, how far it is."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from shared.model import paths
from shared.model.asset import Asset, AssetStatus, AssetType
from shared.model.version import best, ranked
from shared.ports import Ports, Query
from shared.services import entities, versions
from shared.services.keys import Principal

AT_ONCE: Final = 10


@dataclass(frozen=True, slots=True)
class Newest:
    """What was asked for last of an item: how far its files are, whether people have to look at
    them, and the cut-out still among them, as soon as there is one."""

    status: AssetStatus
    needs_review: bool
    still: Asset | None


@dataclass(frozen=True, slots=True)
class Summary:
    """`best` is by asset key; `newest` is None for an item of which nothing was ever asked for."""

    best: dict[str, Asset]
    newest: Newest | None


def of_item(ports: Ports, who: Principal, item_id: str) -> Summary:
    """One query, whatever the item has."""
    found = [*versions.of_item(ports, who.workspace_id, item_id)]
    return Summary(best(found), _newest(found))


def of_collection(ports: Ports, who: Principal, collection_id: str) -> dict[str, Asset]:
    """The best files of the item that was drawn last, by asset key; none where no still counts."""
    kind = paths.collection_of(who.workspace_id, "assets")
    equals = {"collection_id": collection_id, "type": AssetType.TRANSPARENT_IMAGE.value}
    query = Query(kind, equals, descending=True)
    for document in entities.every(ports.documents, query, at_once=AT_ONCE):
        still = Asset.load(document.data)
        if not (still.item_id and _is_still(still) and ranked([still])):
            continue
        if ports.documents.get(paths.item(who.workspace_id, still.item_id)):
            return best(versions.of_item(ports, who.workspace_id, still.item_id))
    return {}


def _newest(assets: Iterable[Asset]) -> Newest | None:
    by_age = sorted(assets, key=lambda asset: (asset.created_at, asset.id))
    if not by_age:
        return None
    of_last = [asset for asset in by_age if asset.job_id == by_age[-1].job_id]
    states = {asset.status for asset in of_last}
    status = next(
        (one for one in (AssetStatus.PENDING, AssetStatus.FAILED) if one in states),
        AssetStatus.READY,
    )
    stills = [asset for asset in of_last if _is_still(asset)]
    return Newest(
        status,
        any(asset.needs_review for asset in of_last),
        stills[0] if stills and stills[0].status is AssetStatus.READY else None,
    )


def _is_still(asset: Asset) -> bool:
    return asset.type is AssetType.TRANSPARENT_IMAGE and not (asset.size or asset.purpose)
