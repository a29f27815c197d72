"""Small files of a still: a PNG that loses nothing, and a WebP whose alpha is exact.

What is smallest depends on the drawing, so it is tried out. Flat areas repeat byte by byte: a PNG
without filters is a third smaller than with them, and a lossless WebP beats a lossy one at full
size. Gradients and grain are the other way round, and so are small sizes, which are all edge.
"""

import io
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from shared.errors import PermanentError

WEBP_QUALITY = 90
"""Of colour, where a lossy WebP is the smaller one; alpha is kept as it is."""

UNFILTERED = (
    *(cv2.IMWRITE_PNG_COMPRESSION, 9),
    *(cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_NONE),
)


def write_png(image: Image.Image, target: Path) -> None:
    """Write an RGB or RGBA picture as the smaller of two lossless PNGs, without metadata."""
    order = cv2.COLOR_RGBA2BGRA if image.mode == "RGBA" else cv2.COLOR_RGB2BGR
    made, flat = cv2.imencode(".png", cv2.cvtColor(np.asarray(image), order), UNFILTERED)
    if not made:
        raise PermanentError("cannot_write", f"cannot write {target.name}")
    target.write_bytes(min(flat.tobytes(), _saved(image, "PNG", optimize=True), key=len))


def write_webp(image: Image.Image, target: Path) -> None:
    """Write an RGBA picture as the smaller of a lossless and a lossy WebP, and decode it again:
    `PermanentError` ("verification_failed") if its alpha is not that of the picture."""
    lossless = _saved(image, "WEBP", lossless=True)
    lossy = _saved(image, "WEBP", quality=WEBP_QUALITY, alpha_quality=100)
    smaller = min(lossless, lossy, key=len)
    with Image.open(io.BytesIO(smaller), formats=["WEBP"]) as decoded:
        alpha = np.asarray(decoded.convert("RGBA"))[..., 3]
    if not np.array_equal(alpha, np.asarray(image)[..., 3]):
        raise PermanentError(
            "verification_failed", f"{target.name}: alpha: expected that of the PNG, found another"
        )
    target.write_bytes(smaller)


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()
