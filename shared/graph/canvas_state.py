"""How far the stills and films of a canvas are, as it follows from the files that there are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from shared.graph.replan import retry_price, unfinished
from shared.model.asset import (
    USUAL_FORMATS,
    WEB_FORMATS,
    Asset,
    AssetStatus,
    AssetType,
    Purpose,
    Review,
    asset_key,
)
from shared.model.canvas import Canvas, Edge, Node
from shared.model.job import Job, JobStatus
from shared.model.link import Link, Role
from shared.model.version import best, ranked

THUMBNAIL = 256
"""The width of a pose's small picture."""


class Stage(StrEnum):
    MISSING = "missing"
    """Nobody has asked for it yet."""
    WAITING = "waiting"
    """A job will make it as soon as what it is made from is there."""
    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"
    UNFINISHED = "unfinished"
    """It was made and paid for, and lacks only what is free: formats, or a cut-out."""
    NEEDS_REVIEW = "needs_review"
    """There are stills, but none that is the character: approve one, or have another drawn."""
    OUTDATED = "outdated"
    """It fits other stills than those that its states have now."""


ABSENT: Final = frozenset({Stage.MISSING, Stage.FAILED})


@dataclass(frozen=True, slots=True)
class Stock:
    """What an item has: all of its assets, and the links to them."""

    assets: Sequence[Asset] = ()
    links: Sequence[Link] = ()


@dataclass(frozen=True, slots=True)
class NodeState:
    node: Node
    stage: Stage
    item_id: str | None
    still: Asset | None = None
    """The cut-out at full size."""
    thumbnail: Asset | None = None
    image: Asset | None = None
    """The drawing, if its cut-out was deleted, or was made anew since then."""
    assets: Mapping[str, Asset] = field(default_factory=dict)
    """What is ready or being made, by asset key."""

    @property
    def pose_id(self) -> str | None:
        """What films of this pose begin and end in: its cut-out, or its drawing while that lacks
        one."""
        shown = self.still or self.image
        return shown.id if shown else None


@dataclass(frozen=True, slots=True)
class Remainder:
    """What is left to do of a film that was paid for: all of it is free."""

    job_id: str | None
    """The failed job that a retry takes up; None if the formats are made of the video alone."""
    video_id: str
    turns: bool
    """Whether the retry makes the way back too."""


@dataclass(frozen=True, slots=True)
class EdgeState:
    edge: Edge
    made_by: Edge
    """The edge whose film this one is, or turns round: mostly itself."""
    stage: Stage
    item_id: str | None
    assets: Mapping[str, Asset] = field(default_factory=dict)
    """What is ready or being made, by asset key, without a word on the way back."""
    remainder: Remainder | None = None

    @property
    def is_reverse(self) -> bool:
        return self.made_by is not self.edge


@dataclass(frozen=True, slots=True)
class State:
    nodes: Mapping[str, NodeState]
    edges: Mapping[str, EdgeState]

    @property
    def is_complete(self) -> bool:
        return bool(self.nodes) and all(part.stage is Stage.READY for part in self.parts)

    @property
    def parts(self) -> list[NodeState | EdgeState]:
        return [*self.nodes.values(), *self.edges.values()]


def percent(parts: Iterable[NodeState | EdgeState]) -> int:
    """How much of some parts is ready; of none, everything is."""
    stages = [part.stage for part in parts]
    return 100 * stages.count(Stage.READY) // len(stages) if stages else 100


def makers(canvas: Canvas) -> dict[str, Edge]:
    """The edge whose film each edge plays, by the edge's id.

    It is itself, the one that `reverse` names, or, if nobody has said how it moves, the one that
    leads the other way: what comes first in the canvas is made, and the other is its way back.
    """
    edges = {edge.id: edge for edge in canvas.edges}
    turned = {edge.reverse for edge in canvas.edges}  # which have to have a film of their own
    made: dict[tuple[str, str], Edge] = {}
    found: dict[str, Edge] = {}
    for edge in canvas.edges:
        start = canvas.start_of(edge)
        opposite = made.get((edge.target, start)) if start != edge.target else None
        if edge.reverse is not None:
            found[edge.id] = edges[edge.reverse]
        elif opposite is not None and edge.description is None and edge.id not in turned:
            found[edge.id] = opposite
        else:
            found[edge.id] = edge
            made.setdefault((start, edge.target), edge)
    return found


def node_state(
    node: Node, item_id: str | None, stock: Stock, chosen: Asset | None, *, waits: bool
) -> NodeState:
    """How far a pose is. `chosen` is the cut-out that the node names itself."""
    if node.asset_id is not None:
        stage = Stage.READY if chosen else Stage.MISSING
        assets = {AssetType.TRANSPARENT_IMAGE.value: chosen} if chosen else {}
        return NodeState(node, stage, None, chosen, chosen, assets=assets)
    counted = best(stock.assets)
    still = counted.get(AssetType.TRANSPARENT_IMAGE.value)
    small = [one for one in counted.values() if one.type is AssetType.TRANSPARENT_IMAGE]
    small = [one for one in small if still and one.size and _is_of(one, still, stock.links)]
    thumbnail = min(small, key=lambda one: abs((one.size or 0) - THUMBNAIL), default=still)
    stills = [one for one in stock.assets if one.type is AssetType.TRANSPARENT_IMAGE]
    stage = Stage.READY if still else _unready(stills, waits=waits)
    image = _drawing(still, counted.get(AssetType.IMAGE.value), stock)
    if image and stage in ABSENT:
        stage = Stage.UNFINISHED
    shown = _shown(counted, stock.assets, None)
    return NodeState(node, stage, item_id, still, thumbnail, image, shown)


def edge_state(
    edge: Edge,
    made_by: Edge,
    item_id: str | None,
    stock: Stock,
    stills: tuple[str | None, str | None],
    *,
    waits: bool,
) -> EdgeState:
    """How far a film is. `stills` are the ids of those that the film which is made (not its way
    back) should begin and end in: the best of those that do is played, even if another is the best
    of the item. Whether a still is good enough was settled before, so what its films say of that
    does not count."""
    purpose = Purpose.REVERSE if edge is not made_by else None
    needed = {asset_key(type_, None, purpose) for type_ in USUAL_FORMATS}
    counted = best(_fitting(stock, stills), doubtful=True)
    ours = [one for one in stock.assets if one.purpose is purpose and one.type in USUAL_FORMATS]
    if needed <= counted.keys():
        stage = Stage.READY
    else:
        counted = best(stock.assets, doubtful=True)
        is_there = needed <= counted.keys()
        pending = [one for one in ours if one.status is AssetStatus.PENDING]
        stage = _unready(pending if is_there else ours, waits=waits)
        if is_there and stage is Stage.MISSING:
            stage = Stage.OUTDATED
    return EdgeState(edge, made_by, stage, item_id, _shown(counted, stock.assets, purpose))


def _fitting(stock: Stock, stills: tuple[str | None, str | None]) -> list[Asset]:
    """The files of the films that begin and end in these stills. One whose video was deleted is
    believed."""
    videos = {one.id for one in stock.assets if one.type is AssetType.VIDEO and not one.purpose}
    others = videos - {video.id for video in videos_that_fit(stock, stills)}
    return [one for one in stock.assets if one.take.film_id not in others]


def videos_that_fit(stock: Stock, stills: tuple[str | None, str | None]) -> list[Asset]:
    """The videos of an item that begin and end in these stills, the best first."""
    videos = [one for one in stock.assets if one.type is AssetType.VIDEO and one.purpose is None]
    fitting = [one for one in videos if _fits(one.id, stock.links, stills)]
    return ranked(fitting)


def with_remainder(
    state: EdgeState, job: Job, video: Asset, stock: Stock, *, can_retry: bool = True
) -> EdgeState:
    """The state of a film that can't be played, given the job that was last at work on its video,
    which fits: it may be unfinished business that was paid for. If the job cannot be taken up, or
    is completed and its formats were deleted, they are made of the video; unless people have
    rejected one, which is a verdict on the film."""
    if not job.finished:
        return replace(state, stage=Stage.PENDING)
    if job.status is JobStatus.FAILED and retry_price(job):
        return state
    if job.status is JobStatus.COMPLETED or not can_retry:
        if any(one.review is Review.REJECTED for one in made_from(video.id, stock)):
            return state
        return _unfinished(state, Remainder(None, video.id, turns=False))
    made = {key for step_id in unfinished(job) for key in job.steps[step_id].makes}
    turns = any(job.assets[key].purpose is Purpose.REVERSE for key in made)
    return _unfinished(state, Remainder(job.id, video.id, turns))


def _unfinished(state: EdgeState, remainder: Remainder) -> EdgeState:
    stage = Stage.OUTDATED if state.stage is Stage.OUTDATED else Stage.UNFINISHED
    return replace(state, stage=stage, remainder=remainder)


def made_from(source_id: str, stock: Stock) -> list[Asset]:
    """The files of an item, at full size, that show an image or a video as it is: its cut-outs or
    its formats."""
    ids = {
        one.target_asset_id
        for one in stock.links
        if one.source_asset_id == source_id and one.role is Role.SOURCE
    }
    types = (AssetType.TRANSPARENT_IMAGE, *WEB_FORMATS)
    return [one for one in stock.assets if one.id in ids and one.type in types]


def _drawing(still: Asset | None, counted: Asset | None, stock: Stock) -> Asset | None:
    """The image that a cut-out was made of, if that was done apart from it; where there is no
    cut-out the image that counts, unless people have rejected its cut-out."""
    if still:
        apart = (one for one in stock.assets if one.type is AssetType.IMAGE)
        apart = (one for one in apart if one.job_id != still.job_id)
        return next((one for one in apart if _is_of(still, one, stock.links)), None)
    cutouts = made_from(counted.id, stock) if counted else []
    is_rejected = any(one.review is Review.REJECTED for one in cutouts)
    return None if is_rejected else counted


def _fits(video_id: str, links: Iterable[Link], stills: tuple[str | None, str | None]) -> bool:
    """Whether a film begins and ends in these stills."""
    roles = {one.role: one.source_asset_id for one in links if one.target_asset_id == video_id}
    return (roles.get(Role.SOURCE), roles.get(Role.END_FRAME)) == stills


def _is_of(variant: Asset, still: Asset, links: Iterable[Link]) -> bool:
    return any(
        (link.source_asset_id, link.target_asset_id) == (still.id, variant.id) for link in links
    )


def _unready(assets: Sequence[Asset], *, waits: bool) -> Stage:
    """The stage of what has no version that counts."""
    statuses = {asset.status for asset in assets}
    if AssetStatus.PENDING in statuses:
        return Stage.PENDING
    if waits:
        return Stage.WAITING
    if any(asset.needs_review and asset.status is AssetStatus.READY for asset in assets):
        return Stage.NEEDS_REVIEW
    return Stage.FAILED if assets else Stage.MISSING


def _shown(
    counted: Mapping[str, Asset], assets: Iterable[Asset], purpose: Purpose | None
) -> dict[str, Asset]:
    """The version that counts of each kind; where there is none, the latest."""
    latest = {asset_key(one.type, one.size, one.purpose): one for one in assets}
    return {
        asset_key(one.type, one.size): one
        for one in {**latest, **counted}.values()
        if one.purpose is purpose
    }
