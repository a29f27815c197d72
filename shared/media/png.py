"""The chunks of a PNG, looked at without decoding its pixels."""

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
MAX_PROFILE: Final = 1 << 20
"""Bytes of the largest colour profile that Pillow unpacks."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk: its kind, and where it begins and ends, its length and checksum included."""

    kind: bytes
    start: int
    end: int

    def body(self, data: bytes) -> bytes:
        """What the chunk holds."""
        return data[self.start + 8 : self.end - 4]


def chunks(stream: IO[bytes]) -> Iterator[Chunk]:
    """The chunks of a PNG, as far as it goes: the last one may end behind it. Whoever takes one may
    read from the stream, which is sought for each."""
    at = len(SIGNATURE)
    while True:
        stream.seek(at)
        if len(head := stream.read(8)) < 8:
            return
        length, kind = struct.unpack(">I4s", head)
        chunk = Chunk(kind, at, at + 12 + length)
        yield chunk
        at = chunk.end


def is_animated(head: bytes) -> bool | None:
    """Whether a PNG that begins like this is an animation; None where that is not known yet, since
    the chunk that says so stands in front of the first picture, behind any amount of metadata."""
    for chunk in chunks(io.BytesIO(head)):
        if chunk.kind in (b"acTL", b"IDAT", b"IEND"):
            return chunk.kind == b"acTL"
    return None


def without_compressed_text(data: bytes) -> bytes:
    """The PNG `data` without what Pillow would unpack only to refuse the picture for its size:
    compressed text, of which nothing is needed, and colour profiles beyond `MAX_PROFILE`. Of
    several profiles the first is kept."""
    kept = [data[: len(SIGNATURE)]]
    end = len(SIGNATURE)
    has_profile = False
    for chunk in chunks(io.BytesIO(data)):
        is_profile = chunk.kind == b"iCCP"
        if not (is_profile and has_profile) and not _is_unwanted(chunk, data):
            kept.append(data[chunk.start : chunk.end])
        has_profile |= is_profile
        end = chunk.end
        if chunk.kind == b"IEND":
            break
    return b"".join([*kept, data[end:]])


def _is_unwanted(chunk: Chunk, data: bytes) -> bool:
    match chunk.kind:
        case b"zTXt":
            return True
        case b"iTXt":
            _, _, behind = chunk.body(data).partition(b"\0")
            return behind[:1] != b"\0"
        case b"iCCP":
            _, _, behind = chunk.body(data).partition(b"\0")
            return behind[:1] != b"\0" or not _is_small(behind[1:])
    return False


def _is_small(packed: bytes) -> bool:
    unpacking = zlib.decompressobj()
    try:
        unpacking.decompress(packed, MAX_PROFILE)
    except zlib.error:
        return False
    return not unpacking.unconsumed_tail
