"""What a file is by its first bytes; what it is called says nothing."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

HEAD: Final = 4096
"""Bytes from the beginning of a file that tell what it is."""

_BOXES: Final = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot"})

FILM_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {"mov": "video/mp4", "webm": "video/webm", "gif": "image/gif", "apng": "image/png"}
)
"""The containers that films come in, with a content type of each. MP4 and QuickTime are one."""


def film_container(head: bytes) -> str | None:
    """The container of what could be a film, a key of `FILM_TYPES`; None for everything else."""
    if head[4:8] in _BOXES:
        return None if head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"avif") else "mov"
    if head[:4] == b"\x1aE\xdf\xa3":
        return "webm" if b"webm" in head[4:64] else None
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return "gif"
    # The chunk that makes a PNG move stands in front of its first picture.
    if head[:8] == b"\x89PNG\r\n\x1a\n" and b"acTL" in head.partition(b"IDAT")[0]:
        return "apng"
    return None
