"""A chain of steps that do nothing: what the queue and the runner themselves cost."""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

from shared.graph.advance import start
from shared.model.item import Item, ItemType
from shared.model.job import Job, JobType, Step, StepKind
from shared.model.workspace import Workspace
from shared.ports import Create, Ports
from shared.services import jobs, jobstore, keys, runner
from shared.services.keys import Principal
from tests.bench import stack

LENGTH = 10
JOBS = 40
WARM_UP = 10
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


def milliseconds_per_step(ports: Ports, workspace: Workspace, *, poll: float = 0.002) -> float:
    """The time of one chain from start to end, per step, as it is written down itself; `poll` is
    the seconds between two looks at whether it has ended."""
    who = Principal(workspace.id, ())
    started = start(plan_chain(workspace.id, ports), ports.clock.now())
    began = time.perf_counter()
    ports.documents.commit(jobstore.creation(started.job))
    runner.perform(ports, started.job, started.commands)
    while not (job := jobs.get(ports, who, started.job.id)).finished:
        if time.perf_counter() - began > TIMEOUT:
            raise TimeoutError("the chain stands still")
        time.sleep(poll)
    if job.completed_at is None:
        raise RuntimeError(f"the chain failed: {job.error}")
    return (job.completed_at - job.created_at).total_seconds() * 1000 / LENGTH


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


def measure(documents: int) -> dict[str, float]:
    """Milliseconds per step, the median over chains, with an empty store and with `documents`.

    Two stacks, each in a process of its own, take turns, so that both meet the same machine.
    """
    with _stack(0) as empty, _stack(documents) as full:
        times = [(_ask(empty), _ask(full)) for _ in range(WARM_UP + JOBS)][WARM_UP:]
    one, other = (statistics.median(column) for column in zip(*times, strict=True))
    return {"empty_ms": one, "full_ms": other, "ratio": other / one}


@contextmanager
def _stack(documents: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.bench.chain", str(documents)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _ask(process: subprocess.Popen[str]) -> float:
    """One chain's time, from a stack that waits for a line before each."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the stack has no pipes")
    process.stdin.write("\n")
    process.stdin.flush()
    return float(process.stdout.readline())


def main() -> None:
    ports, _ = stack.start()
    workspace = keys.create_workspace(ports, "Bench")
    fill(ports, workspace, int(sys.argv[1]))
    for _ in sys.stdin:
        print(milliseconds_per_step(ports, workspace), flush=True)


if __name__ == "__main__":
    main()
