"""The runner: claim, run, commit, publish, enqueue; the caller acknowledges by returning.

Every line may be the last one of the process. What was committed is then found by the next
delivery, or by the sweeper, and the effects that follow from it are repeated; what was not is run
again.
"""

import hashlib
import logging
import tempfile
import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from shared import disk, tracing
from shared.config import Settings
from shared.errors import Busy, Conflict, NotFound, StepError, StorageFull
from shared.graph.advance import OUTCOME_UNKNOWN, Claim, claim, outstanding
from shared.graph.events import (
    Claimed,
    Command,
    Enqueue,
    Event,
    Failed,
    Publish,
    Published,
    Rejected,
    Settle,
    Settled,
    Succeeded,
    Tell,
    Waited,
)
from shared.model import paths
from shared.model.asset import beside, content_type
from shared.model.job import Fault, Job, StepStatus
from shared.ports import Bucket, Delete, Ports, Query, Task
from shared.providers.base import Later, Refused, Waiting
from shared.services import jobstore, placeholders, versions
from shared.services.jobstore import Applied, Known
from shared.services.steps import (
    Accepted,
    Delivery,
    Learned,
    Made,
    SentBack,
    StepCode,
    StepContext,
    StepResult,
    SupersededError,
    nothing,
)
from shared.services.webhooks import outbox

log = logging.getLogger(__name__)

BATCH = 100

FIRES = "fires"
"""The metadata of a public file that the storage trigger has to tell its job of."""


def deliver(ports: Ports, settings: Settings, delivery: Delivery, code: StepCode) -> None:
    """Handle one delivery of a step. Returning acknowledges it; Busy asks for it again."""
    claimed = _claim(ports, delivery)
    if claimed is None:
        return
    job = claimed.job
    told: dict[str, str | int] = {"job": job.id, "step": delivery.step, "attempt": delivery.attempt}
    with tracing.span(f"step {job.steps[delivery.step].kind}", job.trace, told):
        _run(ports, settings, claimed, delivery, code)


def _run(
    ports: Ports, settings: Settings, claimed: Applied, delivery: Delivery, code: StepCode
) -> None:
    """Run a step that was claimed, commit what came of it and do what follows."""
    started = time.monotonic()
    with ExitStack() as stack:

        def folder() -> Path:
            return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mascotry-")))

        context = StepContext(ports, settings, claimed.job, delivery, folder, claimed.version)
        event, learned = _attempt(context, delivery, code)
    if event is None:
        _log_step(claimed.job, delivery, "superseded", started)
        return
    workspace_id, job_id = delivery.workspace_id, delivery.job_id
    after = apply(ports, workspace_id, job_id, event, learned, context.known)
    if after is not None:
        _log_step(after, delivery, type(event).__name__.lower(), started)


def perform(
    ports: Ports, job: Job, commands: Iterable[Command], version: str | None = None
) -> None:
    """Carry out what a decision asks for. Each command can be repeated without harm. `version` is
    that of the job, if it was read or written just now."""
    known = (job, version) if version else None
    for command in commands:
        match command:
            case Enqueue():
                _enqueue(ports, job, command)
            case Publish(step_id, attempt):
                _publish(ports, job, step_id, attempt, known)
            case Settle(unmade):
                placeholders.remove(ports, job, unmade)
                if job.error:
                    _drop_links_to_nowhere(ports, job)
                if job.item_id:
                    versions.refresh(ports, job.workspace_id, job.item_id)
                apply(ports, job.workspace_id, job.id, Settled(), known=known)
            case Tell(delivery):
                outbox.enqueue(ports, delivery)


def apply(
    ports: Ports,
    workspace_id: str,
    job_id: str,
    event: Event,
    learned: Learned = nothing,
    known: Known = None,
) -> Job | None:
    """Commit an event, with what was learned, and perform what follows; the job after the event."""
    applied = jobstore.apply(ports, workspace_id, job_id, event, learned, known)
    if applied is None:
        return None
    for path in applied.orphans:
        ports.blobs.delete(Bucket.ASSETS, path)
    perform(ports, applied.job, applied.commands, applied.version)
    return applied.job


def _claim(ports: Ports, delivery: Delivery) -> Applied | None:
    """Take the step for this worker, or do what the delivery calls for instead."""
    event = Claimed(delivery.step, delivery.attempt, delivery.delivery)
    loaded = jobstore.load(ports.documents, delivery.workspace_id, delivery.job_id)
    if loaded is None:
        return None
    job = loaded[0]
    match claim(job, event, ports.clock.now()):
        case Claim.DROP:
            return None
        case Claim.COME_BACK:
            raise Busy("Another worker holds the lease of this step.")
        case Claim.REPEAT:
            perform(ports, job, outstanding(job), loaded[1])
            return None
    applied = jobstore.apply(ports, delivery.workspace_id, delivery.job_id, event, known=loaded)
    if applied is None:
        return None
    if not applied.changed:  # somebody else was faster; their claim answers the delivery
        return _claim(ports, delivery)
    perform(ports, applied.job, applied.commands)
    step = applied.job.steps[delivery.step]
    ours = step.status is StepStatus.RUNNING and step.attempt == delivery.attempt
    return applied if ours else None


def _attempt(
    context: StepContext, delivery: Delivery, code: StepCode
) -> tuple[Event | None, Learned]:
    """Run the step's code: what happened, as an event (None when the work is no longer wanted), and
    what was learned."""
    try:
        result = code(context)
        learned = nothing if isinstance(result, (Waiting, Later, Refused)) else result.learned
        return _outcome(context, delivery, result), learned
    except SupersededError:
        return None, nothing
    except Exception as error:
        return _failure(context, delivery, error), nothing


def _outcome(context: StepContext, delivery: Delivery, result: StepResult) -> Event:
    step, attempt = delivery.step, delivery.attempt
    match result:
        case Made():
            return Succeeded(step, attempt, context.store(result), cost_usd=result.cost_usd)
        case Accepted(outputs, needs_review, _, cost_usd):
            return Succeeded(step, attempt, outputs, needs_review, cost_usd)
        case SentBack(retake, _, cost_usd):
            return Rejected(step, attempt, retake, cost_usd)
        case Waiting(operation, delay):
            return Waited(step, attempt, operation, delay)
        case Later(delay):
            return Waited(step, attempt, context.step.operation, delay)
        case Refused(reason):
            fault = Fault(code="content_refused", message=reason)
            return Failed(step, attempt, fault, transient=False)


def _failure(context: StepContext, delivery: Delivery, error: Exception) -> Event:
    step, attempt = delivery.step, delivery.attempt
    if disk.is_full(error):  # which it still is at the next try
        fault = Fault(code=StorageFull.code, message=StorageFull().message)
        return Failed(step, attempt, fault, transient=False)
    if isinstance(error, StepError):
        fault = Fault(code=error.reason, message=error.message)
        return Failed(step, attempt, fault, transient=error.retryable)
    if isinstance(error, NotFound):
        fault = Fault(code="source_missing", message=error.message)
        return Failed(step, attempt, fault, transient=False)
    # Nobody foresaw it, so nobody knows whether it will pass: it gets its tries, and the log.
    log.error("step raised", exc_info=error, extra={"job": delivery.job_id, "step": step})
    if context.intended:
        return Failed(step, attempt, OUTCOME_UNKNOWN, transient=False)
    fault = Fault(code="internal_error", message="The step failed in an unforeseen way.")
    return Failed(step, attempt, fault, transient=True)


def _enqueue(ports: Ports, job: Job, command: Enqueue) -> None:
    delivery = Delivery(job.workspace_id, job.id, command.step, command.attempt, command.delivery)
    identity = f"{job.id}/{command.step}/{command.attempt}/{command.delivery}"
    ports.tasks.enqueue(
        Task(
            queue=command.kind.value,
            name=hashlib.sha256(identity.encode()).hexdigest(),
            payload=delivery.payload(),
            not_before=command.not_before,
        )
    )


def _publish(ports: Ports, job: Job, step_id: str, attempt: int, known: Known) -> None:
    """Copy a step's files to their public names, then commit that they are there.

    A file whose job was cancelled or whose asset was deleted while it was copied is taken away
    again: the commit tells.
    """
    keys = job.steps[step_id].makes
    for key in keys:
        publish_file(ports, job, step_id, key)
    after = apply(ports, job.workspace_id, job.id, Published(step_id, attempt), known=known)
    if after is None or after.steps[step_id].status is not StepStatus.SUCCEEDED:
        placeholders.remove(ports, job, keys)


def _drop_links_to_nowhere(ports: Ports, job: Job) -> None:
    """Remove the links to sources that had been deleted, links included, before the job was stored;
    no such job comes to a good end."""
    ours = {asset.id for asset in job.assets.values()}
    sources = {id_ for step in job.steps.values() for id_ in step.inputs.values()} - ours
    ordered = sorted(sources)
    found = ports.documents.get_many([paths.asset(job.workspace_id, id_) for id_ in ordered])
    links = paths.collection_of(job.workspace_id, "links")
    for id_, document in zip(ordered, found, strict=True):
        query = Query(links, {"source_asset_id": id_})
        while document is None and (left := ports.documents.query(query, limit=BATCH).results):
            ports.documents.commit([Delete(link.path) for link in left])


def publish_file(ports: Ports, job: Job, step_id: str, key: str) -> None:
    """Let the public names of an asset serve what a step has made of it, if they don't already;
    NotFound when that is no longer in the work area."""
    planned, output = job.assets[key], job.steps[step_id].outputs[key]
    content = output.content
    own, *others = zip(
        beside(output.work_path, planned.siblings),
        planned.paths,
        (content.sha256, *(content.siblings[name].sha256 for name in planned.siblings)),
        strict=True,
    )
    # What fires the next step comes last, so that nobody is waiting for the others by then.
    for sibling in others:
        _publish_one(ports, job, key, *sibling)
    _publish_one(ports, job, key, *own, fires=any(s.fired_by == key for s in job.steps.values()))


def _publish_one(
    ports: Ports,
    job: Job,
    key: str,
    work_path: str,
    path: str,
    sha256: str,
    *,
    fires: bool = False,
) -> None:
    """Copy a file to its public name. One that `fires` has the storage trigger tell the job."""
    planned = job.assets[key]
    there = ports.blobs.stat(Bucket.ASSETS, path)
    if there is not None and there.metadata.get("sha256") == sha256:
        return
    if there is None and ports.documents.get(paths.asset(job.workspace_id, planned.id)) is None:
        return  # its placeholder went with the asset
    try:
        ports.blobs.copy(
            (Bucket.WORK, work_path),
            (Bucket.ASSETS, path),
            content_type=content_type(path),
            cache_control=job.cache_control,
            metadata={
                **job.metadata_of(planned.id),
                "sha256": sha256,
                **({FIRES: "true"} if fires else {}),
            },
            if_generation=there.generation if there else 0,
        )
    except Conflict:
        # Another delivery of the same commit was faster; it copied the same bytes.
        log.info("already published", extra={"job": job.id, "asset": key})


def _log_step(job: Job, delivery: Delivery, outcome: str, started: float) -> None:
    step = job.steps[delivery.step]
    log.info(
        "step",
        extra={
            "job": job.id,
            "step": delivery.step,
            "kind": step.kind.value,
            "attempt": delivery.attempt,
            "outcome": outcome,
            "milliseconds": round((time.monotonic() - started) * 1000),
            "bytes": sum(output.content.bytes for output in step.outputs.values()),
            **({"error": step.error.code} if step.error and outcome == "failed" else {}),
        },
    )
