"""What a file is by its first bytes; what it is called says nothing."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from shared.media import png

HEAD: Final = 4096
"""Bytes from the beginning of a file that tell what it is."""

_BOXES: Final = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot"})

FILM_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "mov": "video/mp4",
        "webm": "video/webm",
        "gif": "image/gif",
        "apng": "image/png",
        "webp": "image/webp",
    }
)
"""The containers that films come in, with a content type of each. MP4 and QuickTime are one."""

MOVES: Final = 0x02
"""The flag in a WebP's header that it is an animation."""


def film_container(head: bytes) -> str | None:
    """The container of what could be a film, a key of `FILM_TYPES`; None for everything else.

    `head` are the first `HEAD` bytes, or more. A PNG of which they do not tell could be a film.
    """
    if head[4:8] in _BOXES:
        return None if head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"avif") else "mov"
    if head[:4] == b"\x1aE\xdf\xa3":
        return "webm" if b"webm" in head[4:64] else None
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return "gif"
    if head[:8] == png.SIGNATURE:
        animated = png.is_animated(head)
        return "apng" if animated or (animated is None and len(head) >= HEAD) else None
    if head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X" and len(head) > 20:
        return "webp" if head[20] & MOVES else None
    return None
