"""One WSGI application out of all functions, routed as a load balancer routes them in the cloud."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import functions_framework
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from functions import composition
from shared.adapters.embedded.cdn import Cdn, Uploads
from shared.config import settings
from shared.model.queues import QUEUES

SOURCE = Path(__file__).resolve().parent.parent / "functions" / "main.py"
INGEST_PATHS = frozenset(
    {"/v1/upload", "/v1/generate/preview", "/v1/analyze-image", "/v1/suggest-actions"}
)
STORAGE_TRIGGER = "on_object_finalized"
TASK_TARGETS = (*(queue.function for queue in QUEUES), "sweep")


def function(target: str, signature: str = "http", source: Path = SOURCE) -> WSGIApplication:
    """One entry point, as functions-framework serves it."""
    make: Callable[..., WSGIApplication] = functions_framework.create_app
    return make(target=target, source=str(source), signature_type=signature)


def application() -> WSGIApplication:
    """The API at /v1, the files at /cdn, signed uploads at /uploads and every other function at
    /functions/<name>."""
    blobs = composition.embedded().blobs
    uploads = Uploads(blobs, max_bytes=settings().max_upload_bytes)
    mounts: dict[str, WSGIApplication] = {"/cdn": Cdn(blobs), "/uploads": uploads}
    for target in TASK_TARGETS:
        mounts[f"/functions/{target}"] = function(target)
    mounts[f"/functions/{STORAGE_TRIGGER}"] = function(STORAGE_TRIGGER, "cloudevent")
    public = {target: function(target) for target in ("api", "events", "ingest")}
    return DispatcherMiddleware(_Public(public), mounts)


class _Public:
    """Chooses among the public functions by what the request costs."""

    def __init__(self, functions: Mapping[str, WSGIApplication]) -> None:
        self._functions = functions

    def __call__(self, environ: WSGIEnvironment, respond: StartResponse) -> Iterable[bytes]:
        return self._functions[target(environ)](environ, respond)


def target(environ: Mapping[str, Any]) -> str:
    """The public function for a request, by what it costs."""
    path = environ.get("PATH_INFO", "").rstrip("/")
    if path in INGEST_PATHS or path.endswith("/references"):
        return "ingest"
    if path == "/v1/collections" and environ.get("REQUEST_METHOD") == "POST":
        return "ingest"  # with references it may have to look at them
    if path.startswith("/v1/jobs/") and (
        path.endswith("/events") or "wait" in parse_qs(environ.get("QUERY_STRING", ""))
    ):
        return "events"
    return "api"
