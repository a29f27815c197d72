"""One WSGI application out of all functions, routed as a load balancer routes them in the cloud."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import functions_framework
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from functions import composition
from infra.pools import Pool
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
MAX_WAITING = 400
"""How many requests may wait for a job at the same time."""
WAITING_PACE = 0.025
"""Seconds between the beginnings of two of them."""
STORAGE_TRIGGER = "on_object_finalized"
DECODER = "decode"
UPLOADS = "/uploads"
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
    return functions({"/cdn": Cdn(blobs), UPLOADS: Uploads(blobs)})


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


class Pools:
    """Threads for each kind of request, so that crowds of one kind keep no others waiting."""

    def __init__(self, cores: int) -> None:
        self.reads = Pool("reads", threads=16, requests=1000)
        # They wait for one another at the gate of the decoder rather than here.
        self.uploads = Pool("uploads", threads=16, requests=64)
        # As many wait as an instance on Google Cloud lets wait; each has a thread that sleeps.
        # Hundreds that begin at one moment would have the interpreter for seconds: they take turns.
        self.waits = Pool("waits", threads=MAX_WAITING, requests=MAX_WAITING, pace=WAITING_PACE)
        # More than the queue delivers at the same time: strangers come no further than the token.
        self.tasks = Pool("tasks", threads=32 + cores, requests=500)
        # Apart, since tasks and uploads wait for it on the emulators.
        self.decoder = Pool("decoder", threads=4 + cores, requests=500)

    def of(self, environ: WSGIEnvironment) -> Pool:
        """The pool for a request, by what it may wait for."""
        path: str = environ["PATH_INFO"]
        reads = environ["REQUEST_METHOD"] in ("GET", "HEAD", "OPTIONS")
        if path.startswith(address(DECODER)):
            return self.decoder
        if path.startswith(address("")):
            return self.tasks
        if path.startswith(f"{UPLOADS}/"):
            return self.uploads
        if not path.startswith("/v1/"):
            return self.reads
        match target(environ):
            case "events":
                return self.waits
            case "ingest" if not reads:
                return self.uploads
            case _:
                return self.reads


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
