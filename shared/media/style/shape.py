"""The silhouette: its box, its widths, and whether the frame cuts it."""

import numpy as np
from numpy.typing import NDArray

from shared.media.style.figure import MARGIN, Figure, Mask
from shared.media.style.head import Head
from shared.model.style import Proportions

BANDS = 10
RIM = 2
"""Pixels along the frame in which a figure that ends there shows."""
STRAIGHT = 1
"""Pixels within which a truncated edge is straight."""


def proportions(figure: Figure, head: Head) -> Proportions:
    """The box's aspect and the silhouette's mean width in ten bands of equal height."""
    body = figure.mask[MARGIN:-MARGIN, MARGIN:-MARGIN]
    height, width = body.shape
    rows = body.sum(axis=1) / width
    bands = np.array_split(rows, BANDS)
    return Proportions(
        aspect=round(width / height, 4),
        head=round(head.radius / figure.size, 4),
        widths=tuple(round(float(band.mean()), 4) for band in bands),
    )


def ground(figure: Figure, head: Head) -> float:
    """Where the figure ends below, in radii of the head from its middle."""
    return float(round((figure.mask.shape[0] - MARGIN - head.y) / head.radius, 2))


def cut(rgba: NDArray[np.uint8], figure: Figure) -> float:
    """The longest straight run along which the figure ends, as a share of the box's shorter side:
    at the frame itself, or within it where a picture was trimmed and placed elsewhere."""
    solid = rgba[..., 3] > 127
    edges = (solid[:RIM], solid[-RIM:], solid[:, :RIM].T, solid[:, -RIM:].T)
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    side = int(min(rows[-1] - rows[0], columns[-1] - columns[0])) + 1
    at_frame = max(_run(edge.min(axis=0)) for edge in edges) / side
    return round(max(at_frame, _inner_cut(figure)), 4)


def _inner_cut(figure: Figure) -> float:
    """The longest straight side of the figure, unless the outline runs along it."""
    longest = 0.0
    body, lab = (
        figure.mask[MARGIN:-MARGIN, MARGIN:-MARGIN],
        figure.lab[MARGIN:-MARGIN, MARGIN:-MARGIN],
    )
    for turn in range(4):
        turned, level = np.rot90(body, turn), np.rot90(lab[..., 0], turn)
        run = _longest(turned[STRAIGHT])
        if run is None:
            continue
        under = level[STRAIGHT + 1, run]
        # An outlined edge is one dark colour; a cut goes through many.
        if len(under) > 8 and float(np.percentile(under, 90) - np.percentile(under, 10)) > 25:
            longest = max(longest, len(under) / min(body.shape))
    return longest


def _run(row: NDArray[np.bool_]) -> int:
    found = _longest(row)
    return 0 if found is None else found.stop - found.start


def _longest(row: Mask) -> slice | None:
    """The longest run of True."""
    steps = np.diff(np.concatenate([[0], row.astype(np.int8), [0]]))
    starts, ends = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    if not len(starts):
        return None
    best = int(np.argmax(ends - starts))
    return slice(int(starts[best]), int(ends[best]))
