"""Versions: of all files that an item has of one kind, the one that counts."""

from collections.abc import Iterable

from shared.model.asset import EXTENSIONS, Asset, AssetStatus, Review, asset_key

CACHE_CONTROL = "public, max-age=60"
"""Another version may become the best one at any time."""


def best(assets: Iterable[Asset], *, doubtful: bool = False) -> dict[str, Asset]:
    """The version that counts, by asset key: the one that was pinned last, else the latest that was
    approved, else the latest that nobody has rejected and that needs no review. What does is as
    good as the others to whom has settled that already: `doubtful`."""
    found: dict[str, Asset] = {}
    for asset in ranked(assets, doubtful=doubtful):
        found.setdefault(asset_key(asset.type, asset.size, asset.purpose), asset)
    return found


def ranked(assets: Iterable[Asset], *, doubtful: bool = False) -> list[Asset]:
    """The versions that may count, the best first."""
    return sorted((one for one in assets if _counts(one, doubtful)), key=_rank, reverse=True)


def best_path(asset: Asset, sibling: str | None = None) -> str:
    """The public path at which the best version of an asset's kind is always found, or a sibling of
    it. It names the item by its id, which no renaming changes."""
    prefix = asset.path.split("/", 1)[0]
    key = asset_key(asset.type, asset.size, asset.purpose, sibling)
    extension = sibling or EXTENSIONS[asset.type]
    return f"{best_folder(prefix, asset.item_id or '-')}{key}.{extension}"


def best_paths(asset: Asset) -> dict[str, str]:
    """The path of each of an asset's files, by the public path that serves it while it is best."""
    names = best_path(asset), *(best_path(asset, sibling) for sibling in asset.siblings)
    return dict(zip(names, asset.paths, strict=True))


def best_folder(user_prefix: str, item_id: str) -> str:
    return f"{user_prefix}/best/{item_id}/"


def _counts(asset: Asset, doubtful: bool) -> bool:
    if asset.status is not AssetStatus.READY or asset.review is Review.REJECTED:
        return False
    settled = asset.pinned_at is not None or asset.review is Review.APPROVED
    return settled or doubtful or not asset.needs_review


def _rank(asset: Asset) -> tuple[str, bool, str, str]:
    pinned = asset.pinned_at.isoformat() if asset.pinned_at else ""
    approved = asset.review is Review.APPROVED
    return pinned, approved, asset.created_at.isoformat(), asset.id
