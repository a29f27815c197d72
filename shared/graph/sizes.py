"""`plan_sizes`: what an item's films lack, for sizes and formats that were chosen later."""

from collections.abc import Collection as Container
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import PurePosixPath

from shared.graph.draft import HASH_LENGTH, Draft, Plan, usable_sizes
from shared.graph.policy import DEADLINE
from shared.model.asset import WEB_FORMATS, Asset, AssetStatus, AssetType, asset_key
from shared.model.collection import Collection
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
        ids=ids,
        now=now,
    )
    needs_review = _plan_formats(draft, assets, links, by_id, collection)
    for film in best(assets).values():
        video = _video_of(film, links, by_id)
        if film.type not in WEB_FORMATS or film.size is not None or video is None:
            continue
        missing = _missing(film, collection.settings.animation_sizes, links, by_id)
        if not missing:
            continue
        keys = []
        for size, path in _paths(film, missing, taken, ids).items():
            keys.append(draft.add_asset(film.type, size, path, film.purpose))
            draft.link(film.id, keys[-1])
        _plan_transcode(draft, film.type, video, tuple(keys))
        needs_review = needs_review or video.needs_review
    if not draft.steps:
        return None
    return draft.planned(
        JobType.SIZE_VARIANT, job_id=job_id, batch_id=batch_id, needs_review=needs_review
    )


def _plan_formats(
    draft: Draft,
    assets: Iterable[Asset],
    links: Sequence[Link],
    by_id: Mapping[str, Asset],
    collection: Collection,
) -> bool:
    """Add the formats that the best videos lack, in all sizes; says whether one of these videos
    needs review."""
    needs_review = False
    for video in best(assets).values():
        if video.type is not AssetType.VIDEO:
            continue
        made = [
            by_id[link.target_asset_id]
            for link in links
            if link.source_asset_id == video.id and link.target_asset_id in by_id
        ]
        there = {one.type for one in made if one.status is not AssetStatus.FAILED}
        width = video.content.width if video.content else 0
        sizes, _ = usable_sizes(collection.settings.animation_sizes, width)
        for type_ in collection.settings.extra_formats:
            if type_ in there:
                continue
            keys = draft.add_assets(type_, sizes, purpose=video.purpose)
            draft.link(video.id, keys[0])
            _plan_transcode(draft, type_, video, keys)
            needs_review = needs_review or video.needs_review
    return needs_review


def _plan_transcode(draft: Draft, type_: AssetType, video: Asset, keys: tuple[str, ...]) -> None:
    draft.steps[f"transcode-{asset_key(type_, None, video.purpose)}"] = Step(
        kind=StepKind.TRANSCODE,
        inputs={"video": video.id},
        makes=keys,
        params={"format": type_.value},
    )


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
    variants = [
        by_id[link.target_asset_id]
        for link in links
        if link.source_asset_id == film.id and link.target_asset_id in by_id
    ]
    there = {one.size for one in variants if one.status is not AssetStatus.FAILED}
    usable, _ = usable_sizes(wanted, film.content.width if film.content else 0)
    return tuple(size for size in usable if size not in there)


def _paths(film: Asset, sizes: Iterable[int], taken: Container[str], ids: Ids) -> dict[int, str]:
    """Beside the full size, as if they had been made with it; under a new hash if one of these
    names was given to a file that could not be made, for no name is given twice."""
    path = PurePosixPath(film.path)
    found = {size: f"{path.with_suffix('')}-{size}{path.suffix}" for size in sizes}
    if not any(one in taken for one in found.values()):
        return found
    stem = f"{str(path.with_suffix(''))[:-HASH_LENGTH]}{ids.token(HASH_LENGTH)}"
    return {size: f"{stem}-{size}{path.suffix}" for size in found}
