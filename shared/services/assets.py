"""Assets: reading them, and the links between them."""

from collections.abc import Iterable, Sequence

from shared.errors import BadRequest, NotFound
from shared.model import paths
from shared.model.asset import Asset, AssetStatus, AssetType
from shared.model.link import Link
from shared.ports import Ports, Query
from shared.services import entities
from shared.services.keys import Principal

MAX_LINKS = 500


def get(ports: Ports, who: Principal, asset_id: str) -> tuple[Asset, str]:
    """An asset whose item, collection and project (if it has them) still exist."""
    asset, version = entities.read(ports.documents, Asset, paths.asset(who.workspace_id, asset_id))
    if asset.item_id and asset.collection_id and asset.project_id:
        ancestors = [
            paths.item(who.workspace_id, asset.item_id),
            paths.collection(who.workspace_id, asset.collection_id),
            paths.project(who.workspace_id, asset.project_id),
        ]
        entities.require_all(ports.documents, ancestors, "asset")
    return asset, version


def picture(ports: Ports, who: Principal, asset_id: str, *, field: str) -> Asset:
    """A finished still of the workspace; BadRequest names the field that asks for another."""
    try:
        asset, _ = get(ports, who, asset_id)
    except NotFound as error:
        raise BadRequest(f"there is no asset {asset_id}", field=field) from error
    stills = (AssetType.IMAGE, AssetType.TRANSPARENT_IMAGE)
    if asset.type not in stills or asset.status is not AssetStatus.READY:
        raise BadRequest(f"asset {asset_id} is not a finished image", field=field)
    return asset


def links_of_asset(ports: Ports, who: Principal, asset_id: str) -> Sequence[Link]:
    """The links to and from an asset: what it was made from, then what was made from it."""
    get(ports, who, asset_id)
    made_from = _links(ports, who, "target_asset_id", asset_id)
    return [*made_from, *_links(ports, who, "source_asset_id", asset_id)]


def links_of_item(ports: Ports, who: Principal, item_id: str) -> Sequence[Link]:
    """The links whose target is an asset of the item: its generation graph."""
    return _links(ports, who, "item_id", item_id)


def links_to(ports: Ports, who: Principal, asset_ids: Iterable[str]) -> Sequence[Link]:
    """The links to what some assets were made from."""
    return [link for id_ in asset_ids for link in _links(ports, who, "target_asset_id", id_)]


def links_from(ports: Ports, who: Principal, asset_id: str) -> Sequence[Link]:
    """The links to what was made from an asset."""
    return _links(ports, who, "source_asset_id", asset_id)


def _links(ports: Ports, who: Principal, field: str, value: str) -> Sequence[Link]:
    query = Query(paths.collection_of(who.workspace_id, "links"), {field: value})
    documents = ports.documents.query(query, limit=MAX_LINKS).results
    return [Link.load(document.data) for document in documents]
