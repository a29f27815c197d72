"""Fetching a URL that a stranger gave, without becoming the stranger's tool.

Only http and https, only addresses of the public internet, checked after the name was resolved and
again after each redirect; the connection goes to the very address that was checked, so a name that
resolves differently a moment later gains nothing. Size and time are bounded.
"""

import ipaddress
import socket
import time
from collections.abc import Callable
from urllib.parse import SplitResult, urljoin, urlsplit

import urllib3

from shared.errors import BadRequest

MAX_REDIRECTS = 3
CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 20.0
CHUNK = 65_536
PORTS = {"http": 80, "https": 443}
REDIRECTS = (301, 302, 303, 307, 308)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_public(address: Address) -> bool:
    """Whether an address is of the public internet: not private, loopback, link-local (where clouds
    keep their metadata), multicast or reserved, also when it is mapped into IPv6."""
    mapped = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    if mapped is not None:
        return is_public(mapped)
    return address.is_global and not address.is_multicast and not address.is_reserved


def fetch(url: str, *, max_bytes: int, allowed: Callable[[Address], bool] = is_public) -> bytes:
    """The body behind a URL, at most `max_bytes`; BadRequest (field `url`) says what is wrong."""
    deadline = time.monotonic() + TOTAL_SECONDS
    for _ in range(MAX_REDIRECTS + 1):
        parts = _parse(url)
        location, body = _get(parts, _resolve(parts, allowed), max_bytes, deadline)
        if location is None:
            return body
        url = urljoin(url, location)
    raise _refused(f"redirects more than {MAX_REDIRECTS} times")


def _parse(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or 0 < parts.port < 65_536
    except ValueError:
        raise _refused("is not a URL") from None
    if parts.scheme not in PORTS or not parts.hostname or not port_is_fine:
        raise _refused("must be an http or https URL with a host")
    if parts.username is not None:
        raise _refused("must not hold a user name or password")
    return parts


def _resolve(parts: SplitResult, allowed: Callable[[Address], bool]) -> str:
    """The address to connect to; every address of the name must be allowed."""
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise _refused("has a host name that cannot be resolved") from None
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    if not all(allowed(ipaddress.ip_address(address)) for address in addresses):
        raise _refused("does not lead to the public internet")
    return addresses[0]


def _get(
    parts: SplitResult, address: str, max_bytes: int, deadline: float
) -> tuple[str | None, bytes]:
    """One request: where it redirects to, or the body."""
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=CONNECT_SECONDS)
    port = parts.port or PORTS[parts.scheme]
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
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = parts.netloc.rpartition("@")[2]
    with pool:
        try:
            response = pool.urlopen(
                "GET",
                target,
                headers={"Host": host, "Accept": "image/*", "User-Agent": "mascotry"},
                redirect=False,
                retries=False,
                preload_content=False,
            )
            try:
                if response.status in REDIRECTS and "Location" in response.headers:
                    return response.headers["Location"], b""
                if response.status != 200:
                    raise _refused(f"answered with status {response.status}")
                return None, _read(response, max_bytes, deadline)
            finally:
                response.close()
        except urllib3.exceptions.HTTPError:
            raise _refused("could not be fetched in time") from None


def _read(response: urllib3.BaseHTTPResponse, max_bytes: int, deadline: float) -> bytes:
    body = bytearray()
    # read1 gives what has arrived, so that a trickle meets the deadline between two pieces.
    while chunk := response.read1(CHUNK):
        body += chunk
        if len(body) > max_bytes:
            raise _refused(f"has more than {max_bytes:,} bytes")
        if time.monotonic() > deadline:
            raise _refused("could not be fetched in time")
    return bytes(body)


def _refused(reason: str) -> BadRequest:
    return BadRequest(reason, field="url")
