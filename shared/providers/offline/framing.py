"""How much of the drawing plane a character needs, so that it stays in the picture in every pose.

One frame serves all of a character's poses and films: an app that swaps one for another must not
see the figure change its size.
"""

from functools import lru_cache

import numpy as np

from shared.providers.offline.character import draw
from shared.providers.offline.choreography import MOTIONS
from shared.providers.offline.motion import animate
from shared.providers.offline.raster import document, render
from shared.providers.offline.sheet import Sheet

MARGIN = 0.055
"""The empty share of the picture on each side."""

PLANE = (-640.0, -1180.0, 1320.0)
PROBE = 66
"""A square of figure units that holds any figure, and the pixels that it is probed with."""


@lru_cache(maxsize=64)
def frame(sheet: Sheet, seed: int) -> tuple[float, float, float]:
    """(left, top, width) in figure units of a square that holds every moment of every pose."""
    seen = np.zeros((PROBE, PROBE), bool)
    for pose, motion in MOTIONS.items():
        for step in range(3):
            moment = animate(pose, sheet.expression, step / 3, motion.beat)
            seen |= render(document(draw(sheet, moment, seed), PLANE), PROBE)[..., 3] > 0
    columns, rows = np.flatnonzero(seen.any(axis=0)), np.flatnonzero(seen.any(axis=1))
    cell = PLANE[2] / PROBE
    left, right = PLANE[0] + columns[0] * cell, PLANE[0] + (columns[-1] + 1) * cell
    top, bottom = PLANE[1] + rows[0] * cell, PLANE[1] + (rows[-1] + 1) * cell
    # The body stands in the middle, wherever its tail and its arms go.
    width = max(2 * right, -2 * left, bottom - top) / (1 - 2 * MARGIN)
    return -width / 2, (top + bottom - width) / 2, width
