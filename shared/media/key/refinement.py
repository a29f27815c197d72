"""What one pixel cannot tell, its surroundings can: alpha, corrected by a small network.

A codec leaves a pixel's luma some levels off and its chroma that of its neighbours too; hair lets
more than one colour through. So each pixel's alpha is corrected by what lies around it: how far the
luma of 25 pixels is from the ground's to the figure's, the same of chroma, which is stored at half
resolution, and the alpha that the nearest ones were given. All of that is relative to the two
colours that are mixed, so it means the same for every character on every key.

The network has 48 inputs, layers of 32 and 16, and adds its one output to alpha. It was trained on
drawn characters in films of many qualities, to the least mean absolute error
(`python -m tests.bench.refinement` trains it again).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.media.key.colour import Floats, Frame, Mask, Picture
from shared.media.key.figure import Box

REACH: Final = 2
"""How far the surroundings of a pixel go."""
LEAST_CONTRAST: Final = 16.0
"""Of the ground and the figure, in levels, below which more of it is not trusted."""
LOWEST, HIGHEST = -1.0, 2.0
"""The shares of a contrast that are told apart."""
SLOPE: Final = 0.01
"""What is left of what is below 0 in the layers between (leaky rectifier)."""
FAR: Final = 8.0
"""The pixels in which distances are told."""
INPUTS: Final = 48


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A matte before it is refined, at flat places `unknown` (N,) of the part `box` of a picture.

    `pixels` are its bytes (H, W, 4) of luma and chroma, `alpha` (H, W) is what was found of each
    alone, `depth` (H, W) how deep inside the figure it is. Of the unknown ones, `figure` (N, 3) is
    how far the colour that each mixes with the ground is from that, `from_sure` (N,) how far it is
    from all that is sure, and `is_glass` (N,) whether one sees through it.
    """

    box: Box
    pixels: Frame
    ground: Floats
    alpha: Floats
    depth: Picture
    unknown: NDArray[np.intp]
    figure: Floats
    from_sure: Floats
    is_glass: Mask

    @property
    def alone(self) -> Floats:
        """The alpha (N,) that was found of each unknown pixel alone."""
        found: Floats = self.alpha.reshape(-1).take(self.unknown)
        return found


Refine = Callable[[Surroundings], Floats]
"""Gives the alpha (N,) of the unknown pixels."""


def refined(seen: Surroundings) -> Floats:
    """The alpha of the unknown pixels, as the network has it."""
    value = features(seen)
    *hidden, (weights, bias) = _layers()
    for layer, offset in hidden:
        value = layer @ value
        value += offset
        np.maximum(value, SLOPE * value, out=value)
    found = seen.alone + (weights @ value + bias)[0]
    return np.asarray(np.clip(found, 0, 1), np.float32)


def features(seen: Surroundings) -> Floats:
    """What the network sees of each unknown pixel, (48, N): 25 shares of luma, row by row, 9 of
    alpha, 9 of chroma two pixels apart, both contrasts, both distances, and whether it is glass."""
    width = seen.alpha.shape[1]
    rows, columns = np.divmod(seen.unknown, width)
    wide = width + 2 * REACH
    start = rows * wide + columns

    def around(plane: Picture, step: int, reach: int, out: Floats) -> None:
        border = (REACH, REACH, REACH, REACH, cv2.BORDER_REPLICATE)
        flat = cv2.copyMakeBorder(plane, *border).reshape(-1)
        aside = range(REACH - reach, REACH + reach + 1, step)
        for row, place in enumerate(wide * y + x for y in aside for x in aside):
            out[row] = flat.take(start + place)

    found = np.empty((INPUTS, len(seen.unknown)), np.float32)
    luma, blue, red = seen.figure.T
    contrast = np.where(np.abs(luma) < LEAST_CONTRAST, np.copysign(LEAST_CONTRAST, luma), luma)
    around(cv2.extractChannel(seen.pixels, 0), 1, REACH, found[:25])
    found[:25] -= seen.ground[0]
    found[:25] *= 1 / contrast
    around(seen.alpha, 1, 1, found[25:34])
    strength = np.maximum(blue * blue + red * red, LEAST_CONTRAST**2)
    other = np.empty((9, len(seen.unknown)), np.float32)
    for channel, towards, out in ((1, blue, found[34:43]), (2, red, other)):
        around(cv2.extractChannel(seen.pixels, channel), 2, REACH, out)
        out -= seen.ground[channel]
        out *= towards / strength
    found[34:43] += other
    np.clip(found[:43], LOWEST, HIGHEST, out=found[:43])
    found[43] = contrast / 128
    found[44] = np.sqrt(strength) / 128
    found[45] = seen.from_sure / FAR
    found[46] = np.minimum(seen.depth.reshape(-1).take(seen.unknown), FAR) / FAR
    found[47] = seen.is_glass
    return found


@cache
def _layers() -> tuple[tuple[Floats, Floats], ...]:
    """The weights (to, from) and biases (to, 1) of the layers."""
    with (files("shared.media.key") / "refinement.npz").open("rb") as file, np.load(file) as known:
        return tuple(
            (known[f"weights_{n}"].astype(np.float32), known[f"bias_{n}"].astype(np.float32))
            for n in range(len(known.files) // 2)
        )
