"""An asset: one file, what is known of it and how it came to be."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal, get_args

from pydantic import Field

from shared.model.base import Entity, Instant, Value
from shared.model.fault import Fault
from shared.model.stance import Stance


class AssetType(StrEnum):
    IMAGE = "image"
    TRANSPARENT_IMAGE = "transparent_image"
    VIDEO = "video"
    WEBM = "webm"
    HEVC = "hevc"
    STACKED_VIDEO = "stacked_video"
    AVIF = "avif"
    ANIMATED_WEBP = "animated_webp"
    APNG = "apng"
    GIF = "gif"
    SPRITE_SHEET = "sprite_sheet"


EXTENSIONS: Mapping[AssetType, str] = MappingProxyType(
    {
        AssetType.IMAGE: "png",
        AssetType.TRANSPARENT_IMAGE: "png",
        AssetType.VIDEO: "mp4",
        AssetType.WEBM: "webm",
        AssetType.HEVC: "mov",
        AssetType.STACKED_VIDEO: "mp4",
        AssetType.AVIF: "avif",
        AssetType.ANIMATED_WEBP: "webp",
        AssetType.APNG: "png",
        AssetType.GIF: "gif",
        AssetType.SPRITE_SHEET: "webp",
    }
)

SIBLINGS: Mapping[AssetType, tuple[str, ...]] = MappingProxyType(
    {AssetType.TRANSPARENT_IMAGE: ("webp",)}
)
"""Which other files show the same picture, beside an asset's own, by extension."""

CONTENT_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "png": "image/png",
        "webp": "image/webp",
        "mp4": "video/mp4",
        "webm": "video/webm",
        "mov": "video/quicktime",
        "avif": "image/avif",
        "gif": "image/gif",
    }
)

USUAL_FORMATS = (AssetType.WEBM, AssetType.HEVC, AssetType.STACKED_VIDEO)
"""The formats that a video is transcoded to if nobody asks for others: what players need."""

ExtraFormat = Literal[
    AssetType.AVIF,
    AssetType.ANIMATED_WEBP,
    AssetType.APNG,
    AssetType.GIF,
    AssetType.SPRITE_SHEET,
]
"""What it is transcoded to beside them if a collection says so."""

WEB_FORMATS: tuple[AssetType, ...] = (*USUAL_FORMATS, *get_args(ExtraFormat))
"""All that it can be transcoded to: each of them carries alpha."""


class Purpose(StrEnum):
    """What an asset is for where a job makes two of its type."""

    END = "end"
    """It is of the still that a transition ends in."""
    REVERSE = "reverse"
    """It is of the way back."""


class AssetStatus(StrEnum):
    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"


class Review(StrEnum):
    """What people say of a version."""

    APPROVED = "approved"
    REJECTED = "rejected"


class Provenance(Value):
    """Who made a file, from what: enough to make it again."""

    provider: str
    model: str
    seed: int | None = None
    prompt: str | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    style_card_version: int | None = None
    reference_asset_ids: tuple[str, ...] = ()


class File(Value):
    """The bytes of a file."""

    sha256: str
    bytes: int


class Content(File):
    """What a finished file is: filled in when the asset is published. `stance` is a cut-out's."""

    width: int
    height: int
    duration: float | None = None
    frames: int | None = None
    fps: float | None = None
    siblings: dict[str, File] = Field(default_factory=dict)
    stance: Stance | None = None


class Take(Value):
    """What a file shows: it belongs together with all that shows the same.

    The stills are the pictures at its root, of which a transition has two; a picture that was
    edited is a root of its own. The film is the video that it shows, also backwards, and None for
    a still. None of these has to be there any more.
    """

    still_ids: tuple[str, ...] = ()
    film_id: str | None = None


class Asset(Entity):
    """One picture or film. `size` is the width of a size variant, None for the full size.

    `path` is the file's public name, allocated before the file exists; `siblings` are extensions
    under which the same picture lies beside it. Uploads belong to no collection, item or job;
    `error` says why one failed (what a job makes has the job's error).
    `needs_review` marks a file that was kept though it, or what it was made from, left the style
    card: people decide whether it is good enough, with `review`, or by pinning it.
    """

    project_id: str | None
    collection_id: str | None
    item_id: str | None
    job_id: str | None
    type: AssetType
    size: int | None = None
    purpose: Purpose | None = None
    take: Take = Take()
    path: str
    siblings: tuple[str, ...] = ()
    status: AssetStatus = AssetStatus.PENDING
    error: Fault | None = None
    content: Content | None = None
    provenance: Provenance | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)
    needs_review: bool = False
    review: Review | None = None
    pinned_at: Instant | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        """The public names of all its files, its own first."""
        return beside(self.path, self.siblings)

    @property
    def keys(self) -> tuple[str, ...]:
        """What clients know these files by."""
        return file_keys(self.type, self.size, self.purpose, self.siblings)


def beside(path: str, siblings: Iterable[str]) -> tuple[str, ...]:
    """A file's path and those of its siblings."""
    return path, *(f"{path.rpartition('.')[0]}.{extension}" for extension in siblings)


def content_type(path: str) -> str:
    """The media type of a file of ours, by its extension."""
    return CONTENT_TYPES[path.rpartition(".")[2]]


def asset_key(
    type_: AssetType,
    size: int | None,
    purpose: Purpose | None = None,
    sibling: str | None = None,
) -> str:
    """An asset's key in a job's `asset_ids` and `urls`: `webm`, `webm_256` for a variant,
    `reverse_webm` for the way back, and `transparent_image_webp` for a sibling."""
    parts = (purpose, type_, sibling, size)
    return "_".join(str(part) for part in parts if part)


def file_keys(
    type_: AssetType, size: int | None, purpose: Purpose | None, siblings: Iterable[str]
) -> tuple[str, ...]:
    """The keys of an asset's files, its own first."""
    return tuple(asset_key(type_, size, purpose, sibling) for sibling in (None, *siblings))
