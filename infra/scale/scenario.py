"""What is deployed where, and what is asked of it: the parameters of a simulation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from infra.costs import STEPS
from infra.scale import limits
from infra.scale.limits import PROVIDERS, Provider
from shared.graph.policy import GRACE, patience
from shared.model.queues import NEW_PROJECT, QUEUES, Queue, Region, sized


@dataclass(frozen=True, slots=True)
class Rules:
    """Which deliveries run, and how late one may be: those of today, or those of before."""

    newest_only: bool = False
    patience: Callable[[int], timedelta] = patience


TODAY: Final = Rules()
BEFORE: Final = Rules(newest_only=True, patience=lambda _: GRACE)
"""Only the newest delivery ran, and another one was sent each minute."""


def step_queues(region: Region = NEW_PROJECT) -> dict[str, Queue]:
    """The queues of an animation's steps, as they are deployed in a region. Their instances take
    one delivery at a time."""
    return {queue.name: sized(queue, region) for queue in QUEUES if queue.name in STEPS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What is deployed, and who draws. `queues` are those of the region, unless they are told."""

    region: Region = NEW_PROJECT
    queues: Mapping[str, Queue] = field(default_factory=step_queues)
    provider: Provider = PROVIDERS["google"]
    rules: Rules = TODAY
    swept: float = limits.SWEPT
    """Seconds that the sweeper takes for an entry."""

    def moved(self, region: Region) -> "Deployment":
        """The same in another region, or in this one when Google has raised its quotas."""
        there = step_queues(region)
        queues = {
            name: replace(queue, max_concurrent=there[name].max_concurrent)
            for name, queue in self.queues.items()
        }
        return replace(self, region=region, queues=queues)


MOST: Final = 5_000.0
"""Animations an hour that are simulated one by one; of more, a slice of so many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is asked for: at random moments, evenly by all workspaces."""

    per_hour: float = 10_000
    workspaces: int = 100
    seconds: float = 3600
    seed: int = 1
    most: float = MOST

    @property
    def slices(self) -> float:
        """Of how many equal slices one is simulated."""
        return max(1.0, self.per_hour / self.most)

    @property
    def sliced_workspaces(self) -> int:
        """The workspaces of the slice."""
        return max(1, round(self.workspaces / self.slices))
