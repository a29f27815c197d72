"""Stills: opening those of strangers safely, and resizing our own."""

from collections.abc import Mapping
from pathlib import Path

from PIL import Image

MAX_PIXELS = 40_000_000


def open_image(source: Path | bytes, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Decode a PNG, JPEG, WebP or GIF (its first frame) completely; mode RGB, or RGBA if it has any alpha.

    The orientation of EXIF is applied and all metadata dropped. Raises `BadRequest(field="file")`
    for other formats, more than `max_pixels`, and broken or truncated files.
    """
    raise NotImplementedError


def reencode(source: Path | bytes, target: Path, max_pixels: int = MAX_PIXELS) -> tuple[int, int]:
    """Write what `open_image` makes of `source` as a clean PNG; returns its (width, height)."""
    raise NotImplementedError


def resize(source: Path, targets: Mapping[int, Path]) -> dict[int, tuple[int, int]]:
    """Write `source` as PNGs of the given widths, proportions kept; returns (width, height) of each.

    The filter is Lanczos on premultiplied colour.
    """
    raise NotImplementedError
