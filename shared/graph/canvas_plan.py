"""What is to be made for a canvas: which stills and films, of what, in which order, for how much.

A film between two states is made of their stills, so stills come first. What can be begun when is
decided as the work goes on; what is begun at all, under which ids and for how much, is decided
here.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from pydantic import Field

from shared.graph.advance import unmade
from shared.graph.canvas_state import (
    THUMBNAIL,
    EdgeState,
    NodeState,
    Remainder,
    Stage,
    State,
)
from shared.graph.policy import DEADLINE
from shared.graph.prices import STILL, seconds_price
from shared.model.asset import AssetType
from shared.model.base import Value
from shared.model.canvas import Canvas, Edge, Node
from shared.model.job import Job, JobType, Promise, Step, StepKind
from shared.model.request import GenerateType

MOST: Final = 400
"""Jobs that are begun together: what they cost is held in one batch of writes."""
SECONDS: Final = 4.0
"""How long a film is if nobody says."""
LONGEST_NAME: Final = 120
NEVER: Final = ""
"""Stands for an asset that will not be made."""


class Kind(StrEnum):
    POSE = "pose"
    FILM = "film"
    REVERSE = "reverse"
    """The way back of a film that is there."""
    RETRY = "retry"
    """The rest of a film that was paid for, by its job."""
    FORMATS = "formats"
    """The rest of a film that was paid for, of its video."""
    CUTOUT = "cutout"
    """The cut-out of a drawing that was paid for."""


FINISHING: Final = frozenset({Kind.RETRY, Kind.FORMATS, Kind.CUTOUT})
"""What completes for nothing what was paid for."""


class Still(Value):
    """What a film begins or ends in: an asset, or what a job of the same batch draws."""

    asset_id: str | None = None
    job_id: str | None = None


class Task(Value):
    """A job that is begun when the stills that it needs are there."""

    kind: Kind
    part: str
    """The node or the edge."""
    job_id: str
    item_id: str
    item_name: str
    is_new: bool
    """Whether the item comes into the world with it."""
    cost: int = 0
    request: dict[str, Any] = Field(default_factory=dict)
    start: Still | None = None
    end: Still | None = None
    video_id: str | None = None
    """What is turned round, or transcoded."""
    image_id: str | None = None
    """What is cut out."""
    retry_of: str | None = None
    """The failed job that is taken up."""

    @property
    def stills(self) -> tuple[Still, ...]:
        return tuple(still for still in (self.start, self.end) if still)


class Reason(StrEnum):
    """Why something is not made."""

    COMPLETE = "complete"
    IN_PROGRESS = "in_progress"
    NEEDS_REVIEW = "needs_review"
    POSE_MISSING = "pose_missing"
    """The asset or the item that a node names as its pose is gone."""
    POSE_NOT_READY = "pose_not_ready"
    """A film lacks a still, and this call does not make it."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for. `targets` are ids of nodes and edges, None for all of them."""

    targets: frozenset[str] | None = None
    skip_completed: bool = True
    duration: float | None = None

    def wants(self, id_: str) -> bool:
        return self.targets is None or id_ in self.targets


@dataclass(frozen=True, slots=True)
class Production:
    """All that is to be made, stills first; and what is not, with its kind (`node` or `edge`)."""

    tasks: tuple[Task, ...]
    skipped: tuple[tuple[str, str, Reason], ...]
    reversed: int
    """How many edges get their film for free, as somebody's way back."""

    @property
    def cost(self) -> int:
        return sum(task.cost for task in self.tasks)

    def report(self) -> dict[str, Any]:
        """The production in numbers."""
        return {
            "planned_jobs": len(self.tasks),
            "skipped": len(self.skipped),
            "skipped_items": [
                {"id": id_, "kind": kind, "reason": reason.value}
                for kind, id_, reason in self.skipped
            ],
            "reverse_free": self.reversed,
            "finished_free": sum(task.kind in FINISHING for task in self.tasks),
            "already_complete": sum(one[2] is Reason.COMPLETE for one in self.skipped),
            "estimated_cost": self.cost,
        }

    def items(self, *kinds: Kind) -> dict[str, str]:
        """The items of what is made, by node or by edge."""
        return {task.part: task.item_id for task in self.tasks if task.kind in kinds}


def produce(canvas: Canvas, state: State, wish: Wish, id_of: Callable[[str], str]) -> Production:
    """What a wish calls for, given how far everything is. `id_of` gives each job and each new item
    its id, the same one for the same words."""
    draft = _Draft(canvas, state, wish, id_of)
    films = draft.choose_films()
    poses = draft.choose_poses(films)
    draft.plan_cutouts(films)
    draft.plan_poses(poses)
    draft.plan_films(films, poses)
    turned = {
        ("edge", one.edge.id)
        for one in state.edges.values()
        if one.is_reverse and one.made_by.id in draft.turned
    }
    skipped = [one for one in draft.skipped if one[:2] not in turned]
    return Production(tuple(draft.tasks), tuple(skipped), len(turned))


def plan_production(
    canvas: Canvas, production: Production, *, job_id: str, workspace_id: str, now: datetime
) -> Job:
    """The job that begins all that is to be made, and waits for it."""
    return Job(
        id=job_id,
        created_at=now,
        updated_at=now,
        workspace_id=workspace_id,
        type=JobType.CANVAS_GENERATION,
        project_id=canvas.project_id,
        collection_id=canvas.collection_id,
        item_name=canvas.name,
        promises={
            task.job_id: Promise(cost=task.cost, item_id=task.item_id, item_name=task.item_name)
            for task in production.tasks
        },
        steps={
            "canvas": Step(
                kind=StepKind.CANVAS,
                params={
                    "canvas_id": canvas.id,
                    "tasks": [task.model_dump(mode="json") for task in production.tasks],
                    "report": production.report(),
                },
            )
        },
        deadline=now + DEADLINE,
    )


def tasks_of(job: Job) -> list[Task]:
    """What a production's job is to begin."""
    return [Task.model_validate(task) for task in job.steps["canvas"].params["tasks"]]


def in_turn(job: Job, jobs: Mapping[str, Job], *, has_card: bool) -> list[Task]:
    """What a production may begin now, given the jobs that it has begun, as far as stills do not
    lack. While nobody knows how the character looks, the first still is drawn alone, so that the
    others are drawn by its style card."""
    left = [task for task in tasks_of(job) if task.job_id in job.promises]
    poses = [task for task in tasks_of(job) if task.kind is Kind.POSE]
    if has_card or not poses or _is_over(poses[0], job, jobs):
        return left
    return [task for task in left if task not in poses[1:]]


def _is_over(task: Task, job: Job, jobs: Mapping[str, Job]) -> bool:
    """Whether a task was dropped, or its job has ended."""
    begun = jobs.get(task.job_id)
    return begun.finished if begun else task.job_id not in job.promises


def resolved(still: Still, job: Job, jobs: Mapping[str, Job]) -> str | None:
    """The asset that a still is; None while it is being made, `NEVER` when there will be none, or
    none that anybody but people can accept."""
    if still.asset_id is not None:
        return still.asset_id
    if still.job_id in job.promises:
        return None
    maker = jobs.get(still.job_id or "")
    if maker is None:
        return NEVER
    if not maker.finished:
        return None
    key = AssetType.TRANSPARENT_IMAGE.value
    return NEVER if key in unmade(maker) or maker.needs_review else maker.assets[key].id


class _Draft:
    """A production while it is being planned."""

    def __init__(
        self, canvas: Canvas, state: State, wish: Wish, id_of: Callable[[str], str]
    ) -> None:
        self.canvas = canvas
        self.state = state
        self.wish = wish
        self._id_of = id_of
        self.tasks: list[Task] = []
        self.skipped: list[tuple[str, str, Reason]] = []
        self.turned: set[str] = set()
        """The edges whose way back is made."""

    def choose_films(self) -> dict[str, Edge]:
        """The edges whose films are to be made; ways back of films that stay are planned."""
        films: dict[str, Edge] = {}
        for one in self.state.edges.values():
            if not self.wish.wants(one.edge.id):
                continue
            if reason := self._settled(one):
                self.skipped.append(("edge", one.edge.id, reason))
                continue
            film = self.state.edges[one.made_by.id]
            if film.remainder and self.wish.skip_completed:
                self._finish(film, film.remainder)
                if one.is_reverse and film.edge.id not in self.turned:
                    self._turn(film, film.remainder.video_id)
            elif not one.is_reverse or not self._stays(film):
                films[film.edge.id] = film.edge
            elif film.edge.id not in self.turned:
                self._turn(film, film.assets[AssetType.VIDEO.value].id)
        return films

    def choose_poses(self, films: Mapping[str, Edge]) -> dict[str, Node]:
        """The nodes whose stills are to be drawn: those that are wanted, and those that a film
        lacks."""
        poses = {}
        for one in self._nodes(films):
            id_ = one.node.id
            wanted = self.wish.wants(id_)
            if self._is_cut_out(one) or (not wanted and one.stage is Stage.READY):
                continue
            reason = self._undrawn(one)
            if reason is None:
                poses[id_] = one.node
            elif wanted:
                self.skipped.append(("node", id_, reason))
        return poses

    def plan_cutouts(self, films: Mapping[str, Edge]) -> None:
        """Plan the cut-outs that drawings lack which were paid for."""
        for one in self._nodes(films):
            if self._is_cut_out(one) and one.image:
                name, id_ = one.node.item_name or one.node.name, one.node.id
                more = {"image_id": one.image.id}
                self._add(Kind.CUTOUT, id_, one.item_id, name, 0, {}, **more)

    def _nodes(self, films: Mapping[str, Edge]) -> list[NodeState]:
        """The nodes that are wanted, and those in which films begin and end."""
        ends = {id_ for edge in films.values() for id_ in (self.canvas.start_of(edge), edge.target)}
        found = self.state.nodes.values()
        return [one for one in found if self.wish.wants(one.node.id) or one.node.id in ends]

    def _is_cut_out(self, one: NodeState) -> bool:
        """Whether a pose gets its cut-out for nothing."""
        remade = self.wish.wants(one.node.id) and not self.wish.skip_completed
        return one.stage is Stage.UNFINISHED and not remade

    def plan_poses(self, poses: Mapping[str, Node]) -> None:
        for id_, node in poses.items():
            request = {
                "type": GenerateType.IMAGE.value,
                "image_prompt": node.prompt or node.name,
                "sizes": [THUMBNAIL],
            }
            item_id = self.state.nodes[id_].item_id
            name = node.item_name or node.name
            self._add(Kind.POSE, id_, item_id, name, STILL[GenerateType.IMAGE], request)

    def plan_films(self, films: Mapping[str, Edge], poses: Iterable[str]) -> None:
        turned = {one.made_by.id for one in self.state.edges.values() if one.is_reverse}
        for id_, edge in films.items():
            begins = self.canvas.start_of(edge)
            start, end = self._still(begins, poses), self._still(edge.target, poses)
            if start is None or end is None:
                self.skipped.append(("edge", id_, Reason.POSE_NOT_READY))
                continue
            if id_ in turned:
                self.turned.add(id_)
            seconds = edge.duration or self.wish.duration or SECONDS
            request = {
                "type": GenerateType.ANIMATION.value,
                "animation_prompt": edge.description or self._motion(edge),
                "duration": seconds,
                "auto_reverse": id_ in turned,
            }
            item_id = self.state.edges[id_].item_id
            name, cost = self._name(edge), seconds_price(seconds)
            if begins == edge.target:
                end = None
            self._add(Kind.FILM, id_, item_id, name, cost, request, start=start, end=end)

    def _finish(self, film: EdgeState, remainder: Remainder) -> None:
        """Plan what is left to do of a film that was paid for."""
        name, id_ = self._name(film.edge), film.edge.id
        kind, more = Kind.RETRY, {"retry_of": remainder.job_id}
        if remainder.job_id is None:
            kind, more = Kind.FORMATS, {"video_id": remainder.video_id}
        if any((task.kind, task.part) == (kind, id_) for task in self.tasks):
            return
        if remainder.turns:
            self.turned.add(id_)
        self._add(kind, id_, film.item_id, name, 0, {}, **more)

    def _turn(self, film: EdgeState, video_id: str) -> None:
        """Plan the way back of a film that is there."""
        self.turned.add(film.edge.id)
        name = self._name(film.edge)
        self._add(Kind.REVERSE, film.edge.id, film.item_id, name, 0, {}, video_id=video_id)

    def _stays(self, film: EdgeState) -> bool:
        """Whether a film is good as it is, and can be turned round."""
        remade = self.wish.wants(film.edge.id) and not self.wish.skip_completed
        ready = film.stage is Stage.READY and AssetType.VIDEO.value in film.assets
        return ready and not remade

    def _settled(self, one: EdgeState) -> Reason | None:
        """Why a film is not to be made."""
        film = self.state.edges[one.made_by.id]
        if {one.stage, film.stage} & {Stage.PENDING, Stage.WAITING}:
            return Reason.IN_PROGRESS
        is_complete = one.stage is Stage.READY and self.wish.skip_completed
        return Reason.COMPLETE if is_complete else None

    def _undrawn(self, one: NodeState) -> Reason | None:
        """Why a pose is not to be drawn."""
        if one.stage in (Stage.PENDING, Stage.WAITING):
            return Reason.IN_PROGRESS
        if one.stage is Stage.READY and (self.wish.skip_completed or one.node.asset_id):
            return Reason.COMPLETE  # nobody draws over what somebody has chosen
        if one.node.asset_id or (one.node.item_id and not one.item_id):
            return Reason.POSE_MISSING
        if one.stage is Stage.NEEDS_REVIEW and self.wish.skip_completed:
            return Reason.NEEDS_REVIEW
        return None

    def _still(self, node_id: str, poses: Iterable[str]) -> Still | None:
        if node_id in poses:
            return Still(job_id=self._id(Kind.POSE, node_id))
        if self._is_cut_out(self.state.nodes[node_id]):
            return Still(job_id=self._id(Kind.CUTOUT, node_id))
        still = self.state.nodes[node_id].still
        return Still(asset_id=still.id) if still else None

    def _motion(self, edge: Edge) -> str:
        """How it moves if nobody says."""
        if self.canvas.start_of(edge) == edge.target:
            return "breathes calmly and moves a little in place"
        target = self.canvas.node(edge.target)
        return f"goes over smoothly to this pose: {target.prompt or target.name}"[:4000]

    def _name(self, edge: Edge) -> str:
        start, target = self.canvas.start_of(edge), self.canvas.node(edge.target).name
        if edge.is_loop:
            return f"{target} loop"[:LONGEST_NAME]
        begins = "Any" if start != edge.source else self.canvas.node(start).name
        return f"{begins} to {target}"[:LONGEST_NAME]

    def _add(
        self,
        kind: Kind,
        part: str,
        item_id: str | None,
        name: str,
        cost: int,
        request: dict[str, Any],
        **more: Any,
    ) -> None:
        task = Task(
            kind=kind,
            part=part,
            job_id=self._id(kind, part),
            item_id=item_id or self._id("item", f"{kind}/{part}"),
            item_name=name,
            is_new=item_id is None,
            cost=cost,
            request=request,
            **more,
        )
        self.tasks.append(task)

    def _id(self, kind: str, part: str) -> str:
        return self._id_of(f"{kind}/{part}")
