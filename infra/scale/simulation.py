"""An hour of animations as a simulation of discrete events.

The steps, what they need and what fires them are the planner's; the queues' limits are those that
are deployed; leases and patience are the graph's. What a delivery meets (run, come back, repeat,
drop) and what the sweeper does is `shared/graph/advance.py` in few words, since ten thousand jobs
have to fit into seconds; a test holds the two to each other. No worker dies here and nothing is
lost: `tests/simulation` is for that.

Of a load above `Load.most` one slice is simulated: of 40,000 an hour the eighth part, on an eighth
of everything that has a limit. So the cost does not grow with the rate, every decision is that of
the whole simulation, and only chance weighs a little more. A test compares the two.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count
from math import ceil
from random import Random
from typing import Any, Final

from infra.costs import TAKES, WORK
from infra.scale import limits
from infra.scale.animation import graph
from infra.scale.line import Line, Makers, Meter, Task
from infra.scale.scenario import Deployment, Load
from shared.config import Settings
from shared.graph.advance import Claim
from shared.graph.policy import DEADLINE, GRACE, MOST_DOUBLINGS, POLICIES
from shared.model.collection import Settings as CollectionSettings
from shared.model.job import StepKind, StepStatus

READY, RUNNING, WAITING, DONE, BLOCKED = (
    StepStatus.READY,
    StepStatus.RUNNING,
    StepStatus.WAITING,
    StepStatus.SUCCEEDED,
    StepStatus.BLOCKED,
)
_BILLED: Final = {work.name: work.billed() - work.waits for work in WORK}
_SETTINGS: Final = Settings.model_fields
POLL_EVERY: Final = float(_SETTINGS["provider_poll_interval"].default)
BUSY_DELAY: Final = float(_SETTINGS["provider_busy_delay"].default)
RETAKES: Final = int(CollectionSettings().max_retries)
REJECTED: Final = 1 - 1 / TAKES
_GRACE: Final = GRACE.total_seconds()


@dataclass(slots=True)
class State:
    """A step of a job, as far as it matters here."""

    status: StepStatus = BLOCKED
    attempt: int = 1
    delivery: int = 0
    missed: int = 0
    not_before: float = 0.0
    lease_until: float = 0.0
    finished_at: float = 0.0
    due_since: float = 0.0
    """When the step, or this look at its operation, could have been begun first."""
    film_at: float | None = None
    """When the provider will have made the film that was submitted."""
    asked_since: float | None = None
    """When the provider was first asked."""
    granted: bool = False
    """Whether it took what it was asked for."""


@dataclass(slots=True)
class Made:
    """A job with its steps. `look_at` is its entry for the sweeper."""

    number: int
    workspace: int
    asked_at: float
    steps: list[State]
    look_at: float
    takes: int = 1
    ended_at: float | None = None
    completed: bool = False


Observer = Callable[..., None]
"""Takes what happens by name, the job, and what else there is to say; before it takes effect."""


def nobody(*_: Any) -> None:
    """Watches nothing."""


class Simulation:
    """One run. `watch` is told of every decision, for a test that compares them."""

    def __init__(self, load: Load, deployment: Deployment, watch: Observer = nobody) -> None:
        self.load = load
        self.deployment = deployment
        self.now = 0.0
        self.jobs: list[Made] = []
        self.slices = load.slices
        self.lines = {name: Line(queue, self.slices) for name, queue in deployment.queues.items()}
        self.asked: dict[str, list[tuple[float, float]]] = {"pictures": [], "films": []}
        """For what a provider began: when it was asked first, and how long it let us wait."""
        self.holds: Counter[tuple[int, int]] = Counter()
        self.ends: Counter[tuple[int, int]] = Counter()
        """Jobs that were begun and that ended, by workspace and five minutes."""
        self.judged: Counter[tuple[int, int]] = Counter()
        self.looks: list[int] = []
        """Entries that each sweep looked at."""
        self.sweeps: list[float] = []
        """How long each sweep took."""
        self.sent_again = 0
        self.under_way: list[int] = []
        """Jobs under way, at each sweep in the time in which jobs come."""
        self._watch = watch
        self.graph = graph()
        nodes = list(enumerate(self.graph))
        self._first = [place for place, node in nodes if not node.needs]
        self._followed = [
            [place for place, node in nodes if number in node.needs and not node.fired]
            for number, _ in nodes
        ]
        self._fired = [
            [place for place, node in nodes if number in node.needs and node.fired]
            for number, _ in nodes
        ]
        self._lines = [self.lines[node.kind.value] for node in self.graph]
        self._leases = [POLICIES[node.kind].lease.total_seconds() for node in self.graph]
        rules = deployment.rules
        self._patience = [rules.patience(n).total_seconds() for n in range(MOST_DOUBLINGS + 1)]
        provider = deployment.provider
        self._pictures = Meter(provider.pictures_per_minute, self.slices)
        self._films = Meter(provider.films_per_minute, self.slices)
        self._makers = Makers(provider.films_at_once, self.slices)
        self._workspaces = load.sliced_workspaces
        self._swept = deployment.swept * self.slices
        """One sweeper looks at the entries of all slices."""
        self._dice = Random(load.seed)  # noqa: S311 - it shall be the same each time
        self._heap: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._order = count()
        self._due: list[tuple[float, int]] = []
        self._open = 0
        self._give_up = float("inf")
        self._refused: dict[tuple[int, int], float] = {}
        """What a provider has not taken yet, and since when it is asked; the oldest first."""
        self._longest = 0.0
        """How long the films that wait at a provider wait there at most."""

    def ages(self) -> dict[str, list[tuple[float, float]]]:
        """By queue, and by what a provider makes: when each step became due, and how long it
        waited until it was begun, or has waited up to now."""
        found = {name: list(line.ages) for name, line in self.lines.items()}
        found |= {what: list(ages) for what, ages in self.asked.items()}
        for job in self.jobs:
            if job.ended_at is not None:
                continue
            for node, step in zip(self.graph, job.steps, strict=True):
                if step.status in (READY, WAITING) and step.due_since < self.now:
                    age = self.now - step.due_since
                    found[node.kind.value].append((step.due_since, age))
                if step.asked_since is not None and not step.granted:
                    what = "films" if node.kind is StepKind.VIDEO else "pictures"
                    found[what].append((step.asked_since, self.now - step.asked_since))
        return found

    # --- time ------------------------------------------------------------------------------------

    def run(self, *, to_the_end: bool = False, give_up: float = float("inf")) -> "Simulation":
        """Live through the time in which jobs come, and with `to_the_end` until all have ended.
        When a queue or a provider is later than `give_up` there is nothing more to learn, and it
        ends there."""
        self._give_up = give_up
        self._at(self._gap(), self._come)
        self._at(limits.SWEEP_EVERY, self._sweep)
        heap, pop = self._heap, heapq.heappop
        while heap:
            when, _, what, arguments = pop(heap)
            if when > self.load.seconds and (not to_the_end or not self._open):
                self.now = max(self.now, self.load.seconds)
                break
            self.now = when
            what(*arguments)
        return self

    def _hopeless(self) -> bool:
        fronts = [line.waiting[0] for line in self.lines.values() if line.waiting]
        since = [self.jobs[task.job].steps[task.step].due_since for task in fronts]
        since += list(self._refused.values())[:1]
        return max(self._longest, *(self.now - when for when in since), 0.0) > self._give_up

    def _at(self, when: float, what: Callable[..., None], *arguments: Any) -> None:
        heapq.heappush(self._heap, (when, next(self._order), what, arguments))

    def _gap(self) -> float:
        return self._dice.expovariate(self.load.per_hour / self.slices / 3600)

    def _about(self, seconds: float) -> float:
        return seconds * (1 + limits.SPREAD * (2 * self._dice.random() - 1))

    # --- jobs ------------------------------------------------------------------------------------

    def _come(self) -> None:
        self._at(self.now + self._gap(), self._come)
        if self.now > self.load.seconds:
            return
        workspace = self._dice.randrange(self._workspaces)
        steps = [State() for _ in self.graph]
        job = Made(len(self.jobs), workspace, self.now, steps, float("inf"))
        self.jobs.append(job)
        self._open += 1
        self.holds[workspace, self._window()] += 1
        self._watch("came", job)
        self._unblock(job, self._first)
        self._schedule(job)

    def _window(self) -> int:
        return int(self.now // WINDOW)

    def _unblock(self, job: Made, places: Iterable[int]) -> None:
        for place in places:
            if self._met(job, place):
                self._deliver(job, place, self.now, READY)

    def _met(self, job: Made, place: int) -> bool:
        return all(job.steps[need].status is DONE for need in self.graph[place].needs)

    def _deliver(self, job: Made, place: int, when: float, status: StepStatus) -> None:
        """Send a step out for the first time, or for another look at what it waits for."""
        step = job.steps[place]
        step.status, step.due_since = status, when
        self._send(job, place, when)

    def _send(self, job: Made, place: int, when: float) -> None:
        step = job.steps[place]
        step.delivery += 1
        step.not_before = when
        task = Task(job.number, place, step.attempt, step.delivery)
        self._at(when, self._arrive, task)

    def _succeed(self, job: Made, place: int) -> None:
        step = job.steps[place]
        step.status, step.finished_at = DONE, self.now
        if self._fired[place]:
            self._at(self.now + self._about(limits.EVENT), self._fire, job, place)
        self._unblock(job, self._followed[place])
        if not self._followed[place] and all(one.status is DONE for one in job.steps):
            self._end(job, completed=True)

    def _fire(self, job: Made, place: int) -> None:
        if job.ended_at is not None:
            return
        self._watch("fired", job, place)
        for follower in self._fired[place]:
            if job.steps[follower].status is BLOCKED:
                self._deliver(job, follower, self.now, READY)
        self._schedule(job)

    def _take_again(self, job: Made, judge: int) -> None:
        job.takes += 1
        for place in self.graph[judge].again:
            job.steps[place] = State(attempt=job.steps[place].attempt + 1)
        again = self.graph[judge].again
        self._unblock(
            job, [place for place in again if not set(self.graph[place].needs) & set(again)]
        )

    def _end(self, job: Made, *, completed: bool) -> None:
        job.ended_at, job.completed = self.now, completed
        self.ends[job.workspace, self._window()] += 1
        self._open -= 1

    # --- queues ----------------------------------------------------------------------------------

    def _arrive(self, task: Task) -> None:
        line = self._lines[task.step]
        line.waiting.append(task)
        self._dispatch(line)

    def _dispatch(self, line: Line) -> None:
        while line.waiting and line.has_room():
            wait = line.until_token(self.now)
            if wait:
                if not line.alarm:
                    line.alarm = True
                    self._at(self.now + wait, self._ring, line)
                return
            self._begin(line, line.begin())

    def _ring(self, line: Line) -> None:
        line.alarm = False
        self._dispatch(line)

    def claim(self, task: Task) -> Claim:
        """What the graph says to a delivery."""
        job = self.jobs[task.job]
        step = job.steps[task.step]
        if step.status is BLOCKED:
            return Claim.DROP
        if job.ended_at is not None or step.status is DONE:
            return Claim.REPEAT
        latest = task.delivery == step.delivery
        if task.attempt != step.attempt or (self.deployment.rules.newest_only and not latest):
            return Claim.DROP
        if step.status is RUNNING:  # a lease is longer than any run
            return Claim.COME_BACK if latest else Claim.DROP
        return Claim.DROP if not latest and step.not_before > self.now else Claim.RUN

    def _begin(self, line: Line, task: Task) -> None:
        found = self.claim(task)
        self._watch("claimed", self.jobs[task.job], task, found)
        seconds = 0.0 if line.warm() else self._about(limits.COLD_START)
        if found is not Claim.RUN:
            line.in_vain += 1
            seconds = (seconds + limits.TURNED_AWAY) * line.room.stretch
            line.busy += seconds
            self._at(self.now + seconds, self._turned_away, line, task, found)
            return
        job = self.jobs[task.job]
        step = job.steps[task.step]
        line.ages.append((step.due_since, self.now - step.due_since))
        step.status, step.missed = RUNNING, 0
        step.lease_until = self.now + self._leases[task.step]
        self._schedule(job)
        spent, event = self._work(job, task.step, step)
        seconds = (seconds + spent) * line.room.stretch
        line.busy += seconds
        self._at(self.now + seconds, self._finish, line, task, event)

    def _turned_away(self, line: Line, task: Task, found: Claim) -> None:
        line.under_way -= 1
        if found is Claim.COME_BACK:
            queue = line.queue
            wait = min(queue.min_backoff * 2.0**task.refused, queue.max_backoff)
            task.refused += 1
            self._at(self.now + wait, self._arrive, task)
        self._dispatch(line)

    def _work(self, job: Made, place: int, step: State) -> tuple[float, str]:
        """How long a delivery that was claimed takes, and what comes of it."""
        node, provider = self.graph[place], self.deployment.provider
        alone = self._about(_BILLED[node.kind.value])
        if node.kind is StepKind.IMAGE:
            if not self._granted(self._pictures, "pictures", step, (job.number, place)):
                return self._about(limits.ASKED), "busy"
            return alone + self._about(provider.picture_seconds), "made"
        if node.kind is StepKind.VALIDATE:
            rejected = job.takes <= RETAKES and self._dice.random() < REJECTED
            return alone + self._about(provider.look_seconds), "rejected" if rejected else "made"
        if node.kind is not StepKind.VIDEO or not provider.film_seconds:
            return alone, "made"
        if step.film_at is not None:
            done = self.now >= step.film_at
            return (alone, "made") if done else (self._about(limits.ASKED), "waits")
        if not self._granted(self._films, "films", step, (job.number, place)):
            return self._about(limits.ASKED), "busy"
        begun, step.film_at = self._makers.make(self.now, self._about(provider.film_seconds))
        if begun > self.now:
            self.asked["films"][-1] = (self.now, begun - self.now)
            self._longest = max(self._longest, begun - self.now)
        return self._about(limits.ASKED), "waits"

    def _granted(self, meter: Meter, what: str, step: State, key: tuple[int, int]) -> bool:
        """Whether a provider takes what it is asked for; if not, it is asked again later."""
        if step.asked_since is None:
            step.asked_since = self.now
        if not meter.takes(self.now):
            self._refused.setdefault(key, step.asked_since)
            return False
        step.granted = True
        self._refused.pop(key, None)
        self.asked[what].append((step.asked_since, self.now - step.asked_since))
        return True

    def _finish(self, line: Line, task: Task, event: str) -> None:
        line.under_way -= 1
        job = self.jobs[task.job]
        if job.ended_at is None:
            self._watch(event, job, task)
            self._apply(job, task.step, event)
            self._schedule(job)
        self._dispatch(line)

    def _apply(self, job: Made, place: int, event: str) -> None:
        judges = bool(self.graph[place].again)
        if judges:
            self.judged[job.workspace, self._window()] += 1
        match event:
            case "made":
                self._succeed(job, place)
            case "rejected":
                self._take_again(job, place)
            case _:
                delay = POLL_EVERY if event == "waits" else BUSY_DELAY
                self._deliver(job, place, self.now + delay, WAITING)

    # --- the sweeper -----------------------------------------------------------------------------

    def overdue_at(self, job: Made, place: int) -> float | None:
        """When a step, left alone, is taken for lost."""
        step = job.steps[place]
        if step.status in (READY, WAITING):
            return step.not_before + self._patience[min(step.missed, MOST_DOUBLINGS)]
        if step.status is RUNNING:
            return step.lease_until
        if step.status is BLOCKED and self._met(job, place):
            needs = self.graph[place].needs
            return max(job.steps[need].finished_at for need in needs) + _GRACE
        return None

    def due_at(self, job: Made) -> float:
        """When the sweeper has to look at a job that has not ended."""
        found = [self.overdue_at(job, place) for place in range(len(job.steps))]
        overdue = min(when for when in found if when is not None)
        return min(overdue, job.asked_at + DEADLINE.total_seconds())

    def _schedule(self, job: Made) -> None:
        """An entry only ever moves to an earlier time; one that is too early costs a look. What has
        changed is not due before the grace is over, so most entries need not be compared."""
        if job.ended_at is None and job.look_at > self.now + _GRACE:
            due = self.due_at(job)
            if due < job.look_at:
                self._enter(job, due)

    def _enter(self, job: Made, when: float) -> None:
        job.look_at = when
        heapq.heappush(self._due, (when, job.number))

    def _sweep(self) -> None:
        """Read what is due, then look at one after the other, for as long as a sweep may take."""
        if self._hopeless():
            self._heap.clear()
            return
        if self.now <= self.load.seconds:
            self.under_way.append(self._open)
        found: list[Made] = []
        most = max(1, int(limits.SWEEP_TIMEOUT / self._swept))
        while self._due and self._due[0][0] <= self.now and len(found) < most:
            when, number = heapq.heappop(self._due)
            job = self.jobs[number]
            if job.ended_at is None and job.look_at == when:
                found.append(job)
        for place, job in enumerate(found):
            self._at(self.now + place * self._swept, self._look, job)
        took = len(found) * self._swept
        self.looks.append(len(found))
        self.sweeps.append(took)
        every = limits.SWEEP_EVERY  # it is called each full minute, and turned away while it runs
        self._at(every * max(ceil((self.now + took) / every), self.now // every + 1), self._sweep)

    def _look(self, job: Made) -> None:
        if job.ended_at is not None:
            return
        self._watch("swept", job)
        if self.now >= job.asked_at + DEADLINE.total_seconds():
            self._end(job, completed=False)
            return
        if (due := self.due_at(job)) > self.now:
            self._enter(job, due)
            return
        for place, step in enumerate(job.steps):
            when = self.overdue_at(job, place)
            if when is None or when > self.now or step.status is RUNNING:
                continue
            if step.status is BLOCKED:
                step.status, step.due_since = READY, self.now
            step.missed += 1
            self.sent_again += 1
            self._send(job, place, max(step.not_before, self.now))
        self._enter(job, job.look_at)


WINDOW: Final = 300.0
"""Seconds over which writes count as sustained: those after which Firestore has grown by half."""
