"""What a step's code sees of the world, and what it gives back."""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.config import Settings
from shared.errors import MascotryError, PermanentError
from shared.graph.events import Intended
from shared.model import paths
from shared.model.asset import CONTENT_TYPES, EXTENSIONS, Asset, AssetType, Content, Provenance
from shared.model.collection import Collection
from shared.model.job import Job, Output, Step, StepStatus
from shared.ports import Bucket, Delete, Json, Ports, Put
from shared.providers.base import Later, Refused, Waiting
from shared.services import jobstore

PROGRESS_INTERVAL = 0.25
"""Seconds between two writes of progress; a film of 96 frames needs no 96 writes."""


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
    """A finished file in the step's folder, and what its asset should say of it."""

    path: Path
    width: int
    height: int
    provenance: Provenance
    duration: float | None = None
    frames: int | None = None
    fps: float | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Made:
    """All files of a step, by asset key."""

    files: Mapping[str, MadeFile] = field(default_factory=dict)


StepResult = Made | Refused | Waiting | Later
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


class StepContext:
    """One attempt at one step. `folder` is private to it and goes away with it."""

    def __init__(
        self,
        ports: Ports,
        settings: Settings,
        job: Job,
        delivery: Delivery,
        folder: Path,
    ) -> None:
        self.ports = ports
        self.settings = settings
        self.job = job
        self.folder = folder
        self.intended = False
        """Whether a submit that costs money may have been made."""
        self._delivery = delivery
        self._last_progress = time.monotonic()

    @property
    def step(self) -> Step:
        return self.job.steps[self._delivery.step]

    def collection(self) -> Collection:
        """The character, as it is now; a collection deleted meanwhile ends the step for good."""
        path = paths.collection(self.job.workspace_id, self.job.collection_id or "-")
        document = self.ports.documents.get(path)
        if document is None:
            raise PermanentError("collection_deleted", "The collection was deleted.")
        return Collection.load(document.data)

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
        for step in self.job.steps.values():
            for key, output in step.outputs.items():
                planned = self.job.assets[key]
                if planned.id == asset_id:
                    path = self._download(planned.path)
                    return Source(asset_id, planned.type, path, output.metadata, output.provenance)
        document = self.ports.documents.get(paths.asset(self.job.workspace_id, asset_id))
        if document is None:
            return None
        asset = Asset.load(document.data)
        path = self._download(asset.path)
        return Source(asset_id, asset.type, path, asset.metadata, asset.provenance)

    def target(self, key: str) -> Path:
        """Where the file of one of the step's assets should be written."""
        return self.folder / f"{key}.{EXTENSIONS[self.job.assets[key].type]}"

    def progress(self, share: float) -> None:
        """Tell how much is done, 0 to 1; SupersededError when the work is no longer wanted."""
        now = time.monotonic()
        if now - self._last_progress < PROGRESS_INTERVAL:
            return
        self._last_progress = now
        workspace_id, job_id = self.job.workspace_id, self.job.id
        path = paths.progress(workspace_id, job_id, self._delivery.step)
        data = {"share": round(min(max(share, 0.0), 1.0), 4)}
        self.ports.documents.commit([Put(path, data)])
        loaded = jobstore.load(self.ports.documents, workspace_id, job_id)
        if loaded is None or not self._is_ours(loaded[0]):
            self.ports.documents.commit([Delete(path)])  # nobody else would
            raise SupersededError("The step is no longer this worker's.")

    def intend(self) -> None:
        """Commit the intent of a submit that costs money, before it is made."""
        event = Intended(self._delivery.step, self._delivery.attempt)
        applied = jobstore.apply(self.ports, self.job.workspace_id, self.job.id, event)
        if applied is None or not self._is_ours(applied.job):
            raise SupersededError("The step is no longer this worker's.")
        self.intended = True

    def store(self, made: Made) -> dict[str, Output]:
        """Put the files into the work area of this attempt, where nobody else writes."""
        return {key: self._store(key, file) for key, file in made.files.items()}

    def _store(self, key: str, file: MadeFile) -> Output:
        delivery = self._delivery
        extension = EXTENSIONS[self.job.assets[key].type]
        work_path = (
            f"{delivery.workspace_id}/{delivery.job_id}/{delivery.step}/"
            f"{delivery.attempt}/{key}.{extension}"
        )
        with file.path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        self.ports.blobs.put(
            Bucket.WORK, work_path, file.path, content_type=CONTENT_TYPES[extension]
        )
        content = Content(
            sha256=sha256,
            bytes=file.path.stat().st_size,
            width=file.width,
            height=file.height,
            duration=file.duration,
            frames=file.frames,
            fps=file.fps,
        )
        return Output(
            work_path=work_path,
            content=content,
            provenance=file.provenance,
            metadata=file.metadata,
        )

    def _download(self, name: str) -> Path:
        target = self.folder / f"in-{name.rsplit('/', 1)[1]}"
        self.ports.blobs.download(Bucket.ASSETS, name, target)
        return target

    def _is_ours(self, job: Job) -> bool:
        step = job.steps[self._delivery.step]
        return step.status is StepStatus.RUNNING and step.attempt == self._delivery.attempt
