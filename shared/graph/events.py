"""What can happen to a job, and what then has to be done: the vocabulary of `advance`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.model.job import Fault, Job, Output, Retake, StepKind
from shared.model.webhook import Delivery

# --- events --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery reached a worker, which wants the step."""

    step: str
    attempt: int
    delivery: int


@dataclass(frozen=True, slots=True)
class Intended:
    """The worker is about to make a submit that costs money."""

    step: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The step's files are complete in the work area. `needs_review` marks everything that the job
    makes from now on."""

    step: str
    attempt: int
    outputs: Mapping[str, Output]
    needs_review: bool = False
    cost_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class Rejected:
    """The drafts that the step was to accept are not good enough: they are to be made anew."""

    step: str
    attempt: int
    retake: Retake
    cost_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class Published:
    """The step's files stand at their public names."""

    step: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Failed:
    step: str
    attempt: int
    fault: Fault
    transient: bool


@dataclass(frozen=True, slots=True)
class Waited:
    """Come back after `delay` seconds: somebody else's machine works on `operation`, or, without
    one, has not begun and takes no more for now."""

    step: str
    attempt: int
    operation: str | None
    delay: float


@dataclass(frozen=True, slots=True)
class ObjectFinalized:
    """The public object of an asset of this job is complete."""

    asset_id: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    fault: Fault


@dataclass(frozen=True, slots=True)
class Swept:
    """Look for what is overdue. `orphaned` says that no worker of before can be alive, so every
    lease is void and every delivery lost."""

    orphaned: bool = False


@dataclass(frozen=True, slots=True)
class Settled:
    """Everything that the job's end asked for has been done."""


Event = (
    Claimed
    | Intended
    | Succeeded
    | Published
    | Rejected
    | Failed
    | Waited
    | ObjectFinalized
    | Cancelled
    | Swept
    | Settled
)

# --- commands ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Deliver a step. Repeating it is harmless: the four parts name the task."""

    kind: StepKind
    step: str
    attempt: int
    delivery: int
    not_before: datetime | None


@dataclass(frozen=True, slots=True)
class Publish:
    """Copy a step's files to their public names, then tell `Published`."""

    step: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Settle:
    """Remove the placeholders of these assets, which will never be files, let the item's best
    versions be served, then tell `Settled`."""

    unmade: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tell:
    """Send what the outbox holds of the job's end. The outbox, too, is what mends a loss of this:
    `outstanding` knows nothing of it."""

    delivery: Delivery


Command = Enqueue | Publish | Settle | Tell


@dataclass(frozen=True, slots=True)
class Decision:
    """The next job (the very same object when the event changed nothing) and what to do now."""

    job: Job
    commands: tuple[Command, ...] = ()
