"""What an hour was like: how late each queue was, whether everything held, and what did not."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from infra.costs import WORK
from infra.scale.documents import Writes, written
from infra.scale.scenario import Deployment, Load
from infra.scale.simulation import Simulation
from shared.model.queues import queue_id

LATE: Final = 300.0
"""Seconds that 1 % of the steps may wait at most."""
KEPT_UP: Final = 0.99
"""The share of what became due in the second half that must have been begun in it, …"""
RECENT: Final = 15.0
"""… but for what has waited for so many seconds at the end: of few steps, a hundredth is none."""
_SIZE: Final = {work.name: (work.vcpus, work.memory) for work in WORK}


@dataclass(frozen=True, slots=True)
class Row:
    """How one queue, or one provider, did. Ages are those of all steps that became due, begun or
    not. `room` and `rate` are the shares of `max_concurrent` and `max_per_second` that were used.
    Of a slice, numbers are those of all slices.
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
    looks: int
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
    slices = simulation.slices
    return Hour(
        load=simulation.load,
        deployment=simulation.deployment,
        asked=round(len(simulation.jobs) * slices),
        completed=later * slices / half * 3600,
        median=times[len(times) // 2] if times else 0.0,
        rows=tuple(rows),
        writes=tuple(written(simulation)),
        sent_again=round(simulation.sent_again * slices),
        looks=round(sum(simulation.looks) * slices),
        longest_sweep=max(simulation.sweeps, default=0.0),
        vcpus=sum(row.instances * _SIZE[row.name][0] for row in rows if row.instances),
        memory=sum(row.instances * _SIZE[row.name][1] for row in rows if row.instances),
    )


def _row(simulation: Simulation, name: str, ages: list[tuple[float, float]]) -> Row:
    waited = sorted(age for _, age in ages)
    half, now = simulation.now / 2, simulation.now
    due = sum(1 for since, _ in ages if since >= half)
    begun = [since + age for since, age in ages if since + age < now]
    kept = sum(1 for when in begun if when >= half)
    kept += sum(1 for since, age in ages if since + age >= now and age < RECENT)
    slices = simulation.slices
    row = Row(
        name=name,
        begun=round(len(begun) * slices),
        p50=waited[len(waited) // 2],
        p99=waited[int(len(waited) * 0.99)],
        longest=waited[-1],
        kept_up=min(1.0, kept / due) if due else 1.0,
    )
    line = simulation.lines.get(name)
    if line is None:
        return row
    return replace(
        row,
        room=line.busy / (now * line.room.whole),
        rate=line.dispatched / (now * line.rate),
        in_vain=round(line.in_vain * slices),
        instances=min(round(line.instances * slices), line.queue.max_concurrent),
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
    region = found.deployment.region
    for unit, used, most in (
        ("vCPUs", found.vcpus, region.vcpus),
        ("GiB", found.memory, region.gib),
    ):
        if used > most:
            return Cause(
                Kind.QUOTA, unit, f"{used:,.0f} {unit} are needed, of {most:,} in the region"
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
