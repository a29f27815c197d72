"""How far keyed frames are from the truth, as sums that can be added up over frames."""

from dataclasses import dataclass, fields

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.providers.offline.raster import Rgba

Mask = NDArray[np.bool_]

NEAR = 3
"""The pixels on either side of a true edge that are its band."""
STEP = 64
"""How much alpha changes between neighbours at an edge."""
LARGE = 4
"""The pixels that a hole may have without being counted."""


@dataclass(slots=True)
class Sums:
    """Sums of absolute errors (of 255) and what to divide them by."""

    alpha: float = 0.0
    pixels: float = 0.0
    band: float = 0.0
    band_pixels: float = 0.0
    colour: float = 0.0
    colour_pixels: float = 0.0
    flicker: float = 0.0
    still_pixels: float = 0.0
    holes: float = 0.0
    leaks: float = 0.0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Sums)))

    def scores(self) -> dict[str, float]:
        """Means; `holes` and `leaks` are counts."""
        return {
            "alpha": self.alpha / max(self.pixels, 1),
            "band": self.band / max(self.band_pixels, 1),
            "colour": self.colour / max(self.colour_pixels, 1),
            "flicker": self.flicker / self.still_pixels if self.still_pixels else np.nan,
            "holes": self.holes,
            "leaks": self.leaks,
        }


def compare(found: Rgba, true: Rgba) -> Sums:
    """One frame against the truth."""
    alpha, truth = found[..., 3], true[..., 3]
    apart = cv2.absdiff(alpha, truth)
    band = edge_band(truth)
    # As much of its colour counts as is seen of the figure, whatever alpha was found.
    edge = (truth > 25) & (truth < 230)
    share = truth[edge].astype(np.float32) / 255
    off = np.abs(found[edge][:, :3].astype(np.float32) - true[edge][:, :3]).mean(axis=1)
    return Sums(
        alpha=float(apart.sum(dtype=np.int64)),
        pixels=float(apart.size),
        band=float(apart[band].sum(dtype=np.int64)),
        band_pixels=float(band.sum()),
        colour=float((off * share).sum()),
        colour_pixels=float(share.sum()),
        holes=_large((truth >= 250) & (alpha < 128)),
        leaks=_large((truth == 0) & (alpha >= 128)),
    )


def flicker(found: tuple[Rgba, Rgba], true: tuple[Rgba, Rgba]) -> Sums:
    """How much alpha changes from a frame to the next along edges that don't."""
    same = (true[0] == true[1]).all(axis=2)
    still = edge_band(true[1][..., 3]) & same
    change = cv2.absdiff(found[0][..., 3], found[1][..., 3])[still]
    return Sums(flicker=float(change.sum(dtype=np.int64)), still_pixels=float(still.sum()))


def edge_band(truth: NDArray[np.uint8]) -> Mask:
    """The pixels within `NEAR` of where alpha changes."""
    cross = np.ones((3, 3), np.uint8)
    steep = cv2.subtract(cv2.dilate(truth, cross), cv2.erode(truth, cross)) >= STEP
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * NEAR + 1, 2 * NEAR + 1))
    band: Mask = cv2.dilate(steep.astype(np.uint8), disc) > 0
    return band


def _large(mask: Mask) -> float:
    if not mask.any():
        return 0.0
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    return float((stats[1:, cv2.CC_STAT_AREA] > LARGE).sum())
