"""/v1/assets and the links between them."""

from typing import Any

from functions.api.call import Call, Reply, Route
from shared.model.asset import Asset
from shared.model.link import Link
from shared.model.workspace import Scope
from shared.services import assets, deletion


def show(call: Call, asset: Asset) -> dict[str, Any]:
    """An asset with its public URL, which serves a placeholder while the asset is pending."""
    shown = asset.stored()
    del shown["path"]
    if asset.error and "error" in shown:
        shown["error"] = asset.error.model_dump(mode="json", exclude_none=True)
    return {**shown, "url": call.ports.blobs.public_url(asset.path)}


def show_link(link: Link) -> dict[str, Any]:
    return link.model_dump(mode="json", include={"source_asset_id", "target_asset_id", "role"})


def get(call: Call) -> Reply:
    asset, _ = assets.get(call.ports, call.who, call.ids["asset_id"])
    return Reply(show(call, asset))


def delete(call: Call) -> Reply:
    job = deletion.delete_asset(call.ports, call.who, call.ids["asset_id"])
    return call.deleted(call.ids["asset_id"], job)


def links_of(call: Call) -> Reply:
    found = assets.links_of_asset(call.ports, call.who, call.ids["asset_id"])
    return Reply([show_link(link) for link in found])


ROUTES = (
    Route("GET", "/v1/assets/<asset_id>", get),
    Route("DELETE", "/v1/assets/<asset_id>", delete, Scope.WRITE),
    Route("GET", "/v1/assets/<asset_id>/links", links_of),
)
