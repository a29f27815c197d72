"""Shading: tones that are darker versions of the colour that they touch."""

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.media.style.colour import Lab, delta_e, parse, to_lab
from shared.media.style.figure import Figure
from shared.media.style.palette import Colours
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


def find(figure: Figure, colours: Colours, line: Line | None) -> Shading:
    """The share of the figure in shadow tones, and whether they have edges or are gradients."""
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
    amount = round(amount, 4)
    kind: Kind = "flat"
    if amount >= FLAT:
        kind = "soft" if _slope(figure, colours) else "two_tone"
    return Shading(kind=kind, amount=amount, least=amount, most=amount)


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
