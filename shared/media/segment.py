"""The figure of a film whose background is not flat, as a network sees it frame by frame."""

from pathlib import Path

import cv2
import numpy as np

from shared.media import cutout
from shared.media.key import Floats, Frame

HELD = 0.6
"""How much of the alpha before counts where nothing moves: the network's opinion trembles."""
MOVED = 24.0
"""The change of luma, around a pixel, from which on what was before counts for nothing."""


class Segmenter:
    """Mattes the RGB frames of one film in their order. One frame is remembered."""

    def __init__(self, weights: Path) -> None:
        """`weights` is the folder with the network's; `cutout.cut_out` says what is in it."""
        self._weights = weights
        self._before: tuple[Frame, Floats] | None = None

    def matte(self, rgb: Frame) -> Frame:
        """The figure of a frame (H, W, 3) as straight RGBA. Raises as `cutout.segment` does."""
        rgba = cutout.segment(rgb, self._weights)
        luma = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
        alpha = rgba[..., 3].astype(np.float32)
        if self._before is not None:
            before, held = self._before
            change = cv2.blur(cv2.absdiff(luma, before), (5, 5)).astype(np.float32)
            alpha += (held - alpha) * HELD * np.clip(1 - change / MOVED, 0, 1)
            rgba[..., 3] = np.rint(alpha)
        self._before = (luma, alpha)
        return rgba
