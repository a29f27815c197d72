"""Sending: one POST to a stranger's endpoint, of which nothing can keep us for long.

The connection goes to the very address that the guard has checked, and redirects are not followed.
"""

import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Final
from urllib.parse import SplitResult

from shared.errors import BadRequest
from shared.providers.faults import seconds_until
from shared.services import guard

SECONDS: Final = 10.0
EXCERPT: Final = 500
"""How much is kept of an answer that was not 2xx, in characters."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a message: a status, or the reason why there is none, in words.

    `retry_after` is what the receiver asked for, in seconds.
    """

    status: int | None = None
    error: str | None = None
    response: str = ""
    retry_after: float | None = None
    milliseconds: int = 0


def locate(url: str, *, loopback: bool) -> tuple[SplitResult, tuple[str, int]]:
    """The parts of an endpoint's URL, and the address and port to connect to; BadRequest (field
    `url`) says what is wrong. With `loopback` it may also be this machine, and plain http."""
    parts = guard.parse(url, ("https", "http") if loopback else ("https",))

    def allowed(address: guard.Address) -> bool:
        return guard.is_public(address) or (loopback and address.is_loopback)

    return parts, guard.resolve(parts, allowed)


def post(url: str, body: str, headers: Mapping[str, str], *, loopback: bool) -> Answer:
    """Send a message, and wait for the head of its answer, for 10 seconds at most."""
    started = time.monotonic()
    answer = _exchange(url, body, headers, started + SECONDS, loopback=loopback)
    return replace(answer, milliseconds=round((time.monotonic() - started) * 1000))


def _exchange(
    url: str, body: str, headers: Mapping[str, str], deadline: float, *, loopback: bool
) -> Answer:
    try:
        parts, target = locate(url, loopback=loopback)
        with _connection(parts, target, deadline) as connection:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            own = {
                "Host": parts.netloc,
                "Content-Type": "application/json",
                "User-Agent": "mascotry",
                "Connection": "close",
            }
            connection.request("POST", path, body=body.encode(), headers={**own, **headers})
            with closing(connection.getresponse()) as response:
                if time.monotonic() >= deadline:
                    raise TimeoutError  # cut off in the middle of a head, which reads as its end
                return _answer(response)
    except BadRequest as fault:
        return Answer(error=f"The URL {fault.message}.")
    # ValueError: a host or an answer that the standard library cannot put into its own words.
    except (OSError, HTTPException, ValueError) as fault:
        if isinstance(fault, TimeoutError) or time.monotonic() >= deadline:
            return Answer(error=f"The endpoint did not answer within {SECONDS:g} seconds.")
        return Answer(error=_reason(fault))


@contextmanager
def _connection(
    parts: SplitResult, target: tuple[str, int], deadline: float
) -> Iterator[HTTPConnection]:
    """A connection that is cut off at the deadline: the timeout of a socket counts from its last
    byte, and an answer may come byte by byte."""
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


def _cut_off(connection: socket.socket) -> None:
    with suppress(OSError):  # it has just ended
        connection.shutdown(socket.SHUT_RDWR)


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _answer(response: HTTPResponse) -> Answer:
    status = response.status
    if 200 <= status < 300:
        return Answer(status)
    error = f"The endpoint answered with status {status}."
    if 300 <= status < 400:
        error = f"The endpoint redirects (status {status}), which is not followed."
    asked = seconds_until(response.headers.get("Retry-After"))
    return Answer(status, error, _excerpt(response), asked)


def _excerpt(response: HTTPResponse) -> str:
    """The beginning of a body, or what comes of it in time."""
    limit = 4 * EXCERPT  # a character has at most four bytes
    body = b""
    with suppress(OSError, HTTPException, ValueError):
        while len(body) < limit and (piece := response.read1(limit - len(body))):
            body += piece
    return body.decode(errors="replace")[:EXCERPT]


def _reason(fault: Exception) -> str:
    match fault:
        case ssl.SSLCertVerificationError():
            return "The endpoint's certificate could not be verified."
        case ssl.SSLError():
            return "No secure connection could be made to the endpoint."
        case ConnectionRefusedError():
            return "The endpoint refused the connection."
        case ConnectionError():
            return "The endpoint broke off the connection."
        case HTTPException():
            return "The endpoint's answer is not HTTP."
        case _:
            return "The endpoint could not be reached."
