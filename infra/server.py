"""The HTTP server of the stacks on one machine: uvicorn's event loop, on which a connection that is
idle or waits costs a socket and no thread, and limits for clients that do not get on."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Final

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from infra.wsgi import Threaded

HEAD_SECONDS: Final = 20.0
"""How long the head of a request may take, and how long a new connection may send nothing."""
BODY_SECONDS: Final = 60.0
"""How long a body may stop in the middle."""
IDLE_SECONDS: Final = 120
"""How long a connection is kept open for the next request."""
UNREAD_SECONDS: Final = 120.0
"""How long a client may leave what it is sent unread."""
MAX_HEAD: Final = 1 << 16
"""Bytes of a request's line and headers."""
MAX_FILES: Final = 16_384
RESERVED_FILES: Final = 512
"""Of the files that the process may open, those that are no connections."""
FULL: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\n"
    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
)


@cache
def most_connections() -> int:
    """How many connections may be open, after the process has been allowed as many files as it may
    have; the first call does that."""
    try:
        import resource
    except ImportError:  # as on Windows, which has no such limit
        return MAX_FILES
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    return max(files - RESERVED_FILES, files // 2)


class Connection(H11Protocol):
    """A connection that is closed when its client keeps it waiting. uvicorn itself only limits how
    long it is idle after a response."""

    _timer: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > most_connections():
            transport.write(FULL)
            transport.close()
            return
        self._timer = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def data_received(self, data: bytes) -> None:
        with suppress(h11.LocalProtocolError):  # what is malformed while a response is being sent
            super().data_received(data)
        state = self.conn.their_state
        if state is h11.IDLE:  # in the head of a request, whose time goes on
            self._timer = self._timer or self.loop.call_later(HEAD_SECONDS, self._give_up)
            return
        self._stop_timer()
        if state is h11.SEND_BODY:
            self._timer = self.loop.call_later(BODY_SECONDS, self._give_up)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self.loop.call_later(UNREAD_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        self._timer = None
        if self.flow.read_paused:  # it waits for us
            self._timer = self.loop.call_later(BODY_SECONDS, self._give_up)
        else:
            self.transport.abort()


class Server(uvicorn.Server):
    """Serves until `should_exit` is set. Signals are the caller's business."""

    def __init__(self, application: Threaded, *, grace: int) -> None:
        """`grace` is for how many seconds the open requests may go on at the end."""
        most_connections()
        super().__init__(
            uvicorn.Config(
                application,
                http=Connection,
                ws="none",
                lifespan="off",
                loop="asyncio",
                log_config=None,
                log_level="critical",  # our application logs its own faults
                access_log=False,
                proxy_headers=False,
                headers=[("Server", "mascotry")],
                server_header=False,
                timeout_keep_alive=IDLE_SECONDS,
                timeout_graceful_shutdown=grace,
                h11_max_incomplete_event_size=MAX_HEAD,
            )
        )

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
