"""/v1/assets and the links between them."""

from typing import Any

from functions.api import jobs as jobs_api
from functions.api import parameter
from functions.api.call import Call, Reply, Route
from functions.api.changes import Changes, Given
from shared.errors import InsufficientCredits, NotFound
from shared.model.asset import Asset, Review
from shared.model.link import Link
from shared.model.workspace import Scope
from shared.services import again, assets, deletion, reversal, versions


class JudgeBody(Changes):
    """`review` null takes a judgement back."""

    review: Review | None = None
    pinned: Given[bool] = None


PUBLIC = {
    *("id", "collection_id", "item_id", "type", "size", "purpose"),
    *("status", "content"),
    *("created_at", "updated_at"),
}
"""What anybody may know of an asset; how it was made is its owner's business."""


def show(call: Call, asset: Asset) -> dict[str, Any]:
    """An asset with its public URL, which serves a placeholder while the asset is pending."""
    shown = asset.model_dump(
        mode="json", include=PUBLIC if call.who.publishable else None, exclude={"path", "siblings"}
    )
    if asset.error and "error" in shown:
        shown["error"] = asset.error.model_dump(mode="json", exclude_none=True)
    url, *others = (call.ports.blobs.public_url(path) for path in asset.paths)
    return {**shown, "url": url, "sibling_urls": dict(zip(asset.siblings, others, strict=True))}


def show_link(link: Link) -> dict[str, Any]:
    return link.model_dump(mode="json", include={"source_asset_id", "target_asset_id", "role"})


def get(call: Call) -> Reply:
    """Read an asset."""
    asset, version = _visible(call)
    return Reply(show(call, asset), version=version)


def judge(call: Call) -> Reply:
    """Approve, reject or pin a version."""
    changes = call.body(JudgeBody).changes()
    asset = versions.judge(
        call.ports, call.who, call.ids["asset_id"], changes, if_match=call.if_match
    )
    return Reply(show(call, asset))


def regenerate(call: Call) -> Reply:
    """Make an asset anew, and everything that follows from it, as a new job.

    For an asset that its job has failed to make it is the job's retry, of which there is one.

    With `dry_run` nothing is begun: the answer says what would be made, and what it would cost.
    """
    asked = call.body(jobs_api.AgainBody, optional=True)
    proposal = again.propose_anew(call.ports, call.who, call.ids["asset_id"], asked.max_credits)
    return jobs_api.begin(call, proposal, dry_run=asked.dry_run)


def reverse(call: Call) -> Reply:
    """Turn a video round, which is free, as a new job on the same item.

    With `dry_run` nothing is begun: the answer says what would be made.
    """
    asked = call.body(jobs_api.TermsBody, optional=True)
    proposal = reversal.propose(call.ports, call.who, call.ids["video_id"])
    return jobs_api.begin(call, proposal, dry_run=asked.dry_run)


def delete(call: Call) -> Reply:
    """Delete an asset with its file.

    While it is a reference of characters the answer is 409 and names their collections; with
    `detach` it is taken from them, which clears their style cards.
    """
    job = deletion.delete_asset(
        call.ports,
        call.who,
        call.ids["asset_id"],
        if_match=call.if_match,
        detach=call.flag("detach"),
    )
    return call.deleted(call.ids["asset_id"], job)


def links_of(call: Call) -> Reply:
    """List what an asset was made from, and what was made from it."""
    if call.who.publishable:
        _visible(call)
    found = assets.links_of_asset(call.ports, call.who, call.ids["asset_id"])
    return Reply([show_link(link) for link in found])


def _visible(call: Call) -> tuple[Asset, str]:
    """The asset and its version, unless it is an upload, which only its owner may see."""
    asset, version = assets.get(call.ports, call.who, call.ids["asset_id"])
    if call.who.publishable and asset.collection_id is None:
        raise NotFound("There is no such asset.")
    return asset, version


ROUTES = (
    Route(
        "GET", "/v1/assets/<asset_id>", get, publishable=True, answer="AssetView", versioned=True
    ),
    Route(
        "PATCH",
        "/v1/assets/<asset_id>",
        judge,
        Scope.WRITE,
        versioned=True,
        body=JudgeBody,
        answer="Asset",
        example={"review": "approved"},
    ),
    Route(
        "POST",
        "/v1/assets/<asset_id>/regenerate",
        regenerate,
        Scope.WRITE,
        body=jobs_api.AgainBody,
        optional=True,
        answer="Generation",
        status=202,
        dry_answer="Quote",
        example={"dry_run": True},
        errors=(InsufficientCredits,),
    ),
    Route(
        "POST",
        "/v1/assets/<video_id>/reverse",
        reverse,
        Scope.WRITE,
        body=jobs_api.TermsBody,
        optional=True,
        answer="Generation",
        status=202,
        dry_answer="Quote",
        example={"dry_run": True},
        gives={"job_id": "/job_id"},
    ),
    Route(
        "DELETE",
        "/v1/assets/<asset_id>",
        delete,
        Scope.WRITE,
        versioned=True,
        query=(parameter.DETACH,),
        answer="Deletion",
        status=202,
        gives={"job_id": "/job_id"},
    ),
    Route("GET", "/v1/assets/<asset_id>/links", links_of, publishable=True, answer="Links"),
)
