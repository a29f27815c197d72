"""Jobs, as clients see them: reading, waiting, progress."""

import time
from collections.abc import Callable, Iterator, Mapping

from shared.errors import Conflict
from shared.graph.events import Cancelled
from shared.model import paths
from shared.model.job import Fault, Job, JobStatus, JobType, StepStatus
from shared.ports import Ports, Query
from shared.services import entities, runner
from shared.services.keys import Principal

BATCHES = frozenset({JobType.SIZE_VARIANT_BATCH, JobType.CANVAS_GENERATION})
"""The jobs that begin others."""
BATCH = 100
CANCELED = Fault(code="canceled", message="The job was canceled.")
STOPPED = Fault(code="canceled", message="The batch that this belongs to was canceled.")
MAX_WAIT = 60.0
LEAST_PAUSE, MOST_PAUSE = 0.1, 2.0
LATE = 20
"""Each look costs a read, so that who waits hears of a change late by one part in so many of the
time that the job has taken by then."""
HEARTBEAT = 15.0
Pause = Callable[[float], bool | None]
"""Waits for seconds; true when whoever waits has to end."""


def get(ports: Ports, who: Principal, job_id: str) -> Job:
    job, _ = entities.read(ports.documents, Job, paths.job(who.workspace_id, job_id))
    return job


def last_retry(ports: Ports, who: Principal, job: Job) -> Job:
    """The last of the retries that follow from a failed job; the job itself when there is none."""
    while job.retry_id is not None:
        job = get(ports, who, job.retry_id)
    return job


def wait(
    ports: Ports,
    who: Principal,
    job_id: str,
    seconds: float,
    pause: Pause = time.sleep,
) -> Job:
    """The job as soon as it is finished, or as it is after at most `seconds`, or when `pause` says
    that it is time to end."""
    deadline = time.monotonic() + min(seconds, MAX_WAIT)
    job = get(ports, who, job_id)
    while not job.finished and (left := deadline - time.monotonic()) > 0:
        ends = pause(min(_pause(ports, job), left))
        job = get(ports, who, job_id)
        if ends:
            break
    return job


def follow(
    ports: Ports,
    who: Principal,
    job_id: str,
    seconds: float,
    pause: Pause = time.sleep,
) -> Iterator[Job | None]:
    """The job now and whenever it may have changed, until it is finished, the time is over or
    `pause` says that it is time to end; None every `HEARTBEAT` seconds, so that whoever listens
    knows that somebody is there."""
    deadline = beat = time.monotonic()
    deadline += seconds
    while True:
        job = get(ports, who, job_id)
        yield job
        if job.finished or time.monotonic() >= deadline:
            return
        if time.monotonic() - beat >= HEARTBEAT:
            beat = time.monotonic()
            yield None
        if pause(_pause(ports, job)):
            return


def _pause(ports: Ports, job: Job) -> float:
    """The seconds until the next look at a job that is under way."""
    age = (ports.clock.now() - job.created_at).total_seconds()
    return max(LEAST_PAUSE, min(age / LATE, MOST_PAUSE))


def cancel(ports: Ports, who: Principal, job_id: str) -> Job:
    """Stop a job: steps that have not begun never will, and what a running one still makes is not
    wanted any more. Repeating it is harmless; Conflict for a job that has ended otherwise."""
    job = get(ports, who, job_id)
    if job.type is JobType.DELETION:
        raise Conflict("A deletion cannot be canceled.")
    runner.apply(ports, who.workspace_id, job_id, Cancelled(CANCELED))
    job = get(ports, who, job_id)
    if job.error is None or job.error.code != CANCELED.code:
        raise Conflict(f"The job is {job.status.value} already.")
    if job.type in BATCHES:
        cancel_begun(ports, job)
    return job


def cancel_begun(ports: Ports, batch: Job) -> None:
    """Stop the jobs that a batch has begun."""
    for status in (JobStatus.PENDING, JobStatus.PROCESSING):
        for document in entities.every(ports.documents, of_batch(batch, status), at_once=BATCH):
            runner.apply(ports, batch.workspace_id, document.id, Cancelled(STOPPED))


def of_batch(batch: Job, status: JobStatus) -> Query:
    """The jobs of a status that a batch has begun."""
    return Query(
        paths.collection_of(batch.workspace_id, "jobs"),
        {"batch_id": batch.id, "status": status.value},
    )


def progress(ports: Ports, job: Job) -> Mapping[str, float]:
    """How much of each step is done, 0 to 1."""
    running = [
        step_id
        for step_id, step in job.steps.items()
        if step.status in (StepStatus.RUNNING, StepStatus.WAITING)
    ]
    document = running and ports.documents.get(paths.progress(job.workspace_id, job.id))
    told = document.data if document else {}
    shares = {
        step_id: float(told[step_id]["share"])
        if step_id in told and told[step_id]["attempt"] == job.steps[step_id].attempt
        else 0.0
        for step_id in running
    }
    done = (StepStatus.SUCCEEDED, StepStatus.PUBLISHING)
    return {
        step_id: shares.get(step_id, 1.0 if step.status in done else 0.0)
        for step_id, step in job.steps.items()
    }
