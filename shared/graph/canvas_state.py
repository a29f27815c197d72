"""How far the stills and films of a canvas are, as it follows from the files that there are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from shared.graph.replan import retry_price, unfinished
from shared.model.asset import USUAL_FORMATS, Asset, AssetStatus, AssetType, Purpose, asset_key
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
    """It was made and paid for, and lacks only what is free."""
    NEEDS_REVIEW = "needs_review"
    """There are stills, but none that is the character: approve one, or have another drawn."""
    OUTDATED = "outdated"
    """It fits other stills than those that its states have now."""


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
    assets: Mapping[str, Asset] = field(default_factory=dict)
    """What is ready or being made, by asset key."""


@dataclass(frozen=True, slots=True)
class Remainder:
    """What is left to do of a film that was paid for: all of it is free."""

    job_id: str
    """The failed job that a retry takes up."""
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
        return NodeState(node, stage, None, chosen, chosen, assets)
    counted = best(stock.assets)
    still = counted.get(AssetType.TRANSPARENT_IMAGE.value)
    small = [one for one in counted.values() if one.type is AssetType.TRANSPARENT_IMAGE]
    small = [one for one in small if still and one.size and _is_of(one, still, stock.links)]
    thumbnail = min(small, key=lambda one: abs((one.size or 0) - THUMBNAIL), default=still)
    stills = [one for one in stock.assets if one.type is AssetType.TRANSPARENT_IMAGE]
    stage = Stage.READY if still else _unready(stills, waits=waits)
    return NodeState(node, stage, item_id, still, thumbnail, _shown(counted, stock.assets, None))


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
    back) should begin and end in. Whether a still is good enough was settled before, so what its
    films say of that does not count."""
    purpose = Purpose.REVERSE if edge is not made_by else None
    counted = best(stock.assets, doubtful=True)
    films = {type_.value: counted.get(asset_key(type_, None, purpose)) for type_ in USUAL_FORMATS}
    ours = [one for one in stock.assets if one.purpose is purpose and one.type in USUAL_FORMATS]
    if not all(films.values()):
        stage = _unready(ours, waits=waits)
    elif all(_fits(_video_of(film, stock.links), stock.links, stills) for film in films.values()):
        stage = Stage.READY
    else:
        later = _unready([one for one in ours if one.status is AssetStatus.PENDING], waits=waits)
        stage = Stage.OUTDATED if later is Stage.MISSING else later
    return EdgeState(edge, made_by, stage, item_id, _shown(counted, stock.assets, purpose))


def videos_that_fit(stock: Stock, stills: tuple[str | None, str | None]) -> list[Asset]:
    """The videos of an item that begin and end in these stills, the best first."""
    videos = [one for one in stock.assets if one.type is AssetType.VIDEO and one.purpose is None]
    fitting = [one for one in videos if _fits(one.id, stock.links, stills)]
    return ranked(fitting)


def with_remainder(state: EdgeState, job: Job, video: Asset) -> EdgeState:
    """The state of a film that can't be played, given the job that was last at work on its video,
    which fits: it may be unfinished business that was paid for."""
    if not job.finished:
        return replace(state, stage=Stage.PENDING)
    if job.status is not JobStatus.FAILED or retry_price(job):
        return state
    made = {key for step_id in unfinished(job) for key in job.steps[step_id].makes}
    turns = any(job.assets[key].purpose is Purpose.REVERSE for key in made)
    stage = Stage.OUTDATED if state.stage is Stage.OUTDATED else Stage.UNFINISHED
    return replace(state, stage=stage, remainder=Remainder(job.id, video.id, turns))


def _video_of(film: Asset | None, links: Sequence[Link]) -> str | None:
    """The id of the video that a format shows, or shows backwards; None when it was deleted."""
    id_ = film.id if film else None
    for _ in range(2 if film and film.purpose is Purpose.REVERSE else 1):
        sources = (
            one.source_asset_id
            for one in links
            if one.target_asset_id == id_ and one.role is Role.SOURCE
        )
        id_ = next(sources, None)
    return id_


def _fits(
    video_id: str | None, links: Iterable[Link], stills: tuple[str | None, str | None]
) -> bool:
    """Whether a film begins and ends in these stills. One whose video was deleted is believed."""
    if video_id is None:
        return True
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
