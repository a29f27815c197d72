"""Where on a figure its colours are: what one look at a picture gives."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from shared.media.style import figure, head, line, palette, shading
from shared.media.style.colour import Floats, delta_e, name, parse, to_lab
from shared.media.style.figure import Figure, Mask
from shared.media.style.head import Head
from shared.media.style.palette import Colours
from shared.model.style import Line

INK = 9.0
"""ΔE2000 from the outline's colour within which a colour is ink."""
BLACK, FILL = 16.0, 0.2
"""A colour darker than this (L*) is ink too, unless it has at least this share of the figure."""


class Region(StrEnum):
    """A part of the figure, in radii of its head from the head's middle."""

    TOP = "top"
    FACE = "face"
    NECK = "neck"
    BELLY = "belly"
    FEET = "feet"
    REST = "rest"


@dataclass(frozen=True, slots=True)
class Glance:
    """One look. `patches` are the shares of the figure by colour (as the palette names it) and
    region, without ink; `regions` those of the regions. `head` is the share of the figure's height
    that lies above the chin."""

    patches: Mapping[tuple[str, Region], float]
    regions: Mapping[Region, float]
    outline: str | None
    shading: shading.Kind
    head: float


def look(rgba: NDArray[np.uint8]) -> Glance:
    """Look at the figure of straight RGBA (H, W, 4).

    Raises `PermanentError` (empty_picture) when nothing is opaque.
    """
    shown = figure.load(rgba)
    place = head.find(shown)
    colours = palette.find(shown)
    outline = line.find(shown, colours)
    inked = _inked(colours, outline)
    counted = np.isin(colours.labels, np.flatnonzero(~inked))
    total = max(int(counted.sum()), 1)
    patches: dict[tuple[str, Region], float] = defaultdict(float)
    regions = {}
    for region, mask in _regions(shown, place).items():
        here = colours.labels[mask & counted]
        regions[region] = len(here) / total
        counts = np.bincount(here, minlength=len(colours.centres))
        for index in np.flatnonzero(counts):
            patches[name(colours.centres[index]), region] += float(counts[index] / total)
    return Glance(
        patches=patches,
        regions=regions,
        outline=name(to_lab(np.array(parse(outline.colour[1:]), np.uint8))) if outline else None,
        shading=shading.find(shown, colours, outline).kind,
        head=_head(shown, place),
    )


def _head(shown: Figure, place: Head) -> float:
    rows = np.flatnonzero(shown.mask.any(axis=1))
    return float((place.y + place.radius - rows[0]) / (rows[-1] - rows[0] + 1))


def _inked(colours: Colours, outline: Line | None) -> NDArray[np.bool_]:
    """Which colours are drawn lines and not worn; never the largest one."""
    inked = (colours.centres[:, 0] < BLACK) & (colours.shares < FILL)
    if outline:
        ink = to_lab(np.array(parse(outline.colour[1:]), np.uint8))
        inked |= delta_e(colours.centres, ink) < INK
    inked[int(np.argmax(colours.shares))] = False
    return inked


def _regions(shown: Figure, place: Head) -> dict[Region, Mask]:
    rows, columns = np.indices(shown.mask.shape)
    within = np.abs(np.asarray(columns - place.x, np.float64)) / place.radius
    y: Floats = np.asarray(rows - place.y, np.float64) / place.radius
    ground = float(y[shown.mask].max())
    masks: dict[Region, Mask] = {
        Region.TOP: y < -0.7,
        Region.FACE: (within < 0.8) & (y > 0.05) & (y < 0.9),
    }
    if ground > 1.6:  # otherwise it is all head
        masks[Region.NECK] = (within < 0.8) & (y >= 0.95) & (y < 1.38)
        masks[Region.FEET] = y > ground - 0.32
        masks[Region.BELLY] = (within < 0.45) & (y >= 1.38) & (y < ground - 0.4)
    left: Mask = shown.mask.copy()
    for region, mask in masks.items():
        masks[region] = mask & left
        left &= ~mask
    return {**masks, Region.REST: left}
