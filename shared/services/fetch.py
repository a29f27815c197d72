"""Fetching a URL that a stranger gave, without becoming the stranger's tool.

Only http and https, only addresses of the public internet, checked after the name was resolved and
again after each redirect; the connection goes to the very address that was checked, so a name that
resolves differently a moment later gains nothing. Size is bounded, and so is the time for all of
it: names, connections, headers, redirects and the body.
"""

import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPException, HTTPResponse
from urllib.parse import SplitResult, urljoin

from shared.connection import connect, target_of
from shared.services.address import from_header
from shared.services.guard import Address, is_public, parse, refused, resolve

MAX_REDIRECTS = 3
TOTAL_SECONDS = 20.0
CHUNK = 65_536
REDIRECTS = (301, 302, 303, 307, 308)
COMPRESSED = ("gzip", "x-gzip", "deflate")


def fetch(url: str, *, max_bytes: int, allowed: Callable[[Address], bool] = is_public) -> bytes:
    """The body behind a URL, at most `max_bytes`; BadRequest (field `url`) says what is wrong."""
    deadline = time.monotonic() + TOTAL_SECONDS
    for _ in range(MAX_REDIRECTS + 1):
        parts = parse(url)
        location, body = _get(parts, resolve(parts, deadline, allowed), max_bytes, deadline)
        if location is None:
            return body
        url = urljoin(url, from_header(location))
    raise refused(f"redirects more than {MAX_REDIRECTS} times")


def _get(
    parts: SplitResult, target: tuple[str, int], max_bytes: int, deadline: float
) -> tuple[str | None, bytes]:
    """One request: where it redirects to, or the body."""
    headers = {"Host": parts.netloc, "Accept": "image/*", "User-Agent": "mascotry"}
    headers["Connection"] = "close"
    try:
        with connect(parts, target, deadline) as connection:
            connection.request("GET", target_of(parts), headers=headers)
            with closing(connection.getresponse()) as response:
                _check(deadline)
                location = response.headers["Location"]
                if response.status in REDIRECTS and location is not None:
                    return location, b""
                if response.status != 200:
                    raise refused(f"answered with status {response.status}")
                return None, _read(response, max_bytes, deadline)
    # ValueError: a host or an answer that the standard library cannot put into its own words.
    except (OSError, HTTPException, ValueError, zlib.error):
        _check(deadline)
        raise refused("could not be fetched") from None


def _read(response: HTTPResponse, max_bytes: int, deadline: float) -> bytes:
    body = bytearray()
    for piece in _pieces(response, max_bytes):
        body += piece
        if len(body) > max_bytes:
            raise refused(f"has more than {max_bytes:,} bytes")
        _check(deadline)
    _check(deadline)
    if response.length:  # bytes that were announced and never came
        raise refused("broke off before its end")
    return bytes(body)


def _pieces(response: HTTPResponse, max_bytes: int) -> Iterator[bytes]:
    """The body as it comes, without its compression. Nobody asks for one, and some servers compress
    nevertheless; a piece never has many more than `max_bytes`."""
    coding = response.headers.get("Content-Encoding", "").strip().lower()
    expand = zlib.decompressobj(zlib.MAX_WBITS | 32) if coding in COMPRESSED else None
    # read1 gives what has arrived, so that a trickle meets the deadline between two pieces.
    while chunk := response.read1(CHUNK):
        yield expand.decompress(chunk, max_bytes + 1) if expand else chunk
    if expand and not expand.eof:
        raise HTTPException("the compressed body is cut off")


def _check(deadline: float) -> None:
    """Refuse what has taken too long."""
    if time.monotonic() >= deadline:
        raise refused("could not be fetched in time")
