"""Style measures without a network: what a picture's pixels say about the figure in it."""

import numpy as np
from numpy.typing import NDArray

from shared.media import Rgb
from shared.media.key import estimate_background
from shared.media.style import figure, head, line, palette, shading, shape
from shared.media.style.colour import delta_e, to_lab
from shared.model.style import Measurement

FLAT_RESIDUAL = 100.0
"""The residual of a background that is not flat at all."""


def measure(rgba: NDArray[np.uint8]) -> Measurement:
    """Measure the figure of straight RGBA (H, W, 4).

    Everything is measured at one scale, so that big and small pictures of a figure give the same
    numbers. Raises `PermanentError` (empty_picture) when nothing is opaque.
    """
    shown = figure.load(rgba)
    place = head.find(shown)
    colours = palette.find(shown)
    outline = line.find(shown, colours)
    return Measurement(
        palette=palette.describe(colours, place),
        line=outline,
        proportions=shape.proportions(shown, place),
        shading=shading.find(shown, colours, outline),
        portrait=head.portrait(shown, place),
        ground=shape.ground(shown, place),
        cut=shape.cut(rgba, shown),
    )


def background_residual(rgb: NDArray[np.uint8], key: Rgb) -> float:
    """How far the border of a still (H, W, 3) is from the expected flat key colour, in ΔE2000;
    `FLAT_RESIDUAL` when it is not flat."""
    found = estimate_background([rgb])
    if not found.is_flat:
        return FLAT_RESIDUAL
    pair = to_lab(np.array([found.colour, key], np.uint8))
    return round(float(delta_e(pair[0], pair[1])), 2)
