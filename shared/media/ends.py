"""The ends of a transition: whether it starts and ends in its stills, and how it is made to.

Players show the still's own loop before and after, so what is off by a few pixels or a shade jumps.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from shared.errors import PermanentError
from shared.media import Rgb, ffmpeg
from shared.media.blend import away, between
from shared.media.encode import scale
from shared.media.ffmpeg import Frame
from shared.media.key import NEAR as BACKGROUND
from shared.media.key import estimate_background
from shared.media.master import DECODE_RGB, ENCODE_RGB
from shared.media.probe import Probe, probe_film

NEAR, FAR = 8.0, 60.0
"""The colour errors between which an end is led into its still. What is nearer is as near as
encoding and chroma at half resolution leave it: the films of our own artist have 3 to 5. What is
farther shows something else: waving against sitting is 89."""
LED = 8
"""How many frames lead from the still into the film, and out of it."""


@dataclass(frozen=True, slots=True)
class Ends:
    """The mean colour error of a film's first and last frame against the stills, 0 to 255 per
    channel, over the figure in either; the same `before`, and whether it was `repaired`."""

    first: float
    last: float
    before: tuple[float, float]
    repaired: bool = False

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "before": dict(zip(("first", "last"), self.before, strict=True))}


def meet(source: Path, target: Path, stills: tuple[Frame, Frame]) -> Ends:
    """Measure how well the film in `source` starts and ends in two cut-outs (RGBA), and write it to
    `target` when it had to be led into one of them.

    The number of frames and the rate stay. A film that meets both, one that shows something else
    altogether and one without a flat background are left alone: there is no target then. Raises as
    `ffmpeg.read_frames` does.
    """
    film = probe_film(source)
    before, background, is_flat = _measure(source, film, stills)
    is_off = [NEAR < error < FAR for error in before]
    if not any(is_off) or not is_flat:
        return Ends(*before, before=before)
    shown = [on(still, (film.width, film.height), background) for still in stills]
    _lead(source, target, film, shown, is_off, background)
    after, _, _ = _measure(target, film, stills)
    if sum(after) >= sum(before):
        target.unlink()
        return Ends(*before, before=before)
    return Ends(*after, before=before, repaired=True)


def on(still: Frame, size: tuple[int, int], background: Rgb) -> Frame:
    """A cut-out (RGBA) in the middle of a frame of `size` (width, height), on a colour."""
    factor = min(size[0] / still.shape[1], size[1] / still.shape[0])
    width, height = round(still.shape[1] * factor), round(still.shape[0] * factor)
    figure = scale(still, (width, height)).astype(np.float32)
    frame = np.empty((size[1], size[0], 3), np.float32)
    frame[:] = background
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    place = frame[top : top + height, left : left + width]
    place += (figure[..., :3] - place) * (figure[..., 3:] / 255)
    shown: Frame = np.rint(frame).astype(np.uint8)
    return shown


def colour_error(frame: Frame, shown: Frame, background: Rgb) -> float:
    """The mean absolute difference of two frames, over the figure in either."""
    figure = np.maximum(away(frame, background), away(shown, background)) > BACKGROUND
    apart = np.abs(frame.astype(np.float32) - shown)[figure]
    return round(float(apart.mean()), 2) if apart.size else 0.0


def _measure(
    path: Path, film: Probe, stills: Sequence[Frame]
) -> tuple[tuple[float, float], Rgb, bool]:
    """The two errors, and the background with whether it is flat."""
    first = last = None
    with ffmpeg.read_frames(
        path, film.width, film.height, select=DECODE_RGB, strict=True
    ) as frames:
        for last in frames:
            first = last if first is None else first
    if first is None or last is None:
        raise PermanentError("unreadable_film", f"{path.name} has no frames")
    measured = estimate_background([first, last])
    size = (film.width, film.height)
    start, end = (
        colour_error(frame, on(still, size, measured.colour), measured.colour)
        for frame, still in zip((first, last), stills, strict=True)
    )
    return (start, end), measured.colour, measured.is_flat


def _lead(
    source: Path,
    target: Path,
    film: Probe,
    shown: Sequence[Frame],
    is_off: Sequence[bool],
    background: Rgb,
) -> None:
    with (
        ffmpeg.read_frames(
            source, film.width, film.height, select=DECODE_RGB, strict=True
        ) as frames,
        ffmpeg.write_frames(
            target, film.width, film.height, film.fps, ENCODE_RGB, pixels="rgb24"
        ) as write,
    ):
        led = min(LED, film.frames // 4)
        for number, frame in enumerate(frames):
            places = (number, film.frames - 1 - number)
            for still, off, place in zip(shown, is_off, places, strict=True):
                if off and place < led:
                    frame = between(still, frame, _ease(place / led), background)
            write(frame)


def _ease(time: float) -> float:
    return time * time * (3 - 2 * time)
