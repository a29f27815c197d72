"""How large a body each request may have, by its head alone: nobody without a key, a signed URL or
a task's token makes this machine keep more than a few kilobytes."""

from wsgiref.types import WSGIApplication, WSGIEnvironment

from flask import Request

from functions import composition, trust
from functions.api import edge
from functions.api.routes import API, INGEST
from infra.bodies import UNASKED, error_response
from infra.gateway import DECODER, UPLOADS, address
from shared.adapters.embedded.cdn import Uploads
from shared.config import settings
from shared.errors import MascotryError


def body_limit(environ: WSGIEnvironment) -> int | WSGIApplication:
    """How many bytes the body may have, or the answer to a request that is refused."""
    path: str = environ["PATH_INFO"]
    if path.startswith("/v1/"):
        return edge.body_limit(Request(environ), INGEST, API)
    if path.startswith(f"{UPLOADS}/") and settings().backend == "embedded":
        below = Request({**environ, "PATH_INFO": path.removeprefix(UPLOADS)})
        return Uploads(composition.embedded().blobs).body_limit(below)
    if path.startswith(address(DECODER)):
        return _decoder(Request(environ))
    return UNASKED  # tasks and events are small; all else has no body


def _decoder(request: Request) -> int | WSGIApplication:
    chosen = settings()
    try:
        trust.admit_call(request, DECODER, chosen)
    except MascotryError as error:
        return error_response(error.status, error.code, error.message)
    return chosen.max_upload_bytes
