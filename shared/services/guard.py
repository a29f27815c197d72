"""Where a stranger's URL may lead: to the public internet, and nowhere else.

The address is checked after the name was resolved, and it is what a caller has to connect to: a
name that resolves differently a moment later gains nothing.
"""

import ipaddress
import socket
from collections.abc import Callable, Collection
from urllib.parse import SplitResult, urlsplit

from shared.errors import BadRequest

PORTS = {"http": 80, "https": 443}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_public(address: Address) -> bool:
    """Whether an address is of the public internet: not private, loopback, link-local (where clouds
    keep their metadata), multicast or reserved, also when it is mapped into IPv6."""
    mapped = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    if mapped is not None:
        return is_public(mapped)
    return address.is_global and not address.is_multicast and not address.is_reserved


def parse(url: str, schemes: Collection[str] = PORTS) -> SplitResult:
    """The parts of a URL; BadRequest (field `url`) unless it has one of the schemes and a host."""
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or 0 < parts.port < 65_536
    except ValueError:
        raise refused("is not a URL") from None
    if parts.scheme not in schemes or not parts.hostname or not port_is_fine:
        raise refused(f"must be an {' or '.join(schemes)} URL with a host")
    if parts.username is not None:
        raise refused("must not hold a user name or password")
    return parts


def resolve(parts: SplitResult, allowed: Callable[[Address], bool] = is_public) -> tuple[str, int]:
    """The address and port to connect to; every address of the name must be allowed."""
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # the latter for a label that no name can have
        raise refused("has a host name that cannot be resolved") from None
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    if not all(allowed(ipaddress.ip_address(address)) for address in addresses):
        raise refused("does not lead to the public internet")
    return addresses[0], port


def refused(reason: str) -> BadRequest:
    """What is wrong with a URL, as the fault that its sender should see."""
    return BadRequest(reason, field="url")
