"""An endpoint of a customer's, somewhere on the public internet."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

from infra.emulators.http_server import HttpServer
from tests.deployed.cloud import HOOKS, Cloud
from tests.deployed.namespace import PUBLIC

Message = tuple[dict[str, str], bytes]


@contextmanager
def endpoint(cloud: Cloud) -> Iterator[list[Message]]:
    """What has come so far: headers, in lower case, and body."""
    came: list[Message] = []

    class Handler(BaseHTTPRequestHandler):
        timeout = 30

        def do_POST(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            came.append((headers, self.rfile.read(int(headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HttpServer((PUBLIC, 443), Handler, tls=cloud.platform.authority.context(HOOKS))
    server.start()
    try:
        yield came
    finally:
        server.stop()
