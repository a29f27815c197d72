"""Jobs, as clients see them: reading, waiting, progress."""

import time
from collections.abc import Callable, Iterator, Mapping

from shared.errors import Conflict, NotFound
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


class Watch:
    """A job that is looked at again and again; only what has changed is parsed."""

    job: Job

    def __init__(self, ports: Ports, who: Principal, job_id: str) -> None:
        """Raises NotFound, as each look does."""
        self._ports = ports
        self._path = paths.job(who.workspace_id, job_id)
        self._version = self._progress = ""
        self.look()

    def look(self) -> bool:
        """Read the job again; whether it or the progress of its steps has changed."""
        document = self._ports.documents.get(self._path)
        if document is None:
            raise NotFound("There is no such job.")
        before = (self._version, self._progress)
        if document.version != self._version:
            self.job, self._version = Job.load(document.data), document.version
        if _running(self.job):
            path = paths.progress(self.job.workspace_id, self.job.id)
            progress = self._ports.documents.get(path)
            self._progress = progress.version if progress else ""
        return before != (self._version, self._progress)

    def pause(self) -> float:
        """The seconds until the next look."""
        age = (self._ports.clock.now() - self.job.created_at).total_seconds()
        return max(LEAST_PAUSE, min(age / LATE, MOST_PAUSE))


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
    watch = Watch(ports, who, job_id)
    while not watch.job.finished and (left := deadline - time.monotonic()) > 0:
        ends = pause(min(watch.pause(), left))
        watch.look()
        if ends:
            break
    return watch.job


def follow(
    ports: Ports,
    who: Principal,
    job_id: str,
    seconds: float,
    pause: Pause = time.sleep,
) -> Iterator[Job | None]:
    """The job now and after each change of it or of its steps' progress, and None after each look
    that found no change; until it is finished, the time is over or `pause` says that it is time to
    end."""
    deadline = time.monotonic() + seconds
    watch = Watch(ports, who, job_id)
    changed = True
    while True:
        yield watch.job if changed else None
        if watch.job.finished or time.monotonic() >= deadline:
            return
        if pause(watch.pause()):
            return
        changed = watch.look()


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
    running = _running(job)
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


def _running(job: Job) -> list[str]:
    """The steps that may tell how far they are."""
    return [
        step_id
        for step_id, step in job.steps.items()
        if step.status in (StepStatus.RUNNING, StepStatus.WAITING)
    ]
