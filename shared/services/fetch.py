"""Fetching a URL that a stranger gave, without becoming the stranger's tool.

Only http and https, only addresses of the public internet, checked after the name was resolved and
again after each redirect; the connection goes to the very address that was checked, so a name that
resolves differently a moment later gains nothing. Size and time are bounded.
"""

import time
from collections.abc import Callable
from urllib.parse import SplitResult, urljoin

import urllib3

from shared.services.guard import Address, is_public, parse, refused, resolve

MAX_REDIRECTS = 3
CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 20.0
CHUNK = 65_536
REDIRECTS = (301, 302, 303, 307, 308)


def fetch(url: str, *, max_bytes: int, allowed: Callable[[Address], bool] = is_public) -> bytes:
    """The body behind a URL, at most `max_bytes`; BadRequest (field `url`) says what is wrong."""
    deadline = time.monotonic() + TOTAL_SECONDS
    for _ in range(MAX_REDIRECTS + 1):
        parts = parse(url)
        location, body = _get(parts, resolve(parts, allowed), max_bytes, deadline)
        if location is None:
            return body
        url = urljoin(url, location)
    raise refused(f"redirects more than {MAX_REDIRECTS} times")


def _get(
    parts: SplitResult, target: tuple[str, int], max_bytes: int, deadline: float
) -> tuple[str | None, bytes]:
    """One request: where it redirects to, or the body."""
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=CONNECT_SECONDS)
    address, port = target
    if parts.scheme == "https":
        pool: urllib3.HTTPConnectionPool = urllib3.HTTPSConnectionPool(
            address,
            port,
            timeout=timeout,
            server_hostname=parts.hostname,
            assert_hostname=parts.hostname,
        )
    else:
        pool = urllib3.HTTPConnectionPool(address, port, timeout=timeout)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = parts.netloc.rpartition("@")[2]
    with pool:
        try:
            response = pool.urlopen(
                "GET",
                path,
                headers={"Host": host, "Accept": "image/*", "User-Agent": "mascotry"},
                redirect=False,
                retries=False,
                preload_content=False,
            )
            try:
                if response.status in REDIRECTS and "Location" in response.headers:
                    return response.headers["Location"], b""
                if response.status != 200:
                    raise refused(f"answered with status {response.status}")
                return None, _read(response, max_bytes, deadline)
            finally:
                response.close()
        except urllib3.exceptions.HTTPError:
            raise refused("could not be fetched in time") from None


def _read(response: urllib3.BaseHTTPResponse, max_bytes: int, deadline: float) -> bytes:
    body = bytearray()
    # read1 gives what has arrived, so that a trickle meets the deadline between two pieces.
    while chunk := response.read1(CHUNK):
        body += chunk
        if len(body) > max_bytes:
            raise refused(f"has more than {max_bytes:,} bytes")
        if time.monotonic() > deadline:
            raise refused("could not be fetched in time")
    return bytes(body)
