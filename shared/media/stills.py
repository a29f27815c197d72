"""Stills: opening those of strangers safely, and resizing our own."""

import io
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from shared.errors import BadRequest
from shared.media.compact import write_png, write_webp

MAX_PIXELS = 40_000_000
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")


def load(path: Path, mode: Literal["RGB", "RGBA"]) -> NDArray[np.uint8]:
    """The pixels (H, W, C) of a still that we have made or checked ourselves, which is a PNG."""
    with Image.open(path, formats=("PNG",)) as image:
        return np.asarray(image.convert(mode))


def open_image(source: Path | bytes, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Decode a PNG, JPEG, WebP or GIF (its first frame) completely, to RGB, or RGBA if not opaque.

    The orientation of EXIF is applied and all metadata dropped. Raises `BadRequest(field="file")`
    for other formats, more than `max_pixels`, and broken or truncated files.
    """
    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(stream, formats=FORMATS) as image:
                # The header is read by now, the pixels are not: a bomb is refused before it is lit.
                if image.width * image.height > max_pixels:
                    raise _refused(
                        f"is {image.width}×{image.height}; at most {max_pixels:,} pixels are taken"
                    )
                upright = ImageOps.exif_transpose(image)
                has_alpha = upright.has_transparency_data
                if upright.mode.startswith("I"):
                    upright = _eight_bits(upright)
                return _without_metadata(upright.convert("RGBA" if has_alpha else "RGB"))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _refused(f"is too large; at most {max_pixels:,} pixels are taken") from None
    except UnidentifiedImageError:
        raise _refused("is not a PNG, JPEG, WebP or GIF picture") from None
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise _refused("is damaged or cut off, and cannot be decoded") from error


def moves(source: bytes) -> bool:
    """Whether a picture has more than one frame; False for what cannot be read."""
    try:
        with Image.open(io.BytesIO(source), formats=FORMATS) as image:
            return bool(getattr(image, "is_animated", False))
    except (OSError, SyntaxError, ValueError, EOFError):
        return False


def reencode(source: Path | bytes, target: Path, max_pixels: int = MAX_PIXELS) -> tuple[int, int]:
    """Write what `open_image` makes of `source` as a clean PNG; returns its (width, height)."""
    image = open_image(source, max_pixels)
    image.save(target, "PNG")
    return image.size


def shrink(source: Path | bytes, target: Path, side: int) -> tuple[int, int]:
    """Write what `open_image` makes of `source` as a clean PNG with at most `side` pixels a side,
    proportions kept; a smaller one keeps its size. Returns its (width, height)."""
    image = open_image(source)
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    image.save(target, "PNG")
    return image.size


def resize(source: Path, targets: Mapping[int, Path]) -> dict[int, tuple[int, int]]:
    """Write `source` as PNGs of the given widths, with WebPs beside them if it has alpha,
    proportions kept; returns (width, height)s.

    The filter is Lanczos on premultiplied colour (Pillow premultiplies RGBA itself). Each size is
    made from the next larger one, which is as good and quicker.
    """
    sizes: dict[int, tuple[int, int]] = {}
    image = open_image(source)
    proportion = image.height / image.width
    for width in sorted(targets, reverse=True):
        size = (width, max(1, round(width * proportion)))
        image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
        write_png(image, targets[width])
        if image.mode == "RGBA":
            write_webp(image, targets[width].with_suffix(".webp"))
        sizes[width] = size
    return sizes


def _eight_bits(grey: Image.Image) -> Image.Image:
    """A picture of 16 bits in 8: Pillow's own conversion turns all but the darkest to white."""
    return Image.fromarray((np.asarray(grey).clip(0, 65535) // 257).astype(np.uint8))


def _without_metadata(image: Image.Image) -> Image.Image:
    image.info.clear()
    return image


def _refused(reason: str) -> BadRequest:
    return BadRequest(f"the picture {reason}", field="file")
