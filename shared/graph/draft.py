"""A plan while it is being made: assets with their public paths, links and steps, and at the end
the job that they are a part of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.graph.policy import DEADLINE
from shared.model.asset import (
    EXTENSIONS,
    SIBLINGS,
    USUAL_FORMATS,
    Asset,
    AssetType,
    Content,
    Purpose,
    Take,
    asset_key,
)
from shared.model.collection import Collection
from shared.model.item import Item
from shared.model.job import Job, JobType, PlannedAsset, Step, StepKind
from shared.model.link import Link, Role
from shared.ports import Ids

HASH_LENGTH = 20
TOGETHER = 512 * 512 * 600
"""Pixels of a film, over all of its frames, up to which one lease is enough for all usual formats:
ten seconds of one that is made here."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A job that nobody has started, and the documents that are created together with it."""

    job: Job
    assets: tuple[Asset, ...]
    links: tuple[Link, ...]


class Draft:
    """What a job will do for an item. `user_prefix` begins the paths of assets that are added, and
    `takes` are those of the assets that are there already and may be linked to."""

    def __init__(
        self,
        collection: Collection,
        item: Item,
        *,
        workspace_id: str,
        ids: Ids,
        now: datetime,
        takes: Mapping[str, Take],
        user_prefix: str = "",
    ) -> None:
        self.assets: dict[str, PlannedAsset] = {}
        self.steps: dict[str, Step] = {}
        self._links: list[tuple[str, str, Role]] = []
        self._takes = takes
        self._collection = collection
        self._item = item
        self._workspace_id = workspace_id
        self._ids = ids
        self._now = now
        self._folder = f"{user_prefix}/{collection.settings.cdn.slug or collection.slug}"

    @property
    def formats(self) -> tuple[AssetType, ...]:
        """What films come in."""
        return self._collection.settings.formats

    def add_assets(
        self, type_: AssetType, sizes: Iterable[int] = (), *, purpose: Purpose | None = None
    ) -> tuple[str, ...]:
        """The keys of an asset at full size and of its variants, which share one hash in their
        paths and are linked to it."""
        stem = f"{self._folder}/{self._item.slug}-{self._ids.token(HASH_LENGTH)}"
        base = self.add_asset(type_, None, f"{stem}.{EXTENSIONS[type_]}", purpose)
        keys = [base]
        for size in sizes:
            path = f"{stem}-{size}.{EXTENSIONS[type_]}"
            keys.append(self.add_asset(type_, size, path, purpose))
            self.link(self.assets[base].id, keys[-1])
        return tuple(keys)

    def add_asset(
        self, type_: AssetType, size: int | None, path: str, purpose: Purpose | None = None
    ) -> str:
        """The key of one more asset, at a path of its own."""
        key = asset_key(type_, size, purpose)
        self.assets[key] = PlannedAsset(
            id=self._ids.uuid(),
            type=type_,
            size=size,
            purpose=purpose,
            path=path,
            siblings=SIBLINGS.get(type_, ()),
        )
        return key

    def add_formats(
        self,
        video_id: str,
        types: Iterable[AssetType],
        sizes: Iterable[int],
        purpose: Purpose | None = None,
    ) -> list[str]:
        """The keys of a video's formats in all sizes, each linked to the video."""
        films: list[str] = []
        for type_ in types:
            keys = self.add_assets(type_, sizes, purpose=purpose)
            self.link(video_id, keys[0])
            films += keys
        return films

    def add_transcodings(
        self,
        video_id: str,
        films: Iterable[str],
        *,
        apart: bool = False,
        still_id: str | None = None,
        **more: Any,
    ) -> None:
        """The steps that make films, by their keys, out of a video. One makes what players need,
        so that the video is keyed once; the other formats have a step each, as slow ones must not
        hold that up. `apart`, each of all has, and so the whole time of a lease. `still_id` is the
        still in which the video starts, if it is known, and `more` are fields of each step."""
        groups: dict[str, list[str]] = {}
        for key in films:
            film = self.assets[key]
            own = f"transcode-{asset_key(film.type, None, film.purpose)}"
            common = f"transcode-{film.purpose.value}" if film.purpose else "transcode"
            together = film.type in USUAL_FORMATS and not apart and common not in self.steps
            groups.setdefault(common if together else own, []).append(key)
        for step_id, makes in groups.items():
            self.steps[step_id] = Step(
                kind=StepKind.TRANSCODE,
                inputs={"video": video_id, **({"still": still_id} if still_id else {})},
                makes=tuple(makes),
                **more,
            )

    def link(self, source_id: str, target: str, role: Role = Role.SOURCE) -> None:
        """Say from which asset that of a key is made."""
        self._links.append((source_id, self.assets[target].id, role))

    def planned(self, type_: JobType, *, job_id: str | None = None, **more: Any) -> Plan:
        """The plan; `more` are fields of its job."""
        collection, item = self._collection, self._item
        job = Job(
            id=job_id or self._ids.uuid(),
            created_at=self._now,
            updated_at=self._now,
            workspace_id=self._workspace_id,
            type=type_,
            project_id=collection.project_id,
            collection_id=collection.id,
            item_id=item.id,
            item_name=item.name,
            cache_control=cache_control(collection),
            assets={
                key: asset.with_(take=self._take(asset.id)) for key, asset in self.assets.items()
            },
            steps=self.steps,
            deadline=self._now + DEADLINE,
            **more,
        )
        links = tuple(
            Link(
                id=self._ids.uuid(),
                created_at=self._now,
                updated_at=self._now,
                source_asset_id=source,
                target_asset_id=target,
                role=role,
                item_id=item.id,
                collection_id=item.collection_id,
            )
            for source, target, role in self._links
        )
        return Plan(job, planned_assets(job, self._now), links)

    def _take(self, asset_id: str) -> Take:
        """What an asset shows: what all that it is made from shows, and itself at the root."""
        if asset_id in self._takes:
            return self._takes[asset_id]
        type_ = next((one.type for one in self.assets.values() if one.id == asset_id), None)
        if type_ is None:  # an upload, which belongs to no item
            return Take()
        if type_ is AssetType.IMAGE:
            return Take(still_ids=(asset_id,))
        sources = [self._take(source) for source, target, _ in self._links if target == asset_id]
        stills = tuple(dict.fromkeys(still for take in sources for still in take.still_ids))
        film = next((take.film_id for take in sources if take.film_id), None)
        if type_ is AssetType.TRANSPARENT_IMAGE:
            return Take(still_ids=stills or (asset_id,))
        return Take(still_ids=stills, film_id=film or asset_id)


def usable_sizes(asked: Iterable[int], base: int) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """The sizes below the base, largest first; the others are named in warnings."""
    sizes = sorted(set(asked), reverse=True)
    warnings = tuple(
        f"size {size} was left out: the full size is {base}" for size in sizes if size >= base
    )
    return tuple(size for size in sizes if size < base), warnings


def is_long(video: Content | None) -> bool:
    """Whether the formats of a video should be made apart, each in a lease of its own."""
    return video is not None and video.width * video.height * (video.frames or 0) > TOGETHER


def cache_control(collection: Collection) -> str:
    """How long what is made for a collection may be kept by caches."""
    cdn = collection.settings.cdn
    return f"public, max-age={cdn.cache_seconds}, immutable" if cdn.enabled else "public, no-cache"


def planned_assets(job: Job, now: datetime) -> tuple[Asset, ...]:
    """The documents of the assets that a job will make."""
    return tuple(
        Asset(
            id=planned.id,
            created_at=now,
            updated_at=now,
            project_id=job.project_id,
            collection_id=job.collection_id,
            item_id=job.item_id,
            job_id=job.id,
            type=planned.type,
            size=planned.size,
            purpose=planned.purpose,
            take=planned.take,
            path=planned.path,
            siblings=planned.siblings,
        )
        for planned in job.assets.values()
    )
