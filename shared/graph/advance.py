"""The state machine of a job: `advance(job, event, now)` and what is derived from a job's state.

Pure: values in, values out. The runner commits the job that comes out and performs the commands;
a crash in between is mended by `outstanding`, which derives the same commands from the state.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from shared.graph.events import (
    Cancelled,
    Claimed,
    Command,
    Decision,
    Enqueue,
    Event,
    Failed,
    Intended,
    ObjectFinalized,
    Publish,
    Published,
    Rejected,
    Settle,
    Settled,
    Succeeded,
    Swept,
    Waited,
)
from shared.graph.policy import GRACE, POLICIES, backoff, patience
from shared.model.job import FINISHED, Fault, Job, JobStatus, Output, Retake, Step, StepStatus

TOO_LATE = Fault(
    code="deadline_exceeded", message="The job was given up since it took longer than it may."
)
WORKER_LOST = Fault(code="worker_lost", message="The worker stopped without an answer.")
OUTCOME_UNKNOWN = Fault(
    code="provider_outcome_unknown",
    message="The provider may or may not have started; it was not asked again, so as not to be "
    "charged twice.",
)


class Claim(Enum):
    """What a worker should do with the delivery that it holds."""

    RUN = auto()
    COME_BACK = auto()
    """Somebody else holds a live lease: refuse the delivery so that it returns."""
    REPEAT = auto()
    """The work is committed; repeat what followed from it, in case its worker died there."""
    DROP = auto()
    """Another delivery does the work, or will."""


def claim(job: Job, event: Claimed, now: datetime) -> Claim:
    """How to treat a delivery; only on RUN does `advance` take the `Claimed` event."""
    step = job.steps.get(event.step)
    if step is None or step.status is StepStatus.BLOCKED:
        return Claim.DROP
    if job.finished or step.status in FINISHED or step.status is StepStatus.PUBLISHING:
        return Claim.REPEAT
    if event.attempt != step.attempt or event.delivery > step.delivery:
        return Claim.DROP
    latest = event.delivery == step.delivery
    if step.status is StepStatus.RUNNING and step.lease_until and step.lease_until > now:
        return Claim.COME_BACK if latest else Claim.DROP
    if not latest and step.not_before and step.not_before > now:
        return Claim.DROP
    # An earlier one of the same attempt is as good: in a queue that is minutes late, what was taken
    # for lost and sent again arrives first, and must not have waited for nothing.
    return Claim.RUN


def advance(job: Job, event: Event, now: datetime) -> Decision:
    """The job after `event`, and the commands that follow. An event that comes too late, twice or
    for another attempt changes nothing."""
    if isinstance(event, Settled):
        return Decision(job.with_(settled=True) if job.finished and not job.settled else job)
    if isinstance(event, Swept):
        return _sweep(job, now, orphaned=event.orphaned)
    if job.finished:
        return Decision(job)
    match event:
        case Cancelled(fault):
            return _cancel(job, fault, now)
        case ObjectFinalized(asset_id):
            return _fire(job, asset_id, now)
        case Claimed(step_id):
            if claim(job, event, now) is not Claim.RUN:
                return Decision(job)
            return _run(job, step_id, now)
    step = job.steps[event.step]
    if event.attempt != step.attempt:
        return Decision(job)
    if isinstance(event, Published):
        if step.status is not StepStatus.PUBLISHING:
            return Decision(job)
        return _succeed(job, event.step, now)
    if step.status is not StepStatus.RUNNING:
        return Decision(job)
    match event:
        case Intended():
            return Decision(job.with_step(event.step, intent=True))
        case Succeeded(outputs=outputs, needs_review=needs_review, cost_usd=cost):
            job = job.with_step(event.step, cost_usd=step.cost_usd + cost)
            job = job.with_(needs_review=job.needs_review or needs_review)
            return _commit(job, event.step, outputs, now)
        case Rejected(retake=retake, cost_usd=cost):
            job = job.with_step(event.step, cost_usd=step.cost_usd + cost)
            return _retake(job, event.step, retake, now)
        case Waited(operation=operation, delay=delay):
            return _deliver(
                job,
                event.step,
                now + timedelta(seconds=delay),
                status=StepStatus.WAITING,
                operation=operation,
                intent=operation is not None,  # who has not begun has charged nothing
                lease_until=None,
            )
        case Failed(fault=fault, transient=transient):
            return _fail(job, event.step, fault, now, transient=transient)


def start(job: Job, now: datetime) -> Decision:
    """Make the steps ready that need nothing: the first decision of a new job."""
    return _unblock(job, now)


def outstanding(job: Job) -> tuple[Command, ...]:
    """Everything that the job's state asks for, whether or not it was done before."""
    if job.finished:
        return () if job.settled else (Settle(unmade(job)),)
    commands: list[Command] = []
    for step_id, step in job.steps.items():
        if step.status in (StepStatus.READY, StepStatus.WAITING):
            commands.append(_enqueue(step_id, step))
        elif step.status is StepStatus.PUBLISHING:
            commands.append(Publish(step_id, step.attempt))
    return tuple(commands)


def due_at(job: Job) -> datetime | None:
    """When the sweeper should look at the job, if nothing happens before; None: never again."""
    if job.settled:
        return None
    if job.finished:
        return job.updated_at + GRACE
    overdue = min(
        (when for step_id in job.steps if (when := _overdue_at(job, step_id))),
        default=job.updated_at + GRACE,
    )
    return min(overdue, job.deadline) if job.deadline else overdue


def unmade(job: Job) -> tuple[str, ...]:
    """The keys of the assets that a finished job did not make."""
    return tuple(
        key
        for step in job.steps.values()
        if step.status is not StepStatus.SUCCEEDED
        for key in step.makes
    )


# --- transitions ---------------------------------------------------------------------------------


def _run(job: Job, step_id: str, now: datetime) -> Decision:
    step = job.steps[step_id]
    if step.status is StepStatus.RUNNING:  # its lease ran out: that worker is gone
        return _lose(job, step_id, now)
    return Decision(
        job.with_step(
            step_id,
            status=StepStatus.RUNNING,
            lease_until=now + POLICIES[step.kind].lease,
            missed=0,
            started_at=step.started_at or now,
        ).with_(status=JobStatus.PROCESSING)
    )


def _commit(job: Job, step_id: str, outputs: Mapping[str, Output], now: datetime) -> Decision:
    step = job.steps[step_id]
    if missing := set(step.files) - set(outputs):
        fault = Fault(code="output_missing", message=f"The step did not make {sorted(missing)}.")
        return _fail(job, step_id, fault, now, transient=False)
    job = job.with_step(step_id, outputs={key: outputs[key] for key in step.files})
    if not step.makes:
        return _succeed(job, step_id, now)
    job = job.with_step(step_id, status=StepStatus.PUBLISHING)
    return Decision(job, (Publish(step_id, step.attempt),))


def _succeed(job: Job, step_id: str, now: datetime) -> Decision:
    job = job.with_step(
        step_id, status=StepStatus.SUCCEEDED, lease_until=None, finished_at=now, error=None
    )
    return _conclude(_unblock(job, now), now)


def _fail(job: Job, step_id: str, fault: Fault, now: datetime, *, transient: bool) -> Decision:
    step = job.steps[step_id]
    fault = fault.with_(step=step_id)
    tries = step.attempt - step.first_attempt + 1
    if transient and tries < POLICIES[step.kind].attempts:
        wait = backoff(step.kind, job.id, step_id, tries)
        return _deliver(
            job,
            step_id,
            now + wait,
            status=StepStatus.READY,
            attempt=step.attempt + 1,
            delivery=0,
            lease_until=None,
            # An operation that is known is asked after again: a second submit costs a second time.
            intent=step.intent and step.operation is not None,
            error=fault,
        )
    job = job.with_step(
        step_id, status=StepStatus.FAILED, error=fault, lease_until=None, finished_at=now
    ).with_(error=job.error or fault)
    return _conclude(Decision(_skip_dependants(job, step_id, now)), now)


def _retake(job: Job, step_id: str, retake: Retake, now: datetime) -> Decision:
    """Make the drafts anew that a step did not accept, and judge them again.

    All of these steps go on under a new attempt, so that whatever the old one still does is late.
    """
    judge = job.steps[step_id]
    job = job.with_step(step_id, retakes=(*judge.retakes, retake))
    for again, step in job.steps.items():
        if again == step_id or set(step.drafts) & set(judge.makes):
            job = job.with_step(
                again,
                status=StepStatus.BLOCKED,
                attempt=step.attempt + 1,
                first_attempt=step.attempt + 1,
                delivery=0,
                not_before=None,
                lease_until=None,
                operation=None,
                intent=False,
                outputs={},
                finished_at=None,
                error=None,
            )
    return _unblock(job, now)


def _lose(job: Job, step_id: str, now: datetime) -> Decision:
    step = job.steps[step_id]
    if step.intent and step.operation is None:
        return _fail(job, step_id, OUTCOME_UNKNOWN, now, transient=False)
    return _fail(job, step_id, WORKER_LOST, now, transient=True)


def _cancel(job: Job, fault: Fault, now: datetime) -> Decision:
    for step_id, step in job.steps.items():
        if step.status not in FINISHED:
            job = job.with_step(
                step_id, status=StepStatus.SKIPPED, lease_until=None, finished_at=now
            )
    return _conclude(Decision(job.with_(error=fault)), now)


def _fire(job: Job, asset_id: str, now: datetime) -> Decision:
    """The object of an asset is there: start the steps that it fires. That its source is being
    published is proof enough; the source's own step may become `succeeded` a moment later."""
    commands: list[Command] = []
    for step_id, step in job.steps.items():
        if step.fired_by is None or job.assets[step.fired_by].id != asset_id:
            continue
        needed = (job.steps[need].status for need in step.needs)
        if step.status is StepStatus.BLOCKED and all(
            status in (StepStatus.PUBLISHING, StepStatus.SUCCEEDED) for status in needed
        ):
            decision = _deliver(job, step_id, now, status=StepStatus.READY)
            job, commands = decision.job, [*commands, *decision.commands]
        elif step.status is StepStatus.READY:  # the event came twice, or its commit was cut short
            commands.append(_enqueue(step_id, step))
    return Decision(job, tuple(commands))


def _sweep(job: Job, now: datetime, *, orphaned: bool) -> Decision:
    if job.finished:
        return Decision(job, outstanding(job))
    if job.deadline and now >= job.deadline:
        return _cancel(job, TOO_LATE, now)
    commands: list[Command] = []
    for step_id in job.steps:
        step = job.steps[step_id]
        when = _overdue_at(job, step_id)
        if job.finished or when is None or (when > now and not orphaned):
            continue
        if step.status is StepStatus.PUBLISHING:
            commands.append(Publish(step_id, step.attempt))
            continue
        if step.status is StepStatus.RUNNING:
            decision = _lose(job, step_id, now)
        else:  # blocked by a lost trigger, or ready or waiting with a lost delivery
            later = max(step.not_before or now, now)
            status = StepStatus.READY if step.status is StepStatus.BLOCKED else step.status
            decision = _deliver(job, step_id, later, status=status, missed=step.missed + 1)
        job, commands = decision.job, [*commands, *decision.commands]
    return Decision(job, tuple(commands))


# --- parts of transitions ------------------------------------------------------------------------


def _deliver(job: Job, step_id: str, not_before: datetime, **changes: Any) -> Decision:
    """Send the step out once more, under a new delivery number."""
    delivery = changes.pop("delivery", job.steps[step_id].delivery) + 1
    job = job.with_step(step_id, delivery=delivery, not_before=not_before, **changes)
    return Decision(job, (_enqueue(step_id, job.steps[step_id]),))


def _enqueue(step_id: str, step: Step) -> Enqueue:
    return Enqueue(step.kind, step_id, step.attempt, step.delivery, step.not_before)


def _unblock(job: Job, now: datetime) -> Decision:
    """Make ready what waited only for steps that have now succeeded. Steps that a stored object
    fires are left to the storage trigger."""
    commands: list[Command] = []
    for step_id, step in job.steps.items():
        if step.status is StepStatus.BLOCKED and step.fired_by is None and _needs_met(job, step):
            decision = _deliver(job, step_id, now, status=StepStatus.READY)
            job, commands = decision.job, [*commands, *decision.commands]
    return Decision(job, tuple(commands))


def _needs_met(job: Job, step: Step) -> bool:
    return all(job.steps[need].status is StepStatus.SUCCEEDED for need in step.needs)


def _skip_dependants(job: Job, failed: str, now: datetime) -> Job:
    gone = {failed}
    for step_id, step in job.steps.items():  # plan lists steps after what they need
        if gone & set(step.needs):
            gone.add(step_id)
            job = job.with_step(step_id, status=StepStatus.SKIPPED, finished_at=now)
    return job


def _conclude(decision: Decision, now: datetime) -> Decision:
    """End the job when no step is left to do."""
    job = decision.job
    if any(step.status not in FINISHED for step in job.steps.values()):
        return decision
    status = JobStatus.COMPLETED if job.error is None else JobStatus.FAILED
    ended = job.with_(status=status, completed_at=now)
    if job.error is None and not job.assets:  # nothing was to be made, so nothing is to be shown
        return Decision(ended.with_(settled=True), decision.commands)
    return Decision(ended, (*decision.commands, Settle(unmade(ended))))


def _overdue_at(job: Job, step_id: str) -> datetime | None:
    """When this step, left alone, must be taken for lost; None while it rightly stands still."""
    step = job.steps[step_id]
    match step.status:
        case StepStatus.READY | StepStatus.WAITING:
            return (step.not_before or job.updated_at) + patience(step.missed)
        case StepStatus.RUNNING | StepStatus.PUBLISHING:
            return step.lease_until or job.updated_at + GRACE
        case StepStatus.BLOCKED if _needs_met(job, step):
            finished = (job.steps[need].finished_at for need in step.needs)
            return max((at for at in finished if at), default=job.updated_at) + GRACE
        case _:
            return None
