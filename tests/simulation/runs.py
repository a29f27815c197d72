"""Many seeds, and what came of them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.simulation.broken import Broken
from tests.simulation.credits import spend
from tests.simulation.transitions import Transition
from tests.simulation.world import simulate


@dataclass
class Report:
    """How many seeds were tried, what was met, and what broke, by seed."""

    seeds: int = 0
    met: Counter[str] = field(default_factory=Counter)
    transitions: Counter[Transition] = field(default_factory=Counter)
    broken: dict[int, str] = field(default_factory=dict)

    def __add__(self, other: "Report") -> "Report":
        return Report(
            self.seeds + other.seeds,
            self.met + other.met,
            self.transitions + other.transitions,
            self.broken | other.broken,
        )


def run(seeds: range, *, until_broken: bool = False) -> Report:
    """Try some seeds, all of them or until one breaks."""
    report = Report()
    for seed in seeds:
        report.seeds += 1
        try:
            spent = spend(seed)
            world = simulate(seed)
        except Broken as error:
            report.broken[seed] = str(error)
            if until_broken:
                break
            continue
        report.met += world.hub.met + spent
        report.transitions += world.transitions.met
    return report


def chunks(seeds: range, size: int) -> Iterator[range]:
    for begin in range(seeds.start, seeds.stop, size):
        yield range(begin, min(begin + size, seeds.stop))
