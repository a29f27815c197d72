"""What an hour was like: whether it held, what gave way first if not, and what moves that point."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import count
from math import ceil
from typing import Final

from infra.costs import WORK
from infra.scale.documents import Writes, written
from infra.scale.limits import LIMITS, PROVIDERS
from infra.scale.simulation import BEFORE, Deployment, Load, Simulation
from shared.graph.policy import GRACE
from shared.model.queues import queue_id

LATE: Final = 300.0
"""Seconds that 1 % of the steps may wait at most."""
KEPT_UP: Final = 0.99
"""The share of what became due in the second half that must have been begun in it."""
HEADROOM: Final = 1.25
"""What is fitted to a load bears a quarter more."""
COPIES: Final = next(n for n in count() if GRACE.total_seconds() * (2**n - 1) >= 3600) - 1
"""How often the sweeper sends again what waits for an hour, by its patience. Each copy is dropped
in no time, but counts for `max_per_second`: a queue without room for copies never catches up."""
_SIZE: Final = {work.name: (work.vcpus, work.memory) for work in WORK}


@dataclass(frozen=True, slots=True)
class Row:
    """How one queue, or one provider, did. Ages are those of all steps that became due, begun or
    not. `room` and `rate` are the shares of `max_concurrent` and `max_per_second` that were used.
    """

    name: str
    begun: int
    p50: float
    p99: float
    longest: float
    kept_up: float
    room: float = 0.0
    rate: float = 0.0
    in_vain: int = 0
    instances: int = 0

    @property
    def broken(self) -> bool:
        return self.p99 > LATE or self.kept_up < KEPT_UP


@dataclass(frozen=True, slots=True)
class Hour:
    """What was seen. `completed` are animations an hour, those of the second half twice."""

    load: Load
    deployment: Deployment
    asked: int
    completed: float
    median: float
    rows: tuple[Row, ...]
    writes: tuple[Writes, ...]
    sent_again: int
    longest_sweep: float
    vcpus: float
    memory: float

    @property
    def instances(self) -> int:
        return sum(row.instances for row in self.rows)


class Kind(StrEnum):
    AT_ONCE = "max_concurrent"
    PER_SECOND = "max_per_second"
    PROVIDER = "provider"
    DOCUMENT = "document"
    QUOTA = "quota"


@dataclass(frozen=True, slots=True)
class Cause:
    """What gives way."""

    kind: Kind
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Rung:
    """So many animations an hour are borne, and no more because of the cause; the change, if there
    is one, moves that."""

    per_hour: int
    cause: Cause
    change: str


# --- one hour -------------------------------------------------------------------------------------


def hour(load: Load, deployment: Deployment) -> Hour:
    """Simulate, and look."""
    return seen(Simulation(load, deployment).run())


def seen(simulation: Simulation) -> Hour:
    """What there is to say of a run up to where it stopped."""
    ages = simulation.ages()
    rows = [_row(simulation, name, found) for name, found in ages.items() if found]
    half = simulation.now / 2
    ended = [job for job in simulation.jobs if job.completed and job.ended_at is not None]
    times = sorted(job.ended_at - job.asked_at for job in ended if job.ended_at)
    later = sum(1 for job in ended if job.ended_at and job.ended_at >= half)
    return Hour(
        load=simulation.load,
        deployment=simulation.deployment,
        asked=len(simulation.jobs),
        completed=later / half * 3600,
        median=times[len(times) // 2] if times else 0.0,
        rows=tuple(rows),
        writes=tuple(written(simulation)),
        sent_again=simulation.sent_again,
        longest_sweep=max(simulation.sweeps, default=0.0),
        vcpus=sum(row.instances * _SIZE[row.name][0] for row in rows if row.instances),
        memory=sum(row.instances * _SIZE[row.name][1] for row in rows if row.instances),
    )


def _row(simulation: Simulation, name: str, ages: list[tuple[float, float]]) -> Row:
    waited = sorted(age for _, age in ages)
    half, now = simulation.now / 2, simulation.now
    due = sum(1 for since, _ in ages if since >= half)
    begun = [since + age for since, age in ages if since + age < now]
    row = Row(
        name=name,
        begun=len(begun),
        p50=waited[len(waited) // 2],
        p99=waited[int(len(waited) * 0.99)],
        longest=waited[-1],
        kept_up=min(1.0, sum(1 for when in begun if when >= half) / due) if due else 1.0,
    )
    line = simulation.lines.get(name)
    if line is None:
        return row
    return replace(
        row,
        room=line.busy / (now * line.queue.max_concurrent),
        rate=line.dispatched / (now * line.queue.max_per_second),
        in_vain=line.in_vain,
        instances=line.instances,
    )


# --- what gives way -------------------------------------------------------------------------------


def cause(found: Hour) -> Cause | None:
    """What did not hold; None when everything did."""
    over = [one for one in found.writes if one.over]
    if over:
        worst = max(over, key=lambda one: one.mean / one.limit)
        text = (
            f"{worst.name}: {worst.mean:.1f} writes a second, and {worst.limit:g} can be sustained"
        )
        return Cause(Kind.DOCUMENT, worst.name, text)
    broken = [row for row in found.rows if row.broken]
    if broken:
        return _of_row(found, min(broken, key=lambda row: row.kept_up))
    for name, used in (("vcpus", found.vcpus), ("memory", found.memory)):
        if used > LIMITS[name].value:
            return Cause(
                Kind.QUOTA, name, f"{used:,.0f} {LIMITS[name].unit.split(' ')[0]} are needed"
            )
    return None


def _of_row(found: Hour, row: Row) -> Cause:
    queue = found.deployment.queues.get(row.name)
    provider = found.deployment.provider
    if queue is None:
        per_minute = getattr(provider, f"{row.name}_per_minute")
        limit = f"{per_minute:g} a minute" if per_minute else f"{provider.films_at_once} at once"
        return Cause(Kind.PROVIDER, row.name, f"{provider.name} makes no more {row.name}: {limit}")
    if row.rate > row.room:
        text = f"{queue_id(row.name)} begins no more than {queue.max_per_second} a second"
        return Cause(Kind.PER_SECOND, row.name, text)
    text = f"{queue_id(row.name)} runs no more than {queue.max_concurrent} at once"
    return Cause(Kind.AT_ONCE, row.name, text)


# --- what moves it --------------------------------------------------------------------------------


def tens(number: float) -> int:
    return 10 * ceil(number / 10)


def fitted(load: Load, deployment: Deployment) -> Deployment:
    """The deployment with what is too small for a load made large enough, by what an animation took
    when there was no hurry."""
    calm = Simulation(replace(load, per_hour=min(load.per_hour, 500.0)), deployment).run()
    jobs = sum(1 for job in calm.jobs if job.completed)
    per_second = load.per_hour / 3600 * HEADROOM
    queues = dict(deployment.queues)
    for line in calm.lines.values():
        queue = line.queue
        room = tens(line.busy / jobs * per_second)
        rate = tens(line.dispatched / jobs * per_second * (1 + COPIES))
        queues[queue.name] = replace(
            queue,
            max_concurrent=max(queue.max_concurrent, min(room, int(LIMITS["at_once"].value))),
            max_per_second=max(queue.max_per_second, min(rate, int(LIMITS["dispatches"].value))),
        )
    provider = deployment.provider
    per_minute, at_once = provider.films_per_minute, provider.films_at_once
    provider = replace(
        provider,
        films_per_minute=per_minute and max(per_minute, tens(60 * per_second)),
        films_at_once=at_once and max(at_once, tens(per_second * provider.film_seconds)),
    )
    return replace(deployment, queues=queues, provider=provider)


def changed(deployment: Deployment, why: Cause, goal: Deployment) -> tuple[Deployment, str] | None:
    """The deployment with the one thing changed that gave way; None if that is no setting, or is as
    it is in the goal already."""
    if why.kind is Kind.PROVIDER and deployment.provider != goal.provider:
        provider = goal.provider
        limit = (
            f"{provider.films_per_minute:g} a minute"
            if provider.films_per_minute
            else f"{provider.films_at_once} at once"
        )
        text = f"have {provider.name} raise the account's limit to {limit}"
        return replace(deployment, provider=provider), text
    if why.kind not in (Kind.AT_ONCE, Kind.PER_SECOND):
        return None
    before, after = deployment.queues[why.name], goal.queues[why.name]
    if why.kind is Kind.AT_ONCE:
        queue = replace(before, max_concurrent=after.max_concurrent)
        text = f"`{why.name}`: `max_concurrent` {before.max_concurrent} → {after.max_concurrent}"
    else:
        queue = replace(before, max_per_second=after.max_per_second)
        text = f"`{why.name}`: `max_per_second` {before.max_per_second} → {after.max_per_second}"
    if queue == before:
        return None
    return replace(deployment, queues={**deployment.queues, why.name: queue}), text


def breaks(load: Load, deployment: Deployment, borne: int = 0) -> tuple[int, Cause]:
    """The most animations an hour that are borne, to 1 %, and what gives way above that. So many as
    `borne` are known to be."""
    low, high = float(borne), max(load.per_hour, borne * 1.05)
    why: Cause | None = None
    while (found := _tried(load, deployment, high)) is None:
        low, high = high, high * 2
    why = found
    while high - low > high / 100:
        middle = (low + high) / 2
        found = _tried(load, deployment, middle)
        if found is None:
            low = middle
        else:
            high, why = middle, found
    return int(low), why


def _tried(load: Load, deployment: Deployment, per_hour: float) -> Cause | None:
    load = replace(load, per_hour=per_hour)
    return cause(seen(Simulation(load, deployment).run(give_up=2 * LATE)))


MUCH = 1.4
"""By what a load is multiplied that `transcode` is too slow for."""
NARROW = 4
"""Deliveries a second that leave `transcode` no room for copies then, of 10,000 an hour."""


def late(load: Load) -> list[tuple[str, Hour]]:
    """Two hours of a load `MUCH` as large, too much for a queue: as it is deployed, and without the
    room for the copies that are sent of what is late; by today's rules, and by those of before."""
    load = replace(load, per_hour=MUCH * load.per_hour, seconds=7200)
    offline = Deployment(provider=PROVIDERS["offline"])
    narrow = replace(offline.queues["transcode"], max_per_second=NARROW)
    tight = replace(offline, queues={**offline.queues, "transcode": narrow})
    setting = f"`transcode`: `max_per_second` {NARROW}"
    return [
        (
            f"{setting}; only the newest delivery runs, and one is sent each minute",
            hour(load, replace(tight, rules=BEFORE)),
        ),
        (setting, hour(load, tight)),
        ("as deployed", hour(load, offline)),
    ]


def ladder(load: Load, deployment: Deployment) -> Iterator[Rung]:
    """What breaks first, then what does when that was mended, and so on until the load is borne.
    The last rung says what would break then."""
    goal, most = fitted(load, deployment), 0
    while True:
        most, why = breaks(load, deployment, most)
        moved = changed(deployment, why, goal) if most < load.per_hour else None
        yield Rung(most, why, moved[1] if moved else "")
        if moved is None:
            return
        deployment = moved[0]
