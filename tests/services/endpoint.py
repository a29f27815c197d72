"""A client's own server, which real messages are sent to."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass(frozen=True)
class Message:
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Endpoint:
    """What arrived, and what is to be answered: `status`, `headers` and `body`, or whatever
    `behave` writes to the connection instead."""

    url: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    behave: Callable[[Callable[[bytes], Any]], None] | None = None
    messages: list[Message] = field(default_factory=list)


def trickle(write: Callable[[bytes], Any]) -> None:
    """An answer that keeps coming, and never gets anywhere."""
    write(b"HTTP/1.1 200 OK\r\n")
    for number in range(100):
        write(f"X-{number}: y\r\n".encode())
        time.sleep(0.05)


@contextmanager
def serve() -> Iterator[Endpoint]:
    endpoint = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            endpoint.messages.append(Message(self.path, dict(self.headers), body))
            try:
                if endpoint.behave:
                    endpoint.behave(self.wfile.write)
                    return
                self.send_response(endpoint.status)
                for name, value in endpoint.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(endpoint.body)
            except OSError:
                return  # the sender has had enough

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    endpoint.url = f"http://127.0.0.1:{server.server_port}/hook?for=tests"
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
