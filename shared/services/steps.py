"""What a step's code sees of the world, and what it gives back."""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from shared.config import Settings
from shared.errors import Conflict, MascotryError, PermanentError
from shared.graph.events import Intended
from shared.graph.policy import POLICIES
from shared.model import paths
from shared.model.asset import (
    EXTENSIONS,
    Asset,
    AssetType,
    Content,
    File,
    Provenance,
    beside,
    content_type,
)
from shared.model.collection import Collection
from shared.model.guide import Guide
from shared.model.job import Job, Output, Retake, Step, StepStatus
from shared.model.stance import Footing, Stance
from shared.ports import Bucket, Json, Ports, Update, Write
from shared.providers.base import Later, Refused, Waiting
from shared.services import jobstore


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a task carries: which step of which job, and the which-th time it is sent."""

    workspace_id: str
    job_id: str
    step: str
    attempt: int
    delivery: int

    @classmethod
    def parse(cls, payload: Json) -> "Delivery":
        return cls(**{name: payload[name] for name in cls.__slots__})

    def payload(self) -> Json:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A finished file in the step's folder, and what its asset should say of it. The asset's
    siblings lie beside it."""

    path: Path
    width: int
    height: int
    provenance: Provenance
    duration: float | None = None
    frames: int | None = None
    fps: float | None = None
    stance: Stance | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


Learned = Callable[[], Sequence[Write]]
"""What a step has learned, as writes that are committed together with its end: once, or not at all.
It may be called again when somebody else has written meanwhile."""


def nothing() -> Sequence[Write]:
    return ()


@dataclass(frozen=True, slots=True)
class Made:
    """All files of a step, by asset key."""

    files: Mapping[str, MadeFile] = field(default_factory=dict)
    learned: Learned = nothing
    cost_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class Accepted:
    """What lies in the work area already, by asset key, as it should be described: drafts of
    earlier steps that are to become public, or files that were put there for this one.
    `needs_review` says that they are kept though they are not good enough."""

    outputs: Mapping[str, Output]
    needs_review: bool = False
    learned: Learned = nothing
    cost_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class SentBack:
    """The drafts are not good enough and are to be made anew."""

    retake: Retake
    learned: Learned = nothing
    cost_usd: float = 0.0


StepResult = Made | Accepted | SentBack | Refused | Waiting | Later
StepCode = Callable[["StepContext"], StepResult]


class SupersededError(MascotryError):
    """The step is no longer this worker's: it was cancelled, or somebody else has taken over."""


@dataclass(frozen=True, slots=True)
class Source:
    """An input asset, as a local file, with what is known of it."""

    asset_id: str
    type: AssetType
    path: Path
    metadata: Mapping[str, Any]
    provenance: Provenance | None

    @property
    def footing(self) -> Footing | None:
        """Where the figure stands in a still, if its artist knows."""
        known = self.metadata.get("footing")
        return Footing.model_validate(known) if known else None


class StepContext:
    """One attempt at one step."""

    def __init__(
        self,
        ports: Ports,
        settings: Settings,
        job: Job,
        delivery: Delivery,
        folder: Callable[[], Path],
        version: str,
    ) -> None:
        """`version` is that of the job, which was claimed just now; `folder` makes one that is
        private to the attempt and goes away with it."""
        self.ports = ports
        self.settings = settings
        self.job = job
        self._make_folder = folder
        self.known: jobstore.Known = (job, version)
        """The job as it was last seen."""
        self.intended = False
        """Whether a submit that costs money may have been made."""
        self._delivery = delivery
        self._last_progress = time.monotonic()
        self._furthest = 0.0

    @cached_property
    def folder(self) -> Path:
        """Where the attempt keeps its files."""
        return self._make_folder()

    @property
    def step(self) -> Step:
        return self.job.steps[self._delivery.step]

    @property
    def is_last_try(self) -> bool:
        """Whether a transient failure would end the step."""
        step = self.step
        return step.attempt - step.first_attempt + 1 >= POLICIES[step.kind].attempts

    def collection(self) -> Collection:
        """The character, as it is now; a collection deleted meanwhile ends the step for good."""
        return self.character()[0]

    def character(self) -> tuple[Collection, Guide | None]:
        """The character, as it is now, and what is known of it."""
        id_ = self.job.collection_id or "-"
        document, guide = self.ports.documents.get_many(
            [paths.collection(self.job.workspace_id, id_), paths.guide(self.job.workspace_id, id_)]
        )
        if document is None:
            raise PermanentError("collection_deleted", "The collection was deleted.")
        return Collection.load(document.data), Guide.load(guide.data) if guide else None

    def has_source(self, role: str) -> bool:
        return role in self.step.inputs

    def source(self, role: str) -> Source:
        """Download an input; PermanentError when it was deleted."""
        asset_id = self.step.inputs[role]
        source = self.asset(asset_id)
        if source is None:
            raise PermanentError("source_deleted", f"The {role} asset {asset_id} was deleted.")
        return source

    def asset(self, asset_id: str) -> Source | None:
        """Download an asset; None when it was deleted. What this job itself made is described by
        the job, since its asset's document may become ready only a moment after the file."""
        for key, planned in self.job.assets.items():
            if planned.id == asset_id and (output := self.output(key)):
                is_public = any(key in step.outputs for step in self._makers(key))
                path = self._download(
                    *(
                        (Bucket.ASSETS, planned.path)
                        if is_public
                        else (Bucket.WORK, output.work_path)
                    )
                )
                return Source(asset_id, planned.type, path, output.metadata, output.provenance)
        document = self.ports.documents.get(paths.asset(self.job.workspace_id, asset_id))
        if document is None:
            return None
        asset = Asset.load(document.data)
        path = self._download(Bucket.ASSETS, asset.path)
        return Source(asset_id, asset.type, path, asset.metadata, asset.provenance)

    def output(self, key: str) -> Output | None:
        """What this job has made of one of its assets: the accepted file, or the draft of it."""
        found = None
        for step in self.job.steps.values():
            found = step.outputs.get(key, found)
        return found

    def draft(self, key: str) -> Output:
        """What an earlier step of this job has drawn, to be accepted or sent back."""
        output = self.output(key)
        if output is None:
            raise PermanentError("draft_missing", f"No step has made {key} yet.")
        return output

    def target(self, key: str) -> Path:
        """Where the file of one of the step's assets should be written."""
        return self.folder / f"{key}.{EXTENSIONS[self.job.assets[key].type]}"

    def work_path(self, key: str) -> str:
        """Where the file of one of the step's assets is put in the work area of this attempt."""
        delivery, type_ = self._delivery, self.job.assets[key].type
        return (
            f"{delivery.workspace_id}/{delivery.job_id}/{delivery.step}/"
            f"{delivery.attempt}/{key}.{EXTENSIONS[type_]}"
        )

    def progress(self, share: float) -> None:
        """Tell how much is done, 0 to 1; SupersededError when the work is no longer wanted. What
        is less than was told before, as when something is made once more, takes nothing back."""
        self._furthest = max(self._furthest, min(share, 1.0))
        now = time.monotonic()
        if now - self._last_progress < self.settings.progress_interval:
            return
        self._last_progress = now
        workspace_id, job_id = self.job.workspace_id, self.job.id
        told = {
            "attempt": self._delivery.attempt,
            "share": round(self._furthest, 4),
        }
        progress = paths.progress(workspace_id, job_id)
        with suppress(Conflict):  # it goes away with the job's end
            self.ports.documents.commit([Update(progress, {self._delivery.step: told})])
        loaded = jobstore.load(self.ports.documents, workspace_id, job_id)
        if loaded is None or not self._is_ours(loaded[0]):
            raise SupersededError("The step is no longer this worker's.")
        self.known = loaded

    def intend(self) -> None:
        """Commit the intent of a submit that costs money, before it is made."""
        event = Intended(self._delivery.step, self._delivery.attempt)
        applied = jobstore.apply(
            self.ports, self.job.workspace_id, self.job.id, event, known=self.known
        )
        if applied is None or not self._is_ours(applied.job):
            raise SupersededError("The step is no longer this worker's.")
        self.known = (applied.job, applied.version)
        self.intended = True

    def store(self, made: Made) -> dict[str, Output]:
        """Put the files into the work area of this attempt, where nobody else writes."""
        return {key: self._store(key, file) for key, file in made.files.items()}

    def _store(self, key: str, file: MadeFile) -> Output:
        planned = self.job.assets[key]
        work_path = self.work_path(key)
        own, *others = (
            self._put(name, Path(path))
            for name, path in zip(
                beside(work_path, planned.siblings),
                beside(str(file.path), planned.siblings),
                strict=True,
            )
        )
        content = Content(
            sha256=own.sha256,
            bytes=own.bytes,
            siblings=dict(zip(planned.siblings, others, strict=True)),
            width=file.width,
            height=file.height,
            duration=file.duration,
            frames=file.frames,
            fps=file.fps,
            stance=file.stance,
        )
        return Output(
            work_path=work_path,
            content=content,
            provenance=file.provenance,
            metadata=file.metadata,
        )

    def _put(self, work_path: str, path: Path) -> File:
        """Store a file, and tell what it is."""
        with path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        self.ports.blobs.put(Bucket.WORK, work_path, path, content_type=content_type(work_path))
        return File(sha256=sha256, bytes=path.stat().st_size)

    def _makers(self, key: str) -> Sequence[Step]:
        return [step for step in self.job.steps.values() if key in step.makes]

    def _download(self, bucket: Bucket, name: str) -> Path:
        target = self.folder / f"in-{name.rsplit('/', 1)[1]}"
        self.ports.blobs.download(bucket, name, target)
        return target

    def _is_ours(self, job: Job) -> bool:
        step = job.steps[self._delivery.step]
        return step.status is StepStatus.RUNNING and step.attempt == self._delivery.attempt
