"""The real code, broken on purpose: each of these is a mistake that somebody could make, and that
the simulation has to find."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from itertools import count
from types import ModuleType
from typing import Any, Final

import pytest

from shared.config import Settings
from shared.errors import Conflict, InsufficientCredits, MascotryError
from shared.graph import advance as graph
from shared.graph.events import Decision, Enqueue, Event
from shared.model import shards
from shared.model.credit import Balance, Bucket, EntryKind
from shared.model.job import Job, JobStatus
from shared.ports import Json, Ports, Put, Replace, Write
from shared.services import again, batches, jobs, jobstore, ledger, purse, runner
from shared.services.batches import Batch
from shared.services.canvases import states
from shared.services.keys import Principal
from shared.services.purse import Purse
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

    def book(job_id: str, kind: EntryKind) -> str:
        number = "" if kind is EntryKind.HOLD else f".{next(numbers)}"
        return f"{job_id}.{kind}{number}"

    real, numbers = ledger.settlement, count()
    patch.setattr(ledger, "settlement", settlement)
    patch.setattr(ledger, "_id", book)


def take_unchecked(patch: pytest.MonkeyPatch) -> None:
    """Check only that the first of the shards is as it was read that credits are taken from."""

    def changed(
        purse_: Purse, bucket: Bucket, by: Mapping[int, int], **more: str | None
    ) -> list[Write]:
        writes = real(purse_, bucket, by, **more)
        others = [
            Put(one.path, one.data) if isinstance(one, Replace) else one for one in writes[1:]
        ]
        return [*writes[:1], *others]

    real = Purse.changed
    patch.setattr(Purse, "changed", changed)


def look_at_one_shard(patch: pytest.MonkeyPatch) -> None:
    """Refuse what the other shards could pay for."""

    def gather(amounts: Mapping[int, int], wanted: int, first: int) -> dict[int, int]:
        return real({first: amounts[first]}, wanted, first)

    def hold(
        ports: Ports, settings: Settings, jobs: Sequence[Job], attempt: int = 0
    ) -> list[Write]:
        try:
            return real_hold(ports, settings, jobs, attempt)
        except Conflict as error:
            cost = sum(job.cost_credits for job in jobs)
            raise InsufficientCredits("Too little.", required=cost) from error

    real, real_hold = shards.gather, ledger.hold
    patch.setattr(shards, "gather", gather)
    patch.setattr(ledger, "hold", hold)


def refuse_what_was_read_apart(patch: pytest.MonkeyPatch) -> None:
    """Refuse what shards that were read one after another can't pay for, though credits may have
    moved from one that was yet to be read to one that had been."""

    def require(there: Balance, cost: int) -> None:
        raise InsufficientCredits("Too little.", required=cost)

    patch.setattr(ledger, "require", require)


def count_by_entry(patch: pytest.MonkeyPatch) -> None:
    """Count what becomes of a hold in another shard than the hold."""
    patch.setattr(purse, "_shard", lambda entry: shards.of(entry.id))


def retry_unchecked(patch: pytest.MonkeyPatch) -> None:
    """Take a failed job up as often as somebody asks for it."""
    patch.setattr(jobs, "last_retry", lambda ports, who, job: job)
    patch.setattr(again, "_taking_up", lambda *arguments: ())


def pay_anew(patch: pytest.MonkeyPatch) -> None:
    """Plan a canvas's films anew though they were paid for, and only lack formats."""
    patch.setattr(states, "_with_remainder", lambda ports, who, state, stock, stills: state)


def begin_one_after_another(patch: pytest.MonkeyPatch) -> None:
    """Begin the jobs of a batch one after another, and cancel those that have begun when the
    credits do not suffice for the next."""

    def begin(ports: Ports, settings: Settings, who: Principal, batch: Batch) -> list[Job]:
        if settings.metered:
            ledger.require(ledger.balance(ports, who.workspace_id), batch.price)
        begun: list[Job] = []
        try:
            for job in batch.jobs:
                items = [item for item in batch.items if item.id == job.item_id]
                begun += real(ports, settings, who, replace(batch, jobs=[job], items=items))
        except MascotryError:
            for job in begun:
                with suppress(Conflict):
                    jobs.cancel(ports, who, job.id)
            raise
        return begun

    real = batches.begin
    patch.setattr(batches, "begin", begin)


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
        take_unchecked,
        look_at_one_shard,
        refuse_what_was_read_apart,
        count_by_entry,
        retry_unchecked,
        pay_anew,
        begin_one_after_another,
    )
}
