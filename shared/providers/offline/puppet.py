"""Move a still that nobody has the words for, as a paper puppet on its feet."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import pi, sin
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.errors import PermanentError
from shared.providers.offline.motion import ease

Layer = NDArray[np.float32]
"""(size, size, 4), 0 to 1, premultiplied: the only kind of pixels that may be warped or mixed."""

MARGIN = 0.05
SQUASH = 0.045
SWAY = 0.035
BEAT = 1.2
REACH = 1 + 2 * SQUASH
"""How far a move can go: shares of the figure's size; seconds per bounce; the growth at most."""


@dataclass(frozen=True, slots=True)
class Puppet:
    """A figure with the place that it stands on, in pixels."""

    layer: Layer
    foot_x: float
    foot_y: float

    @classmethod
    def load(cls, path: Path, size: int) -> "Puppet":
        """Read a cut-out; shrink it only if it could not move in the frame as it stands."""
        pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if pixels is None or pixels.ndim != 3 or pixels.shape[2] != 4 or pixels.dtype != np.uint8:
            raise PermanentError("bad_still", "the still must be a PNG of 8 bits with alpha")
        rgba: Layer = cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA).astype(np.float32) / np.float32(255)
        rgba[..., :3] *= rgba[..., 3:]
        rows = np.flatnonzero(rgba[..., 3].max(axis=1) > 0.02)
        columns = np.flatnonzero(rgba[..., 3].max(axis=0) > 0.02)
        if not rows.size:
            raise PermanentError("bad_still", "the still is wholly transparent")
        top, bottom = float(rows[0]), float(rows[-1] + 1)
        left, right = float(columns[0]), float(columns[-1] + 1)
        height, width = rgba.shape[:2]
        place = size / max(height, width)
        shift = ((size - width * place) / 2, (size - height * place) / 2)
        tall, wide = (bottom - top) * place, (right - left) * place
        room = size * (1 - 2 * MARGIN)
        scale = place * min(1.0, room / (tall * REACH), room / (wide * REACH + 2 * SWAY * tall))
        foot_x, foot_y = (left + right) / 2 * place + shift[0], bottom * place + shift[1]
        half = wide / place * scale * REACH / 2 + SWAY * tall
        foot_x = min(max(foot_x, size * MARGIN + half), size * (1 - MARGIN) - half)
        high = tall / place * scale * REACH
        foot_y = min(max(foot_y, size * MARGIN + high), size * (1 - MARGIN))
        # Area averaging keeps thin lines alive where a warp would skip over pixels.
        small = cv2.resize(rgba, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        shift_x, shift_y = foot_x - (left + right) / 2 * scale, foot_y - bottom * scale
        matrix = np.array([[1, 0, shift_x], [0, 1, shift_y]])
        layer = cv2.warpAffine(small, matrix, (size, size), flags=cv2.INTER_LINEAR)
        return cls(cast(Layer, layer), foot_x, foot_y)

    def moved(self, squash: float, sway: float) -> Layer:
        """The figure squashed (its volume kept) and bent sideways from its feet."""
        sx, sy = 1 + squash * 0.8, 1 - squash
        matrix = np.array(
            [
                [sx, -sway, self.foot_x * (1 - sx) + sway * self.foot_y],
                [0, sy, self.foot_y * (1 - sy)],
            ]
        )
        size = self.layer.shape[0]
        return cast(Layer, cv2.warpAffine(self.layer, matrix, (size, size), flags=cv2.INTER_LINEAR))


def perform(
    puppet: Puppet, end: Puppet | None, times: list[float], duration: float
) -> Iterator[Layer]:
    """The puppet at each time (0 to 1); it is at rest at 0 and at 1, where `end` has taken over."""
    beats = max(1, round(duration / BEAT))
    breaths = max(1, round(duration / BEAT / 2))
    for time in times:
        squash = SQUASH * sin(2 * pi * beats * time)
        sway = SWAY * sin(2 * pi * breaths * time)
        if end is None:
            yield puppet.moved(squash, sway)
            continue
        share = ease((time - 0.4) / 0.2)
        squash += SQUASH * (sin(pi * time) ** 8)
        first, second = puppet.moved(squash, sway), end.moved(squash, sway)
        yield first + (second - first) * np.float32(share)


def flatten(layer: Layer, background: tuple[int, int, int]) -> NDArray[np.uint8]:
    """(size, size, 3) RGB of premultiplied pixels on a flat colour."""
    back = np.array(background, np.float32)
    return np.clip(layer[..., :3] * 255 + back * (1 - layer[..., 3:]) + 0.5, 0, 255).astype(
        np.uint8
    )
