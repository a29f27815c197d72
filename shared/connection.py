"""A connection to an untrusted server, at an address that the guard has checked, which ends at a
deadline whatever comes through it."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import cache
from http.client import HTTPConnection
from urllib.parse import SplitResult


@contextmanager
def connect(
    parts: SplitResult, target: tuple[str, int], deadline: float
) -> Iterator[HTTPConnection]:
    """A connection to `target` for the URL of `parts`; `deadline` is by `time.monotonic`.

    It is cut off at the deadline, since the timeout of a socket counts from its last byte, and an
    answer may come byte by byte. What is cut off reads as its end, so that a caller has to look at
    the clock after it has read. Raises OSError, TimeoutError and ssl.SSLError among them.
    """
    seconds = max(deadline - time.monotonic(), 0.001)
    connection = HTTPConnection(*target)
    with (
        closing(connection),
        socket.create_connection(target, timeout=seconds) as plain,
        plain.dup() as handle,  # outlives what TLS makes of the other
    ):
        alarm = threading.Timer(deadline - time.monotonic(), _cut_off, [handle])
        alarm.daemon = True
        alarm.start()
        try:
            connection.sock = plain
            if parts.scheme == "https":
                connection.sock = _tls().wrap_socket(plain, server_hostname=parts.hostname)
            yield connection
        finally:
            alarm.cancel()


def target_of(parts: SplitResult) -> str:
    """The path and query that are asked for."""
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _cut_off(connection: socket.socket) -> None:
    with suppress(OSError):  # it has just ended
        connection.shutdown(socket.SHUT_RDWR)


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
