"""Where a stranger's URL may lead: to the public internet, and nowhere else.

The address is checked after the name was resolved, and it is what a caller has to connect to: a
name that resolves differently a moment later gains nothing.
"""

import ipaddress
import queue
import socket
import threading
import time
from collections.abc import Callable, Collection
from typing import Any, Final
from urllib.parse import SplitResult

from shared.errors import BadRequest
from shared.services.address import ascii_parts

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

SPECIAL: Final[tuple[Network, ...]] = tuple(
    ipaddress.ip_network(text)
    for text in (
        # https://www.iana.org/assignments/iana-ipv4-special-registry, but for rows that lie in
        # others.
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24"),
        *("192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15"),
        *("198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4"),
        "224.0.0.0/4",  # multicast
        "168.63.129.16/32",  # Azure's platform, as 169.254.169.254 is that of others
        # https://www.iana.org/assignments/iana-ipv6-special-registry,
        # where it says anything of what is unicast.
        *("2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20"),
    )
)
"""Networks that are not of the public internet, or that nobody has an endpoint in. Python's own
lists change with its versions: 3.11 takes 192.0.0.192 for public."""
NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
"""Addresses whose last four bytes are the address of IPv4 that is meant (RFC 6052)."""

UNICAST: Final = ipaddress.IPv6Network("2000::/3")
"""All of IPv6 that is given to anybody: https://www.iana.org/assignments/ipv6-address-space"""

PORTS = {"http": 80, "https": 443}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_public(address: Address) -> bool:
    """Whether an address is of the public internet: of no special-purpose network, also when an
    address of IPv4 is told in one of IPv6."""
    if isinstance(address, ipaddress.IPv6Address):
        if meant := _embedded(address):
            return is_public(meant)
        if address not in UNICAST:
            return False
    return not any(address in network for network in SPECIAL)


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in NAT64:
        return ipaddress.IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour


def parse(url: str, schemes: Collection[str] = PORTS) -> SplitResult:
    """The parts of a URL, in ASCII; BadRequest (field `url`) unless it has one of the schemes and a
    host."""
    try:
        parts = ascii_parts(url)
        port_is_fine = parts.port is None or 0 < parts.port < 65_536
    except ValueError:
        raise refused("is not a URL") from None
    if parts.scheme not in schemes or not parts.hostname or not port_is_fine:
        raise refused(f"must be an {' or '.join(schemes)} URL with a host")
    if parts.username is not None:
        raise refused("must not hold a user name or password")
    return parts


def resolve(
    parts: SplitResult, deadline: float, allowed: Callable[[Address], bool] = is_public
) -> tuple[str, int]:
    """The address and port to connect to; every address of the name must be allowed. `deadline` is
    by `time.monotonic`."""
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    try:
        found = _look_up(host, port, deadline)
    except TimeoutError:
        raise refused("has a host name that could not be resolved in time") from None
    except (OSError, ValueError):  # the latter for a label that no name can have
        raise refused("has a host name that cannot be resolved") from None
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    if not all(allowed(ipaddress.ip_address(address)) for address in addresses):
        raise refused("does not lead to the public internet")
    return addresses[0], port


def _look_up(host: str, port: int, deadline: float) -> list[Any]:
    """What `getaddrinfo` gives; TimeoutError at the deadline. It takes none itself, and its name
    servers may be a stranger's, so it runs in a thread that is left behind if need be."""
    results: queue.SimpleQueue[list[Any] | Exception] = queue.SimpleQueue()

    def run() -> None:
        try:
            results.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except Exception as error:
            results.put(error)

    threading.Thread(target=run, daemon=True).start()
    try:
        result = results.get(timeout=max(deadline - time.monotonic(), 0))
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(result, Exception):
        raise result
    return result


def refused(reason: str) -> BadRequest:
    """What is wrong with a URL, as the fault that its sender should see."""
    return BadRequest(reason, field="url")
