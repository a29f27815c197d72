"""The real code, broken on purpose: each of these is a mistake that somebody could make, and that
the simulation has to find."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count
from types import ModuleType
from typing import Any, Final

import pytest

from shared.graph import advance as graph
from shared.graph.events import Decision, Enqueue, Event
from shared.model.credit import EntryKind
from shared.model.job import Job, JobStatus
from shared.ports import Json, Ports, Put, Write
from shared.services import jobstore, ledger, runner
from shared.services.steps import Delivery, StepCode, StepContext, nothing

Sabotage = Callable[[pytest.MonkeyPatch], None]


def acknowledge_early(patch: pytest.MonkeyPatch) -> None:
    """Answer the queue when the work is done, and commit it afterwards: where a process gets no
    more time once it has answered, that is never."""

    def attempt(context: StepContext, delivery: Delivery, code: StepCode) -> Any:
        real(context, delivery, code)
        return None, nothing

    real = runner._attempt
    patch.setattr(runner, "_attempt", attempt)


def drop_the_version_check(patch: pytest.MonkeyPatch) -> None:
    """Write a job back over whatever somebody else has made of it meanwhile."""

    def put(path: str, data: Json, version: str) -> Write:
        del version
        return Put(path, data)

    patch.setattr(jobstore, "Replace", put)


def submit_without_intent(patch: pytest.MonkeyPatch) -> None:
    """Order something that costs money without first noting that it is about to be ordered."""
    patch.setattr(StepContext, "intend", lambda context: None)


def enqueue_before_commit(patch: pytest.MonkeyPatch) -> None:
    """Send a step's task out before what it is about is committed."""

    def apply(
        ports: Ports, workspace_id: str, job_id: str, event: Event, *rest: Any
    ) -> jobstore.Applied | None:
        loaded = jobstore.load(ports.documents, workspace_id, job_id)
        if loaded:
            decision = graph.advance(loaded[0], event, ports.clock.now())
            sent = [one for one in decision.commands if isinstance(one, Enqueue)]
            runner.perform(ports, decision.job, sent)
        return real(ports, workspace_id, job_id, event, *rest)

    real = jobstore.apply
    patch.setattr(jobstore, "apply", apply)


def forget_the_lease(patch: pytest.MonkeyPatch) -> None:
    """Claim a step without saying for how long."""

    def run(job: Job, step_id: str, now: datetime) -> Decision:
        decision: Decision = real(job, step_id, now)
        return replace(decision, job=decision.job.with_step(step_id, lease_until=None))

    real = _private(graph, "_run")
    patch.setattr(graph, "_run", run)


def learn_apart(patch: pytest.MonkeyPatch) -> None:
    """Commit what a step has learned by itself, in front of the step's end."""

    def apply(
        ports: Ports,
        workspace_id: str,
        job_id: str,
        event: Event,
        learned: Callable[[], Sequence[Write]] = nothing,
    ) -> jobstore.Applied | None:
        ports.documents.commit(learned())
        return real(ports, workspace_id, job_id, event)

    real = jobstore.apply
    patch.setattr(jobstore, "apply", apply)


def charge_for_each_try(patch: pytest.MonkeyPatch) -> None:
    """Book what a job costs when it ends, and again when its end is settled."""

    def settlement(ports: Ports, before: Job, after: Job) -> list[Write]:
        again = before.with_(status=JobStatus.PROCESSING)
        return real(ports, again, after)

    def book(job: Job, kind: EntryKind) -> str:
        number = "" if kind is EntryKind.HOLD else f".{next(numbers)}"
        return f"{job.id}.{kind}{number}"

    real, numbers = ledger.settlement, count()
    patch.setattr(ledger, "settlement", settlement)
    patch.setattr(ledger, "_id", book)


def _private(module: ModuleType, name: str) -> Callable[..., Any]:
    found: Callable[..., Any] = getattr(module, name)
    return found


SABOTAGES: Final[Mapping[str, Sabotage]] = {
    one.__name__: one
    for one in (
        acknowledge_early,
        drop_the_version_check,
        submit_without_intent,
        enqueue_before_commit,
        forget_the_lease,
        learn_apart,
        charge_for_each_try,
    )
}
