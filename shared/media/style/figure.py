"""The figure of a cut-out, brought to one scale, without noise and without its mixed edge."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.errors import PermanentError
from shared.media.style.colour import Lab

Mask = NDArray[np.bool_]

SIDE = 360
"""The longer side of the box that figures are brought to, in pixels."""
MARGIN = 6
SPECK = 0.012
"""Parts with less than this share of the figure (a letter, a spark) are not part of its shape."""
LOOSE, BESIDE = 0.04, 0.2
"""A part with less than this share belongs only if it is this near the middle, in box widths."""


@dataclass(frozen=True, slots=True)
class Figure:
    """`lab` (h, w, 3) and the silhouette `mask` (h, w), with `MARGIN` empty pixels around; `deep`
    is the depth of each pixel below the edge, `size` the square root of the area."""

    lab: Lab
    mask: Mask
    deep: NDArray[np.float32]
    size: float


def load(rgba: NDArray[np.uint8]) -> Figure:
    """Bring the figure of straight RGBA (H, W, 4) to one scale. Fails on an empty picture."""
    solid = (rgba[..., 3] > 127).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    if count < 2:
        raise PermanentError("empty_picture", "there is no figure in the picture")
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    mask = _worth(areas, np.asarray(stats), int(np.argmax(areas)))[labels]
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    part, inside = rgba[box], mask[box]

    scale = SIDE / max(inside.shape)
    shape = (max(1, round(inside.shape[1] * scale)), max(1, round(inside.shape[0] * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    alpha = part[..., 3].astype(np.float32) / 255 * inside
    layers = np.dstack([part[..., :3] * alpha[..., None] / 255, alpha])
    layers = np.clip(cv2.resize(layers, shape, interpolation=way), 0, 1)
    pad = (MARGIN,) * 4
    layers = cv2.copyMakeBorder(layers, *pad, cv2.BORDER_CONSTANT, value=(0.0,) * 4)
    cover = layers[..., 3]
    rgb = np.clip(layers[..., :3] / np.maximum(cover, 1e-3)[..., None], 0, 1)
    silhouette = cover > 0.5
    lab = cv2.cvtColor(rgb.astype(np.float32), cv2.COLOR_RGB2Lab)
    # Grain and block noise are evened out; edges between colours stay where they are.
    lab = cv2.bilateralFilter(lab, 5, 9.0, 2.0)
    return Figure(
        lab=lab.astype(np.float32),
        mask=silhouette,
        deep=cv2.distanceTransform(silhouette.astype(np.uint8), cv2.DIST_L2, 5).astype(np.float32),
        size=float(np.sqrt(np.count_nonzero(silhouette))),
    )


def _worth(areas: NDArray[Any], stats: NDArray[Any], main: int) -> Mask:
    """Which parts belong to the figure: no specks, and no small loose part beside it (a letter);
    one above it (a halo) does."""
    shares = areas / areas.sum()
    left, width = stats[:, cv2.CC_STAT_LEFT], stats[:, cv2.CC_STAT_WIDTH]
    off = np.abs(left + width / 2 - left[main] - width[main] / 2) / width[main]
    kept: Mask = (shares >= SPECK) & ((shares >= LOOSE) | (off < BESIDE))
    kept[main] = True
    return kept
