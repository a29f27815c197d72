"""The embedded CDN: WSGI apps to mount at `/cdn` and `/uploads`."""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from shared.adapters.embedded.blobs import EmbeddedBlobs


class Cdn:
    """Serves ASSETS; mount it at `/cdn`."""

    def __init__(self, blobs: EmbeddedBlobs) -> None:
        raise NotImplementedError

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        raise NotImplementedError


class Uploads:
    """Accepts signed PUTs into UPLOADS; mount it at `/uploads`."""

    def __init__(self, blobs: EmbeddedBlobs, *, max_bytes: int = 10_000_000) -> None:
        raise NotImplementedError

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        raise NotImplementedError
