"""One WSGI application out of all functions, routed as a load balancer routes them in the cloud."""

import signal
import socket
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import parse_qs, urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import functions_framework
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from functions import composition, draining
from infra.site import Site
from shared.adapters.embedded.cdn import Cdn, Uploads
from shared.config import Settings, settings
from shared.model.queues import QUEUES, function_address

SOURCE = Path(__file__).resolve().parent.parent / "functions" / "main.py"
INGEST_PATHS = frozenset(
    {
        *("/v1/upload", "/v1/generate/preview", "/v1/analyze-image", "/v1/suggest-actions"),
        "/v1/workspace",  # whose providers are tried before they are chosen
    }
)
SERVER_THREADS = 48
GRACE_SECONDS = 1.0
"""How long the last words to those who wait may take."""
STORAGE_TRIGGER = "on_object_finalized"
DECODER = "decode"
FUNCTIONS = "/functions/{function}"
Guard = Callable[[str, WSGIApplication], WSGIApplication]
TASK_TARGETS = (*(queue.function for queue in QUEUES), "sweep")


def function(target: str, signature: str = "http", source: Path = SOURCE) -> WSGIApplication:
    """One entry point, as functions-framework serves it."""
    make: Callable[..., WSGIApplication] = functions_framework.create_app
    return make(target=target, source=str(source), signature_type=signature)


def application() -> WSGIApplication:
    """The API at /v1, the files at /cdn, signed uploads at /uploads, every other function at
    `address` of its name, and the studio at all other paths."""
    blobs = composition.embedded().blobs
    uploads = Uploads(blobs)
    return functions({"/cdn": Cdn(blobs), "/uploads": uploads})


def address(target: str) -> str:
    """The path of a function that is not public."""
    return function_address(FUNCTIONS, target)


def functions(
    others: Mapping[str, WSGIApplication], guard: Guard = lambda target, function: function
) -> WSGIApplication:
    """All functions, and what else is to be served, by path. `guard` is what a platform puts in
    front of one that is not public."""
    mounts = dict(others)
    for target in TASK_TARGETS:
        mounts[address(target)] = _at_its_root(guard(target, function(target)))
    mounts[address(DECODER)] = _at_its_root(guard(DECODER, function(DECODER)))
    trigger = guard(STORAGE_TRIGGER, function(STORAGE_TRIGGER, "cloudevent"))
    mounts[address(STORAGE_TRIGGER)] = _at_its_root(trigger)
    public = {target: function(target) for target in ("api", "events", "ingest")}
    return DispatcherMiddleware(_Public(public, Site(_origin(settings()))), mounts)


def _origin(chosen: Settings) -> str:
    """Where pictures and films come from."""
    address = urlsplit(chosen.cdn_url or chosen.base_url)
    return f"{address.scheme}://{address.netloc}"


def _at_its_root(function: WSGIApplication) -> WSGIApplication:
    """A function at a path, as it is at a host of its own, whose address needs no slash."""

    def rooted(environ: WSGIEnvironment, respond: StartResponse) -> Iterable[bytes]:
        return function({**environ, "PATH_INFO": environ["PATH_INFO"] or "/"}, respond)

    return rooted


def end(number: int, frame: FrameType | None) -> None:
    """End what `serve` does, as a handler of signals. If somebody waits, as those do who follow a
    job, the server goes on for a moment to send what they are told last."""
    if not draining.begun() and draining.begin():
        signal.signal(signal.SIGALRM, end)
        signal.setitimer(signal.ITIMER_REAL, GRACE_SECONDS)
    else:
        raise SystemExit(0)


def serve(application: WSGIApplication, listener: socket.socket) -> None:
    """Serve until `end` or an interrupt."""
    import waitress

    waitress.serve(
        application,
        sockets=[listener],
        threads=SERVER_THREADS,
        ident="mascotry",
        channel_timeout=120,
        max_request_body_size=settings().max_film_bytes + 1_000_000,
        clear_untrusted_proxy_headers=True,
    )


class _Public:
    """What the world sees, as Hosting routes it: the functions at /v1, chosen among by what the
    request costs, and the site."""

    def __init__(self, functions: Mapping[str, WSGIApplication], site: WSGIApplication) -> None:
        self._functions = functions
        self._site = site

    def __call__(self, environ: WSGIEnvironment, respond: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith("/v1/"):
            return self._functions[target(environ)](environ, respond)
        return self._site(environ, respond)


def target(environ: Mapping[str, Any]) -> str:
    """The public function for a request, by what it costs."""
    path = environ.get("PATH_INFO", "").rstrip("/")
    if path in INGEST_PATHS or path.endswith(("/references", "/items/import")):
        return "ingest"
    if path == "/v1/collections" and environ.get("REQUEST_METHOD") == "POST":
        return "ingest"  # with references it may have to look at them
    if path.startswith("/v1/jobs/") and (
        path.endswith("/events") or "wait" in parse_qs(environ.get("QUERY_STRING", ""))
    ):
        return "events"
    return "api"
