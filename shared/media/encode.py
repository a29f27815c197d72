"""From a film on a flat key colour to one format with alpha, in all its sizes at once."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np

from shared.errors import PermanentError
from shared.media import Progress, Rgb, alpha, ffmpeg
from shared.media.ffmpeg import Frame
from shared.media.formats import Format, Layout, Quality, picture_size
from shared.media.key import FilmKeyer, Wardrobe, measure_ground
from shared.media.probe import Probe, probe_film
from shared.media.segment import Segmenter

Method = Literal["alpha", "key", "rembg"]

MEASURED_FRAMES = 4
UNKNOWN = Wardrobe()
# What does not say which colours it means is read as it would be shown; odd sides lose a line.
PLANES = ("-vf", "crop=trunc(iw/2)*2:trunc(ih/2)*2:0:0,scale=out_color_matrix=bt709:out_range=tv")
# The encoders go by the frames: what `TAGS` alone says of primaries and transfer is not written,
# and browsers then guess the matrix by the size of the picture.
CONVERSION = (
    "setparams=color_primaries=bt709:color_trc=bt709,"
    "scale=out_color_matrix=bt709:out_range=tv,format="
)
TAGS = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709")


@dataclass(frozen=True, slots=True)
class Output:
    """One encoded file; `width` and `height` are those of the picture, not of a stacked frame."""

    width: int
    height: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Report:
    """What `transcode` made. `method` says how the figure was told from what is behind it: by its
    `key` colour, of which `background` is what was measured, by the network (`rembg`), or by the
    `alpha` that the film carries. `outputs` go by size."""

    format: str
    frames: int
    fps: float
    duration: float
    method: Method
    background: Rgb | None
    outputs: dict[int | None, Output]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def transcode(
    source: Path,
    format_: Format,
    targets: Mapping[int | None, Path],
    *,
    wardrobe: Wardrobe = UNKNOWN,
    weights: Path | None = None,
    quality: Quality = Quality.STANDARD,
    progress: Progress | None = None,
) -> Report:
    """Key the film in `source` and encode it once per target, keeping frames and frame rate.

    `targets` goes from a width in pixels (None: the film's own) to the file to write, with the
    proportions of `picture_size`. The background is measured, since codecs shift it and models
    choose their own; where it is not flat, the network in the folder `weights` finds the figure,
    unless the film carries its alpha (`alpha`).
    `wardrobe` is what the character's cut-outs show (`key.learn`): with it, hair and glass are
    known, and gaps that the character encloses are opened too. One decode and one key serve all
    sizes; memory does not grow with the film's length. Raises `PermanentError`: "unreadable_film",
    "background_not_flat" (without `weights`), "weights_missing", "ffmpeg_failed"; whatever
    `progress` raises comes through, with every process ended.
    """
    film = probe_film(source)
    sizes = {size: picture_size(film.width, film.height, size) for size in targets}
    with ExitStack() as stack:
        # An encoder that ended well leaves its file even if another fails after it.
        stack.push(lambda kind, *_: _remove(targets) if kind else None)
        mattes, method, background = stack.enter_context(_mattes(source, film, wardrobe, weights))
        encoders = {
            size: stack.enter_context(_encoder(targets[size], format_, sizes[size], film, quality))
            for size in targets
        }
        number = 0
        for number, keyed in enumerate(mattes, start=1):
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
        method=method,
        background=background,
        outputs={size: Output(*sizes[size], targets[size].stat().st_size) for size in targets},
    )


@contextmanager
def _mattes(
    source: Path, film: Probe, wardrobe: Wardrobe, weights: Path | None
) -> Iterator[tuple[Iterator[Frame], Method, Rgb | None]]:
    """Open the film; gives its figure frame by frame, how it is found, and the key colour if it is
    found by that."""
    if alpha.is_carried(source):
        with alpha.read(source, film) as frames:
            yield frames, "alpha", None
        return
    width, height = film.width // 2 * 2, film.height // 2 * 2
    few = (*PLANES, "-frames:v", str(MEASURED_FRAMES))
    with ffmpeg.read_frames(source, width, height, pixels="yuv420p", select=few) as frames:
        first = list(frames)
    if not first:
        raise PermanentError("unreadable_film", f"{source.name} has no frames")
    measured, ground = measure_ground(first)
    if measured.is_flat:
        keyer = FilmKeyer(ground, wardrobe)
        with ffmpeg.read_frames(
            source, width, height, pixels="yuv420p", select=PLANES, strict=True
        ) as frames:
            yield map(keyer.matte, frames), "key", measured.colour
    elif weights is not None:
        with ffmpeg.read_frames(source, film.width, film.height, strict=True) as frames:
            yield map(Segmenter(weights).matte, frames), "rembg", None
    else:
        raise PermanentError(
            "background_not_flat", f"the background of {source.name} is not one flat colour"
        )


def scale(rgba: Frame, size: tuple[int, int]) -> Frame:
    """Resize straight RGBA to (width, height) by averaging premultiplied colour.

    Where nothing is visible, the colour is that of the edge nearby, not black.
    """
    if (rgba.shape[1], rgba.shape[0]) == size:
        return rgba
    share = rgba[..., 3]
    weights = cv2.merge([share, share, share, np.full_like(share, 255)])
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
    share = rgba[..., 3]
    grey = cv2.merge([share, share, share, np.full_like(share, 255)])
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
