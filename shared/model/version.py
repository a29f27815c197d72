"""Versions: of all files that an item has, the set that counts.

Files that show the same belong together: a still with its cut-outs, and a film with the stills that
it was made from. The best version is chosen for such a set as a whole, so that nobody gets a new
still beside the film of an old one.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Final

from shared.model.asset import (
    EXTENSIONS,
    USUAL_FORMATS,
    Asset,
    AssetStatus,
    AssetType,
    Purpose,
    Review,
    asset_key,
)

CACHE_CONTROL = "public, max-age=60"
"""Another version may become the best one at any time."""
ESSENTIAL: Final = (AssetType.TRANSPARENT_IMAGE, *USUAL_FORMATS)
"""What an app can't do without, once it has it."""


def best(assets: Iterable[Asset], *, doubtful: bool = False) -> dict[str, Asset]:
    """The versions that count, by asset key; all are of one set.

    It is the set in which something was pinned last; else of those that lack no cut-out and no
    usual format that another has, the latest in which something was approved; else the latest of
    them. A set that lacks some of that follows after all that don't. No set counts of which a file
    was rejected, until another takes its place, nor one of which a file needs review, until
    something of it is approved or pinned. What does is as good as the others to whom has settled
    that already: `doubtful`. Of a set's versions of one kind it is the one that was pinned last,
    else the latest that was approved, else the latest.
    """
    found = [one for one in _sets(assets) if one.counts(doubtful=doubtful)]
    essential = frozenset(key for one in found for key in one.essential)
    return max(found, key=lambda one: one.rank(essential)).files if found else {}


def ranked(assets: Iterable[Asset]) -> list[Asset]:
    """The finished versions of one kind that nobody has rejected, the best first."""
    found = [
        one
        for one in assets
        if one.status is AssetStatus.READY and one.review is not Review.REJECTED
    ]
    return sorted(found, key=_rank, reverse=True)


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


class _Set:
    """Finished files that show the same: `own` are those that no other set has."""

    def __init__(self, own: Sequence[Asset], others: Iterable[Asset] = ()) -> None:
        self._files = [*own, *others]
        self._begun = min((one.created_at.isoformat(), one.id) for one in own)
        self._pinned = max(_pinned(one) for one in self._files)
        self._is_approved = any(one.review is Review.APPROVED for one in self._files)

    @cached_property
    def files(self) -> dict[str, Asset]:
        """The version of each kind that counts in this set, of those that nobody has rejected."""
        found: dict[str, Asset] = {}
        for one in ranked(self._files):
            found.setdefault(_key(one), one)
        return found

    @property
    def essential(self) -> Iterator[str]:
        """The keys of what an app can't do without."""
        for key, one in self.files.items():
            if one.type in ESSENTIAL and one.size is None and one.purpose is not Purpose.END:
                yield key

    def counts(self, *, doubtful: bool) -> bool:
        if self.files.keys() != {_key(one) for one in self._files}:
            return False
        is_settled = doubtful or self._is_approved or bool(self._pinned)
        return is_settled or not any(one.needs_review for one in self.files.values())

    def rank(self, essential: frozenset[str]) -> tuple[str, bool, bool, tuple[str, str]]:
        is_whole = essential <= self.files.keys()
        return self._pinned, is_whole, self._is_approved, self._begun


def _sets(assets: Iterable[Asset]) -> Iterator[_Set]:
    """The sets that files belong to. A still is in those of all films that were made from it, and
    in one without a film. That of the end of a transition is nothing without it."""
    stills: defaultdict[tuple[str, ...], list[Asset]] = defaultdict(list)
    films: defaultdict[str, list[Asset]] = defaultdict(list)
    for one in assets:
        if one.status is not AssetStatus.READY:
            continue
        if one.take.film_id:
            films[one.take.film_id].append(one)
        else:
            stills[one.take.still_ids].append(one)
    for film in films.values():
        shown = set(film[0].take.still_ids)
        yield _Set(
            film,
            (one for of, found in stills.items() if of and shown.issuperset(of) for one in found),
        )
    for found in stills.values():
        if any(one.purpose is None for one in found):
            yield _Set(found)


def _key(asset: Asset) -> str:
    return asset_key(asset.type, asset.size, asset.purpose)


def _pinned(asset: Asset) -> str:
    return asset.pinned_at.isoformat() if asset.pinned_at else ""


def _rank(asset: Asset) -> tuple[str, bool, str, str]:
    approved = asset.review is Review.APPROVED
    return _pinned(asset), approved, asset.created_at.isoformat(), asset.id
