"""/v1/items, and the items of a collection."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from functions.api import assets as assets_api
from functions.api import parameter
from functions.api.call import Call, Reply, Route
from shared.model import paths
from shared.model.asset import Asset
from shared.model.base import Value
from shared.model.item import Item, ItemType
from shared.model.request import Name
from shared.model.version import best_paths
from shared.model.workspace import Scope
from shared.ports import Query
from shared.services import assets, collections, deletion, items, summaries, versions


class CreateBody(Value):
    type: ItemType
    name: Name


class UpdateBody(Value):
    name: Name


def show(item: Item) -> dict[str, Any]:
    return item.stored()


def show_best(call: Call, found: Mapping[str, Asset]) -> dict[str, Any]:
    """The files that count, by key, with URLs that always serve them."""
    return {
        key: {"asset_id": asset.id, "url": call.ports.blobs.public_url(path)}
        for asset in found.values()
        for key, path in zip(asset.keys, best_paths(asset), strict=True)
    }


def _show_more(call: Call, item: Item) -> dict[str, Any]:
    summary = summaries.of_item(call.ports, call.who, item.id)
    shown = {**show(item), "best": show_best(call, summary.best)}
    if not call.who.publishable:
        shown["newest"] = summary.newest and _show_newest(call, summary.newest)
    return shown


def _show_newest(call: Call, newest: summaries.Newest) -> dict[str, Any]:
    return {
        "status": newest.status.value,
        "needs_review": newest.needs_review,
        "still_url": newest.still and call.ports.blobs.public_url(newest.still.path),
    }


def index(call: Call) -> Reply:
    """List the items of a collection.

    The oldest comes first if you don't say otherwise.
    """
    collections.get(call.ports, call.who, call.ids["collection_id"])
    kind = paths.collection_of(call.who.workspace_id, "items")
    of = {"collection_id": call.ids["collection_id"]}
    query = Query(kind, of, descending=call.flag("latest"))
    shown = partial(_show_more, call) if call.flag("best") else show
    return call.listing(
        query, lambda page: [shown(Item.load(found.data)) for found in page.results]
    )


def create(call: Call) -> Reply:
    """Create an item without any assets."""
    body = call.body(CreateBody)
    item = items.create(call.ports, call.who, call.ids["collection_id"], body.type, body.name)
    return Reply(show(item), status=201)


def get(call: Call) -> Reply:
    """Read an item."""
    item, version = items.get(call.ports, call.who, call.ids["item_id"])
    return Reply(show(item), version=version)


def update(call: Call) -> Reply:
    """Rename an item."""
    name = call.body(UpdateBody).name
    item = items.rename(call.ports, call.who, call.ids["item_id"], name, if_match=call.if_match)
    return Reply(show(item))


def delete(call: Call) -> Reply:
    """Delete an item with its assets.

    While one of them is a reference of characters the answer is 409 and names their collections;
    with `detach` it is taken from them, which clears their style cards.
    """
    job = deletion.delete_item(
        call.ports,
        call.who,
        call.ids["item_id"],
        if_match=call.if_match,
        detach=call.flag("detach"),
    )
    return call.deleted(call.ids["item_id"], job)


def assets_of(call: Call) -> Reply:
    """List the assets of an item, oldest first."""
    items.get(call.ports, call.who, call.ids["item_id"])
    kind = paths.collection_of(call.who.workspace_id, "assets")
    query = Query(kind, {"item_id": call.ids["item_id"]})
    return call.listing(
        query,
        lambda page: [assets_api.show(call, Asset.load(found.data)) for found in page.results],
    )


def best_of(call: Call) -> Reply:
    """Tell which files count, with a URL for each kind that always serves it.

    They are a set that fits: a still, and a film that was made from it.
    """
    found = versions.best_of(call.ports, call.who, call.ids["item_id"])
    return Reply(show_best(call, found))


def links_of(call: Call) -> Reply:
    """List what the assets of an item were made from."""
    items.get(call.ports, call.who, call.ids["item_id"])
    found = assets.links_of_item(call.ports, call.who, call.ids["item_id"])
    return Reply([assets_api.show_link(link) for link in found])


ROUTES = (
    Route(
        "GET",
        "/v1/collections/<collection_id>/items",
        index,
        publishable=True,
        query=(
            parameter.flag("latest", "The latest first."),
            parameter.flag("best", "Each with its best files, and how its newest version is."),
        ),
        answer="ItemView",
        paged=True,
    ),
    Route(
        "POST",
        "/v1/collections/<collection_id>/items",
        create,
        Scope.WRITE,
        body=CreateBody,
        answer="Item",
        status=201,
        gives={"item_id": "/id"},
        example={"type": "image", "name": "Waving"},
    ),
    Route("GET", "/v1/items/<item_id>", get, publishable=True, answer="Item", versioned=True),
    Route(
        "PATCH",
        "/v1/items/<item_id>",
        update,
        Scope.WRITE,
        versioned=True,
        body=UpdateBody,
        answer="Item",
        example={"name": "Waving"},
    ),
    Route(
        "DELETE",
        "/v1/items/<item_id>",
        delete,
        Scope.WRITE,
        versioned=True,
        query=(parameter.DETACH,),
        answer="Deletion",
        status=202,
        gives={"job_id": "/job_id"},
    ),
    Route(
        "GET",
        "/v1/items/<item_id>/assets",
        assets_of,
        publishable=True,
        answer="AssetView",
        paged=True,
        gives={"asset_id": "/0/id"},
    ),
    Route("GET", "/v1/items/<item_id>/best", best_of, publishable=True, answer="BestFiles"),
    Route("GET", "/v1/items/<item_id>/links", links_of, publishable=True, answer="Links"),
)
