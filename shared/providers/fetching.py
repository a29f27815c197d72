"""Fetching a film from where its provider left it."""

import time
from contextlib import closing
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from shared.connection import connect, target_of
from shared.errors import PermanentError, TransientError

MAX_BYTES = 200_000_000
PATIENCE = 5
"""The whole may take this many times as long as one wait."""
_PIECE = 65_536
_PORTS = {"https": 443, "http": 80}


def fetch(url: str, target: Path, timeout: float, *, plain: bool = False) -> None:
    """Write what is at `url` into `target`. No credentials are sent: the address is a stranger's.

    `timeout` is in seconds and bounds each wait; head and body together take at most `PATIENCE`
    times as long, however slowly their bytes come. `plain` allows http, for a test's server. Raises
    `TransientError("film_fetch_failed")`, or `PermanentError("provider_answer")` if the address is
    none, the film is gone or too large.
    """
    deadline = time.monotonic() + timeout * PATIENCE
    parts, place = _parsed(url, ("https", "http") if plain else ("https",))
    headers = {"Host": parts.netloc, "User-Agent": "mascotry", "Connection": "close"}
    try:
        with connect(parts, place, deadline) as connection:
            connection.sock.settimeout(timeout)
            connection.request("GET", target_of(parts), headers=headers)
            with closing(connection.getresponse()) as response:
                _in_time(deadline)  # cut off in the middle of a head, which reads as its end
                _require_film(response.status)
                _save(response, target, deadline)
    # ValueError: a host or an answer that the standard library cannot put into its own words.
    except (OSError, HTTPException, ValueError) as error:
        _in_time(deadline)
        raise _failed(f"could not be fetched ({type(error).__name__})") from error


def _parsed(url: str, schemes: tuple[str, ...]) -> tuple[SplitResult, tuple[str, int]]:
    """The parts of an address, and the host and port to connect to."""
    try:
        parts = urlsplit(url)
        if parts.scheme in schemes and parts.hostname and url.isascii():
            return parts, (parts.hostname, parts.port or _PORTS[parts.scheme])
    except ValueError:
        pass
    raise PermanentError("provider_answer", "The film's address is none that we fetch from.")


def _require_film(status: int) -> None:
    if 400 <= status < 500 and status not in (408, 429):
        raise PermanentError("provider_answer", f"The film is not there (status {status}).")
    if not 200 <= status < 300:
        raise _failed(f"could not be fetched (status {status})")


def _save(response: HTTPResponse, target: Path, deadline: float) -> None:
    size = 0
    with target.open("wb") as file:
        while piece := response.read1(_PIECE):
            size += len(piece)
            if size > MAX_BYTES:
                raise PermanentError("provider_answer", "The film is too large.")
            _in_time(deadline)
            file.write(piece)
    _in_time(deadline)
    if response.length:  # bytes that were announced and never came
        raise _failed("broke off before its end")


def _in_time(deadline: float) -> None:
    if time.monotonic() >= deadline:
        raise _failed("came too slowly")


def _failed(what: str) -> TransientError:
    return TransientError("film_fetch_failed", f"The film {what}.")
