"""The queues: one per function that takes tasks, and how patient and how fast each is.

These are the facts of a deployment; what serves the queues is made to agree with them: the
embedded dispatcher, the queues on Google Cloud and the deadlines of the functions behind them.

How much runs at once depends on what Cloud Run may use in the region. `instances` is the rule, and
`infra/terraform/capacity.tf` states it again for Terraform; a test plans with several regions and
compares. The embedded stack and the emulators go by the cores of their machine instead.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from shared.model.job import StepKind

DAY = 24 * 3600

AMPLE = 500
"""Deliveries a second where `max_concurrent` is what bounds the work. A queue that is late also
holds what was sent again; such a copy is dropped in no time, but has to be delivered first."""


@dataclass(frozen=True, slots=True)
class Region:
    """What all instances of a project may use together in one region: Cloud Run's quotas."""

    vcpus: int
    gib: int


NEW_PROJECT = Region(vcpus=20, gib=40)
"""What Google gives to a new project."""

REFERENCE = Region(vcpus=1_000, gib=2_000)
"""The region that each `max_concurrent` is written for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A queue that feeds the function of its own name; all times in seconds.

    A delivery is cut off after `dispatch_deadline`, which the function's own timeout equals and
    the lease of its step reaches, so that a lease that expired means a dead worker. At most
    `max_concurrent` deliveries run at once in a region like `REFERENCE`, in others in proportion,
    and `max_per_second` begin. A failed one comes again after `min_backoff`, doubled each time up
    to `max_backoff`, for as long as `retry_for`. (Whole seconds: Cloud Tasks cuts fractions off,
    and nothing doubled stays nothing.)
    """

    name: str
    dispatch_deadline: int
    max_concurrent: int
    max_per_second: int
    min_backoff: int = 1
    max_backoff: int = 60
    retry_for: int = DAY
    media: bool = False
    """Whether its function decodes pictures or films, or has that done, so that one delivery takes
    a whole core."""

    @property
    def function(self) -> str:
        """The entry point in `functions/main.py`."""
        return self.name

    @property
    def queue_id(self) -> str:
        """What the queue is called on Google Cloud."""
        return queue_id(self.name)


def queue_id(name: str, generation: str = "") -> str:
    """What the queue `name` is called on Google Cloud, where an underscore is no part of a name.

    The name of a deleted queue stays taken for up to three days; `generation` makes another one.
    """
    ending = f"-{generation}" if generation else ""
    return f"mascotry-{name.replace('_', '-')}{ending}"


def function_address(template: str, function: str) -> str:
    """The URL of an entry point; `template` has `{function}` where the name stands.

    It is also the audience of the tokens that are made for this function and no other.
    ValueError when the template would give all functions one address.
    """
    if "{function}" not in template:
        raise ValueError(
            f"functions_url must have {{function}} where a name stands; it is {template!r}"
        )
    return template.replace("{function}", function.replace("_", "-")).rstrip("/")


def _media(kind: StepKind, minutes: int, *, at_once: int) -> Queue:
    return Queue(
        name=kind.value,
        dispatch_deadline=60 * minutes,
        max_concurrent=at_once,
        max_per_second=AMPLE,
        media=True,
    )


# The steps of an animation share the reference region by what it takes of each (`infra/costs.py`;
# "Sized by the region" in docs/9-scale.md tells why): together 875 of 1,000 vCPUs, and 16 of 20 in
# a new project, so that they never crowd out what answers people.
QUEUES: tuple[Queue, ...] = (
    _media(StepKind.INTAKE, 12, at_once=10),
    _media(StepKind.STYLE_CARD, 5, at_once=20),
    _media(StepKind.IMAGE, 5, at_once=200),
    _media(StepKind.CUTOUT, 5, at_once=50),
    _media(StepKind.VALIDATE, 5, at_once=75),
    _media(StepKind.VIDEO, 10, at_once=125),
    _media(StepKind.REVERSE, 10, at_once=10),
    _media(StepKind.TRANSCODE, 15, at_once=150),
    _media(StepKind.RESIZE, 5, at_once=20),
    Queue(
        name="upload",
        dispatch_deadline=120,
        max_concurrent=20,
        max_per_second=AMPLE,
        max_backoff=600,
        media=True,
    ),
    Queue(name="sizes", dispatch_deadline=600, max_concurrent=4, max_per_second=10),
    Queue(name="canvas", dispatch_deadline=600, max_concurrent=8, max_per_second=10),
    Queue(name="purge", dispatch_deadline=600, max_concurrent=4, max_per_second=10),
    Queue(name="webhook", dispatch_deadline=60, max_concurrent=80, max_per_second=100),
    Queue(name="noop", dispatch_deadline=60, max_concurrent=20, max_per_second=100),
)

BY_NAME: Mapping[str, Queue] = MappingProxyType({queue.name: queue for queue in QUEUES})


def instances(at_once: int, region: Region, *, concurrency: int = 1) -> int:
    """How many instances a function may have in a region, if it has `at_once` deliveries under way
    in the reference region and each instance takes `concurrency` of them. At least one.

    The scarcer of CPU and memory decides. In integers, since Terraform's numbers and Python's round
    fractions differently.
    """
    share = min(region.vcpus * REFERENCE.gib, region.gib * REFERENCE.vcpus)
    return max(1, at_once * share // (REFERENCE.vcpus * REFERENCE.gib * concurrency))


def sized(queue: Queue, region: Region, *, concurrency: int = 1) -> Queue:
    """The queue as it is in a region: as many deliveries at once as its function has room for."""
    count = instances(queue.max_concurrent, region, concurrency=concurrency)
    return replace(queue, max_concurrent=count * concurrency)
