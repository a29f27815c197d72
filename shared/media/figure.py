"""The figure of a film, frame by frame, however it is told from what is behind it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from shared.errors import PermanentError
from shared.media import Rgb, alpha, ffmpeg
from shared.media.ffmpeg import Frame
from shared.media.key import FilmKeyer, Wardrobe, measure_ground
from shared.media.probe import Probe
from shared.media.segment import Segmenter

Method = Literal["alpha", "key", "rembg"]
Matte = Callable[[Frame], Frame]

MEASURED_FRAMES = 4
# What does not say which colours it means is read as it would be shown; odd sides lose a line.
PLANES = "crop=trunc(iw/2)*2:trunc(ih/2)*2:0:0,scale=out_color_matrix=bt709:out_range=tv"

MIN_COVERAGE: Final = 0.001
"""The share of the picture that a figure covers in some frame of a film, if there is one."""
MIN_LOOKS: Final = 8
"""Frames, spread over a film, in which a figure is looked for before the film is called empty."""
MAX_GAP_SECONDS: Final = 0.5
"""Between two of these frames."""

ALL, FIRST = "null", "trim=end_frame=1"
"""Filters that choose frames of a film."""


@dataclass(frozen=True, slots=True)
class Separation:
    """How the figure of the film `source` is told from what is behind it: by the `method`, of which
    `background` is the key colour if it has one.

    Frames are decoded as `pixels` of `size` through `filters`, and matted in their order by what
    `matter` starts; a film that carries its alpha needs neither.
    """

    source: Path
    film: Probe
    method: Method
    background: Rgb | None = None
    matter: Callable[[], Matte] | None = None
    size: tuple[int, int] = (0, 0)
    pixels: str = "rgb24"
    filters: str = ALL

    @contextmanager
    def mattes(self, chosen: str = ALL) -> Iterator[Iterator[Frame]]:
        """Open the film; gives its figure as straight RGBA, in the frames that the filter `chosen`
        lets pass. One after another is decoded and matted, as they are asked for.

        Raises as `ffmpeg.read_frames` does, also on the first flaw, and as the method does.
        """
        if self.matter is None:
            with alpha.read(self.source, self.film, chosen) as frames:
                yield frames
            return
        filters = ("-vf", f"{chosen},{self.filters}")
        with ffmpeg.read_frames(
            self.source, *self.size, pixels=self.pixels, select=filters, strict=True
        ) as frames:
            yield map(self.matter(), frames)

    def shows_figure(self) -> bool:
        """Whether a figure is seen in the first frame or, if not, in others spread over the film,
        the last among them: of most films a single frame is decoded. Raises as `mattes` does."""
        step = min(self.film.frames // MIN_LOOKS, int(self.film.fps * MAX_GAP_SECONDS))
        spread = rf"select=not(mod(n\,{max(1, step)}))+eq(n\,{self.film.frames - 1})"
        return any(self._is_seen(chosen) for chosen in (FIRST, spread))

    def _is_seen(self, chosen: str) -> bool:
        with self.mattes(chosen) as figures:
            # All of them, since ffmpeg fails if nobody takes the rest.
            found = [covers(figure) for figure in figures]
        return any(found)


def covers(matte: Frame) -> bool:
    """Whether there is a figure in a frame of RGBA."""
    return bool(matte[..., 3].mean() / 255 >= MIN_COVERAGE)


def separate(source: Path, film: Probe, wardrobe: Wardrobe, weights: Path | None) -> Separation:
    """Find out how the figure of a film is to be told from what is behind it.

    Raises `PermanentError`: "unreadable_film", "background_not_flat" (without `weights`), and as
    `ffmpeg.read_frames` does.
    """
    if alpha.is_carried(source):
        return Separation(source, film, "alpha")
    size = film.width // 2 * 2, film.height // 2 * 2
    few = ("-vf", PLANES, "-frames:v", str(MEASURED_FRAMES))
    with ffmpeg.read_frames(source, *size, pixels="yuv420p", select=few) as frames:
        first = list(frames)
    if not first:
        raise PermanentError("unreadable_film", f"{source.name} has no frames")
    measured, ground = measure_ground(first)
    if measured.is_flat:
        return Separation(
            source,
            film,
            "key",
            background=measured.colour,
            matter=lambda: FilmKeyer(ground, wardrobe).matte,
            size=size,
            pixels="yuv420p",
            filters=PLANES,
        )
    if weights is None:
        raise PermanentError(
            "background_not_flat", f"the background of {source.name} is not one flat colour"
        )
    return Separation(
        source,
        film,
        "rembg",
        matter=lambda: Segmenter(weights).matte,
        size=(film.width, film.height),
    )
