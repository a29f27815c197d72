"""POST /v1/upload: a picture of the client's own, as an asset."""

from functions.api import assets as assets_api
from functions.api.call import Call, Reply, Route
from shared.errors import BadRequest
from shared.model.base import Value
from shared.model.workspace import Scope
from shared.services.fetch import fetch


class UrlBody(Value):
    url: str


def upload(call: Call) -> Reply:
    from shared.services import uploads  # decodes pictures, which most calls need not know of

    asset = uploads.store(call.ports, call.who, _content(call))
    return Reply(assets_api.show(call, asset), status=201)


def _content(call: Call) -> bytes:
    """The picture's bytes, from a form's file or from a URL."""
    limit = call.settings.max_upload_bytes
    if not call.request.mimetype.startswith("multipart/"):
        return fetch(call.body(UrlBody).url, max_bytes=limit)
    given = call.request.files.get("file")
    if given is None:
        raise BadRequest("send the picture in the form's field 'file'", field="file")
    content = given.stream.read(limit + 1)
    if len(content) > limit:
        raise BadRequest(f"may have at most {limit:,} bytes", field="file")
    return content


ROUTES = (Route("POST", "/v1/upload", upload, Scope.WRITE),)
