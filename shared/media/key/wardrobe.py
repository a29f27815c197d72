"""What a character wears, learned from its cut-out: what a keyer may expect in a film of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from shared.media import Rgb
from shared.media.key.colour import Frame, Mask, triple

LEAST, MOST = 0.002, 24
"""The smallest share of the figure that a colour has, and how many colours there are at most."""
RIM = 0.006
"""How deep the silhouette's own colours are looked for, as a share of the picture."""
CLEAR, SOLID = 40, 225
"""Alpha between which a broad part is seen through."""
SMALL, EVEN = 0.0003, 12
"""The smallest share of the figure that a bead has, and how far its pixels differ."""
PANE = 0.001
"""The least share of the picture that such a part has."""

Shares = list[tuple[Rgb, float]]


@dataclass(frozen=True, slots=True)
class Glass:
    """A part that one sees through: its colour without what is behind it, its alpha, and the key
    colour that was behind it when both were guessed, if that is known."""

    colour: Rgb
    alpha: float
    behind: Rgb | None = None


@dataclass(frozen=True, slots=True)
class Wardrobe:
    """A character's opaque colours, those of its silhouette with their shares, its glass, and the
    colours of parts too small to be listed with the others: beads, buttons, gems."""

    colours: tuple[Rgb, ...] = ()
    rim: tuple[tuple[Rgb, float], ...] = ()
    glass: tuple[Glass, ...] = ()
    small: tuple[Rgb, ...] = ()


def learn(cutouts: Sequence[tuple[Frame, Rgb | None]]) -> Wardrobe:
    """What a character wears in cut-outs (H, W, 4), each with the key that it was cut from."""
    colours: dict[Rgb, None] = {}
    rim: Shares = []
    glass: dict[Glass, None] = {}
    small: dict[Rgb, None] = {}
    for rgba, behind in cutouts:
        colours |= dict.fromkeys(colour for colour, _ in palette(rgba))
        rim += [(colour, share / len(cutouts)) for colour, share in palette(_rim(rgba), least=0.02)]
        glass |= dict.fromkeys(_panes(rgba, behind))
        small |= dict.fromkeys(colour for colour, _ in palette(_flat(rgba), least=SMALL, most=48))
    few = tuple(colour for colour in small if colour not in colours)
    return Wardrobe(tuple(colours), tuple(rim), tuple(glass), few)


def palette(rgba: Frame, *, least: float = LEAST, most: int = MOST) -> Shares:
    """The main colours of a cut-out's opaque pixels with their shares, the largest first.

    Colours are counted in cells of 24 levels; a cell with less than `least` of the pixels is left
    out, since edges mix colours that the character does not wear.
    """
    opaque = rgba[rgba[..., 3] > 250][:, :3]
    if not len(opaque):
        return []
    cells = (opaque // 24).astype(np.int32) @ np.array([121, 11, 1], np.int32)
    found, inverse, counts = np.unique(cells, return_inverse=True, return_counts=True)
    sums = np.stack([np.bincount(inverse, opaque[:, c], len(found)) for c in range(3)], axis=1)
    order = [i for i in np.argsort(-counts)[:most] if counts[i] >= least * len(opaque)]
    means = sums / counts[:, None]
    return [(triple(means[i]), float(counts[i] / len(opaque))) for i in order]


def _rim(rgba: Frame) -> Frame:
    """Only the opaque pixels next to what is not."""
    reach = max(1, round(RIM * max(rgba.shape[:2])))
    clear = (rgba[..., 3] < 128).astype(np.uint8)
    beside = cv2.dilate(clear, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0
    rim = rgba.copy()
    rim[~beside] = 0
    return rim


def _flat(rgba: Frame) -> Frame:
    """Only the opaque pixels around which all have one colour: edges mix others."""
    square = np.ones((5, 5), np.uint8)
    spread = cv2.subtract(cv2.dilate(rgba, square), cv2.erode(rgba, square)).max(axis=2)
    flat = rgba.copy()
    flat[spread > EVEN] = 0
    return flat


def _panes(rgba: Frame, behind: Rgb | None) -> list[Glass]:
    """Broad parts with an alpha between."""
    alpha = rgba[..., 3]
    between = ((alpha >= CLEAR) & (alpha <= SOLID)).astype(np.uint8)
    # An edge or a hair is not broad.
    broad: Mask = cv2.morphologyEx(between, cv2.MORPH_OPEN, np.ones((9, 9), np.uint8)) > 0
    if broad.sum() < PANE * broad.size:
        return []
    opaque = rgba.copy()
    opaque[..., 3] = broad * np.uint8(255)
    found = []
    for colour, _ in palette(opaque, least=0.15, most=4):
        like = broad & (np.abs(rgba[..., :3].astype(np.int16) - colour).max(axis=2) < 24)
        found.append(Glass(colour, float(np.median(alpha[like]) / 255), behind))
    return found
