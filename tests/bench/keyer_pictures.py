"""Pictures of single frames: what was filmed, what is true, what was made of it, and the errors."""

from pathlib import Path

import cv2
import numpy as np

from shared.media.ffmpeg import Frame
from shared.providers.offline.raster import Rgba

FOLDER = Path("bench-results/keyer")
SQUARE = 16
AMPLIFIED = 4


def write(label: str, source: Frame, true: Rgba, ours: Rgba, rival: Rgba) -> None:
    """Source, truth, ours, the best rival, and the errors of both, around the figure."""
    shown = np.argwhere(true[..., 3] > 0)
    (top, left), (bottom, right) = shown.min(axis=0), shown.max(axis=0)
    box = (slice(max(0, top - 12), bottom + 12), slice(max(0, left - 12), right + 12))
    panels = [source, over(true), over(ours), over(rival), error(ours, true), error(rival, true)]
    row = np.concatenate([panel[box] for panel in panels], axis=1)
    name = label.replace(",", "").replace(" ", "-") + ".png"
    cv2.imwrite(str(FOLDER / name), row[..., ::-1])


def over(rgba: Rgba) -> Frame:
    """A picture over a checkerboard."""
    rows, columns = np.indices(rgba.shape[:2]) // SQUARE
    squares = np.where((rows + columns) % 2, 255, 190)[..., None]
    share = rgba[..., 3:] / 255
    shown: Frame = np.rint(rgba[..., :3] * share + squares * (1 - share)).astype(np.uint8)
    return shown


def error(found: Rgba, true: Rgba) -> Frame:
    """The error of alpha, amplified: red where there is too much, blue where too little."""
    apart = (found[..., 3].astype(np.int16) - true[..., 3]) * AMPLIFIED
    few, many = np.clip(-apart, 0, 255), np.clip(apart, 0, 255)
    return np.dstack([255 - few, 255 - few - many, 255 - many]).clip(0, 255).astype(np.uint8)
