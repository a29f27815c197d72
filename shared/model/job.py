"""A job: a graph of steps, held in one document so that fan-in and fan-out are one atomic write."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import Field

from shared.model.asset import AssetType, Content, Provenance, Purpose, Take, beside, file_keys
from shared.model.base import Entity, Instant, Value
from shared.model.credit import Part
from shared.model.fault import Fault as Fault
from shared.model.link import Link


class JobStatus(StrEnum):
    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


class JobType(StrEnum):
    ITEM_GENERATION = "item_generation"
    IMAGE_GENERATION = "image_generation"
    LOGO = "logo"
    ANIMATION = "animation"
    REVERSE = "reverse"
    IMPORT = "import"
    SIZE_VARIANT = "size_variant"
    SIZE_VARIANT_BATCH = "size_variant_batch"
    CANVAS_GENERATION = "canvas_generation"
    DELETION = "deletion"


class StepKind(StrEnum):
    """One function and one queue per kind."""

    INTAKE = "intake"
    STYLE_CARD = "style_card"
    IMAGE = "image"
    CUTOUT = "cutout"
    VALIDATE = "validate"
    VIDEO = "video"
    REVERSE = "reverse"
    TRANSCODE = "transcode"
    RESIZE = "resize"
    SIZES = "sizes"
    CANVAS = "canvas"
    PURGE = "purge"
    NOOP = "noop"


class StepStatus(StrEnum):
    """`blocked → ready → running → (publishing →) succeeded`, or `failed`, or `skipped`.

    `waiting` is a running step whose work goes on at somebody else's machine. `publishing` has
    committed its result; its files are being copied to their public names.
    """

    BLOCKED = "blocked"
    READY = "ready"
    RUNNING = "running"
    WAITING = "waiting"
    PUBLISHING = "publishing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"


FINISHED = frozenset({StepStatus.SUCCEEDED, StepStatus.FAILED, StepStatus.SKIPPED})


class PlannedAsset(Value):
    """An asset that the job will make, with the place that its file will have, and which siblings
    will lie beside it."""

    id: str
    type: AssetType
    size: int | None
    purpose: Purpose | None = None
    take: Take = Take()
    path: str
    siblings: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """The public names of all its files, its own first."""
        return beside(self.path, self.siblings)

    @property
    def keys(self) -> tuple[str, ...]:
        """What clients know these files by."""
        return file_keys(self.type, self.size, self.purpose, self.siblings)


def files(assets: Mapping[str, PlannedAsset]) -> dict[str, tuple[str, str]]:
    """Of each file the asset's id and the path, by the key that clients know it by: an asset's own,
    and `transparent_image_webp_256` for a sibling."""
    return {
        key: (asset.id, path)
        for asset in assets.values()
        for key, path in zip(asset.keys, asset.paths, strict=True)
    }


class Output(Value):
    """A file that a step made, still in the work area, and what its asset should say."""

    work_path: str
    content: Content
    provenance: Provenance
    metadata: dict[str, Any] = Field(default_factory=dict)


class Retake(Value):
    """A take that was sent back: why, how good it was (0 to 1) and which file it was."""

    reasons: tuple[str, ...]
    score: float
    sha256: str


class Step(Value):
    """One node of the graph.

    `inputs` are asset ids by role. `drafts` are keys of the job's `assets` that the step makes for
    a later one to judge; `makes` are those that become public when it succeeds: what it made itself
    or what it accepted. A step with `fired_by` starts when the object of that asset is finalized in
    the public bucket; the others start as soon as all of `needs` succeeded. `attempt` counts tries,
    of which `first_attempt` began the present take; `delivery` counts the tasks sent for this try.
    """

    kind: StepKind
    needs: tuple[str, ...] = ()
    fired_by: str | None = None
    inputs: dict[str, str] = Field(default_factory=dict)
    makes: tuple[str, ...] = ()
    drafts: tuple[str, ...] = ()
    params: dict[str, Any] = Field(default_factory=dict)
    status: StepStatus = StepStatus.BLOCKED
    attempt: int = 1
    first_attempt: int = 1
    delivery: int = 0
    missed: int = 0
    """How many deliveries in a row were taken for lost."""
    not_before: Instant | None = None
    lease_until: Instant | None = None
    operation: str | None = None
    """What a waiting provider knows our work by."""
    intent: bool = False
    """A paid submit was about to be made in this attempt."""
    outputs: dict[str, Output] = Field(default_factory=dict)
    retakes: tuple[Retake, ...] = ()
    """What this step has sent back."""
    cost_usd: float = 0.0
    """What providers were paid for this step, all takes together."""
    started_at: Instant | None = None
    finished_at: Instant | None = None
    error: Fault | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """The keys of everything that the step has to deliver, for now or for good."""
        return (*self.makes, *self.drafts)


class Promise(Value):
    """A job that another one will begin, if it can: what it costs is held already."""

    cost: int
    item_id: str
    item_name: str


class Job(Entity):
    """`settled` turns True when everything that a job's end asks for has been done.
    `needs_review` says that what it makes comes from a picture that nobody but people can accept.
    """

    workspace_id: str
    type: JobType
    status: JobStatus = JobStatus.PENDING
    project_id: str | None = None
    collection_id: str | None = None
    item_id: str | None = None
    item_name: str | None = None
    batch_id: str | None = None
    """The job that has begun this one, together with others."""
    retry_of: str | None = None
    """The failed job that this one takes up."""
    retry_id: str | None = None
    """The job that has taken this failed one up; it is never taken up twice."""
    cost_credits: int = 0
    charges: dict[Part, int] = Field(default_factory=dict)
    """What `cost_credits` is for, by the prices of the day."""
    promises: dict[str, Promise] = Field(default_factory=dict)
    """The jobs that this one has yet to begin, by their ids."""
    reserved: tuple[Link, ...] | None = None
    """The links of a job that is only reserved: what it costs is held, but nothing of what it will
    make is stored. They are stored together with its assets when it begins; then this is None."""
    cache_control: str = "public, max-age=31536000, immutable"
    request: dict[str, Any] = Field(default_factory=dict)
    assets: dict[str, PlannedAsset] = Field(default_factory=dict)
    steps: dict[str, Step]
    warnings: tuple[str, ...] = ()
    needs_review: bool = False
    deadline: Instant | None = None
    """When a job that is not finished is given up; None: never."""
    error: Fault | None = None
    completed_at: Instant | None = None
    settled: bool = False
    look_at: Instant | None = None
    """When the sweeper looks at the job: at the latest when something is overdue."""
    trace: str | None = None
    """The trace of the request that began it, as a W3C `traceparent`."""

    @property
    def finished(self) -> bool:
        return self.status in (JobStatus.COMPLETED, JobStatus.FAILED)

    def metadata_of(self, asset_id: str) -> dict[str, str]:
        """What the metadata of a public file names, so that an event about it finds the job."""
        return {"workspace": self.workspace_id, "job": self.id, "asset": asset_id}

    def with_step(self, step_id: str, **changes: Any) -> "Job":
        """A copy in which one step has some fields changed."""
        return self.with_(steps={**self.steps, step_id: self.steps[step_id].with_(**changes)})
