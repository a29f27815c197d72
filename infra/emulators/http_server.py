"""The HTTP server of every stand-in: threads of its own, TLS where it has a certificate."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from typing import Any


class HttpServer(ThreadingHTTPServer):
    """Listens from the start, and answers between `start` and `stop`."""

    daemon_threads = True
    request_queue_size = 128  # with the default of 5 a burst of connections is reset

    def __init__(
        self,
        address: tuple[str, int],
        handler: type[BaseHTTPRequestHandler],
        *,
        tls: SSLContext | None = None,
    ) -> None:
        super().__init__(address, handler)
        self._tls = tls
        self._thread = threading.Thread(
            target=self.serve_forever, args=(0.02,), name=handler.__qualname__, daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    def get_request(self) -> Any:
        connection, client = super().get_request()
        if self._tls is None:
            return connection, client
        # The handshake is the business of the thread that serves the connection.
        wrapped = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return wrapped, client

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients may go away at any time."""
