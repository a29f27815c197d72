"""Google's front end: one address for all services of a project, which admits a request, waits for
a container that has room, and passes on what it answers within its time."""

import http.client
import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from ssl import SSLContext
from typing import Any, Final
from urllib.parse import urlsplit

from infra.emulators.container import Container
from infra.emulators.http_server import HttpServer
from infra.emulators.invocation import MAX_BODY, Invocation, Refused, Service

PENDING_SECONDS: Final = 10.0
"""How long a request waits for an instance that has room, beside the time one takes to start:
https://cloud.google.com/run/docs/about-instance-autoscaling"""
HOSTING_SECONDS: Final = 60.0
"""https://firebase.google.com/docs/hosting/cloud-run"""
GOOGLE: Final = "127.0.9.1"
"""The address from which Google's own services (queues, schedule, events) call."""
_CHUNK: Final = 1 << 16
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_HOP_BY_HOP: Final = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "content-length"}
)

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Target:
    """A service behind the front, and how often it was answered with what."""

    service: Service
    container: Container
    statuses: dict[int, int] = field(default_factory=dict)
    room: threading.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self.room = threading.Semaphore(self.container.limits.concurrency)


Hosting = Callable[[str], str | None]
"""The service that Firebase Hosting sends a path to; None for a file of the site."""


class Front:
    """Serves on `address` with TLS. `sites` are hosts of Firebase Hosting."""

    def __init__(
        self,
        address: tuple[str, int],
        tls: SSLContext,
        invocation: Invocation,
        targets: Mapping[str, Target],
        sites: Mapping[str, Hosting],
    ) -> None:
        self._invocation = invocation
        self._targets = targets
        self._hosts = {
            urlsplit(address).netloc: target
            for target in targets.values()
            for address in target.service.addresses
        }
        self._sites = sites
        self._server = _server(self, address, tls)
        self.address: tuple[str, int] = self._server.server_address[:2]  # type: ignore[assignment]

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop()

    def find(self, host: str, path: str) -> tuple[Target, float] | None:
        """Who answers, and within how many seconds."""
        if target := self._hosts.get(host):
            return target, target.container.limits.timeout
        hosting = self._sites.get(host)
        name = hosting(path) if hosting else None
        if name is None:
            return None
        target = self._targets[name]
        return target, min(HOSTING_SECONDS, target.container.limits.timeout)

    def admit(
        self, target: Target, headers: Mapping[str, str], size: int, caller: str
    ) -> dict[str, str] | Refused:
        internal = caller == GOOGLE
        return self._invocation.admit(target.service, headers, size=size, internal=internal)


def _server(front: Front, address: tuple[str, int], tls: SSLContext) -> HttpServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        timeout = 120

        def serve(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            host = headers.get("host", "").partition(":")[0]
            found = front.find(host, self.path.partition("?")[0])
            if found is None:
                return self.refuse(Refused(404, "Not Found"))
            target, seconds = found
            size = int(headers.get("content-length", 0))
            admitted = front.admit(target, headers, size, self.client_address[0])
            if isinstance(admitted, Refused):
                _count(target, admitted.status)
                self.close_connection = True
                return self.refuse(admitted)
            body = self.rfile.read(size) if size else b""
            return self.forward(target, admitted, body, seconds)

        def forward(
            self, target: Target, headers: dict[str, str], body: bytes, seconds: float
        ) -> None:
            deadline = time.monotonic() + seconds
            if not target.room.acquire(timeout=PENDING_SECONDS):
                _count(target, 429)
                return self.refuse(Refused(429, "Rate exceeded."))
            try:
                port = target.container.listening()
                deadline = max(deadline, time.monotonic() + seconds)
                self.passed(target, port, headers, body, deadline)
            except (OSError, http.client.HTTPException) as error:
                late = isinstance(error, TimeoutError)
                status = 504 if late else 503
                _count(target, status)
                _log.warning("no answer", extra={"service": target.service.name})
                self.close_connection = True
                with suppress(OSError):
                    self.refuse(
                        Refused(status, "upstream request timeout" if late else "no answer")
                    )
            finally:
                target.room.release()

        def passed(
            self,
            target: Target,
            port: int,
            headers: dict[str, str],
            body: bytes,
            deadline: float,
        ) -> None:
            connection = http.client.HTTPConnection(
                "127.0.0.1", port, timeout=max(0.1, deadline - time.monotonic())
            )
            with closing(connection):
                sent = {k: v for k, v in headers.items() if k not in _HOP_BY_HOP}
                if body or self.command in ("POST", "PUT", "PATCH"):
                    sent["content-length"] = str(len(body))
                connection.request(self.command, self.path, body, sent)
                answer = connection.getresponse()
                length = answer.headers.get("Content-Length")
                if length is not None and int(length) > MAX_BODY:
                    _count(target, 500)
                    return self.refuse(Refused(500, "Response size was too large."))
                _count(target, answer.status)
                self.relay(answer, connection, length, deadline)
            return None

        def relay(
            self,
            answer: http.client.HTTPResponse,
            connection: http.client.HTTPConnection,
            length: str | None,
            deadline: float,
        ) -> None:
            self.send_response_only(answer.status)
            for name, value in answer.headers.items():
                if name.lower() not in _HOP_BY_HOP:
                    self.send_header(name, value)
            bare = self.command == "HEAD" or answer.status in (204, 304)
            if bare or length is not None:
                self.send_header("Content-Length", length or "0")
            else:
                self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            try:
                while not bare and (piece := answer.read1(_CHUNK)):
                    chunked = length is None
                    framed = b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece
                    self.wfile.write(framed)
                    if connection.sock is not None:
                        connection.sock.settimeout(max(0.01, deadline - time.monotonic()))
                if not bare and length is None:
                    self.wfile.write(b"0\r\n\r\n")
            except OSError:  # the time is over, or the client is gone: what was sent ends here
                self.close_connection = True

        def refuse(self, refused: Refused) -> None:
            body = f"<html><title>{refused.status} {refused.reason}</title></html>\n".encode()
            self.send_response_only(refused.status)
            self.send_header("Content-Type", "text/html; charset=UTF-8")
            self.send_header("Content-Length", str(len(body)))
            if self.close_connection:
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    for method in _METHODS:
        setattr(Handler, f"do_{method}", Handler.serve)

    return HttpServer(address, Handler, tls=tls)


_counting = threading.Lock()


def _count(target: Target, status: int) -> None:
    with _counting:
        target.statuses[status] = target.statuses.get(status, 0) + 1
