"""The seam of a loop: how much it shows, and how it is mended.

A loop has no seam when the step from its last frame back to its first is like the steps beside it.
A step is the mean absolute difference of two small frames, per pixel of the figure, and TINT times
the median change of the figure's colour: motion changes few pixels much, and a change of light all
of them a little, which is seen sooner. Then

    ratio = (seam + NOISE) / (median of the steps around it + NOISE)

is near 1 in a good loop, large where the film jumps, and near 0 where a frame is shown twice. That
transitions are judged by the distance of their frames against that of neighbours is from Schödl et
al., "Video Textures" (SIGGRAPH 2000); theirs is the mean over the film. Ours is the median of the
steps nearby, since a film that comes to rest before it repeats is slow there, and since doubled
frames (of a film that was made at a lower rate) must not count.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.errors import PermanentError
from shared.media import Rgb, ffmpeg
from shared.media.blend import LINEAR, away, between, levelled
from shared.media.ffmpeg import Frame
from shared.media.key import estimate_background
from shared.media.master import DECODE_RGB, ENCODE_RGB
from shared.media.probe import Probe, probe_film

Floats = NDArray[np.float32]

SMALL = 64
"""The side of the frames that are compared: all of a film's are kept in memory, 48 KB each."""
FIGURE = 60.0
"""The RGB distance from the background beyond which a pixel is of the figure."""
NOISE = 0.5
"""The step that encoding alone makes, in levels per pixel of the figure."""
TINT = 4.0
"""What a level by which the whole figure changes its colour weighs."""
NEARBY = 3
"""How many steps on either side of the seam are compared with it."""
STALL, JUMP = 0.4, 1.5
"""The ratios between which a loop is left as it is. Ten loops of our own artist have 0.55 to 1.16.
Shown their first frame once more at the end they have 0.07 to 0.39, without their last six frames
1.7 to 6.0, and with 5 to 12 percent more or less light in each channel 1.2 to 6.3."""
PART = 4
"""A cut lies within the last of so many parts of the film."""
MADE, TURN = 0.04, 0.25
"""What a frame that was made up, and motion that turns round, weigh when a cut is chosen, where a
pace that is off by a factor of e weighs 1."""
DARK = 0.01
"""Light below which ratios say nothing, 0 to 1."""
TINGE, STRONGEST = 0.02, 1.5
"""The least and the largest change of light that is taken for a drift of colour."""
SHORTEST = 4 * NEARBY
"""Films of fewer frames are too short to tell a seam from motion."""


Gains = tuple[float, float, float]
NO_GAINS: Gains = (1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Seam:
    """What became of a loop's seam: its `ratio` now and `before`, whether it was `repaired`, and
    how: whether `colour` was levelled, a `doubled` frame dropped, and how many frames were `made`.
    """

    ratio: float
    before: float
    repaired: bool = False
    how: tuple[str, ...] = ()
    made: int = 0

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "how": list(self.how)}


@dataclass(frozen=True, slots=True)
class Cut:
    """How a loop is put together anew from as many frames.

    The first `kept` frames stay. One is made in front of the frame `extra`, if any, and what is
    missing then is made to lead from the last of them back to the first. The light of the figure in
    the film's last part goes over into what it is times `gains`.
    """

    kept: int
    extra: int | None = None
    gains: Gains = NO_GAINS

    @property
    def how(self) -> tuple[str, ...]:
        return (
            *(("colour",) if self.gains != NO_GAINS else ()),
            *(("doubled",) if self.extra is not None else ()),
        )


def mend(source: Path, target: Path) -> Seam:
    """Measure the seam of the loop in `source`, and write the loop to `target` if it was mended.

    The number of frames, the rate and the first frame stay: that is the still which other films
    start from. A loop whose seam does not show, one without a flat background, and one that would
    not become better are left alone: there is no target then. Raises as `ffmpeg.read_frames` does.
    """
    film = probe_film(source)
    frames, background = _look(source, film)
    before = Loop(frames, background).ratio()
    unchanged = Seam(round(before, 2), round(before, 2))
    if STALL <= before <= JUMP or background is None or film.frames < SHORTEST:
        return unchanged
    cut = choose(frames, background)
    _write(source, target, film, cut, background)
    after = Loop(*_look(target, film)).ratio(None if cut.extra else cut.kept)
    if _visible(after) >= _visible(before):
        target.unlink()
        return unchanged
    return Seam(round(after, 2), round(before, 2), True, cut.how, film.frames - cut.kept)


# --- deciding, on small frames -------------------------------------------------------------------


class Loop:
    """A loop as small frames (N, H, W, 3), N at least 2, and where the figure is in each."""

    def __init__(self, frames: Floats, background: Rgb | None) -> None:
        self.frames = frames
        self._figures = (
            np.ones(frames.shape[:3], np.bool_)
            if background is None
            else away(frames, background) > FIGURE
        )
        self._area = max(float(self._figures.mean()), 0.01)

    def __len__(self) -> int:
        return len(self.frames)

    def ratio(self, kept: int | None = None) -> float:
        """How much the seam shows, as above. When frames were made behind those that were kept, the
        seam is the largest of the steps from there to the first frame: it must not just move."""
        kept = kept or len(self)
        seam = max(self.step(at, (at + 1) % len(self)) for at in range(kept - 1, len(self)))
        return (seam + NOISE) / (self.pace(kept) + NOISE)

    def step(self, one: int, other: int) -> float:
        """How far two frames lie apart, in levels per pixel of the figure."""
        change = self.frames[other] - self.frames[one]
        both = self._figures[one] & self._figures[other]
        tint = float(np.abs(np.median(change[both], axis=0)).mean()) if both.any() else 0.0
        return float(np.abs(change).mean()) / self._area + TINT * tint

    def pace(self, kept: int) -> float:
        """The median of the steps before the end of the frames that are kept, and after the
        start."""
        before = range(max(kept - 1 - NEARBY, 0), kept - 1)
        after = range(min(NEARBY, len(self) - 1))
        return float(np.median([self.step(one, one + 1) for one in (*before, *after)]))

    def calmest(self) -> int:
        """The frame in front of which one more is noticed least, away from the seam."""
        inner = range(NEARBY + 1, len(self) - NEARBY - 1)
        return min(inner, key=lambda number: self.step(number - 1, number))

    def cost(self, kept: int) -> float:
        """What speaks against keeping so many frames and leading back from there to the first."""
        made = len(self) - kept
        step = self.step(kept - 1, 0) / (made + 1)
        off = abs(float(np.log((step + NOISE) / (self.pace(kept) + NOISE))))
        leap = self.frames[0] - self.frames[kept - 1]
        ways = (
            self.frames[kept - 1] - self.frames[kept - 2],
            self.frames[1] - self.frames[0],
        )
        turn = 1 - float(np.mean([_alike(leap, way) for way in ways]))
        return off + MADE * made + TURN * turn

    def gains(self) -> Gains:
        """What the light of the last frame's figure is to be multiplied with to be that of the
        first: the change of exposure and white balance."""
        both = self._figures[-1] & self._figures[0]
        if not both.any():
            return NO_GAINS
        lights = [
            LINEAR[np.rint(self.frames[which][both]).astype(np.uint8)] + DARK for which in (0, -1)
        ]
        # The median, since where something has moved, different things are compared.
        gains = np.clip(np.median(lights[0] / lights[1], axis=0), 1 / STRONGEST, STRONGEST)
        if float(np.abs(np.log(gains)).max()) < TINGE:
            return NO_GAINS
        red, green, blue = (float(gain) for gain in gains)
        return red, green, blue


def choose(frames: Floats, background: Rgb) -> Cut:
    """The cut that mends a loop whose seam shows."""
    gains = Loop(frames, background).gains()
    if gains != NO_GAINS:
        frames = np.stack(
            [
                levelled(np.rint(frame).astype(np.uint8), part(gains, at, len(frames)), background)
                for at, frame in enumerate(frames)
            ]
        ).astype(np.float32)
    loop = Loop(frames, background)
    if STALL <= loop.ratio() <= JUMP:
        return Cut(len(loop), gains=gains)
    if loop.ratio() < STALL:
        return Cut(len(loop) - 1, loop.calmest(), gains)
    least = len(loop) - len(loop) // PART
    return Cut(min(range(least, len(loop) + 1), key=loop.cost), gains=gains)


def part(gains: Gains, number: int, count: int) -> Floats:
    """What of the gains a frame gets: all at the end, nothing before the last part, without a jerk
    at either end."""
    start = count - count // PART
    time = min(max((number - start + 1) / (count - start), 0.0), 1.0)
    share = np.float32(time * time * (3 - 2 * time))
    return np.array(gains, np.float32) ** share


def _alike(one: Floats, other: Floats) -> float:
    """The cosine between two changes: 1 for the same direction, −1 for the opposite one."""
    size = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(np.vdot(one, other)) / size if size else 0.0


def _visible(ratio: float) -> float:
    return abs(float(np.log(ratio)))


# --- files ---------------------------------------------------------------------------------------


def _look(path: Path, film: Probe) -> tuple[Floats, Rgb | None]:
    """All frames of a film, small, and its background if that is flat."""
    small: list[Floats] = []
    first: list[Frame] = []
    with ffmpeg.read_frames(
        path, film.width, film.height, select=DECODE_RGB, strict=True
    ) as frames:
        for frame in frames:
            first.extend([frame] if len(first) < NEARBY else [])
            shrunk = cv2.resize(
                frame.astype(np.float32), (SMALL, SMALL), interpolation=cv2.INTER_AREA
            )
            small.append(np.asarray(shrunk, np.float32))
    if len(small) < 2:
        raise PermanentError("unreadable_film", f"{path.name} has {len(small)} frames")
    background = estimate_background(first)
    return np.stack(small), background.colour if background.is_flat else None


def _write(source: Path, target: Path, film: Probe, cut: Cut, background: Rgb) -> None:
    with (
        ffmpeg.read_frames(
            source, film.width, film.height, select=DECODE_RGB, strict=True
        ) as frames,
        ffmpeg.write_frames(
            target, film.width, film.height, film.fps, ENCODE_RGB, pixels="rgb24"
        ) as write,
    ):
        first = last = np.empty(0, np.uint8)
        for number, frame in enumerate(frames):
            if number >= cut.kept:
                continue  # it has to be read to its end: an abandoned decoder is a failed one
            gains = part(cut.gains, number, film.frames)
            if (gains != 1).any():
                frame = levelled(frame, gains, background)
            if number == cut.extra:
                write(between(last, frame, 0.5, background))
            write(frame)
            first, last = first if number else frame, frame
        made = film.frames - cut.kept - (cut.extra is not None)
        for number in range(1, made + 1):
            write(between(last, first, number / (made + 1), background))
