"""Making all that a canvas shows: one call, one price, and jobs that follow from each other.

The call commits one job, which promises the others, together with what every one of them costs; so
it is all or nothing, and the client waits for nobody. That job's step keeps the promises: stills
first, and each film as soon as its stills are there. A promise is kept in the batch that creates
the job, and what it lacks for good is given back in the batch that drops it. So whoever dies
wherever, nothing is begun twice, and no credit is held for nothing.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any, Final
from uuid import UUID, uuid5

from shared.config import Settings
from shared.errors import BadRequest, Busy, Conflict, NotFound, PermanentError
from shared.graph.advance import outstanding, start
from shared.graph.canvas_plan import (
    MOST,
    NEVER,
    Kind,
    Production,
    Task,
    Wish,
    in_turn,
    plan_production,
    produce,
    resolved,
    tasks_of,
)
from shared.graph.canvas_state import THUMBNAIL
from shared.graph.events import Cancelled
from shared.model import paths
from shared.model.canvas import Canvas, CanvasWork
from shared.model.item import ItemType
from shared.model.job import Fault, Job, JobStatus
from shared.model.request import GenerateRequest
from shared.model.workspace import Scope
from shared.ports import Ports, Replace, Write
from shared.services import (
    again,
    collections,
    contention,
    entities,
    generation,
    guides,
    items,
    jobs,
    jobstore,
    ledger,
    placeholders,
    remaking,
    reversal,
    runner,
)
from shared.services.canvases import definitions, states
from shared.services.keys import Principal
from shared.services.steps import SupersededError

AT_ONCE: Final = 10
"""Jobs that are begun before the step is delivered again: its lease is not for ever."""
FILMS: Final = (Kind.FILM, Kind.REVERSE, Kind.RETRY, Kind.FORMATS)
TOLD: Final = 5
GONE: Final = Fault(code="canceled", message="The canvas was deleted.")


log = logging.getLogger(__name__)


class Pace(Enum):
    """How a production goes on."""

    MORE = auto()
    """There is more to begin at once."""
    WAIT = auto()
    DONE = auto()
    STOPPED = auto()
    """Nobody wants it any more."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a call would make; nothing of it is stored. `begun` is the job of a call that was cut
    off after it had begun it, and was sent again."""

    canvas: Canvas
    job_id: str
    production: Production
    begun: Job | None = None


def propose(
    ports: Ports,
    who: Principal,
    collection_id: str,
    canvas_id: str,
    wish: Wish,
    *,
    max_credits: int | None = None,
) -> Proposal:
    """Plan what a wish calls for. BadRequest for targets that there are not, and for what costs
    more than `max_credits`."""
    job_id = ports.ids.uuid()
    canvas, _ = definitions.get(ports, who, collection_id, canvas_id)
    _require_targets(canvas, wish)
    stored = jobstore.load(ports.documents, who.workspace_id, job_id)
    if stored is not None:
        return Proposal(canvas, job_id, Production((), (), 0), begun=stored[0])
    state = states.read(ports, who, canvas).state
    production = produce(canvas, state, wish, lambda words: str(uuid5(UUID(job_id), words)))
    if len(production.tasks) > MOST:
        raise BadRequest(
            f"this begins {len(production.tasks)} jobs, and one call at most {MOST}; name fewer "
            "nodes and edges",
            field="targets",
        )
    generation.require_price(production.cost, max_credits)
    return Proposal(canvas, job_id, production)


def begin(ports: Ports, settings: Settings, who: Principal, proposal: Proposal) -> Job | None:
    """Begin what was proposed; None when there is nothing to do. Conflict while something is being
    made for the canvas already."""
    job = proposal.begun
    if job is None:
        if not proposal.production.tasks:
            return None
        job = plan_production(
            proposal.canvas,
            proposal.production,
            job_id=proposal.job_id,
            workspace_id=who.workspace_id,
            now=ports.clock.now(),
        )
        job = start(job, ports.clock.now()).job
        ledger.begin(ports, settings, job, lambda: _creation(ports, who, job, proposal))
    runner.perform(ports, job, outstanding(job))
    return job


def report(job: Job) -> dict[str, Any]:
    """A production in numbers, as it was begun."""
    found: dict[str, Any] = job.steps["canvas"].params["report"]
    return found


def resume(ports: Ports, job: Job) -> None:
    """Set those jobs going again that somebody has begun who may have died right after it."""
    for begun in _jobs(ports, job, tasks_of(job)).values():
        if begun.batch_id == job.id and not begun.finished:
            placeholders.put_all(ports, begun)
            runner.perform(ports, begun, outstanding(begun))


def go_on(ports: Ports, settings: Settings, job: Job) -> Pace:
    """Begin what can be begun, drop what never can. PermanentError when all has ended, and
    something was not made."""
    who = Principal(job.workspace_id, (Scope.WRITE,))
    canvas_id = job.steps["canvas"].params["canvas_id"]
    if ports.documents.get(paths.canvas(job.workspace_id, canvas_id)) is None:
        runner.apply(ports, job.workspace_id, job.id, Cancelled(GONE))
        jobs.cancel_begun(ports, job)
        return Pace.STOPPED
    tasks = tasks_of(job)
    begun = _jobs(ports, job, tasks)
    number = 0
    for task in in_turn(job, begun, has_card=_has_card(ports, who, job)):
        stills = [resolved(still, job, begun) for still in task.stills]
        if None in stills:
            continue
        if number == AT_ONCE:
            return Pace.MORE
        number += 1
        _keep(ports, settings, who, job, task, [still for still in stills if still is not None])
    if number or job.promises or not all(one.finished for one in begun.values()):
        return Pace.WAIT
    _require_all(tasks, begun)
    return Pace.DONE


# --- beginning -----------------------------------------------------------------------------------


def _require_targets(canvas: Canvas, wish: Wish) -> None:
    known = {node.id for node in canvas.nodes} | {edge.id for edge in canvas.edges}
    unknown = sorted((wish.targets or frozenset()) - known)
    if unknown:
        raise BadRequest(f"there is no node or edge '{unknown[0]}'", field="targets")


def _creation(ports: Ports, who: Principal, job: Job, proposal: Proposal) -> Sequence[Write]:
    """The job, and on the canvas which items are whose; on the condition that nobody else is at
    work on it."""
    path = paths.canvas_work(who.workspace_id, proposal.canvas.id)
    work, version = entities.read(ports.documents, CanvasWork, path)
    if other := states.at_work(ports, who, work):
        raise Conflict(
            f"Job {other.id} is at work on this canvas; wait for it, or cancel it.", job_id=other.id
        )
    production = proposal.production
    changed = work.with_(
        nodes={**work.nodes, **production.items(Kind.POSE, Kind.CUTOUT)},
        edges={**work.edges, **production.items(*FILMS)},
        job_id=job.id,
        updated_at=ports.clock.now(),
    )
    return [*jobstore.creation(job), Replace(path, changed.stored(), version)]


# --- going on ------------------------------------------------------------------------------------


def _jobs(ports: Ports, job: Job, tasks: Iterable[Task]) -> Mapping[str, Job]:
    """The jobs that were begun, by their ids; where somebody else was faster to take a failed job
    up, that retry stands for ours."""
    who = Principal(job.workspace_id, (Scope.READ,))
    kept = [task for task in tasks if task.job_id not in job.promises]
    found = ports.documents.get_many([paths.job(job.workspace_id, task.job_id) for task in kept])
    begun = {document.id: Job.load(document.data) for document in found if document}
    for task in kept:
        if task.retry_of is not None and task.job_id not in begun:
            failed = jobs.get(ports, who, task.retry_of)
            if failed.retry_id is not None:
                begun[task.job_id] = jobs.last_retry(ports, who, failed)
    return begun


def _has_card(ports: Ports, who: Principal, job: Job) -> bool:
    try:
        collection, guide = guides.get(ports, who, job.collection_id or "-")
    except NotFound as error:
        raise PermanentError("collection_deleted", "The collection was deleted.") from error
    return bool(guide and guide.card_for(collection.reference_asset_ids))


def _keep(
    ports: Ports,
    settings: Settings,
    who: Principal,
    job: Job,
    task: Task,
    stills: Sequence[str],
) -> None:
    """Begin what was promised, or drop it if what it is made from is gone."""
    if NEVER in stills:
        _drop(ports, job, task)
        return
    try:
        proposal = _proposal(ports, settings, who, job, task, stills)
    except (BadRequest, NotFound, Conflict) as error:
        log.info("a promise cannot be kept", extra={"part": task.part, "fault": error.message})
        _drop(ports, job, task)
        return
    of_batch = proposal.plan.job.with_(id=task.job_id, batch_id=job.id)
    made = tuple(asset.with_(job_id=task.job_id) for asset in proposal.plan.assets)
    more = proposal.along or tuple
    try:
        generation.begin(
            ports,
            settings,
            who,
            replace(proposal.plan, job=of_batch, assets=made),
            proposal.item,
            is_new=proposal.is_new,
            along=lambda: [_without(ports, job, task), *more()],
            held=True,
        )
    except NotFound:
        log.info("deleted just now", extra={"part": task.part})
    except Conflict:  # somebody else has taken the failed job up
        _drop(ports, job, task)


def _proposal(
    ports: Ports,
    settings: Settings,
    who: Principal,
    job: Job,
    task: Task,
    stills: Sequence[str],
) -> generation.Proposal:
    if task.retry_of is not None:
        return again.propose_retry(ports, who, task.retry_of, task.cost, retry_id=task.job_id)
    if task.kind is Kind.REVERSE:
        return reversal.propose(ports, who, task.video_id or "-")
    if task.kind is Kind.FORMATS:
        return remaking.propose_formats(ports, who, task.video_id or "-")
    if task.kind is Kind.CUTOUT:
        return remaking.propose_cutout(ports, who, task.image_id or "-", [THUMBNAIL])
    collection, _ = collections.get(ports, who, job.collection_id or "-")
    names = ("source_image_asset_id", "end_image_asset_id")
    named: dict[str, Any] = dict(zip(names, stills, strict=False))
    item = None
    if task.is_new:
        type_ = ItemType.IMAGE if task.kind is Kind.POSE else ItemType.ANIMATION
        drafted = items.draft(ports, collection, type_, task.item_name)
        canvas_id = job.steps["canvas"].params["canvas_id"]
        item = drafted.with_(id=task.item_id, canvas_id=canvas_id)
        named["name"] = task.item_name
    else:
        named["item_id"] = task.item_id
    request = GenerateRequest.model_validate({**task.request, **named})
    return generation.propose(ports, settings, who, collection.id, request, item=item)


def _drop(ports: Ports, job: Job, task: Task) -> None:
    """Take a promise back, with what was held for it."""
    for _ in contention.tries(ports):
        writes = [
            _without(ports, job, task),
            *ledger.release(ports, job.workspace_id, task.job_id),
        ]
        try:
            ports.documents.commit(writes)
        except Conflict:
            continue
        return
    raise Busy("The job is being changed by too many at once.")


def _without(ports: Ports, job: Job, task: Task) -> Write:
    """The job without a promise. SupersededError when it is no longer the job's: it has ended, or
    somebody else has kept it."""
    loaded = jobstore.load(ports.documents, job.workspace_id, job.id)
    if loaded is None or loaded[0].finished or task.job_id not in loaded[0].promises:
        raise SupersededError("The promise is no longer to be kept.")
    current, version = loaded
    left = {id_: one for id_, one in current.promises.items() if id_ != task.job_id}
    changed = current.with_(promises=left)
    return Replace(paths.job(job.workspace_id, job.id), changed.stored(), version)


def _require_all(tasks: Sequence[Task], jobs: Mapping[str, Job]) -> None:
    lacking = [
        task
        for task in tasks
        if task.job_id not in jobs or jobs[task.job_id].status is not JobStatus.COMPLETED
    ]
    if lacking:
        told = ", ".join(f"'{task.part}'" for task in lacking[:TOLD])
        raise PermanentError(
            "canvas_incomplete",
            f"{len(lacking)} of {len(tasks)} could not be made, such as {told}; the jobs of this "
            "batch say why. What was held for them was given back: ask for them again.",
        )
