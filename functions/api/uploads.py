"""/v1/upload and /v1/uploads: pictures and films of the client's own, as assets."""

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from functions.api import assets as assets_api
from functions.api import pictures
from functions.api.call import Call, Reply, Route
from shared.errors import BadRequest
from shared.model.base import Value, instant_text
from shared.model.workspace import Scope
from shared.services import uploads
from shared.services.fetch import fetch


class UploadType(StrEnum):
    PNG = "image/png"
    JPEG = "image/jpeg"
    WEBP = "image/webp"
    GIF = "image/gif"
    MP4 = "video/mp4"
    QUICKTIME = "video/quicktime"
    WEBM = "video/webm"


MOVING = (UploadType.PNG, UploadType.GIF, UploadType.WEBP)
"""Types of pictures that may be films."""


class UrlBody(Value):
    url: pictures.Url


class InvitationBody(Value):
    """`bytes` is how large the file will be at most: the URL takes no more. `film` says
    that a GIF, PNG or WebP is one, to be imported as it moves."""

    content_type: UploadType
    bytes: int | None = Field(default=None, ge=1)
    film: bool = False

    @model_validator(mode="after")
    def _can_move(self) -> Self:
        if self.film and not self.is_film:
            raise ValueError(f"film: {self.content_type.value} cannot be one")
        return self

    @property
    def is_film(self) -> bool:
        """Whether it is to be imported as a film."""
        is_video = self.content_type.value.startswith("video/")
        return is_video or (self.film and self.content_type in MOVING)


def invite(call: Call) -> Reply:
    """Ask for a signed URL that takes a picture or a film, past the API.

    A film stays `pending`, and private, until it is imported. It is kept for a day.
    """
    body = call.body(InvitationBody)
    chosen = call.settings
    limit = chosen.max_film_bytes if body.is_film else chosen.max_upload_bytes
    if body.bytes is not None and body.bytes > limit:
        raise BadRequest(f"may be at most {limit:,}", field="bytes")
    made = uploads.invite(
        call.ports,
        call.who,
        body.content_type.value,
        max_bytes=body.bytes or limit,
        is_film=body.is_film,
    )
    data = {
        "asset_id": made.asset_id,
        "upload_url": made.url,
        "method": "PUT",
        "headers": dict(made.headers),
        "expires_at": instant_text(made.expires_at),
    }
    return Reply(data, status=201)


def upload(call: Call) -> Reply:
    """Upload a picture, as a form's `file` or by its URL."""
    asset = uploads.store(call.ports, call.who, _content(call))
    return Reply(assets_api.show(call, asset), status=201)


def _content(call: Call) -> bytes:
    """The picture's bytes, from a form's file or from a URL."""
    limit = call.settings.max_upload_bytes
    if not call.request.mimetype.startswith("multipart/"):
        return fetch(call.body(UrlBody).url, max_bytes=limit)
    return content_of_form(call)


def content_of_form(call: Call) -> bytes:
    """The bytes of a form's file."""
    limit = call.settings.max_upload_bytes
    given = call.request.files.get("file")
    if given is None:
        raise BadRequest("send the file in the form's field 'file'", field="file")
    content = given.stream.read(limit + 1)
    if len(content) > limit:
        raise BadRequest(f"may have at most {limit:,} bytes", field="file")
    return content


ROUTES = (
    Route(
        "POST",
        "/v1/uploads",
        invite,
        Scope.WRITE,
        body=InvitationBody,
        answer="Invitation",
        status=201,
        gives={"asset_id": "/asset_id"},
        example={"content_type": "image/png"},
    ),
)

INGEST_ROUTES = (
    Route(
        "POST",
        "/v1/upload",
        upload,
        Scope.WRITE,
        body=UrlBody,
        form=True,
        answer="Asset",
        status=201,
        gives={"asset_id": "/id"},
        example={"url": "https://example.com/fox.png"},
    ),
)
