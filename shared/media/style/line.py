"""The outline: the dark line that follows the silhouette, its colour and its width."""

import cv2
import numpy as np
from skimage.morphology import skeletonize

from shared.media.style.colour import Floats, Lab, delta_e, to_hex
from shared.media.style.figure import Figure
from shared.media.style.palette import APART, Colours
from shared.model.style import Line

RING = (1.5, 3.5)
"""Depths in pixels at which a figure with an outline shows it, and hardly anything else."""
REACH = 14.0
"""ΔE2000 from the line's colour up to which a pixel is line."""
MAIN = 0.05
"""Colours with this share of the figure are told apart from the line, however dark they are."""
DARK = 48.0
"""L* above which a colour is no outline."""
OUTER = 0.06
"""Only what lies this near the edge (a share of the size) is outline and not an eye or a nose."""
FEWEST = 0.35
"""The share of the ring that is dark where there is an outline at all."""


def find(figure: Figure, colours: Colours) -> Line | None:
    """The line's colour and width; None for a figure without an outline.

    The width is twice the distance from the line's skeleton to its rim (H. Blum, "A transformation
    for extracting new descriptors of shape", 1967), the median over the skeleton.
    """
    ring = (figure.deep > RING[0]) & (figure.deep <= RING[1])
    dark = ring & (figure.lab[..., 0] < DARK)
    if dark.sum() < FEWEST * ring.sum():
        return None
    colour = _darkest_mode(figure.lab[dark])
    rivals = delta_e(colours.centres, colour)[colours.shares > MAIN]
    rivals = rivals[rivals > APART]
    reach = min(REACH, float(rivals.min()) / 2) if len(rivals) else REACH
    # Twice the scale: half a pixel matters in a line of five.
    lab: Lab = cv2.resize(figure.lab, None, fx=2, fy=2).astype(np.float32)
    mask = cv2.resize(figure.mask.astype(np.uint8), None, fx=2, fy=2) > 0
    deep = cv2.resize(figure.deep, None, fx=2, fy=2) * 2
    near = mask & (deep < OUTER * figure.size * 2)
    line = np.zeros(mask.shape, np.uint8)
    line[near] = delta_e(lab[near], colour) < reach
    # The pixels at the very edge mix the line with what is behind: they are line all the same.
    line |= near & (deep <= 2 * RING[0]) & (cv2.dilate(line, np.ones((5, 5), np.uint8)) > 0)
    skeleton = skeletonize(line > 0)  # type: ignore[no-untyped-call]
    rim = cv2.distanceTransform(line, cv2.DIST_L2, 5)
    widths = rim[skeleton]
    if not len(widths):
        return None
    weight = float(np.median(widths[widths > 1])) if (widths > 1).any() else float(widths.max())
    return Line(weight=round(weight / figure.size, 4), colour=to_hex(colour))


def _darkest_mode(colours: Floats) -> Floats:
    """The commonest colour among dark ones, and the mean of what is like it."""
    cells = np.floor(colours / 6).astype(np.int64) @ np.array([1 << 20, 1 << 10, 1])
    _, where, counts = np.unique(cells, return_inverse=True, return_counts=True)
    commonest = colours[where == int(np.argmax(counts))].mean(axis=0)
    like = colours[delta_e(colours, commonest) < REACH / 2]
    return np.asarray(like.mean(axis=0) if len(like) else commonest)
