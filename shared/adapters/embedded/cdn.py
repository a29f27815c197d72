"""The embedded CDN: WSGI apps that serve public objects and accept signed uploads."""

import json
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.http import parse_range_header
from werkzeug.wrappers import Request, Response
from werkzeug.wsgi import wrap_file

from shared.adapters.embedded.blobs import EmbeddedBlobs
from shared.errors import BadRequest, MascotryError
from shared.model import number
from shared.ports import Bucket

_CHUNK = 64 * 1024


class Cdn:
    """Serves ASSETS at `/{name}`, with ranges and conditional requests; mount it at `/cdn`."""

    def __init__(self, blobs: EmbeddedBlobs) -> None:
        self._blobs = blobs

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        response = _answer(Request(environ), {"GET": self._get, "HEAD": self._get})
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response(environ, start_response)

    def _get(self, request: Request) -> Response:
        blob, stream = self._blobs.open(Bucket.ASSETS, request.path.removeprefix("/"))
        try:
            response = Response(
                wrap_file(request.environ, stream, _CHUNK),
                content_type=blob.content_type,
                direct_passthrough=True,
            )
            response.headers["Cache-Control"] = blob.cache_control
            response.content_length = blob.size
            response.last_modified = blob.updated_at
            response.set_etag(blob.etag)
            response.accept_ranges = "bytes"
            response.make_conditional(request, _wants_part(request), blob.size)
        except BaseException:
            stream.close()
            raise
        if response.status_code not in (200, 206):
            stream.close()
            response.set_data(b"")
        return response


class Uploads:
    """Accepts one PUT at each URL that `upload_url` signed; mount it at `/uploads`."""

    def __init__(self, blobs: EmbeddedBlobs) -> None:
        self._blobs = blobs

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return _answer(Request(environ), {"PUT": self._put})(environ, start_response)

    def body_limit(self, request: Request) -> int | Response:
        """How many bytes a request may bring, or the answer to one that is refused for its head
        alone."""
        response = _answer(request, {"PUT": self._look})
        return response if response.status_code != 200 else request.max_content_length or 0

    def _look(self, request: Request) -> Response:
        self._check_head(request)
        self._blobs.check_unused(request.path.removeprefix("/"))
        return Response()

    def _put(self, request: Request) -> Response:
        content_type = self._check_head(request)
        name = request.path.removeprefix("/")
        blob = self._blobs.receive(name, request.stream, content_type=content_type)
        response = Response()
        response.set_etag(blob.etag)
        return response

    def _check_head(self, request: Request) -> str:
        """The content type that was signed, and allow as many bytes as were signed."""
        max_bytes = request.args.get("max_bytes", 0, type=number.whole)
        name, content_type = request.path.removeprefix("/"), request.args.get("content_type", "")
        self._blobs.signer.verify(
            name,
            content_type=content_type,
            expires=request.args.get("expires", 0, type=number.whole),
            max_bytes=max_bytes,
            signature=request.args.get("signature", ""),
        )
        if request.headers.get("Content-Type") != content_type:
            raise BadRequest(f"this URL accepts {content_type} only", field="Content-Type")
        request.max_content_length = max_bytes
        if (request.content_length or 0) > max_bytes:
            raise RequestEntityTooLarge
        return content_type


def _answer(request: Request, methods: dict[str, Callable[[Request], Response]]) -> Response:
    """Call the method's handler; errors become the API's envelope, and any origin may read."""
    allowed = ", ".join([*methods, "OPTIONS"])
    if request.method == "OPTIONS":
        response = Response(status=204)
        response.headers["Access-Control-Allow-Methods"] = allowed
        response.headers["Access-Control-Allow-Headers"] = (
            "Content-Type, If-Modified-Since, If-None-Match, If-Range, Range"
        )
        response.headers["Access-Control-Max-Age"] = "86400"
    elif request.method in methods:
        try:
            response = methods[request.method](request)
        except MascotryError as error:
            response = _error(error.status, error.code, error.message, error.details)
        except HTTPException as error:  # 413 and 416, from werkzeug's helpers
            response = _error(
                error.code or 500, error.name.lower().replace(" ", "_"), error.description or ""
            )
            for name, value in error.get_headers():
                response.headers.setdefault(name, value)
    else:
        response = _error(405, "method_not_allowed", f"use one of {allowed}")
        response.headers["Allow"] = allowed
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = (
        "Accept-Ranges, Content-Length, Content-Range, ETag"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _wants_part(request: Request) -> bool:
    """Whether the Range header is one to honour. RFC 9110 lets us ignore others.

    Several ranges at once are a feature that no player uses.
    """
    asked = parse_range_header(request.headers.get("Range"))
    return asked is not None and asked.units == "bytes" and len(asked.ranges) == 1


def _error(
    status: int, code: str, message: str, details: Mapping[str, object] = MappingProxyType({})
) -> Response:
    body = json.dumps({"error": {"code": code, "message": message, **details}})
    response = Response(body, status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
