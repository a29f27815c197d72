"""Pixels as films hold them: BT.709 luma and chroma, 8 bits, 16 to 235 and 16 to 240."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.media import Rgb

# Steps run side by side, each on its own core: OpenCV's threads would only get in their way.
cv2.setNumThreads(1)

Frame = NDArray[np.uint8]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Picture = NDArray[Any]
"""(H, W, 3) luma and chroma, as bytes (of a film) or as floats (of a still)."""

LUMA: Floats = np.array([0.2126, 0.7152, 0.0722], np.float32)  # ITU-R BT.709
ZERO: Floats = np.array([16, 128, 128], np.float32)
_TO_YUV: Floats = np.array(
    [
        LUMA * 219 / 255,
        (np.array([0, 0, 1]) - LUMA) / 1.8556 * 224 / 255,
        (np.array([1, 0, 0]) - LUMA) / 1.5748 * 224 / 255,
    ],
    np.float32,
)
_INVERSE = np.linalg.inv(_TO_YUV.astype(np.float64))
_TO_RGB: Floats = np.column_stack([_INVERSE, -_INVERSE @ ZERO]).astype(np.float32)


def yuv(rgb: Picture) -> Floats:
    """RGB (…, 3) as luma and chroma, not rounded."""
    found: Floats = rgb.astype(np.float32) @ _TO_YUV.T + ZERO
    return found


def rgb(picture: Picture) -> Frame:
    """Luma and chroma (H, W, 3) as RGB."""
    found = cv2.transform(picture, _TO_RGB)
    if found.dtype == np.uint8:
        return np.asarray(found, np.uint8)
    return np.asarray(found.round().clip(0, 255), np.uint8)


def triple(colour: NDArray[Any]) -> Rgb:
    """A colour as whole numbers."""
    red, green, blue = (int(channel) for channel in np.rint(colour))
    return red, green, blue


def planes(frame: Frame) -> tuple[Frame, Frame, Frame]:
    """A raw frame of yuv420p (H × 3/2, W, 1) as its luma and its two half-size chroma planes."""
    height, width = frame.shape[0] * 2 // 3, frame.shape[1]
    flat, count = frame.reshape(-1), height * width
    half = (height // 2, width // 2)
    return (
        flat[:count].reshape(height, width),
        flat[count : count * 5 // 4].reshape(half),
        flat[count * 5 // 4 :].reshape(half),
    )
