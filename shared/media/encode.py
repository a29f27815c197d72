"""From a film on a flat key colour to one format with alpha, in all its sizes at once."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict, dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from shared.errors import PermanentError
from shared.media import Progress, Rgb, ffmpeg
from shared.media.ffmpeg import Frame
from shared.media.formats import Format, Layout, Quality, picture_size
from shared.media.key import Keyer, estimate_background
from shared.media.probe import Probe, probe_film

MEASURED_FRAMES = 4
CONVERSION = "scale=out_color_matrix=bt709:out_range=tv,format="
TAGS = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709")


@dataclass(frozen=True, slots=True)
class Output:
    """One encoded file; `width` and `height` are those of the picture, not of a stacked frame."""

    width: int
    height: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Report:
    """What `transcode` made. `background` is the key colour as measured, `outputs` go by size."""

    format: str
    frames: int
    fps: float
    duration: float
    background: Rgb
    outputs: dict[int | None, Output]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def transcode(
    source: Path,
    format_: Format,
    targets: Mapping[int | None, Path],
    *,
    palette: Sequence[Rgb] = (),
    quality: Quality = Quality.STANDARD,
    progress: Progress | None = None,
) -> Report:
    """Key the film in `source` and encode it once per target, keeping frames and frame rate.

    `targets` goes from a width in pixels (None: the film's own) to the file to write, with the
    proportions of `picture_size`. The background is measured, since codecs shift it and models
    choose their own. `palette` are the character's colours (of its cut-out: `key.palette`): with
    it, gaps that the character encloses are opened too. One decode and one key serve all sizes;
    memory does not grow with the film's length. Raises `PermanentError`: "unreadable_film",
    "background_not_flat", "ffmpeg_failed"; whatever `progress` raises comes through, with every
    process ended.
    """
    film = probe_film(source)
    sizes = {size: picture_size(film.width, film.height, size) for size in targets}
    with ExitStack() as stack:
        # An encoder that ended well leaves its file even if another fails after it.
        stack.push(lambda kind, *_: _remove(targets) if kind else None)
        frames = stack.enter_context(
            ffmpeg.read_frames(source, film.width, film.height, strict=True)
        )
        first = list(islice(frames, MEASURED_FRAMES))
        if not first:
            raise PermanentError("unreadable_film", f"{source.name} has no frames")
        measured = estimate_background(first)
        if not measured.is_flat:
            raise PermanentError(
                "background_not_flat", f"the background of {source.name} is not one flat colour"
            )
        encoders = {
            size: stack.enter_context(_encoder(targets[size], format_, sizes[size], film, quality))
            for size in targets
        }
        keyer = Keyer(measured.colour, palette)
        number = 0
        for number, frame in enumerate(chain(first, frames), start=1):
            keyed = keyer.matte(frame)
            for size, write in encoders.items():
                write(arrange(scale(keyed, sizes[size]), format_.layout))
            if progress:
                progress(number / film.frames)
        if number != film.frames:
            raise PermanentError(
                "unreadable_film", f"{source.name} has {number} frames of {film.frames}"
            )
    return Report(
        format=format_.name,
        frames=film.frames,
        fps=float(film.fps),
        duration=film.duration,
        background=measured.colour,
        outputs={size: Output(*sizes[size], targets[size].stat().st_size) for size in targets},
    )


def scale(rgba: Frame, size: tuple[int, int]) -> Frame:
    """Resize straight RGBA to (width, height) by averaging premultiplied colour.

    Where nothing is visible, the colour is that of the edge nearby, not black.
    """
    if (rgba.shape[1], rgba.shape[0]) == size:
        return rgba
    alpha = rgba[..., 3]
    weights = cv2.merge([alpha, alpha, alpha, np.full_like(alpha, 255)])
    whole = cv2.multiply(rgba, weights, scale=1 / 255, dtype=cv2.CV_32F)
    averaged = cv2.resize(whole, size, interpolation=cv2.INTER_AREA)
    plain = cv2.resize(rgba, size, interpolation=cv2.INTER_AREA)
    coverage = averaged[..., 3:] / 255
    visible = np.clip(np.rint(averaged[..., :3] / np.maximum(coverage, 1e-3)), 0, 255)
    plain[..., :3] = np.where(coverage > 0.02, visible, plain[..., :3])
    return np.asarray(plain, np.uint8)


def arrange(rgba: Frame, layout: Layout) -> Frame:
    """A straight RGBA frame as the format's layout stores it."""
    if layout is Layout.STRAIGHT:
        return rgba
    alpha = rgba[..., 3]
    grey = cv2.merge([alpha, alpha, alpha, np.full_like(alpha, 255)])
    return np.concatenate([cv2.multiply(rgba, grey, scale=1 / 255), grey])


def _remove(targets: Mapping[int | None, Path]) -> None:
    for path in targets.values():
        path.unlink(missing_ok=True)


def _encoder(
    target: Path, format_: Format, size: tuple[int, int], film: Probe, quality: Quality
) -> AbstractContextManager[Callable[[Frame], None]]:
    width, height = format_.frame_size(*size)
    options = (
        *("-vf", CONVERSION + format_.pixels, *format_.encode, *format_.quality[quality]),
        *("-pix_fmt", format_.pixels, *TAGS),
    )
    return ffmpeg.write_frames(target, width, height, film.fps, options)
