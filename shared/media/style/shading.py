"""Shading: tones that are darker versions of the colour beside them."""

from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.media.style.colour import Lab, delta_e, parse, to_lab
from shared.media.style.figure import Figure
from shared.media.style.palette import EDGE, Colours
from shared.model.style import Line, Shading

Kind = Literal["flat", "two_tone", "soft"]

DARKER = (2.5, 32.0)
"""How much lower L* of a shadow is than that of its colour."""
TOUCH = 0.3
"""The share of a shadow's rim that lies directly against its colour, without a line between."""
LESSER = 0.6
"""A shadow covers less than this share of what its colour covers in the light."""
INK = 9.0
"""ΔE2000 from the outline's colour within which a tone is ink and no shadow."""
FLAT = 0.01
"""A smaller share of the figure in shadow tones is no shading."""
STEP = 4
"""Pixels across the seam between two tones."""


REACH = 3
"""Pixels on either side of a seam between which its step is measured, and again to see whether the
tones beyond are level."""
LEAST_STEP = 5.0
"""The step of L* from which on a seam counts; grain and the blocks of a JPEG stay below it."""
BETWEEN = 1.5
"""How much L* on a seam may leave the range of both sides; under a line it leaves it by far."""


def find(figure: Figure, colours: Colours, line: Line | None) -> Shading:
    """The share of the figure in shadow tones, how long their seams are, and whether they have
    edges or are gradients."""
    amount, seams = round(_shadows(colours, line), 4), round(_seams(figure, line), 4)
    kind: Kind = "flat"
    if amount >= FLAT:
        kind = "soft" if _slope(figure, colours) else "two_tone"
    return Shading(
        kind=kind,
        amount=amount,
        least=amount,
        most=amount,
        seams=seams,
        shortest=seams,
        longest=seams,
    )


def _seams(figure: Figure, line: Line | None) -> float:
    """The length of all seams, in sizes of the figure.

    A seam is a step of L* without a line on it, between two level tones of about one hue. It is
    looked for pixel by pixel and not in the palette: light that falls off over the whole figure
    moves its colours, but leaves the steps.
    """
    level = figure.lab[..., 0]
    inner = figure.deep > EDGE
    solid = inner & ~_near(figure.lab, line)
    total = 0.0
    for axis in (0, 1):
        one, two = _beside(figure.lab, REACH, axis), _beside(figure.lab, -REACH, axis)
        high, low = one[..., 0], two[..., 0]
        step = high - low
        # How much L* changes beyond both sides, over as many pixels as the step takes.
        slope = _beside(level, 2 * REACH, axis) - high + low - _beside(level, -2 * REACH, axis)
        size = np.abs(step)
        is_step = (size > LEAST_STEP) & (size < DARKER[1]) & (np.abs(slope) < size / 2)
        is_step &= np.abs(step - slope) > 0.35 * size + LEAST_STEP / 2
        tint = np.hypot(one[..., 1] - two[..., 1], one[..., 2] - two[..., 2])
        is_one_hue = tint < 6 + 0.8 * size
        is_bare = level >= np.minimum(high, low) - BETWEEN
        is_bare &= level <= np.maximum(high, low) + BETWEEN
        inside = inner & _beside(solid, REACH, axis) & _beside(solid, -REACH, axis)
        total += float(np.count_nonzero(is_step & is_one_hue & is_bare & inside))
    # Every seam is met at each of the places between its two sides.
    return total / (2 * REACH - 1) / figure.size


def _beside(layer: NDArray[Any], by: int, axis: int) -> NDArray[Any]:
    """The layer with each value where the pixel `by` places before it is."""
    return np.roll(layer, -by, axis)


def _near(lab: Lab, line: Line | None) -> NDArray[np.bool_]:
    """Where the outline's colour is, nearly."""
    if line is None:
        return np.zeros(lab.shape[:2], np.bool_)
    ink = to_lab(np.array(parse(line.colour[1:]), np.uint8))
    near: NDArray[np.bool_] = np.abs(lab - ink).sum(axis=2) < 2 * INK
    return near


def _shadows(colours: Colours, line: Line | None) -> float:
    """The share of the figure in colours that are the shadow of one that they touch."""
    contacts = _contacts(colours)
    rims = np.maximum(contacts.sum(axis=1), 1.0)
    inked = _inked(colours.centres, line)
    amount = 0.0
    for shade, centre in enumerate(colours.centres):
        if inked[shade]:
            continue
        bases = _bases(colours.centres, centre)
        bases = bases[colours.shares[shade] < LESSER * colours.shares[bases]]
        touching = contacts[shade, bases] / rims[shade]
        if len(touching) and touching.max() > TOUCH:
            amount += float(colours.shares[shade])
    return amount


def _bases(centres: Lab, shade: Lab) -> NDArray[np.int64]:
    """The colours that one may be the shadow of: lighter, of nearly the same hue and chroma."""
    lighter = centres[:, 0] - shade[0]
    apart = np.linalg.norm(centres[:, 1:] - shade[1:], axis=1)
    alike = (lighter > DARKER[0]) & (lighter < DARKER[1]) & (apart < 6 + 0.8 * lighter)
    return np.flatnonzero(alike)


def _inked(centres: Lab, line: Line | None) -> NDArray[np.bool_]:
    if line is None:
        return np.zeros(len(centres), np.bool_)
    rgb = np.array(parse(line.colour[1:]), np.uint8)
    return delta_e(centres, to_lab(rgb)) < INK


def _contacts(colours: Colours) -> NDArray[np.float64]:
    """(k, k): how often two colours lie `STEP` pixels apart; the diagonal is zero."""
    count = len(colours.centres)
    labels = colours.labels
    table = np.zeros((count, count))
    for one, two in (
        (labels[STEP:], labels[:-STEP]),
        (labels[:, STEP:], labels[:, :-STEP]),
    ):
        both = (one >= 0) & (two >= 0) & (one != two)
        pairs = one[both] * count + two[both]
        table += np.bincount(pairs, minlength=count * count).reshape(count, count)
    return table + table.T


def _slope(figure: Figure, colours: Colours) -> bool:
    """Whether L* changes slowly over most of the figure, as it does under an airbrush."""
    level = cv2.GaussianBlur(figure.lab[..., 0], (0, 0), 1.5)
    across, down = cv2.Sobel(level, cv2.CV_32F, 1, 0), cv2.Sobel(level, cv2.CV_32F, 0, 1)
    slope = np.hypot(across, down)[colours.labels >= 0] / 8
    return bool(np.mean((slope > 0.06) & (slope < 1.0)) > 0.6)
