"""Sending: one POST to a stranger's endpoint, of which nothing can keep us for long.

The connection goes to the very address that the guard has checked, and redirects are not followed.
"""

import ssl
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http.client import HTTPException, HTTPResponse
from typing import Final
from urllib.parse import SplitResult

from shared.connection import connect, target_of
from shared.errors import BadRequest
from shared.model.retry_after import seconds_until
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


def locate(
    url: str, *, loopback: bool, deadline: float | None = None
) -> tuple[SplitResult, tuple[str, int]]:
    """The parts of an endpoint's URL, and the address and port to connect to; BadRequest (field
    `url`) says what is wrong. With `loopback` it may also be this machine, and plain http."""
    deadline = time.monotonic() + SECONDS if deadline is None else deadline
    parts = guard.parse(url, ("https", "http") if loopback else ("https",))

    def allowed(address: guard.Address) -> bool:
        return guard.is_public(address) or (loopback and address.is_loopback)

    return parts, guard.resolve(parts, deadline, allowed)


def post(url: str, body: str, headers: Mapping[str, str], *, loopback: bool) -> Answer:
    """Send a message, and wait for the head of its answer, for 10 seconds at most in all."""
    started = time.monotonic()
    answer = _exchange(url, body, headers, started + SECONDS, loopback=loopback)
    return replace(answer, milliseconds=round((time.monotonic() - started) * 1000))


def _exchange(
    url: str, body: str, headers: Mapping[str, str], deadline: float, *, loopback: bool
) -> Answer:
    try:
        parts, target = locate(url, loopback=loopback, deadline=deadline)
        with connect(parts, target, deadline) as connection:
            own = {
                "Host": parts.netloc,
                "Content-Type": "application/json",
                "User-Agent": "mascotry",
                "Connection": "close",
            }
            connection.request(
                "POST", target_of(parts), body=body.encode(), headers={**own, **headers}
            )
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


def _answer(response: HTTPResponse) -> Answer:
    status = response.status
    if 200 <= status < 300:
        return Answer(status)
    error = f"The endpoint answered with status {status}."
    if 300 <= status < 400:
        error = f"The endpoint redirects (status {status}), which is not followed."
    asked = seconds_until(response.headers.get("Retry-After"), datetime.now(UTC))
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
