"""The figure of a film, frame by frame, however it is told from what is behind it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from shared.errors import PermanentError
from shared.media import Rgb, alpha, ffmpeg
from shared.media.ffmpeg import Frame
from shared.media.key import FilmKeyer, Wardrobe, measure_ground
from shared.media.probe import Probe
from shared.media.segment import Segmenter

Method = Literal["alpha", "key", "rembg"]

MEASURED_FRAMES = 4
# What does not say which colours it means is read as it would be shown; odd sides lose a line.
PLANES = ("-vf", "crop=trunc(iw/2)*2:trunc(ih/2)*2:0:0,scale=out_color_matrix=bt709:out_range=tv")


@contextmanager
def mattes(
    source: Path, film: Probe, wardrobe: Wardrobe, weights: Path | None
) -> Iterator[tuple[Iterator[Frame], Method, Rgb | None]]:
    """Open a film; gives its figure as straight RGBA, how that is found, and the key colour if it
    is found by that. One frame after another is decoded and keyed, as they are asked for.

    Raises `PermanentError`: "unreadable_film", "background_not_flat" (without `weights`), and as
    `ffmpeg.read_frames` does.
    """
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
