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
from shared.model.job import StepKind

SOURCE = Path(__file__).resolve().parent.parent / "functions" / "main.py"
STORAGE_TRIGGER = "on_object_finalized"
TASK_TARGETS = (*(kind.value for kind in StepKind), "sweep")


def function(target: str, signature: str = "http", source: Path = SOURCE) -> WSGIApplication:
    """One entry point, as functions-framework serves it."""
    make: Callable[..., WSGIApplication] = functions_framework.create_app
    return make(target=target, source=str(source), signature_type=signature)


def application() -> WSGIApplication:
    """The API at /v1, the files at /cdn, signed uploads at /uploads and every other function at
    /functions/<name>."""
    blobs = composition.embedded().blobs
    mounts: dict[str, WSGIApplication] = {"/cdn": Cdn(blobs), "/uploads": Uploads(blobs)}
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
        return self._functions[_target(environ)](environ, respond)


def _target(environ: dict[str, Any]) -> str:
    path = environ.get("PATH_INFO", "")
    if path in ("/v1/upload", "/v1/generate/preview") or path.endswith("/references"):
        return "ingest"
    if path.startswith("/v1/jobs/") and "wait" in parse_qs(environ.get("QUERY_STRING", "")):
        return "events"
    return "api"
