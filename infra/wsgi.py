"""Serves a WSGI application from an event loop (ASGI), so that only what computes has a thread.

A body is received whole before the application is called, on disk if it is large; before it is, the
head of the request must have been found good. A response is taken from the application piece by
piece: while a piece is on its way to a slow client, no thread waits. What is read and written is
bounded by the server's flow control.
"""

import asyncio
import logging
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, field
from http import HTTPStatus
from io import BytesIO
from typing import Any, Final
from urllib.parse import unquote_to_bytes, urlsplit
from wsgiref.types import WSGIApplication, WSGIEnvironment

from werkzeug.wrappers import Response

from functions.draining import CLIENT_GONE
from infra.bodies import (
    UNASKED,
    Body,
    Gone,
    Message,
    Receive,
    Refused,
    error_response,
    require_one_length,
    stated_length,
    too_large,
)
from infra.pools import Pool

Send = Callable[[Message], Awaitable[None]]
PoolOf = Callable[[WSGIEnvironment], Pool]
BodyLimit = Callable[[WSGIEnvironment], int | WSGIApplication]
"""How many bytes the body of a request may have, by its head; or the answer that refuses it."""
Headers = list[tuple[str, str]]

IN_MEMORY: Final = 1 << 18
"""Bytes of a body that are held in memory; more of it goes to a temporary file."""
LOOKING_THREADS: Final = 4
"""Threads that look at heads."""
RETRY_SECONDS: Final = 2
_PROXIES: Final = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_")
"""Headers that only a proxy may set, and there is none in front of this server."""

_log: Final = logging.getLogger("shared.server")


class Threaded:
    """The ASGI application that serves `application`, each request in the pool that `pool_of`
    names. A request for whose pool is full is refused with 503, and one with a large body as
    `body_limit` says, or with 413."""

    def __init__(
        self, application: WSGIApplication, pool_of: PoolOf, body_limit: BodyLimit
    ) -> None:
        self._application = application
        self._pool_of = pool_of
        self._body_limit = body_limit
        self._looking = Pool("heads", threads=LOOKING_THREADS, requests=LOOKING_THREADS)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(f"only HTTP is served, not {scope['type']}")
        environ = environment(scope)
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as file:
            body = Body(file, receive, stated_length(scope))
            try:
                require_one_length(scope)
                await self._answer(environ, body, receive, send)
            except Refused as refused:
                await _refuse(refused.answer, environ, body, send)
            except Gone:
                pass

    async def _answer(
        self, environ: WSGIEnvironment, body: Body, receive: Receive, send: Send
    ) -> None:
        await self._receive(environ, body)
        pool = self._pool_of(environ)
        if not pool.enter():
            raise Refused(_busy())
        try:
            await pool.turn()
            await self._respond(pool, environ, receive, send)
        finally:
            pool.leave()

    async def _receive(self, environ: WSGIEnvironment, body: Body) -> None:
        """Receive the body, and put it into `environ`; a large one only if its head is good."""
        if not await body.received(UNASKED):
            limit = await self._limit(environ, body.stated)
            if not await body.received(limit):
                await self._limit(environ, max(body.stated, body.size))
                raise Refused(too_large(limit))
        body.file.seek(0)
        environ["CONTENT_LENGTH"] = str(body.size)
        environ["wsgi.input"] = body.file

    async def _limit(self, environ: WSGIEnvironment, length: int) -> int:
        """How many bytes the body may have, of which it has `length` as far as is known."""
        head = {**environ, "CONTENT_LENGTH": str(length or ""), "wsgi.input": BytesIO()}
        limit = await self._looking.run(lambda: self._body_limit(head))
        if not isinstance(limit, int):
            raise Refused(limit)
        return limit

    async def _respond(
        self, pool: Pool, environ: WSGIEnvironment, receive: Receive, send: Send
    ) -> None:
        response = _Response(self._application, environ)
        context = copy_context()  # one for all pieces, whichever thread makes them
        gone = asyncio.ensure_future(receive())  # the body is complete: it tells of the end alone
        environ[CLIENT_GONE] = gone.done
        try:
            while True:
                piece = await pool.run(lambda: context.run(response.piece))
                if not response.started:
                    response.started = True
                    await send(_start(response.status, response.headers))
                more = not response.ended
                await send({"type": "http.response.body", "body": piece, "more_body": more})
                if not more:
                    return
                if gone.done():
                    break
            await pool.run(lambda: context.run(response.close))
        except Exception:
            _log.exception("a response was not finished", extra={"path": environ["PATH_INFO"]})
            with suppress(Exception):
                await pool.run(lambda: context.run(response.close))
            raise
        finally:
            gone.cancel()


@dataclass(slots=True)
class _Response:
    """What an application answers to one request, piece by piece. One thread at a time uses it."""

    application: WSGIApplication
    environ: WSGIEnvironment
    status: int = 0
    headers: Headers = field(default_factory=list)
    started: bool = False
    """Whether the head was sent."""
    ended: bool = False
    _iterable: Iterable[bytes] | None = None
    _iterator: Iterator[bytes] = field(default_factory=lambda: iter(()))
    _left: int | None = None

    def piece(self) -> bytes:
        """The next piece of the body; `ended` says whether it was the last. It is empty only at the
        end, when the client has gone, or when the head is to be sent.

        Empty pieces say that an application still waits. The event loop, which hundreds of them
        would keep busy, does not see them.
        """
        if self._iterable is None:
            self._iterable = self.application(self.environ, self._start)
            self._iterator = iter(self._iterable)
        piece = next(self._iterator, None)
        while piece == b"" and self.started and not self.environ[CLIENT_GONE]():
            piece = next(self._iterator, None)
        if self._left is not None:
            self._left -= len(piece or b"")
        if piece is None or self._left == 0:
            self.close()
        return piece or b""

    def close(self) -> None:
        self.ended = True
        if close := getattr(self._iterable, "close", None):
            close()

    def _start(self, status: str, headers: Headers, exc_info: Any = None) -> Any:
        if exc_info is not None and self.started:
            raise exc_info[1].with_traceback(exc_info[2])
        self.status, self.headers = int(status.partition(" ")[0]), headers
        lengths = [int(value) for name, value in headers if name.lower() == "content-length"]
        # The last piece is known by its length, which saves asking for one that is not there.
        self._left = lengths[0] if lengths and lengths[0] else None
        return _write


def _write(_: bytes) -> None:
    raise NotImplementedError("the function `write` of old WSGI applications")


def environment(scope: Message) -> WSGIEnvironment:
    """The WSGI environment of a request, but for its body."""
    path: bytes = scope["raw_path"]
    if not path.startswith(b"/"):  # the form that proxies are sent, with scheme and host
        path = urlsplit(path).path or b"/"
    host, port = scope["server"] or ("localhost", 80)
    client = scope["client"] or ("", 0)
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": str(client[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in scope["headers"]:
        if b"_" in raw_name:  # it would pass for the one with a hyphen
            continue
        name = raw_name.decode("latin-1").upper().replace("-", "_")
        name = name if name == "CONTENT_TYPE" else f"HTTP_{name}"
        value = raw_value.decode("latin-1")
        if name.startswith(_PROXIES) or name in ("HTTP_CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING"):
            continue
        environ[name] = f"{environ[name]},{value}" if name in environ else value
    return environ


def _start(status: int, headers: Headers) -> Message:
    encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return {"type": "http.response.start", "status": status, "headers": encoded}


async def _refuse(
    answer: WSGIApplication, environ: WSGIEnvironment, body: Body, send: Send
) -> None:
    """Answer in place of the application, and close the connection: the body may not be read."""
    response = _Response(answer, {**environ, "wsgi.input": BytesIO()})
    content = response.piece()
    while not response.ended:
        content += response.piece()
    await send(_start(response.status, [*response.headers, ("Connection", "close")]))
    await send({"type": "http.response.body", "body": content, "more_body": True})
    await body.thrown_away()
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _busy() -> Response:
    return error_response(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "busy",
        "Too many requests of this kind are under way; try again in a moment.",
        retry_after=RETRY_SECONDS,
    )
