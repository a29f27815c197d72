"""Jobs, as clients see them: reading, waiting, progress."""

import time
from collections.abc import Callable, Mapping

from shared.model import paths
from shared.model.job import Job, StepStatus
from shared.ports import Ports
from shared.services import entities
from shared.services.keys import Principal

MAX_WAIT = 60.0
FIRST_PAUSE, LAST_PAUSE = 0.05, 0.5


def get(ports: Ports, who: Principal, job_id: str) -> Job:
    job, _ = entities.read(ports.documents, Job, paths.job(who.workspace_id, job_id))
    return job


def wait(
    ports: Ports,
    who: Principal,
    job_id: str,
    seconds: float,
    sleep: Callable[[float], None] = time.sleep,
) -> Job:
    """The job as soon as it is finished, or as it is after at most `seconds`."""
    deadline = time.monotonic() + min(seconds, MAX_WAIT)
    pause = FIRST_PAUSE
    job = get(ports, who, job_id)
    while not job.finished and (left := deadline - time.monotonic()) > 0:
        sleep(min(pause, left))
        pause = min(pause * 1.5, LAST_PAUSE)
        job = get(ports, who, job_id)
    return job


def progress(ports: Ports, job: Job) -> Mapping[str, float]:
    """How much of each step is done, 0 to 1."""
    running = [
        step_id
        for step_id, step in job.steps.items()
        if step.status in (StepStatus.RUNNING, StepStatus.WAITING)
    ]
    documents = ports.documents.get_many(
        [paths.progress(job.workspace_id, job.id, step_id) for step_id in running]
    )
    shares = {
        step_id: float(document.data["share"]) if document else 0.0
        for step_id, document in zip(running, documents, strict=True)
    }
    done = (StepStatus.SUCCEEDED, StepStatus.PUBLISHING)
    return {
        step_id: shares.get(step_id, 1.0 if step.status in done else 0.0)
        for step_id, step in job.steps.items()
    }
