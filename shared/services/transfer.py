"""Getting an object from a store, and putting one there, by URLs that somebody signed.

A URL is followed only to the store itself, and no redirect is. Times and sizes are bounded.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from shared.errors import PermanentError, TransientError

CONNECT, READ = 5.0, 20.0
"""Seconds to connect, and to wait for each further piece."""
SECONDS: Final = 60.0
"""For one object."""
CHUNK: Final = 1 << 20


class Store:
    """The store at `url`, and no other."""

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        self._place = (place.scheme, place.netloc)
        self._pool = urllib3.PoolManager(timeout=urllib3.Timeout(connect=CONNECT, read=READ))

    def get(self, url: str, target: Path, *, max_bytes: int) -> None:
        """Write what lies behind a URL to `target`. PermanentError("film_too_large") for more than
        `max_bytes`."""
        deadline, size = time.monotonic() + SECONDS, 0
        try:
            with (
                self._pool.request(
                    "GET", self._checked(url), retries=False, redirect=False, preload_content=False
                ) as response,
                target.open("wb") as file,
            ):
                _require_success(response.status)
                for piece in response.stream(CHUNK):
                    size += len(piece)
                    if size > max_bytes:
                        raise PermanentError(
                            "film_too_large", f"The film has more than {max_bytes:,} bytes."
                        )
                    if time.monotonic() > deadline:
                        raise _failed("it took too long")
                    file.write(piece)
        except HTTPError as error:
            raise _failed(type(error).__name__) from error

    def put(self, url: str, source: Path, headers: Mapping[str, str], *, max_bytes: int) -> None:
        """Send a file with the headers that were signed."""
        size = source.stat().st_size
        if size > max_bytes:
            raise PermanentError("film_too_large", "The film cannot be made small enough.")
        try:
            with source.open("rb") as file:
                response = self._pool.request(
                    "PUT",
                    self._checked(url),
                    body=file,
                    headers={**headers, "Content-Length": str(size)},
                    timeout=urllib3.Timeout(connect=CONNECT, read=SECONDS),
                    retries=False,
                    redirect=False,
                )
        except HTTPError as error:
            raise _failed(type(error).__name__) from error
        _require_success(response.status)

    def _checked(self, url: str) -> str:
        place = urlsplit(url)
        if (place.scheme, place.netloc) != self._place:
            raise PermanentError("not_our_store", "The URL does not lead to the store.")
        return url


def _require_success(status: int) -> None:
    if status != 200:
        raise _failed(f"it answered with status {status}")


def _failed(reason: str) -> TransientError:
    return TransientError("store_failed", f"The store did not give or take a file: {reason}.")
