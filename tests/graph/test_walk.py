"""Random walks: whatever is lost, repeated, late or reordered, every job comes to its right end.

A `Walk` stands for everything around the graph: a queue that delivers at least once and remembers
names, workers that die, a storage trigger that is late, commands that are lost when a process dies
after its commit. First it does its worst, then it lets the job come to its end.
"""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from shared.graph.advance import Claim, advance, claim, due_at, outstanding, start, unmade
from shared.graph.events import (
    Cancelled,
    Claimed,
    Command,
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
from shared.graph.plan import Still
from shared.model.asset import AssetType, Take
from shared.model.job import FINISHED, Fault, Job, JobStatus, Retake, StepStatus
from tests.graph.fakes import START, FakeClock
from tests.graph.jobs import END_ID, FILM, IMAGE, SOURCE_ID, TRANSITION, outputs, planned

BOOM = Fault(code="boom", message="It broke.")
BAD = Retake(reasons=("Keep the scarf blue.",), score=0.1, sha256="")
CANCELED = Fault(code="canceled", message="Nobody wants it.")

SEEDS = 100
STEPS = 120
RETAKES = 2
LONGEST_END = 2_000
"""Far more moves than an undisturbed job needs."""

SOURCE = Still(SOURCE_ID, AssetType.IMAGE, Take(still_ids=(SOURCE_ID,)))
END = Still(END_ID, AssetType.IMAGE, Take(still_ids=(END_ID,)))


@dataclass
class Worker:
    """Somebody who runs a step, and holds the job as it was when the claim succeeded."""

    delivery: Enqueue
    job: Job


@dataclass
class Walk:
    dice: random.Random
    job: Job
    clock: FakeClock = field(default_factory=FakeClock)
    queue: list[Enqueue] = field(default_factory=list)
    names: set[Enqueue] = field(default_factory=set)
    events: list[str] = field(default_factory=list)
    """Ids of assets whose object is finalized, not yet told to the trigger."""
    workers: list[Worker] = field(default_factory=list)
    public: dict[str, str] = field(default_factory=dict)
    """The content at each key's public path."""
    published: Counter[str] = field(default_factory=Counter)
    submits: Counter[str] = field(default_factory=Counter)
    declined: Counter[str] = field(default_factory=Counter)
    """How often a provider was asked, and how often it said that it had not begun."""
    rough: bool = True
    paid: bool = False
    """Whether every step spends money."""
    refuses: bool = False
    """Whether steps may fail for good, and the job may be cancelled."""

    # --- the world -------------------------------------------------------------------------------

    def crash(self, share: float = 0.1) -> bool:
        return self.rough and self.dice.random() < share

    def commit(self, event: Event) -> bool:
        """Apply an event as the runner does; whether the process lived to perform the commands."""
        before = self.job
        decision = advance(before, event, self.clock.now())
        if decision.job is not before:
            self.job = decision.job.with_(updated_at=self.clock.now())
            self.check(before)
        return self.perform(decision.commands)

    def perform(self, commands: tuple[Command, ...]) -> bool:
        for command in commands:
            if self.crash():
                return False
            match command:
                case Enqueue():
                    self.enqueue(command)
                case Publish(step, attempt):
                    if not self.publish(step, attempt):
                        return False
                case Settle(keys):
                    for key in keys:
                        self.public.pop(key, None)
                    if self.crash() or not self.commit(Settled()):
                        return False
        return True

    def enqueue(self, command: Enqueue) -> None:
        """A queue takes each name once; the four parts are the name."""
        name = Enqueue(command.kind, command.step, command.attempt, command.delivery, None)
        if name not in self.names:
            self.names.add(name)
            self.queue.append(command)

    def publish(self, step: str, attempt: int) -> bool:
        state = self.job.steps[step]
        for key in state.makes:
            if self.crash():
                return False
            content = state.outputs[key].content.sha256
            if self.public.get(key) != content:
                self.public[key] = content
                self.events.append(self.job.assets[key].id)
        if self.crash() or not self.commit(Published(step, attempt)):
            return False
        if self.job.steps[step].status is not StepStatus.SUCCEEDED:
            for key in state.makes:
                self.public.pop(key, None)
        return True

    # --- what must hold after every commit -------------------------------------------------------

    def check(self, before: Job) -> None:
        job = self.job
        assert (due_at(job) is None) == job.settled
        assert not (before.finished and job.status is not before.status)
        for step_id, step in job.steps.items():
            was = before.steps[step_id]
            if step.first_attempt == was.first_attempt:
                assert not (was.status in FINISHED and step.status is not was.status)
            else:  # another take, since the judge sent this one back
                assert job.steps["validate"].retakes != before.steps["validate"].retakes
                self.submits[step_id] = self.declined[step_id] = 0
            assert step.attempt >= was.attempt
            if step.status is StepStatus.RUNNING and was.status is not StepStatus.RUNNING:
                needed = {job.steps[need].status for need in step.needs}
                allowed = {StepStatus.SUCCEEDED}
                if step.fired_by:
                    allowed.add(StepStatus.PUBLISHING)
                assert needed <= allowed, f"{step_id} runs before what it needs"
            if step.status is StepStatus.SUCCEEDED and was.status is not StepStatus.SUCCEEDED:
                self.published.update(step.makes)

    # --- what can happen -------------------------------------------------------------------------

    def deliver(self) -> None:
        """The queue delivers something that is due, and forgets it when that is acknowledged."""
        due = [one for one in self.queue if (one.not_before or START) <= self.clock.now()]
        if not due:
            return
        task = self.dice.choice(due)
        if self.crash(0.05):
            self.queue.remove(task)  # lost, though no queue should
            return
        event = Claimed(task.step, task.attempt, task.delivery)
        match claim(self.job, event, self.clock.now()):
            case Claim.DROP:
                self.queue.remove(task)
            case Claim.REPEAT:
                if self.perform(outstanding(self.job)):
                    self.queue.remove(task)
            case Claim.COME_BACK:
                pass  # it stays in the queue
            case Claim.RUN:
                if not self.commit(event):
                    return
                step = self.job.steps[task.step]
                if step.status is StepStatus.RUNNING and step.attempt == task.attempt:
                    self.workers.append(Worker(task, self.job))
                    attempts = [(one.delivery.step, one.delivery.attempt) for one in self.workers]
                    assert len(set(attempts)) == len(attempts), "two workers, one attempt"
                elif task in self.queue:
                    self.queue.remove(task)

    def work(self) -> None:
        """A worker comes to an end: with a result, with a failure, or with its own death."""
        if not self.workers:
            return
        worker = self.workers.pop(self.dice.randrange(len(self.workers)))
        step, attempt = worker.delivery.step, worker.delivery.attempt
        if self.crash(0.15):
            return
        if self.paid and not self.submit(worker):
            return
        acknowledged = self.commit(self.result(worker, step, attempt))
        if acknowledged and worker.delivery in self.queue:
            self.queue.remove(worker.delivery)

    def submit(self, worker: Worker) -> bool:
        """The worker is about to spend money; False when it dies on the way."""
        step, attempt = worker.delivery.step, worker.delivery.attempt
        if worker.job.steps[step].operation:
            return True
        self.commit(Intended(step, attempt))
        now = self.job.steps[step]
        if now.status is not StepStatus.RUNNING or now.attempt != attempt:
            return False
        self.submits[step] += 1
        assert self.submits[step] - self.declined[step] <= 1, "ordered twice"
        return not self.crash(0.1)

    def result(self, worker: Worker, step: str, attempt: int) -> Event:
        roll = self.dice.random() if self.rough else 1.0
        if roll < 0.15:
            if self.job.steps[step].operation is None:
                self.declined[step] += 1
            return Failed(step, attempt, BOOM, transient=True)
        if roll < 0.3:
            return Waited(step, attempt, f"{step}/{attempt}", self.dice.uniform(0, 60))
        if roll < 0.35 and self.refuses:
            return Failed(step, attempt, BOOM, transient=False)
        if step == "validate" and len(worker.job.steps[step].retakes) < RETAKES and roll < 0.7:
            return Rejected(step, attempt, BAD)
        return Succeeded(step, attempt, outputs(worker.job, step))

    def trigger(self) -> None:
        if self.events:
            asset_id = self.dice.choice(self.events)
            if not self.commit(ObjectFinalized(asset_id)):
                return
            if not self.rough or self.dice.random() < 0.7:  # else it is told of again
                self.events.remove(asset_id)

    def lose_an_event(self) -> None:
        if self.rough and self.events:
            self.events.pop(self.dice.randrange(len(self.events)))

    def sweep(self) -> None:
        due = due_at(self.job)
        if due and due <= self.clock.now():
            self.commit(Swept())

    def restart(self) -> None:
        """Every worker dies, and the first thing that happens afterwards is an orphaned sweep."""
        if self.rough:
            self.workers.clear()
            self.commit(Swept(orphaned=True))

    def cancel(self) -> None:
        if self.refuses and self.dice.random() < 0.1:
            self.commit(Cancelled(CANCELED))

    def let_time_pass(self) -> None:
        self.clock.advance(timedelta(seconds=self.dice.choice((0.1, 2, 30, 120, 1200))))

    def walk(self) -> None:
        moves = (
            *(self.deliver, self.work, self.trigger) * 4,
            *(self.let_time_pass, self.sweep, self.lose_an_event, self.restart, self.cancel),
        )
        for _ in range(STEPS):
            self.dice.choice(moves)()
        self.rough = self.refuses = False
        for _ in range(LONGEST_END):
            if self.job.settled:
                return
            self.dice.choice((self.deliver, self.work, self.trigger, self.let_time_pass))()
            self.sweep()
        pytest.fail(f"stuck: {self.job.steps}")


@pytest.mark.parametrize("refuses", [False, True])
@pytest.mark.parametrize(
    "request_",
    [IMAGE, FILM, {**FILM, "sizes": [64]}, TRANSITION],
    ids=["image", "film", "sizes", "transition"],
)
def test_every_job_comes_to_its_right_end(request_: dict[str, Any], *, refuses: bool) -> None:
    endings: Counter[str] = Counter()
    for seed in range(SEEDS):
        between = request_ is TRANSITION
        job = planned(
            request_, source=SOURCE if between else None, end=END if between else None
        ).job
        walk = Walk(random.Random(seed), job, paid=seed % 2 == 0, refuses=refuses)
        begun = start(walk.job, START)
        walk.job = begun.job
        walk.perform(begun.commands)
        walk.walk()
        job = walk.job
        assert job.finished, seed
        assert max(walk.published.values(), default=1) == 1, seed
        made = set(job.assets) - set(unmade(job))
        assert set(walk.published) == made, seed
        assert set(walk.public) == made, f"{seed}: nothing is public that was not made"
        if job.status is JobStatus.COMPLETED:
            assert made == set(job.assets), seed
            assert job.error is None
            endings["completed"] += 1
        else:
            assert job.error, seed
            assert job.error.code in (
                {"boom", "canceled", "worker_lost", "provider_outcome_unknown", "deadline_exceeded"}
            ), seed
            endings[job.error.code] += 1
    # A walk that always ends in the same way would show nothing.
    assert endings["completed"] >= 3, endings
    assert endings["provider_outcome_unknown"], endings
    assert bool(endings["canceled"]) == refuses, endings
