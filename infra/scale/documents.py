"""The documents that many jobs write, and how often an animation writes each of them.

Whatever else an animation writes belongs to it alone. A test makes some animations with the real
services, and counts.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from infra.scale.limits import LIMITS
from infra.scale.simulation import WINDOW, Simulation


@dataclass(frozen=True, slots=True)
class Shared:
    """A document and its writes when a job begins, when a picture was judged, and when it ends.

    `worst` says when that is so, if it is not always.
    """

    name: str
    begun: int = 0
    judged: int = 0
    ended: int = 0
    worst: str = ""


SHARED: Final = (
    Shared("credits: held", begun=1, ended=1),
    Shared("credits: available", begun=1),
    Shared("audits: tomorrow's", begun=1, ended=1),
    Shared("guide of a character", judged=1, worst="one character, with active cautions"),
)
WRITES: Final = {"assets": 30, "jobs": 22, "links": 15, "due": 2}
"""Of one animation in collections with fields that only grow (times), all of them indexed."""


@dataclass(frozen=True, slots=True)
class Writes:
    """What a document, or a collection, had to bear: writes a second in the whole time, and in the
    worst five minutes; and at how many animations an hour it reaches its limit."""

    name: str
    limit: float
    mean: float
    most: float
    breaks: float

    @property
    def over(self) -> bool:
        return self.mean > self.limit


def written(simulation: Simulation) -> list[Writes]:
    """What was written to the busiest workspace's documents, each of which is there once in it."""
    seconds, per_hour = simulation.now, simulation.load.per_hour
    found = []
    for shared in SHARED:
        events = (
            (simulation.holds, shared.begun),
            (simulation.judged, shared.judged),
            (simulation.ends, shared.ended),
        )
        by: Counter[tuple[int, int]] = Counter()
        for counted, times in events:
            by.update({key: number * times for key, number in counted.items()})
        mean = _busiest(by) / seconds
        most = max(by.values(), default=0) / WINDOW
        found.append(_writes(shared.name, "document", mean, most, per_hour))
    for name, times in WRITES.items():
        # All of `due` lies in one collection, for the sweeper; the others are a workspace's own.
        begun = simulation.holds
        mean = times * (begun.total() if name == "due" else _busiest(begun)) / seconds
        found.append(_writes(f"collection: {name}", "collection", mean, mean, per_hour))
    return found


def _busiest(counted: Counter[tuple[int, int]]) -> int:
    """What the workspace wrote that wrote most."""
    by: Counter[int] = Counter()
    for (workspace, _), number in counted.items():
        by[workspace] += number
    return max(by.values(), default=0)


def _writes(name: str, limit: str, mean: float, most: float, per_hour: float) -> Writes:
    value = LIMITS[limit].value
    return Writes(name, value, mean, most, per_hour * value / mean if mean else float("inf"))
