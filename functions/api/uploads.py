"""POST /v1/upload: a picture of the client's own, as an asset."""

from functions.api import assets as assets_api
from functions.api.call import Call, Reply, Route
from shared.errors import BadRequest
from shared.model.workspace import Scope


def upload(call: Call) -> Reply:
    from shared.services import uploads  # decodes pictures, which most calls need not know of

    given = call.request.files.get("file")
    if given is None:
        raise BadRequest("send a picture as multipart/form-data in the field 'file'", field="file")
    content = given.stream.read(call.settings.max_upload_bytes + 1)
    if len(content) > call.settings.max_upload_bytes:
        raise BadRequest(f"may have at most {call.settings.max_upload_bytes:,} bytes", field="file")
    asset = uploads.store(call.ports, call.who, content)
    return Reply(assets_api.show(call, asset), status=201)


ROUTES = (Route("POST", "/v1/upload", upload, Scope.WRITE),)
