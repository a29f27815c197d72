"""How patient we are: leases, tries and waits, as data."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from shared.model.job import StepKind


@dataclass(frozen=True, slots=True)
class Policy:
    """`lease` outlives the longest run of the step, so a lease that expired means a dead worker."""

    lease: timedelta
    attempts: int = 5
    backoff: timedelta = timedelta(seconds=1)
    backoff_limit: timedelta = timedelta(minutes=5)


POLICIES: Mapping[StepKind, Policy] = MappingProxyType(
    {
        StepKind.INTAKE: Policy(lease=timedelta(minutes=12)),
        StepKind.STYLE_CARD: Policy(lease=timedelta(minutes=5)),
        StepKind.IMAGE: Policy(lease=timedelta(minutes=5)),
        StepKind.CUTOUT: Policy(lease=timedelta(minutes=5)),
        StepKind.VALIDATE: Policy(lease=timedelta(minutes=5)),
        StepKind.VIDEO: Policy(lease=timedelta(minutes=10)),
        StepKind.REVERSE: Policy(lease=timedelta(minutes=10)),
        StepKind.TRANSCODE: Policy(lease=timedelta(minutes=15)),
        StepKind.RESIZE: Policy(lease=timedelta(minutes=5)),
        StepKind.SIZES: Policy(lease=timedelta(minutes=10), attempts=20),
        StepKind.CANVAS: Policy(lease=timedelta(minutes=10), attempts=20),
        StepKind.PURGE: Policy(lease=timedelta(minutes=10), attempts=20),
        StepKind.NOOP: Policy(lease=timedelta(minutes=1)),
    }
)

GRACE = timedelta(seconds=60)
"""How late a delivery or a trigger may be before the sweeper takes it for lost."""

MOST_DOUBLINGS = 6

DEADLINE = timedelta(hours=6)
"""How long a generation may take, all retries, waits and takes together."""


def patience(missed: int) -> timedelta:
    """How late a delivery may be when `missed` before it were taken for lost. It grows, since what
    looks lost to everybody at once is a queue that has too much to do, and gets more to do by each
    delivery that is sent again."""
    return GRACE * (1 << min(missed, MOST_DOUBLINGS))


def backoff(kind: StepKind, job_id: str, step: str, attempt: int) -> timedelta:
    """The wait before try `attempt + 1`: exponential, with jitter in [½, 1).

    The jitter is drawn from the names, not from a dice, so that the graph stays a pure function.
    """
    policy = POLICIES[kind]
    ceiling = min(policy.backoff * 2.0 ** (attempt - 1), policy.backoff_limit)
    digest = hashlib.sha256(f"{job_id}/{step}/{attempt}".encode()).digest()
    return ceiling * (0.5 + int.from_bytes(digest[:4], "big") / 2**33)
