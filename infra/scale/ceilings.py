"""What one workspace and one project bear however large the region is: limits that no setting
moves, and where to divide what is above them."""

from dataclasses import dataclass, replace
from typing import Final

from infra import costs
from infra.scale.findings import Hour
from infra.scale.limits import LIMITS, SWEEP_EVERY, SWEPT

GROWTH: Final = 1.5
GROWS_EVERY: Final = 5
"""What Firestore bears grows by half in so many minutes, if it is used."""
DUE: Final = "collection: due"
WORKSPACES, PROJECTS, QUEUES = "workspaces", "projects", "several queues for one step"


@dataclass(frozen=True, slots=True)
class Ceiling:
    """So much of something an animation takes, so much there is in a second, and what divides it.
    Some limits are only for a time."""

    name: str
    per_animation: float
    per_second: float
    divided: str
    passes: bool = False

    @property
    def per_hour(self) -> float:
        """Animations an hour that reach it."""
        return 3600 * self.per_second / self.per_animation


def ceilings(found: Hour) -> list[Ceiling]:
    """The limits of a workspace and of a project, the nearest first, by what an hour took."""
    asked, seconds = found.asked, found.load.seconds
    steps = [row for row in found.rows if row.name in found.deployment.queues]
    busiest = max(steps, key=lambda row: row.begun + row.in_vain)
    fullest = max(steps, key=lambda row: row.instances)
    at_once = fullest.room * found.deployment.queues[fullest.name].max_concurrent
    operations = costs.READS + costs.WRITES + costs.CALLS + costs.WAITED / costs.POLL
    cold = Ceiling(
        "a database that was idle: reads and writes", operations, LIMITS["ramp"].value, ""
    )
    minutes = minutes_to_warm(found.load.per_hour, cold.per_hour)
    limits = [
        *(
            Ceiling(
                f"one project: {one.name}" if one.name == DUE else f"one workspace: {one.name}",
                3600 * one.limit / one.breaks,
                one.limit,
                PROJECTS if one.name == DUE else WORKSPACES,
            )
            for one in found.writes
        ),
        Ceiling(
            "one project: entries that the sweeper looks at within its minute",
            found.looks / asked,
            SWEEP_EVERY / SWEPT / 60,
            PROJECTS,
        ),
        Ceiling(
            f"one queue: dispatches of `{busiest.name}`",
            (busiest.begun + busiest.in_vain) / asked,
            LIMITS["dispatches"].value,
            QUEUES,
        ),
        Ceiling(
            f"one queue: `{fullest.name}` at once, in seconds of it",
            at_once * seconds / asked,
            LIMITS["at_once"].value,
            QUEUES,
        ),
        Ceiling("one project: calls of Cloud Tasks", costs.TASKS, LIMITS["calls"].value, PROJECTS),
        Ceiling(
            "a bucket that was idle: files written",
            costs.CHANGES,
            LIMITS["files"].value,
            "time: it may double each 20 minutes",
            passes=True,
        ),
        replace(cold, divided=f"time: after {minutes} minutes it bears this", passes=True),
    ]
    return sorted(limits, key=lambda one: one.per_hour)


def minutes_to_warm(per_hour: float, cold: float) -> int:
    """How long the rate has to grow from what an idle database bears."""
    minutes = 0
    while cold < per_hour:
        cold, minutes = cold * GROWTH, minutes + GROWS_EVERY
    return minutes
