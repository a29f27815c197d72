"""Jobs in the document store: every change is a compare-and-set, and keeps the due list right."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from shared import tracing
from shared.errors import Conflict
from shared.graph.advance import advance, due_at
from shared.graph.events import Command, Event, Tell
from shared.model import paths
from shared.model.asset import Asset, AssetStatus
from shared.model.base import instant_text
from shared.model.job import FINISHED, Job, StepStatus
from shared.ports import Create, Delete, Documents, Ports, Put, Replace, Write
from shared.services import ledger
from shared.services.webhooks import outbox

TRIES: Final = 20
DUE_SLACK: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of an event: the job as it now is, whether it was this event that changed it, the
    commands that follow, and the paths of published files that nobody owns any more (their asset
    was deleted meanwhile)."""

    job: Job
    changed: bool
    commands: tuple[Command, ...]
    orphans: tuple[str, ...] = ()


def load(documents: Documents, workspace_id: str, job_id: str) -> tuple[Job, str] | None:
    """A job and its version; None when it is gone."""
    document = documents.get(paths.job(workspace_id, job_id))
    return (Job.load(document.data), document.version) if document else None


def creation(job: Job) -> list[Write]:
    """The writes that bring a new job into the world, with the trace that it belongs to."""
    job = job.with_(trace=tracing.current())
    return [Create(paths.job(job.workspace_id, job.id), job.stored()), *_due_writes(None, job)]


def apply(
    ports: Ports,
    workspace_id: str,
    job_id: str,
    event: Event,
    learned: Callable[[], Sequence[Write]] = tuple,
) -> Applied | None:
    """Advance a stored job by an event; when that changes it, what was `learned` is committed in
    the same batch.

    None when the job is gone. Somebody else's concurrent change is met by reading again.
    """
    for _ in range(TRIES):
        loaded = load(ports.documents, workspace_id, job_id)
        if loaded is None:
            return None
        job, version = loaded
        now = ports.clock.now()
        decision = advance(job, event, now)
        if decision.job is job:
            return Applied(job, False, decision.commands)
        after = decision.job.with_(updated_at=now)
        asset_writes, orphans = _asset_writes(ports, job, after)
        told = outbox.of_end(ports, job, after)
        writes: list[Write] = [
            Replace(paths.job(workspace_id, job_id), after.stored(), version),
            *_due_writes(job, after),
            *_progress_writes(job, after),
            *asset_writes,
            *outbox.writes(told),
            *ledger.settlement(ports, job, after),
            *learned(),
        ]
        try:
            ports.documents.commit(writes)
        except Conflict:
            continue
        return Applied(after, True, (*decision.commands, *map(Tell, told)), orphans)
    raise Conflict(f"Job {job_id} is being changed by too many at once.")


def _due_writes(before: Job | None, after: Job) -> list[Write]:
    """The sweeper's entry moves with the job; small moves are not worth a write."""
    at = due_at(after)
    if at is None:
        return [Delete(paths.due(after.id))]
    was = due_at(before) if before else None
    if was and abs(at - was) < DUE_SLACK:
        return []
    entry = {"at": instant_text(at), "workspace_id": after.workspace_id, "job_id": after.id}
    return [Put(paths.due(after.id), entry)]


def _newly(before: Job, after: Job, *statuses: StepStatus) -> list[str]:
    return [
        step_id
        for step_id, step in after.steps.items()
        if step.status in statuses and before.steps[step_id].status is not step.status
    ]


def _progress_writes(before: Job, after: Job) -> Sequence[Write]:
    """A step's progress comes with its first run and goes with its end, so that a worker who is
    late can change it only as long as somebody will take it away."""
    begun = [
        step_id
        for step_id in _newly(before, after, StepStatus.RUNNING)
        if before.steps[step_id].status is StepStatus.READY
    ]
    return [
        *(Put(_progress_path(after, step_id), {"share": 0.0}) for step_id in begun),
        *(Delete(_progress_path(after, step_id)) for step_id in _newly(before, after, *FINISHED)),
    ]


def _progress_path(job: Job, step_id: str) -> str:
    return paths.progress(job.workspace_id, job.id, step_id)


def _asset_writes(ports: Ports, before: Job, after: Job) -> tuple[list[Write], tuple[str, ...]]:
    """Assets become ready with the step that made them, and failed with the step that will not."""
    keys = [
        (step_id, key)
        for step_id in _newly(before, after, *FINISHED)
        for key in after.steps[step_id].makes
    ]
    documents = ports.documents.get_many(
        [paths.asset(after.workspace_id, after.assets[key].id) for _, key in keys]
    )
    writes: list[Write] = []
    orphans: list[str] = []
    for (step_id, key), document in zip(keys, documents, strict=True):
        step = after.steps[step_id]
        succeeded = step.status is StepStatus.SUCCEEDED
        if document is None:
            orphans.append(after.assets[key].path)
            continue
        asset = Asset.load(document.data).with_(updated_at=after.updated_at)
        if succeeded:
            output = step.outputs[key]
            asset = asset.with_(
                status=AssetStatus.READY,
                content=output.content,
                provenance=output.provenance,
                metadata=output.metadata,
                needs_review=after.needs_review,
            )
        else:
            asset = asset.with_(status=AssetStatus.FAILED)
        writes.append(Replace(document.path, asset.stored(), document.version))
    return writes, tuple(orphans)
