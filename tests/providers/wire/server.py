"""A server that answers as it was told, and remembers what it was asked."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HANG = 30.0


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: JSON, or bytes as they are. `missing` bytes are announced and never sent."""

    body: Any = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    missing: int = 0


@dataclass(frozen=True, slots=True)
class Drop:
    """The request is read to its end, and the connection closed without a word."""


@dataclass(frozen=True, slots=True)
class Hang:
    """The request is read to its end, and nothing follows."""


@dataclass(frozen=True, slots=True)
class Received:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """A running server. Replies are used in turn; the last one is kept."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.requests: list[Received] = []
        self.released = threading.Event()
        self._replies: list[Reply | Drop | Hang] = [Reply()]
        self._lock = threading.Lock()
        self.url = f"http://127.0.0.1:{server.server_port}"

    def answer(self, *replies: Reply | Drop | Hang) -> None:
        self._replies = list(replies)

    def next(self, received: Received) -> Reply | Drop | Hang:
        with self._lock:
            self.requests.append(received)
            return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]

    @property
    def only(self) -> Received:
        """The one request that there was."""
        (request,) = self.requests
        return request


@contextmanager
def serve() -> Iterator[Wire]:
    """A server on a free port of this machine, for the length of the context."""

    class Handler(BaseHTTPRequestHandler):
        def do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = wire.next(Received(self.command, self.path, headers, body))
            if isinstance(reply, Hang):
                wire.released.wait(HANG)
            if isinstance(reply, Reply):
                self.give(reply)
            self.close_connection = True

        do_GET = do_POST = do_PUT = do  # noqa: N815 - http.server names them so

        def give(self, reply: Reply) -> None:
            raw = isinstance(reply.body, bytes)
            data = reply.body if raw else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            self.send_header("Content-Type", "application/json")
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data) + reply.missing))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing: the tests ask for what was received."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    wire = Wire(server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield wire
    finally:
        wire.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


def closed_port() -> str:
    """An address at which nobody listens."""
    with serve() as wire:
        return wire.url
