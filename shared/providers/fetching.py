"""Fetching a film from where its provider left it."""

import time
from pathlib import Path
from urllib.parse import urlsplit

from shared.errors import PermanentError, TransientError

MAX_BYTES = 200_000_000
PATIENCE = 5
"""The whole may take this many times as long as one wait."""


def fetch(url: str, target: Path, timeout: float, *, plain: bool = False) -> None:
    """Write what is at `url` into `target`. No credentials are sent: the address is a stranger's.

    `timeout` is in seconds and bounds each wait; `plain` allows http, for a test's server. Raises
    `TransientError("film_fetch_failed")`, or `PermanentError("provider_answer")` if the address is
    none, the film is gone or too large.
    """
    import httpx

    if urlsplit(url).scheme not in (("https", "http") if plain else ("https",)):
        raise PermanentError("provider_answer", "The film's address is none that we fetch from.")
    end = time.monotonic() + timeout * PATIENCE
    size = 0
    try:
        with httpx.stream("GET", url, timeout=timeout) as response, target.open("wb") as file:
            if 400 <= response.status_code < 500 and response.status_code not in (408, 429):
                raise PermanentError(
                    "provider_answer", f"The film is not there (status {response.status_code})."
                )
            response.raise_for_status()
            for chunk in response.iter_bytes():
                size += len(chunk)
                if size > MAX_BYTES:
                    raise PermanentError("provider_answer", "The film is too large.")
                if time.monotonic() > end:
                    raise TransientError("film_fetch_failed", "The film came too slowly.")
                file.write(chunk)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise TransientError(
            "film_fetch_failed", f"The film could not be fetched ({type(error).__name__})."
        ) from error
