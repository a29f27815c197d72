"""How well a slice stands for the whole: the same hour, every animation of it and a slice of it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import sqrt
from typing import Final

from infra.scale import ladder
from infra.scale.findings import Cause, Hour, hour
from infra.scale.limits import PROVIDERS
from infra.scale.scenario import Deployment, Load

LATER: Final = 30.0
"""Seconds by which the ages of queues that keep up may differ. A smaller one waits a little longer:
of few instances it is more often so that none is free."""
DEVIATIONS: Final = 3.0
ALL: Final = float("inf")


def chance(load: Load) -> float:
    """The share by which rates may differ, by the chance of who comes in the half of an hour that
    decides: three standard deviations of the slice's."""
    return DEVIATIONS / sqrt(load.per_hour / load.slices / 2)


@dataclass(frozen=True, slots=True)
class Pair:
    """The whole and a slice: an hour, and the most that is borne with what gives way above it."""

    load: Load
    whole: Hour
    slice: Hour
    whole_breaks: tuple[int, Cause]
    slice_breaks: tuple[int, Cause]


def pair(load: Load) -> Pair:
    """A load on what just bears it, with films without limits; `load.most` is the slice's."""
    deployment = ladder.fitted(load, Deployment(provider=PROVIDERS["unlimited"]), headroom=1.0)
    everything = replace(load, most=ALL)
    return Pair(
        load,
        hour(everything, deployment),
        hour(load, deployment),
        ladder.breaks(everything, deployment),
        ladder.breaks(load, deployment),
    )


def compared() -> Iterator[Pair]:
    """Halves of 2,000 and of 10,000 an hour."""
    for per_hour in (2_000, 10_000):
        yield pair(Load(per_hour=per_hour, most=per_hour / 2))
