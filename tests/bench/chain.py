"""A chain of steps that do nothing: what the queue and the runner themselves cost."""

import statistics
import time
from itertools import pairwise

from shared.graph.advance import start
from shared.model.item import Item, ItemType
from shared.model.job import Job, JobType, Step, StepKind
from shared.model.workspace import Workspace
from shared.ports import Create, Ports
from shared.services import jobs, jobstore, keys, runner
from shared.services.keys import Principal

LENGTH = 10
JOBS = 30
WARM_UP = 30
BATCH = 500
TIMEOUT = 30


def plan_chain(workspace_id: str, ports: Ports, length: int = LENGTH) -> Job:
    """A job of `length` no-op steps, one after the other."""
    names = [f"step-{number}" for number in range(length)]
    needs = {after: (before,) for before, after in pairwise(names)}
    now = ports.clock.now()
    return Job(
        id=ports.ids.uuid(),
        created_at=now,
        updated_at=now,
        workspace_id=workspace_id,
        type=JobType.ITEM_GENERATION,
        steps={name: Step(kind=StepKind.NOOP, needs=needs.get(name, ())) for name in names},
    )


def milliseconds_per_step(ports: Ports, workspace: Workspace) -> float:
    """The median over jobs of the time from start to end, per step."""
    who = Principal(workspace.id, ())
    times = []
    for _ in range(WARM_UP + JOBS):
        started = start(plan_chain(workspace.id, ports), ports.clock.now())
        began = time.perf_counter()
        ports.documents.commit(jobstore.creation(started.job))
        runner.perform(ports, started.job, started.commands)
        while not (job := jobs.get(ports, who, started.job.id)).finished:
            if time.perf_counter() - began > TIMEOUT:
                raise TimeoutError("the chain stands still")
            time.sleep(0.002)
        if job.completed_at is None:
            raise RuntimeError(f"the chain failed: {job.error}")
        times.append((job.completed_at - job.created_at).total_seconds() * 1000 / LENGTH)
    return statistics.median(times[WARM_UP:])


def fill(ports: Ports, workspace: Workspace, count: int) -> None:
    """Store so many items beside the jobs."""
    now = ports.clock.now()
    for begin in range(0, count, BATCH):
        writes = []
        for number in range(begin, min(begin + BATCH, count)):
            item = Item(
                id=ports.ids.uuid(),
                created_at=now,
                updated_at=now,
                project_id="project",
                collection_id=f"collection-{number % 100}",
                type=ItemType.IMAGE,
                name=f"Item {number}",
                slug=f"item-{number}",
            )
            path = f"workspaces/{workspace.id}/items/{item.id}"
            writes.append(Create(path, item.stored()))
        ports.documents.commit(writes)


def measure(ports: Ports, documents: int) -> dict[str, float]:
    """Milliseconds per step with an empty store and with `documents` stored documents."""
    workspace = keys.create_workspace(ports, "Bench")
    empty = milliseconds_per_step(ports, workspace)
    fill(ports, workspace, documents)
    full = milliseconds_per_step(ports, workspace)
    return {"empty_ms": empty, "full_ms": full, "ratio": full / empty}
