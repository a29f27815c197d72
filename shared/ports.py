"""The ports: what Mascotry asks of the world outside, and nothing of how it is done.

Each port has an embedded and a cloud implementation; one contract suite (`tests/contract`) runs on
every implementation. Faults are raised as `shared.errors`; a precondition that does not hold is
`Conflict`, and then nothing was written.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Generic, Protocol, TypeVar

T = TypeVar("T", covariant=True)

Json = dict[str, Any]


# --- time and identity ---------------------------------------------------------------------------


class Clock(Protocol):
    def now(self) -> datetime:
        """The current time, aware, in UTC."""
        ...


Pause = Callable[[float], None]
"""Waits for a random part of so many seconds."""


class Ids(Protocol):
    def uuid(self) -> str:
        """A new random UUID, as 36 lower-case characters."""
        ...

    def token(self, length: int) -> str:
        """`length` random characters of lower-case base32 (a–z, 2–7), fit for URLs and secrets."""
        ...


# --- documents -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Document:
    """One stored document. `path` is `collection/id`, where the collection may itself be nested
    (`workspaces/w/items/i`); `version` is opaque and changes with every write."""

    path: str
    version: str
    data: Json

    @property
    def id(self) -> str:
        return self.path.rsplit("/", 1)[1]


@dataclass(frozen=True, slots=True)
class Create:
    """Write a document that must not exist yet."""

    path: str
    data: Json


@dataclass(frozen=True, slots=True)
class Replace:
    """Write a document that must still be at `version`."""

    path: str
    data: Json
    version: str


@dataclass(frozen=True, slots=True)
class Put:
    """Write a document whether it exists or not."""

    path: str
    data: Json


@dataclass(frozen=True, slots=True)
class Update:
    """Set some top-level fields of a document that must exist; the others stay as they are."""

    path: str
    data: Json


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove a document. With a version it must be at it; without one it may be absent."""

    path: str
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Increment:
    """Add `by` to a top-level number of a document (absent document or field: from 0)."""

    path: str
    field: str
    by: int = 1


Write = Create | Replace | Put | Update | Delete | Increment


@dataclass(frozen=True, slots=True)
class Query:
    """Documents of one collection whose fields equal the given values, in the order of one field
    (ties by id, in the same direction). `at_most` keeps those whose order field is ≤ it.

    Only top-level fields. Every combination of collection name, equality fields and order field
    must be declared in `shared.model.indexes`; an undeclared one is an error, as on Firestore.
    Documents that lack the order field are not found.
    """

    collection: str
    equals: Mapping[str, str | int | bool] = field(default_factory=dict)
    order: str = "created_at"
    descending: bool = False
    at_most: str | int | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some results, and the opaque cursor that continues after them (None at the end)."""

    results: Sequence[T]
    next_cursor: str | None


class Documents(Protocol):
    def get(self, path: str) -> Document | None: ...

    def get_many(self, paths: Sequence[str]) -> list[Document | None]:
        """The documents in the order of `paths`, read at one instant."""
        ...

    def commit(self, writes: Sequence[Write]) -> str:
        """Perform all writes or none; at most 500, each path at most once. Gives the version that
        every document written has now.

        Raises Conflict when a precondition does not hold.
        """
        ...

    def query(
        self, query: Query, *, limit: int, offset: int = 0, cursor: str | None = None
    ) -> Page[Document]:
        """One page of a query. A cursor that this query did not give is a BadRequest."""
        ...

    def count(self, query: Query, *, up_to: int) -> int:
        """How many documents match, counting no further than `up_to`."""
        ...


# --- blobs ---------------------------------------------------------------------------------------


class Bucket(StrEnum):
    """`ASSETS` is public, behind the CDN; `WORK` is private and expires; `UPLOADS` is private."""

    ASSETS = "assets"
    WORK = "work"
    UPLOADS = "uploads"


@dataclass(frozen=True, slots=True)
class Blob:
    """What is known of a stored object. `etag` is strong: it changes with the content."""

    bucket: Bucket
    name: str
    generation: int
    size: int
    etag: str
    content_type: str
    cache_control: str
    metadata: Mapping[str, str]
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class SignedUpload:
    """Where somebody may put an object, and the headers that have to go with it, exactly."""

    url: str
    headers: Mapping[str, str]


MAX_UPLOAD: Final = 10_000_000
"""Bytes that an upload URL takes, if nothing else is said."""
MAX_MASTER: Final = 400_000_000
"""Bytes of the largest master that a decoder writes of a film."""


class Blobs(Protocol):
    """Objects are replaced whole, never changed. `if_generation=0` means that it must not exist.

    A finalized object in `ASSETS` or `UPLOADS` is announced to the storage trigger, at least once.
    """

    def put(
        self,
        bucket: Bucket,
        name: str,
        source: bytes | Path,
        *,
        content_type: str,
        cache_control: str = "private, no-store",
        metadata: Mapping[str, str] | None = None,
        if_generation: int | None = None,
    ) -> Blob: ...

    def stat(self, bucket: Bucket, name: str) -> Blob | None: ...

    def read(self, bucket: Bucket, name: str, *, start: int = 0, end: int | None = None) -> bytes:
        """Bytes `start` to `end` (exclusive); NotFound when the object is absent."""
        ...

    def download(self, bucket: Bucket, name: str, destination: Path) -> Blob:
        """Stream an object into a file; NotFound when it is absent."""
        ...

    def copy(
        self,
        source: tuple[Bucket, str],
        target: tuple[Bucket, str],
        *,
        content_type: str,
        cache_control: str,
        metadata: Mapping[str, str] | None = None,
        if_generation: int | None = None,
    ) -> Blob:
        """Copy inside the store, with new metadata; the precondition is on the target."""
        ...

    def delete(self, bucket: Bucket, name: str, *, if_generation: int | None = None) -> bool:
        """Remove an object; False when there was none."""
        ...

    def forget(self, names: Sequence[str]) -> None:
        """Have the CDN serve no more what it keeps of objects that were deleted from ASSETS, soon.
        Can be repeated; Busy when it can't be asked now."""
        ...

    def list(
        self, bucket: Bucket, prefix: str, *, limit: int, cursor: str | None = None
    ) -> Page[Blob]:
        """Objects by name."""
        ...

    def public_url(self, name: str) -> str:
        """The absolute CDN URL of an object in ASSETS, whether or not it exists yet."""
        ...

    def upload_url(
        self, name: str, *, content_type: str, expires_at: datetime, max_bytes: int = MAX_UPLOAD
    ) -> SignedUpload:
        """A signed URL that accepts one PUT of that content type, of at most so many bytes, into
        UPLOADS until it expires."""
        ...


# --- tasks ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Task:
    """One delivery of work: `payload` is posted as JSON to the function that `queue` feeds.

    `name` deduplicates: a queue remembers the names it has seen, used ones too.
    """

    queue: str
    name: str
    payload: Json
    not_before: datetime | None = None


class Tasks(Protocol):
    def enqueue(self, task: Task) -> bool:
        """Accept a task durably; False when its name was used before (which is not an error).

        It is delivered at least once, and again with backoff until the function answers 2xx.
        """
        ...


# --- decoding ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ImportedFilm:
    """The master that was written of an untrusted film, and what is known of both."""

    sha256: str
    bytes: int
    width: int
    height: int
    frames: int
    fps: float
    duration: float
    """In seconds."""
    source: Json
    """What the film was: container, codec, size, frames, duration, and whether it had alpha."""
    background: tuple[int, int, int] | None
    """The colour (RGB) that a film with alpha was set on; None for one without."""
    palette: tuple[tuple[int, int, int], ...]
    """The main colours of the figure, as far as they are known."""
    verification: Json
    """What decoding the whole master measured."""


class Decoder(Protocol):
    """Decodes untrusted pictures and films, and writes them anew in our own formats. Nothing else
    opens what a client has sent.

    Busy when it cannot be reached.
    """

    def moves(self, content: bytes) -> bool:
        """Whether a picture has more than one frame; False for what cannot be read."""
        ...

    def picture(
        self, source: bytes | Path, target: Path, *, side: int | None = None
    ) -> tuple[int, int]:
        """Write a PNG, JPEG, WebP or GIF to `target` as a PNG without metadata, made smaller where
        a side has more than `side` pixels; gives (width, height).

        BadRequest(field="file") says what is wrong with the picture. DecoderLost says that its
        decoder did not come back, which may be the picture's doing.
        """
        ...

    def film(self, upload: str, master: str) -> ImportedFilm:
        """Write the film `upload` of UPLOADS as the object `master` of WORK, in H.264.

        NotFound without the upload; PermanentError ("film_unsupported", "film_too_large") says
        what would be right, and TransientError that trying again may help.
        """
        ...


# --- all of them ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ports:
    """The world outside, as one value that services take."""

    documents: Documents
    blobs: Blobs
    tasks: Tasks
    clock: Clock
    ids: Ids
    decoder: Decoder
    pause: Pause
