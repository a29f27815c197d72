"""URLs as people write them, in the form in which they can be requested: all ASCII."""

from typing import Final
from urllib.parse import SplitResult, quote, urlsplit

import idna

PRINTABLE: Final = {chr(code) for code in range(0x21, 0x7F)}


def ascii_parts(url: str) -> SplitResult:
    """The parts of a URL, with the host as IDNA encodes it (UTS #46, as browsers do) and all that
    is not printable ASCII in path and query percent-encoded as UTF-8.

    What is ASCII already stays as it is. ValueError when it is no URL.
    """
    parts = urlsplit(url)
    netloc = parts.netloc
    if not netloc.isascii():
        user, at, place = netloc.rpartition("@")
        host, colon, port = place.partition(":")
        netloc = user + at + _host(host) + colon + port
    return SplitResult(parts.scheme, netloc, _encoded(parts.path), _encoded(parts.query), "")


def from_header(value: str) -> str:
    """The text of a header that was decoded as Latin-1, as HTTP clients do, but is UTF-8; bytes
    that are neither ASCII nor UTF-8 stay as they are, for `ascii_parts` to encode."""
    try:
        raw = value.encode("latin-1")
    except UnicodeEncodeError:
        return value
    return raw.decode("utf-8", "surrogateescape")


def _host(host: str) -> str:
    """A host in ASCII. Its labels are encoded one by one: `_` is no letter of IDNA, and occurs."""
    mapped = idna.uts46_remap(host, std3_rules=False)
    return ".".join(
        label if label.isascii() else idna.alabel(label).decode() for label in mapped.split(".")
    )


def _encoded(text: str) -> str:
    return "".join(
        char if char in PRINTABLE else quote(char, safe="", errors="surrogateescape")
        for char in text
    )
