"""The documents that many jobs write, and how often an animation writes each of them.

Whatever else an animation writes belongs to it alone. A test makes some animations with the real
services, and counts.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from infra.costs import TAKES
from infra.scale.limits import LIMITS
from infra.scale.simulation import WINDOW, Simulation
from shared.model.shards import SHARDS


@dataclass(frozen=True, slots=True)
class Shared:
    """A document and its writes when a job begins, when a picture was judged, and when it ends.

    It may be kept as several `shards`, of which a job writes one: the writes are spread evenly.
    """

    name: str
    begun: int = 0
    judged: int = 0
    ended: int = 0
    shards: int = 1

    @property
    def per_animation(self) -> float:
        """How often an animation writes one of the shards, on average."""
        return (self.begun + self.judged * TAKES + self.ended) / self.shards

    @property
    def title(self) -> str:
        return f"{self.name}, each of {self.shards} shards" if self.shards > 1 else self.name


SHARED: Final = (
    Shared("credits: held", begun=1, ended=1, shards=SHARDS),
    Shared("credits: available", begun=1, shards=SHARDS),
    Shared("audits: tomorrow's", begun=1, ended=1, shards=SHARDS),
    # When all is of one character that has active cautions; without any, only its first pictures.
    Shared("guide of a character", judged=1),
)
WRITES: Final = {"assets": 30, "jobs": 16, "links": 15, "due": 2}
"""Of one animation in collections with fields that only grow (times), all of them indexed."""


@dataclass(frozen=True, slots=True)
class Writes:
    """What a document, or a collection, had to bear: writes a second in the whole time, and in the
    worst five minutes; and at how many animations an hour of one workspace it reaches its limit."""

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
    load = simulation.load
    # What a workspace of the slice stands for, when it is not as many of them that were left out.
    each = simulation.slices * load.sliced_workspaces / load.workspaces
    seconds = simulation.now / each
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
        mean = _busiest(by) / seconds / shared.shards
        most = max(by.values(), default=0) * each / WINDOW / shared.shards
        found.append(_writes(shared.title, "document", mean, most, shared.per_animation))
    for name, times in WRITES.items():
        mean, per_animation = times * _busiest(simulation.holds) / seconds, float(times)
        if name == "due":  # all of it is one collection, for the sweeper, who moves what is early
            jobs = len(simulation.jobs)
            everything = times * jobs + sum(simulation.looks)
            mean = everything * simulation.slices / simulation.now
            per_animation = everything / jobs if jobs else per_animation
        found.append(_writes(f"collection: {name}", "collection", mean, mean, per_animation))
    return found


def _busiest(counted: Counter[tuple[int, int]]) -> int:
    """What the workspace wrote that wrote most."""
    by: Counter[int] = Counter()
    for (workspace, _), number in counted.items():
        by[workspace] += number
    return max(by.values(), default=0)


def _writes(name: str, kind: str, mean: float, most: float, per_animation: float) -> Writes:
    limit = LIMITS[kind].value
    return Writes(name, limit, mean, most, 3600 * limit / per_animation)
