"""/v1/upload and /v1/uploads: pictures of the client's own, as assets."""

from enum import StrEnum

from pydantic import Field

from functions.api import assets as assets_api
from functions.api import pictures
from functions.api.call import Call, Reply, Route
from shared.errors import BadRequest
from shared.model.base import Value, instant_text
from shared.model.workspace import Scope
from shared.services import uploads
from shared.services.fetch import fetch


class PictureType(StrEnum):
    PNG = "image/png"
    JPEG = "image/jpeg"
    WEBP = "image/webp"
    GIF = "image/gif"


class UrlBody(Value):
    url: pictures.Url


class InvitationBody(Value):
    """`bytes` is how large the picture will be, for those who would rather know at once."""

    content_type: PictureType
    bytes: int | None = Field(default=None, ge=1)


def invite(call: Call) -> Reply:
    """Ask for a signed URL that takes a picture, past the API."""
    body = call.body(InvitationBody)
    limit = call.settings.max_upload_bytes
    if body.bytes is not None and body.bytes > limit:
        raise BadRequest(f"may be at most {limit:,}", field="bytes")
    made = uploads.invite(call.ports, call.who, body.content_type.value)
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
