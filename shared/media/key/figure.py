"""Where the figure is in a picture: what neither the border reaches nor a gap shows through."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.media.key.colour import Floats, Frame, Mask

HOLE = 24
"""Enclosed areas of the key's colour with fewer pixels than this are a glint, not a gap."""
SLIVER, APART, NARROW = 10, 9, 5
"""The fewest pixels of a gap too narrow to show the pure key, whose pieces are less far apart than
`APART`; it is less wide than `NARROW`."""

SQUARE = np.ones((3, 3), np.uint8)
Box = tuple[slice, slice]
FREE, REACHED = 1, 2
"""What a flood may enter, and what it has entered."""


def figure_in(far: Mask, away: Floats, exact: float | None) -> Frame:
    """1 where a figure is and 0 elsewhere, given what is not near the ground's colour, and each
    pixel's squared distance from it. An enclosed area is a gap if its middle is at most `exact`
    from the ground; without, none is."""
    open_ = np.ones(np.add(far.shape, 2), np.uint8)
    open_[1:-1, 1:-1] = ~far
    cv2.floodFill(open_, None, (0, 0), REACHED)
    open_ = open_[1:-1, 1:-1]
    found: Frame = (open_ != REACHED).view(np.uint8)
    enclosed = (open_ == FREE).view(np.uint8)
    part = None if exact is None else box(enclosed)
    if exact is None or part is None:
        return found
    away, holes = away[part], found[part]
    _, labels, stats, _ = cv2.connectedComponentsWithStats(enclosed[part], connectivity=4)
    for label in np.flatnonzero(stats[:, cv2.CC_STAT_AREA] >= HOLE):
        if label == 0:
            continue
        left, top, width, height = stats[label, :4]
        place = np.s_[top : top + height, left : left + width]
        area = (labels[place] == label).astype(np.uint8)
        core = cv2.erode(area, SQUARE, borderValue=0)
        core = core if core.sum() > 3 else area
        if np.median(away[place][core > 0]) < exact**2:
            holes[place][area > 0] = 0
    return found


def slivers(tight: Mask) -> Mask:
    """Which of the pixels deep inside that are nearer to the key than they should be are of narrow
    gaps and corners, too tight for a film to hold the key's pure colour."""
    spots, width = tight.astype(np.uint8), np.ones((NARROW, NARROW), np.uint8)
    # A gap comes in pieces: the film blurs its narrowest parts into the outline.
    _, labels = cv2.connectedComponents(cv2.dilate(spots, np.ones((APART, APART), np.uint8)))
    is_gap = np.bincount(labels[tight]) >= SLIVER
    # A wide gap shows the pure key; what is wide and doesn't is a part, like a small gem.
    is_gap[labels[cv2.erode(spots, width) > 0]] = False
    found = np.zeros_like(tight)
    found[tight] = is_gap[labels[tight]]
    return found


def reached(loose: Mask, starts: Mask) -> Mask:
    """What of `loose` is connected to some of it that are `starts`."""
    free, open_ = loose.astype(np.uint8), starts.view(np.uint8)
    while True:
        # One flood goes through nearly all; one more for each gap that is opened.
        left = cv2.bitwise_and(free, open_)
        if not cv2.hasNonZero(left):
            found: Mask = free == REACHED
            return found
        row, column = divmod(int(left.argmax()), free.shape[1])
        cv2.floodFill(free, None, (column, row), REACHED)


def box(mask: NDArray[Any], margin: int = 0) -> Box | None:
    """The rows and columns that a mask reaches, with a margin; None for an empty one."""
    left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
    if not width:
        return None
    return (
        slice(max(0, top - margin), min(mask.shape[0], top + height + margin)),
        slice(max(0, left - margin), min(mask.shape[1], left + width + margin)),
    )
