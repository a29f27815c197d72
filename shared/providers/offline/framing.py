"""How much of the drawing plane a character needs, so that it stays in the picture in every pose.

One frame serves all of a character's poses and films: an app that swaps one for another must not
see the figure change its size.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from shared.providers.offline.character import draw
from shared.providers.offline.choreography import MOTIONS
from shared.providers.offline.motion import animate
from shared.providers.offline.raster import document, render
from shared.providers.offline.sheet import Accessory, Sheet

MARGIN = 0.055
"""The empty share of the picture on each side."""

PLANE = (-640.0, -1180.0, 1320.0)
PROBE = 66
"""A square of figure units that holds any figure, and the pixels that it is probed with."""


TIGHTEST = 0.02
"""How much of the margin is left at least before an edit makes everything smaller."""

LOGO_SHARE = 0.84
"""How much of a logo's width or height, whichever is larger, is drawn on."""

LOGO_PROBE = 330

Box = tuple[float, float, float, float]
"""left, top, right, bottom in figure units."""
View = tuple[float, float, float]
"""left, top and width of a square, in figure units."""


def frame(sheet: Sheet, seed: int, earlier: Sequence[Sheet] = ()) -> View:
    """A square that holds every moment of every pose.

    A character that was edited keeps the frame that it had in its `earlier` states, as long as it
    fits in, so that the pictures before and after line up.
    """
    first, *later = (_shape(each) for each in (*earlier, sheet))
    box = extent(first, seed)
    view = _around(box)
    for each in later:
        grown = _union(box, extent(each, seed))
        if not _fits(grown, view):
            view = _around(grown)
        box = grown
    return view


def logo_frame(marks: str) -> View:
    """A square around what a logo's marks cover, in its middle."""
    left, top, right, bottom = _covered(render(document(marks, PLANE), LOGO_PROBE)[..., 3] > 0)
    width = max(right - left, bottom - top) / LOGO_SHARE
    return (left + right - width) / 2, (top + bottom - width) / 2, width


def _shape(sheet: Sheet) -> Sheet:
    """The sheet without its colours, which take no room."""
    worn = tuple(Accessory(piece.kind) for piece in sheet.accessories)
    return replace(sheet, colours=(), accessories=worn)


@lru_cache(maxsize=256)
def extent(sheet: Sheet, seed: int) -> Box:
    """What the character covers in all its poses together."""
    seen = np.zeros((PROBE, PROBE), bool)
    for pose, motion in MOTIONS.items():
        for step in range(3):
            moment = animate(pose, sheet.expression, step / 3, motion.beat)
            seen |= render(document(draw(sheet, moment, seed), PLANE), PROBE)[..., 3] > 0
    return _covered(seen)


def _covered(seen: NDArray[np.bool_]) -> Box:
    """The box around the cells of the plane that are set."""
    columns, rows = np.flatnonzero(seen.any(axis=0)), np.flatnonzero(seen.any(axis=1))
    cell = PLANE[2] / len(seen)
    left, right = PLANE[0] + columns[0] * cell, PLANE[0] + (columns[-1] + 1) * cell
    top, bottom = PLANE[1] + rows[0] * cell, PLANE[1] + (rows[-1] + 1) * cell
    return left, top, right, bottom


def _around(box: Box) -> View:
    left, top, right, bottom = box
    # The body stands in the middle, wherever its tail and its arms go.
    width = max(2 * right, -2 * left, bottom - top) / (1 - 2 * MARGIN)
    return -width / 2, (top + bottom - width) / 2, width


def _union(first: Box, second: Box) -> Box:
    return (
        min(first[0], second[0]),
        min(first[1], second[1]),
        max(first[2], second[2]),
        max(first[3], second[3]),
    )


def _fits(box: Box, view: View) -> bool:
    x, y, width = view
    air = min(box[0] - x, box[1] - y, x + width - box[2], y + width - box[3])
    return air >= TIGHTEST * width
