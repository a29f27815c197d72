"""`plan_sizes`: what an item's films lack, for sizes and formats that were chosen later."""

from collections.abc import Collection as Container
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import PurePosixPath

from shared.graph.draft import HASH_LENGTH, Draft, Plan, is_long, usable_sizes
from shared.graph.policy import DEADLINE
from shared.model.asset import WEB_FORMATS, Asset, AssetStatus, AssetType, asset_key
from shared.model.collection import Collection, Settings
from shared.model.item import Item
from shared.model.job import Job, JobType, Step, StepKind
from shared.model.link import Link
from shared.model.version import best
from shared.ports import Ids


def plan_sizes(
    assets: Sequence[Asset],
    links: Sequence[Link],
    *,
    job_id: str,
    batch_id: str,
    workspace_id: str,
    collection: Collection,
    item: Item,
    ids: Ids,
    now: datetime,
) -> Plan | None:
    """The job that makes the collection's sizes of the best version of each web format of an item,
    each from the video that it was made from, and of the best videos the formats that they do not
    come in; None when nothing is missing, or could be made.

    `assets` and `links` are all of the item's. What is there is not made again, nor what is being
    made; what could not be made is.
    """
    by_id = {asset.id: asset for asset in assets}
    taken = {asset.path for asset in assets}
    draft = Draft(
        collection,
        item,
        workspace_id=workspace_id,
        user_prefix=assets[0].path.split("/", 1)[0] if assets else "",
        takes={asset.id: asset.take for asset in assets},
        ids=ids,
        now=now,
    )
    counted = best(assets).values()
    needs_review = _plan_formats(draft, counted, links, by_id, collection.settings)
    keys: dict[str, list[str]] = {}
    for film in counted:
        video = _video_of(film, links, by_id)
        if film.type not in WEB_FORMATS or film.size is not None or video is None:
            continue
        # A format that the newest video lacks comes in all sizes, and will be the best version.
        missing = [
            size
            for size in _missing(film, collection.settings.animation_sizes, links, by_id)
            if asset_key(film.type, size, film.purpose) not in draft.assets
        ]
        if not missing:
            continue
        for size, path in _paths(film, missing, taken, ids).items():
            key = draft.add_asset(film.type, size, path, film.purpose)
            keys.setdefault(video.id, []).append(key)
            draft.link(film.id, key)
        needs_review = needs_review or video.needs_review
    for video_id, films in keys.items():
        draft.add_transcodings(video_id, films, apart=is_long(by_id[video_id].content))
    if not draft.steps:
        return None
    return draft.planned(
        JobType.SIZE_VARIANT, job_id=job_id, batch_id=batch_id, needs_review=needs_review
    )


def _plan_formats(
    draft: Draft,
    counted: Iterable[Asset],
    links: Sequence[Link],
    by_id: Mapping[str, Asset],
    settings: Settings,
) -> bool:
    """Add the formats that the videos among what counts lack, in all sizes; says whether one of
    these videos needs review."""
    needs_review = False
    for video in counted:
        if video.type is not AssetType.VIDEO:
            continue
        there = {one.type for one in _made_from(video, links, by_id)}
        sizes = _usable(video, settings.animation_sizes)
        for type_ in settings.extra_formats:
            if type_ in there:
                continue
            keys = draft.add_formats(video.id, [type_], sizes, video.purpose)
            draft.add_transcodings(video.id, keys)
            needs_review = needs_review or video.needs_review
    return needs_review


def plan_batch(collection: Collection, *, job_id: str, workspace_id: str, now: datetime) -> Job:
    """The job that begins such a job for every item of a collection, and waits for them."""
    return Job(
        id=job_id,
        created_at=now,
        updated_at=now,
        workspace_id=workspace_id,
        type=JobType.SIZE_VARIANT_BATCH,
        project_id=collection.project_id,
        collection_id=collection.id,
        steps={"sizes": Step(kind=StepKind.SIZES)},
        deadline=now + DEADLINE,
    )


def _video_of(film: Asset, links: Iterable[Link], by_id: Mapping[str, Asset]) -> Asset | None:
    """The finished video that a film was made from."""
    for link in links:
        source = by_id.get(link.source_asset_id)
        if link.target_asset_id == film.id and source and source.type is AssetType.VIDEO:
            return source if source.status is AssetStatus.READY else None
    return None


def _missing(
    film: Asset, wanted: Iterable[int], links: Iterable[Link], by_id: Mapping[str, Asset]
) -> tuple[int, ...]:
    there = {one.size for one in _made_from(film, links, by_id)}
    return tuple(size for size in _usable(film, wanted) if size not in there)


def _made_from(source: Asset, links: Iterable[Link], by_id: Mapping[str, Asset]) -> Iterator[Asset]:
    """What was made from an asset, or is being made; not what could not be."""
    for link in links:
        target = by_id.get(link.target_asset_id)
        is_of_it = link.source_asset_id == source.id
        if is_of_it and target and target.status is not AssetStatus.FAILED:
            yield target


def _usable(film: Asset, wanted: Iterable[int]) -> tuple[int, ...]:
    return usable_sizes(wanted, film.content.width if film.content else 0)[0]


def _paths(film: Asset, sizes: Iterable[int], taken: Container[str], ids: Ids) -> dict[int, str]:
    """Beside the full size, as if they had been made with it; under a new hash if one of these
    names was given to a file that could not be made, for no name is given twice."""
    path = PurePosixPath(film.path)
    found = {size: f"{path.with_suffix('')}-{size}{path.suffix}" for size in sizes}
    if not any(one in taken for one in found.values()):
        return found
    stem = f"{str(path.with_suffix(''))[:-HASH_LENGTH]}{ids.token(HASH_LENGTH)}"
    return {size: f"{stem}-{size}{path.suffix}" for size in found}
