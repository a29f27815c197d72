"""The head: the widest round part of a figure, its highest one, whatever the limbs do."""

from dataclasses import dataclass

import cv2
import numpy as np

from shared.media.style.colour import to_hex
from shared.media.style.figure import Figure
from shared.model.style import Portrait

LIKE = 0.86
"""A circle with this share of the largest radius may be the head, if it lies higher."""
COLUMNS, ROWS = 12, 14
LEFT, TOP, WIDTH = -1.2, -1.65, 2.4
"""The window of a portrait, in radii from the head's middle."""


@dataclass(frozen=True, slots=True)
class Head:
    """The largest circle inside the head, in pixels."""

    x: float
    y: float
    radius: float


def find(figure: Figure) -> Head:
    """Where the head is. Holes are filled first, since an arm may enclose one."""
    filled = figure.mask.astype(np.uint8)
    outlines, _ = cv2.findContours(filled, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(filled, outlines, -1, 1, cv2.FILLED)
    deep = cv2.distanceTransform(filled, cv2.DIST_L2, 5)
    top = float(deep.max())
    crests = (deep >= cv2.dilate(deep, np.ones((15, 15), np.uint8)) - 0.01) & (deep >= LIKE * top)
    rows, columns = np.nonzero(crests)
    first = int(np.argmin(rows))
    return Head(float(columns[first]), float(rows[first]), float(deep[rows[first], columns[first]]))


def portrait(figure: Figure, head: Head) -> Portrait:
    """The head and what it wears, as a mosaic of cells that are covered by half or more."""
    height = WIDTH * ROWS / COLUMNS
    step = WIDTH * head.radius / COLUMNS
    left, top = head.x + LEFT * head.radius, head.y + TOP * head.radius
    right, low = left + WIDTH * head.radius, top + height * head.radius
    # Each cell is the average of four by four samples.
    fine = 4
    grid_x = np.linspace(left, right, COLUMNS * fine, endpoint=False) + step / fine / 2
    grid_y = np.linspace(top, low, ROWS * fine, endpoint=False) + step / fine / 2
    map_x, map_y = (grid.astype(np.float32) for grid in np.meshgrid(grid_x, grid_y))
    cover = figure.mask.astype(np.float32)
    layers = np.dstack([figure.lab * cover[..., None], cover])
    sampled = cv2.remap(layers, map_x, map_y, cv2.INTER_LINEAR, borderValue=(0.0,) * 4)
    cells = cv2.resize(sampled, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
    colours = cells[..., :3] / np.maximum(cells[..., 3:], 1e-3)
    return Portrait(
        columns=COLUMNS,
        rows=ROWS,
        cells=tuple(
            to_hex(colours[row, column]) if cells[row, column, 3] >= 0.5 else ""
            for row in range(ROWS)
            for column in range(COLUMNS)
        ),
    )
