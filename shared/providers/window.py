"""The square of a provider's film that is kept: one for the whole film, so that nothing jumps.

It is the middle one, in which the still was sent, as long as the figure stays in that: then the
film begins where the still stands. A figure that leaves it is followed by as much as it takes. One
that is too wide for the largest square has the rest of its square filled with what is behind it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from shared.media import Rgb, ffmpeg
from shared.media.blend import away
from shared.media.ffmpeg import Frame
from shared.media.key import NEAR

EXACT: Final = "area+accurate_rnd+full_chroma_int"
LOOKED_AT: Final = 512
"""Pixels of the longer side of the frames in which the figure is looked for."""
MARGIN: Final = 0.04
"""What stays free beside a figure that is followed, as a share of the short side."""
SLACK, MIN_SLACK = 0.005, 2
"""By how much of that, and by how many pixels at least, a figure may reach beyond the middle: its
edge is known no better, and chroma at half resolution bleeds over it."""
BACKGROUND_FRAMES: Final = 4
"""The first ones, of which what is behind the figure is measured."""
FLAT_SHARE: Final = 0.6
"""The least share of the border that shows the background, if that is flat."""
SPECK: Final = np.ones((2, 2), np.uint8)
"""What differs from the background is noise where it is smaller."""
MIN_PART: Final = 0.01
"""The share of the largest part's area below which another is none of the figure: a watermark or
dust."""

Size = tuple[int, int]
"""Width and height."""
Box = tuple[int, int, int, int]
"""Left, top, right and bottom."""


@dataclass(frozen=True, slots=True)
class Window:
    """A square of so many pixels a `side`, whose corner is at (`left`, `top`) of a film of `size`.
    What of it lies outside of the film is of the colour `fill`."""

    size: Size
    left: int
    top: int
    side: int
    fill: Rgb = (0, 0, 0)

    @property
    def what_was_done(self) -> str:
        """In words that go on from "the film was"."""
        if self.side > min(self.size):
            return "padded"
        return "cropped to its middle" if self == middle(self.size) else "cropped around the figure"

    def crop(self) -> str:
        """The filter that takes what is inside of the film."""
        width, height = (min(side, self.side) for side in self.size)
        return f"crop={width}:{height}:{max(0, self.left)}:{max(0, self.top)}"

    def scaled(self, size: int) -> Size:
        """The size of that in a picture of `size` × `size`, both even, as is `size`."""
        width, height = (min(side, self.side) for side in self.size)
        return _even(size * width / self.side), _even(size * height / self.side)

    def pad(self, size: int) -> str:
        """The filter that makes it such a picture."""
        width, height = self.scaled(size)
        if (width, height) == (size, size):
            return "null"
        left, top = _even((size - width) / 2), _even((size - height) / 2)
        red, green, blue = self.fill
        return f"pad={size}:{size}:{left}:{top}:color=0x{red:02x}{green:02x}{blue:02x}"


def middle(size: Size) -> Window:
    """The largest square in the middle."""
    side = min(size)
    return Window(size, _even((size[0] - side) / 2), _even((size[1] - side) / 2), side)


def window(source: Path, size: Size, filters: str, seconds: float) -> Window:
    """The square to keep of the film in `source`, whose frames are shown with `size`, their colours
    brought to sRGB by `filters`; only its first `seconds` count.

    Where the background is not flat, it is the middle. Raises as `ffmpeg.read_frames` does.
    """
    factor = LOOKED_AT / max(size)
    small = (max(1, round(size[0] * factor)), max(1, round(size[1] * factor)))
    chosen = f"trim=duration={seconds:.3f},{filters},scale={small[0]}:{small[1]}:flags={EXACT}"
    with ffmpeg.read_frames(source, *small, select=("-vf", chosen), upright=True) as frames:
        box, fill = _figure(frames)
    if box is None:
        return middle(size)
    start, end = (box[0], box[2]) if size[0] > size[1] else (box[1], box[3])
    return place(size, (start / factor, end / factor), fill)


def place(size: Size, along: tuple[float, float], fill: Rgb) -> Window:
    """The square for a figure that reaches so far along the longer side of a film of `size`."""
    start, end = along
    short, long = sorted(size)
    found = middle(size)
    first = found.left + found.top
    slack = max(MIN_SLACK, SLACK * short)
    if start >= first - slack and end <= first + short + slack:
        return found
    margin = MARGIN * short
    if end - start <= short:
        margin = min(margin, (short - (end - start)) / 2)
    side = min(max(short, _even(end - start + 2 * margin)), long)
    first = _even(min(max(first, end + margin - side), start - margin))
    first, beside = min(max(first, 0), long - side), _even((short - side) / 2)
    left, top = (first, beside) if size[0] > size[1] else (beside, first)
    return Window(size, left, top, side, fill)


def _figure(frames: Iterator[Frame]) -> tuple[Box | None, Rgb]:
    """The box around all that a figure covers in any of the frames, and what is behind it."""
    first = list(islice(frames, BACKGROUND_FRAMES))
    behind, is_flat = _behind(first)
    covered = np.zeros(first[0].shape[:2], np.uint8)
    for frame in chain(first, frames):
        is_figure = (away(frame, behind) > NEAR).astype(np.uint8)
        covered[cv2.morphologyEx(is_figure, cv2.MORPH_OPEN, SPECK) > 0] = 1
    return _box(covered) if is_flat else None, behind


def _box(covered: Frame) -> Box | None:
    """The box around a mask, without parts that are far smaller than its largest; None if it is
    empty."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(covered, connectivity=8)
    parts = stats[1:]
    if not len(parts):
        return None
    areas = parts[:, cv2.CC_STAT_AREA]
    lefts, tops, widths, heights = parts[areas >= MIN_PART * areas.max(), :4].T
    right, bottom = (lefts + widths).max(), (tops + heights).max()
    return int(lefts.min()), int(tops.min()), int(right), int(bottom)


def _behind(frames: Sequence[Frame]) -> tuple[Rgb, bool]:
    """The colour that the border of some frames shows, and whether most of it does: a figure at the
    side hides more of the border than `estimate_background` allows."""
    sides = [side for frame in frames for side in (frame[0], frame[-1], frame[:, 0], frame[:, -1])]
    border = np.concatenate(sides)
    red, green, blue = (int(level) for level in np.median(border, axis=0))
    near = away(border[None], (red, green, blue)) <= NEAR
    return (red, green, blue), float(near.mean()) >= FLAT_SHARE


def _even(length: float) -> int:
    return round(length / 2) * 2
