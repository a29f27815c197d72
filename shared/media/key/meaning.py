"""What a colour in a picture can be: the ground, a colour that is worn, or a mixture of both.

Nothing else is seen along a silhouette, and the ground and the wardrobe stay the same in a film, so
every colour's meaning is worked out once, in cells of eight levels.
"""

import numpy as np
from numpy.typing import NDArray

from shared.media.key.colour import Floats, Picture

CELLS = 32
PURE = 12.0
"""How far from a worn colour a pixel is still all of it."""
AMBIGUOUS = 45.0
"""How near to the ground a worn colour is looked for in mixtures only, which pass through it."""
STRANGE = 18.0
"""How far from all mixtures a colour is none: the figure has colours that nobody listed."""
OPAQUE = 0.92
"""The share of a worn colour from which on a mixture is all figure."""
OVER = 1.15
"""How much of a colour there may be: outlines are a little darker here and there."""
TINTED = 12.0
"""How far from its mixtures with the ground a part that one sees through may be."""
THROUGH = (0.15, 0.9)
"""How opaque such a part may be."""


class Meanings:
    """Look-up tables by cell. `weights` are those of luma and chroma."""

    def __init__(self, ground: Floats, worn: Floats, glass: Floats, weights: Floats) -> None:
        levels = np.arange(CELLS, dtype=np.float32) * 8 + 4
        every = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1).reshape(-1, 3)
        away = (every - ground) * weights
        self.off = np.full(len(every), np.inf, np.float32)
        self.nearest = np.zeros(len(every), np.uint8)
        share, pure = np.zeros(len(every), np.float32), self.off.copy()
        for number, colour in enumerate(worn):
            part, off = shares(away, (colour - ground) * weights)
            closer = off < self.off
            self.off[closer], share[closer], self.nearest[closer] = (
                off[closer],
                part[closer],
                number,
            )
            if np.linalg.norm(colour - ground) > AMBIGUOUS:
                pure = np.minimum(pure, np.linalg.norm(away - (colour - ground) * weights, axis=1))
        solid = (pure < PURE) | (self.off > STRANGE) | (share >= OPAQUE)
        self.solid = solid.astype(np.uint8)
        self.glass = np.zeros(len(every), np.uint8)
        """The number of the glass that a cell may be, from 1 on."""
        for number, colour in enumerate(glass, start=1):
            part, off = shares(every - ground, colour - ground)
            seen = (off < TINTED) & (part > THROUGH[0]) & (part < THROUGH[1]) & (pure > PURE / 2)
            self.glass[seen] = number


def shares(away: Floats, towards: Floats) -> tuple[Floats, Floats]:
    """How much of the way `towards` (3,) or (N, 3) the colours `away` (N, 3) are, and how far from
    it, all measured from the ground."""
    length = np.maximum(_dot(towards, towards), 1)
    part = np.asarray(_dot(away, towards) / length, np.float32)
    aside = away - np.clip(part, 0, OVER)[:, None] * towards
    return part, np.sqrt(_dot(aside, aside))


def _dot(one: Floats, other: Floats) -> Floats:
    # Much quicker than a sum over three numbers each.
    product = one[..., 0] * other[..., 0]
    product += one[..., 1] * other[..., 1]
    product += one[..., 2] * other[..., 2]
    return np.asarray(product, np.float32)


def cells(picture: Picture) -> NDArray[np.int32]:
    """The cell of each pixel."""
    coarse = picture.astype(np.uint8) >> 3
    found = coarse[..., 0].astype(np.int32)
    for channel in (1, 2):
        found <<= 5
        found |= coarse[..., channel]
    return found


def mixed_distance(ground: Floats, worn: Floats) -> float:
    """The distance from the ground to the nearest mixture of two worn colours."""
    starts = np.repeat(worn, len(worn), axis=0)
    ways = np.tile(worn, (len(worn), 1)) - starts
    apart = ground - starts
    lengths = np.maximum(np.square(ways).sum(axis=1), 1.0)
    along = np.clip((apart * ways).sum(axis=1) / lengths, 0, 1)
    return float(np.linalg.norm(apart - along[:, None] * ways, axis=1).min())
