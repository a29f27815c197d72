"""How many animations an hour are borne, what breaks first above that, and what moves it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from math import ceil, sqrt
from typing import Final

from infra.scale.findings import LATE, Cause, Hour, Kind, cause, hour, seen
from infra.scale.limits import LIMITS, PROVIDERS
from infra.scale.scenario import BEFORE, Deployment, Load
from infra.scale.simulation import Simulation
from shared.graph.policy import GRACE
from shared.model.queues import REFERENCE, Region

HEADROOM: Final = 1.25
"""What is fitted to a load bears a quarter more."""
COPIES: Final = next(n for n in count() if GRACE.total_seconds() * (2**n - 1) >= 3600) - 1
"""How often the sweeper sends again what waits for an hour, by its patience. Each copy is dropped
in no time, but counts for `max_per_second`: a queue without room for copies never catches up."""
CALM: Final = Load(per_hour=500)
"""So few that nothing waits, in the reference region."""
STEP: Final = 10
"""vCPUs by which a region is made larger, …"""
LARGEST: Final = 20_000
"""… up to so many, the most that `variables.tf` takes: no queue then runs more at once than Cloud
Tasks allows."""
RATIO: Final = REFERENCE.gib // REFERENCE.vcpus
"""GiB for each of them."""
ENOUGH: Final = 2_500.0
"""Animations that say what is borne; where fewer come in an hour, several hours are simulated."""
FEWEST: Final = 100.0
"""Animations an hour that any installation bears."""


@dataclass(frozen=True, slots=True)
class Rung:
    """So many animations an hour are borne, and no more because of the cause; the change, if there
    is one, moves that."""

    per_hour: int
    cause: Cause
    change: str


def tens(number: float) -> int:
    return 10 * ceil(number / 10)


def fitted(load: Load, deployment: Deployment, headroom: float = HEADROOM) -> Deployment:
    """The deployment with what is too small for a load made large enough, by what an animation took
    when there was no hurry: the region, the queues' rates, and what the provider allows."""
    calm = Simulation(CALM, deployment.moved(REFERENCE)).run()
    jobs = sum(1 for job in calm.jobs if job.completed)
    per_second = load.per_hour / 3600 * headroom
    queues = dict(deployment.queues)
    for line in calm.lines.values():
        queue = queues[line.queue.name]
        rate = tens(line.dispatched / jobs * per_second * (1 + COPIES))
        rate = max(queue.max_per_second, min(rate, int(LIMITS["dispatches"].value)))
        queues[queue.name] = replace(queue, max_per_second=rate)
    needed = {line.queue.name: line.busy / jobs * per_second for line in calm.lines.values()}
    provider = deployment.provider
    per_minute, at_once = provider.films_per_minute, provider.films_at_once
    provider = replace(
        provider,
        films_per_minute=per_minute and max(per_minute, tens(60 * per_second)),
        films_at_once=at_once and max(at_once, tens(per_second * provider.film_seconds)),
    )
    return _with_room(replace(deployment, queues=queues, provider=provider), needed)


def _with_room(deployment: Deployment, needed: dict[str, float]) -> Deployment:
    """In the smallest region in which each queue runs what is needed at once, or in the largest."""
    if all(deployment.queues[name].max_concurrent >= least for name, least in needed.items()):
        return deployment
    moved = deployment
    for vcpus in range(STEP * ceil(deployment.region.vcpus / STEP), LARGEST + STEP, STEP):
        moved = deployment.moved(Region(vcpus, RATIO * vcpus))
        if all(moved.queues[name].max_concurrent >= least for name, least in needed.items()):
            break
    return moved


def changed(deployment: Deployment, why: Cause, goal: Deployment) -> tuple[Deployment, str] | None:
    """The deployment with the one thing changed that gave way; None if that is no setting, or is as
    it is in the goal already."""
    if why.kind is Kind.PROVIDER and deployment.provider != goal.provider:
        provider = goal.provider
        limit = (
            f"{provider.films_per_minute:,g} a minute"
            if provider.films_per_minute
            else f"{provider.films_at_once:,} at once"
        )
        text = f"have {provider.name} raise the account's limit to {limit}"
        return replace(deployment, provider=provider), text
    if why.kind is Kind.AT_ONCE and deployment.region != goal.region:
        before, after = deployment.region, goal.region
        text = (
            f"`region_cpus` {before.vcpus:,} → {after.vcpus:,}, "
            f"`region_memory_gib` {before.gib:,} → {after.gib:,}"
        )
        return deployment.moved(after), text
    if why.kind is Kind.PER_SECOND:
        old, new = deployment.queues[why.name], goal.queues[why.name]
        if old.max_per_second != new.max_per_second:
            queue = replace(old, max_per_second=new.max_per_second)
            text = f"`{why.name}`: `max_per_second` {old.max_per_second} → {new.max_per_second}"
            return replace(deployment, queues={**deployment.queues, why.name: queue}), text
    return None


def breaks(load: Load, deployment: Deployment, borne: int = 0) -> tuple[int, Cause]:
    """The most animations an hour that are borne, to 1 %, and what gives way above that. So many as
    `borne` are known to be."""
    low, high = max(FEWEST, borne), max(load.per_hour, borne * 1.05)
    while (why := _tried(load, deployment, high)) is None:
        low, high = high, high * 1.4
    while high - low > high / 100:
        middle = sqrt(low * high)
        found = _tried(load, deployment, middle)
        if found is None:
            low = middle
        else:
            high, why = middle, found
    return int(low), why


def _tried(load: Load, deployment: Deployment, per_hour: float) -> Cause | None:
    hours = max(1.0, ENOUGH / per_hour)
    load = replace(load, per_hour=per_hour, seconds=hours * load.seconds)
    return cause(seen(Simulation(load, deployment).run(give_up=2 * LATE)))


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


MUCH: Final = 1.4
"""By what a load is multiplied that `transcode` is too slow for."""
NARROW: Final = 4
"""Deliveries a second that leave `transcode` no room for copies then, of 10,000 an hour."""


def late(load: Load) -> list[tuple[str, Hour]]:
    """Two hours of a load `MUCH` as large as what the region was fitted to: as it is deployed, and
    without the room for the copies that are sent of what is late; by today's rules, and by those of
    before."""
    offline = fitted(load, Deployment(provider=PROVIDERS["offline"]), headroom=1.0)
    load = replace(load, per_hour=MUCH * load.per_hour, seconds=7200)
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


REGIONS: Final = (20, 100, 200, 500, 1_000, 2_000)
"""vCPUs, each with twice as many GiB."""


def regions() -> Iterator[tuple[Deployment, list[tuple[int, Cause]]]]:
    """What regions bear with Google's models, if these have no limits, and with offline artists."""
    for vcpus in REGIONS:
        region = Region(vcpus, RATIO * vcpus)
        deployments = [
            Deployment(provider=PROVIDERS[name]).moved(region) for name in ("unlimited", "offline")
        ]
        guess = Load(per_hour=25.0 * vcpus)
        yield deployments[0], [breaks(guess, one) for one in deployments]
