"""Files that strangers might send: small ones of every format, changed here and there."""

import io
import random
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from shared.media import ffmpeg

NUMBERS: Final = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\1\0\0\0")
"""What sizes and counts become."""
HEAD: Final = 200
"""Bytes at the beginning of a file in which half of the changes are made."""


def mutated(seed: bytes, chance: random.Random) -> bytes:
    """The file with up to eight changes."""
    content = bytearray(seed)
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        limit = len(content) if chance.random() < 0.5 else min(len(content), HEAD)
        at, length = chance.randrange(limit), chance.randrange(1, 9)
        match chance.randrange(7):
            case 0:
                content[at] = chance.randrange(256)
            case 1:
                content[at] ^= 1 << chance.randrange(8)
            case 2:
                content[at : at + 4] = chance.choice(NUMBERS)
            case 3:
                del content[at : at + length]
            case 4:
                content[at:at] = chance.randbytes(length)
            case 5:
                content[at:at] = content[at : at + 10 * length]
            case _:
                del content[at + 1 :]
        content = content or bytearray(1)
    return bytes(content)


def pictures() -> Mapping[str, bytes]:
    """One of each kind of picture, 16 × 12."""
    chance = np.random.default_rng(1)
    frames = [Image.fromarray(chance.integers(0, 256, (12, 16, 4), np.uint8)) for _ in range(3)]
    clear, plain = frames[0], frames[0].convert("RGB")
    grey16 = Image.fromarray(chance.integers(0, 65536, (12, 16)).astype(np.uint16))
    more: dict[str, Any] = {"save_all": True, "append_images": frames[1:]}
    return {
        "PNG": _saved(clear, "PNG", exif=_exif()),
        "PNG P": _saved(plain.quantize(), "PNG", transparency=0),
        "PNG I;16": _saved(grey16, "PNG"),
        "APNG": _saved(clear, "PNG", **more),
        "JPEG": _saved(plain, "JPEG", exif=_exif()),
        "JPEG progressive": _saved(plain, "JPEG", exif=_exif(), progressive=True),
        "JPEG CMYK": _saved(plain.convert("CMYK"), "JPEG"),
        "MPO": _saved(plain, "MPO", save_all=True, append_images=[plain]),
        "WebP": _saved(clear, "WEBP", exif=_exif()),
        "WebP lossless": _saved(clear, "WEBP", lossless=True),
        "WebP animated": _saved(clear, "WEBP", **more),
        "GIF": _saved(
            plain, "GIF", save_all=True, append_images=[f.convert("RGB") for f in frames]
        ),
    }


def films() -> Mapping[str, bytes]:
    """One of each container of films, 32 × 32, three frames."""
    codecs: Mapping[str, tuple[str, ...]] = {
        "mp4": ("-c:v", "libx264", "-pix_fmt", "yuv420p"),
        "mov": ("-c:v", "png", "-pix_fmt", "rgba"),
        "webm": ("-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p"),
        "gif": (),
        "png": ("-f", "apng"),
        "webp": ("-c:v", "libwebp_anim"),
    }
    card = "testsrc=size=32x32:rate=12:duration=0.25,format=rgba"
    made = {}
    with tempfile.TemporaryDirectory() as folder:
        for extension, codec in codecs.items():
            path = Path(folder) / f"film.{extension}"
            ffmpeg.run(("-f", "lavfi", "-i", card, *codec, "-y", str(path)))
            made[extension] = path.read_bytes()
    return made


def _saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112], exif[0x011A], exif[0x0131] = 6, 72.5, "somebody"
    exif.get_ifd(0x8769)[0x9286] = b"a comment"
    exif.get_ifd(0x8825)[2] = (1.0, 2.0, 3.0)
    return exif


def tried(
    seeds: Mapping[str, bytes], number: int, attempt: Callable[[bytes], None], seed: int
) -> list[str]:
    """Let `attempt` have so many mutations of the seeds in turn; what it raised, and at what."""
    chance = random.Random(seed)
    names, raised = list(seeds), []
    for count in range(number):
        name = names[count % len(names)]
        content = mutated(seeds[name], chance)
        try:
            attempt(content)
        except Exception as error:
            raised.append(f"{name}: {error!r} at {content.hex()}")
    return raised
