"""PNGs put together chunk by chunk, of kinds that no encoder of ours writes."""

import struct
import zlib
from collections.abc import Sequence

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6


def chunk(kind: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def header(width: int, height: int, depth: int = 8, colour: int = RGB) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


def row(depth: int, colour: int, levels: Sequence[int], *between: bytes) -> bytes:
    """A picture of one row, whose samples are `levels`, with chunks in front of its pixels."""
    samples = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}[colour]
    bits = "".join(format(level, f"0{depth}b") for level in levels)
    bits += "0" * (-len(bits) % 8)
    packed = b"\0" + int(bits, 2).to_bytes(len(bits) // 8, "big")
    return b"".join(
        [
            SIGNATURE,
            header(len(levels) // samples, 1, depth, colour),
            *between,
            chunk(b"IDAT", zlib.compress(packed)),
            chunk(b"IEND"),
        ]
    )


def before_pixels(png: bytes, *more: bytes) -> bytes:
    """A PNG with chunks behind its header."""
    end = len(SIGNATURE) + 25
    return b"".join([png[:end], *more, png[end:]])
