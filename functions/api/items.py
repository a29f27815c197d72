"""/v1/items, and the items of a collection."""

from typing import Any

from functions.api import assets as assets_api
from functions.api.call import Call, Reply, Route
from shared.model import paths
from shared.model.asset import Asset
from shared.model.base import Value
from shared.model.item import Item, ItemType
from shared.model.request import Name
from shared.model.version import best_path
from shared.model.workspace import Scope
from shared.ports import Query
from shared.services import assets, collections, deletion, items, versions


class CreateBody(Value):
    type: ItemType
    name: Name


class UpdateBody(Value):
    name: Name


def show(item: Item) -> dict[str, Any]:
    return item.stored()


def index(call: Call) -> Reply:
    collections.get(call.ports, call.who, call.ids["collection_id"])
    kind = paths.collection_of(call.who.workspace_id, "items")
    query = Query(kind, {"collection_id": call.ids["collection_id"]})
    return call.listing(query, lambda page: [show(Item.load(found.data)) for found in page.results])


def create(call: Call) -> Reply:
    body = call.body(CreateBody)
    item = items.create(call.ports, call.who, call.ids["collection_id"], body.type, body.name)
    return Reply(show(item), status=201)


def get(call: Call) -> Reply:
    item, _ = items.get(call.ports, call.who, call.ids["item_id"])
    return Reply(show(item))


def update(call: Call) -> Reply:
    name = call.body(UpdateBody).name
    return Reply(show(items.rename(call.ports, call.who, call.ids["item_id"], name)))


def delete(call: Call) -> Reply:
    job = deletion.delete_item(call.ports, call.who, call.ids["item_id"])
    return call.deleted(call.ids["item_id"], job)


def assets_of(call: Call) -> Reply:
    items.get(call.ports, call.who, call.ids["item_id"])
    kind = paths.collection_of(call.who.workspace_id, "assets")
    query = Query(kind, {"item_id": call.ids["item_id"]})
    return call.listing(
        query,
        lambda page: [assets_api.show(call, Asset.load(found.data)) for found in page.results],
    )


def best_of(call: Call) -> Reply:
    """The version of each kind that counts, with a URL that always serves it."""
    found = versions.best_of(call.ports, call.who, call.ids["item_id"])
    return Reply(
        {
            key: {"asset_id": asset.id, "url": call.ports.blobs.public_url(best_path(asset))}
            for key, asset in found.items()
        }
    )


def links_of(call: Call) -> Reply:
    items.get(call.ports, call.who, call.ids["item_id"])
    found = assets.links_of_item(call.ports, call.who, call.ids["item_id"])
    return Reply([assets_api.show_link(link) for link in found])


ROUTES = (
    Route("GET", "/v1/collections/<collection_id>/items", index, publishable=True),
    Route("POST", "/v1/collections/<collection_id>/items", create, Scope.WRITE),
    Route("GET", "/v1/items/<item_id>", get, publishable=True),
    Route("PATCH", "/v1/items/<item_id>", update, Scope.WRITE),
    Route("DELETE", "/v1/items/<item_id>", delete, Scope.WRITE),
    Route("GET", "/v1/items/<item_id>/assets", assets_of, publishable=True),
    Route("GET", "/v1/items/<item_id>/best", best_of, publishable=True),
    Route("GET", "/v1/items/<item_id>/links", links_of, publishable=True),
)
