"""Jobs in the document store: every change is a compare-and-set, and keeps the due list right."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from shared import tracing
from shared.errors import Conflict, NotFound
from shared.graph.advance import advance, due_at, start
from shared.graph.draft import planned_assets
from shared.graph.events import Command, Event, Tell
from shared.model import paths
from shared.model.asset import Asset, AssetStatus
from shared.model.base import instant_text
from shared.model.job import FINISHED, Job, Step, StepStatus
from shared.model.link import Link
from shared.ports import Create, Delete, Documents, Json, Ports, Put, Replace, Update, Write
from shared.services import contention, ledger
from shared.services.webhooks import outbox

Known = tuple[Job, str] | None
"""A job and its version, as they were a moment ago: what is done on the strength of it is found to
be in vain when somebody has changed the job since, and done again. None when nothing is known."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of an event: the job as it now is, at which version, whether it was this event that
    changed it, the commands that follow, and the paths of published files that nobody owns any more
    (their asset was deleted meanwhile)."""

    job: Job
    version: str
    changed: bool
    commands: tuple[Command, ...]
    orphans: tuple[str, ...] = ()


def load(documents: Documents, workspace_id: str, job_id: str) -> tuple[Job, str] | None:
    """A job and its version; None when it is gone."""
    document = documents.get(paths.job(workspace_id, job_id))
    return (Job.load(document.data), document.version) if document else None


def creation(job: Job) -> list[Write]:
    """The writes that bring a new job into the world, with the trace that it belongs to."""
    job, due_writes = _scheduled(job.with_(trace=tracing.current()))
    return [
        Create(paths.job(job.workspace_id, job.id), job.stored()),
        Create(paths.progress(job.workspace_id, job.id), {}),
        *due_writes,
    ]


def contents(workspace_id: str, assets: Iterable[Asset], links: Iterable[Link]) -> list[Write]:
    """The writes that store what a job will make."""
    return [
        *(Create(paths.asset(workspace_id, asset.id), asset.stored()) for asset in assets),
        *(Create(paths.link(workspace_id, link.id), link.stored()) for link in links),
    ]


def begin_reserved(ports: Ports, workspace_id: str, job_id: str) -> Job:
    """Store what a reserved job will make and make its first steps ready, in one batch; gives the
    job as it is then, or as it is anyway if it has begun already. NotFound when it is gone."""
    for _ in contention.tries(ports):
        loaded = load(ports.documents, workspace_id, job_id)
        if loaded is None:
            raise NotFound("There is no such job.")
        job, version = loaded
        if job.reserved is None:
            return job
        now = ports.clock.now()
        begun = start(job.with_(reserved=None, updated_at=now), now).job
        after, due_writes = _scheduled(begun)
        writes = contents(workspace_id, planned_assets(job, job.created_at), job.reserved)
        change = Replace(paths.job(workspace_id, job_id), after.stored(), version)
        with suppress(Conflict):
            ports.documents.commit([*writes, change, *due_writes])
            return after
    raise Conflict(f"Job {job_id} is being changed by too many at once.")


def postpone(ports: Ports, job: Job, version: str) -> None:
    """Move the sweeper's entry of a job that it has looked at too early. Somebody else's change is
    met by letting it be: the entry is found again."""
    after, due_writes = _scheduled(job.with_(look_at=None))
    path = paths.job(job.workspace_id, job.id)
    with suppress(Conflict):
        ports.documents.commit([Replace(path, after.stored(), version), *due_writes])


def apply(
    ports: Ports,
    workspace_id: str,
    job_id: str,
    event: Event,
    learned: Callable[[], Sequence[Write]] = tuple,
    known: Known = None,
) -> Applied | None:
    """Advance a stored job by an event; when that changes it, what was `learned` is committed in
    the same batch. Who has just read or written the job gives it as `known`.

    None when the job is gone. Somebody else's concurrent change is met by reading again. A job that
    is only reserved begins first, so that an end always finds the assets that it decides on.
    """
    refused: str | None = None
    for _ in contention.tries(ports):
        loaded = known or load(ports.documents, workspace_id, job_id)
        known = None
        if loaded is None:
            return None
        job, version = loaded
        now = ports.clock.now()
        if job.reserved is not None:
            begin_reserved(ports, workspace_id, job_id)
            continue
        decision = advance(job, event, now)
        if decision.job is job:
            return Applied(job, version, False, decision.commands)
        after, due_writes = _scheduled(decision.job.with_(updated_at=now))
        # A batch that was refused though nobody has changed the job met an asset that is gone.
        asset_writes, orphans = _asset_writes(
            ports, job, after, some_may_be_gone=version == refused
        )
        told = outbox.of_end(ports, job, after)
        writes: list[Write] = [
            Replace(paths.job(workspace_id, job_id), after.stored(), version),
            *due_writes,
            *_progress_writes(job, after),
            *asset_writes,
            *outbox.writes(told),
            *ledger.settlement(ports, job, after),
            *learned(),
        ]
        try:
            version = ports.documents.commit(writes)
        except Conflict:
            refused = version
            continue
        return Applied(after, version, True, (*decision.commands, *map(Tell, told)), orphans)
    raise Conflict(f"Job {job_id} is being changed by too many at once.")


def _scheduled(job: Job) -> tuple[Job, list[Write]]:
    """The job with its entry for the sweeper, and the writes for that. An entry only ever moves to
    an earlier time: one that is too early costs a look, and most jobs are done before that."""
    at = due_at(job)
    if at is None:
        return job.with_(look_at=None), [Delete(paths.due(job.id))]
    if job.look_at and job.look_at <= at:
        return job, []
    entry = {"at": instant_text(at), "workspace_id": job.workspace_id, "job_id": job.id}
    return job.with_(look_at=at), [Put(paths.due(job.id), entry)]


def _newly(before: Job, after: Job, *statuses: StepStatus) -> list[str]:
    return [
        step_id
        for step_id, step in after.steps.items()
        if step.status in statuses and before.steps[step_id].status is not step.status
    ]


def _progress_writes(before: Job, after: Job) -> Sequence[Write]:
    """Progress goes with the job's end, so that a worker who is late can change it no more."""
    ended = after.finished and not before.finished
    return [Delete(paths.progress(after.workspace_id, after.id))] if ended else []


def _asset_writes(
    ports: Ports, before: Job, after: Job, *, some_may_be_gone: bool
) -> tuple[list[Write], tuple[str, ...]]:
    """Assets become ready with the step that made them, and failed with the step that will not.

    The second value are the paths of those that were deleted; who does not look for them finds out
    by a Conflict."""
    finished = {
        key: after.steps[step_id]
        for step_id in _newly(before, after, *FINISHED)
        for key in after.steps[step_id].makes
    }
    owned = {key: paths.asset(after.workspace_id, after.assets[key].id) for key in finished}
    gone: set[str] = set()
    if some_may_be_gone:
        found = ports.documents.get_many(list(owned.values()))
        gone = {key for key, there in zip(owned, found, strict=True) if there is None}
    writes: list[Write] = [
        Update(owned[key], _outcome(after, key, step))
        for key, step in finished.items()
        if key not in gone
    ]
    return writes, tuple(path for key in gone for path in after.assets[key].paths)


def _outcome(job: Job, key: str, step: Step) -> Json:
    """What an asset's document says after the step that makes it has ended."""
    updated = {"updated_at": instant_text(job.updated_at)}
    if step.status is not StepStatus.SUCCEEDED:
        return {"status": AssetStatus.FAILED.value, **updated}
    output = step.outputs[key]
    return {
        "status": AssetStatus.READY.value,
        "content": output.content.model_dump(mode="json"),
        "provenance": output.provenance.model_dump(mode="json"),
        "metadata": output.metadata,
        "needs_review": job.needs_review,
        **updated,
    }
