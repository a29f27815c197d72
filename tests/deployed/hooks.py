"""An endpoint of a customer's, somewhere on the public internet."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

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

    server = ThreadingHTTPServer((PUBLIC, 443), Handler)
    context = cloud.authority.context(HOOKS)
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield came
    finally:
        server.shutdown()
        server.server_close()
