"""From a film on a flat key colour to one format with alpha, in all its sizes at once."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import cv2
import numpy as np

from shared.errors import PermanentError
from shared.media import Progress, Rgb, alpha, ffmpeg
from shared.media.ffmpeg import Frame
from shared.media.fidelity import Seen, sampled, seen
from shared.media.formats import Format, Layout, Quality, ceiling, picture_size
from shared.media.key import FilmKeyer, Wardrobe, measure_ground
from shared.media.probe import Probe, probe_film
from shared.media.segment import Segmenter

Method = Literal["alpha", "key", "rembg"]

MEASURED_FRAMES = 4
RETRIES: Final = 2
"""How often a file that is too heavy is encoded again."""
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
    """One encoded file; `width` and `height` are those of the picture, not of a stacked frame.
    `coarser` is by how much its rate factor is above that of its quality, for `limit` bytes to do.
    `samples` are some of the frames that went into the encoder, by number."""

    width: int
    height: int
    bytes: int
    limit: int
    coarser: int
    samples: Mapping[int, Seen] = field(repr=False)


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

    What is heavier than a page can bear (`formats.ceiling`) is keyed and encoded again,
    coarser.
    """
    with ExitStack() as stack:
        # What was done in time does not stay when something else fails.
        stack.push(lambda kind, *_: _remove(targets) if kind else None)
        encoding = _Encoding(source, format_, targets, quality)
        encoding.run(targets, wardrobe, weights, progress)
        for _ in range(RETRIES):
            if heavy := encoding.too_heavy():
                encoding.run(heavy, wardrobe, weights, progress and (lambda _: progress(1.0)))
        return encoding.report()


class _Encoding:
    """One film in one format, in some sizes, each as often as it takes."""

    def __init__(
        self, source: Path, format_: Format, targets: Mapping[int | None, Path], quality: Quality
    ) -> None:
        self._source, self._format, self._targets, self._quality = source, format_, targets, quality
        self._film = film = probe_film(source)
        self._sizes = {size: picture_size(film.width, film.height, size) for size in targets}
        self._limits = {
            size: ceiling(*shape, film.duration, quality) for size, shape in self._sizes.items()
        }
        self._coarser = dict.fromkeys(targets, 0)
        self._samples: dict[int | None, dict[int, Seen]] = {size: {} for size in targets}
        self._found: tuple[Method, Rgb | None] = ("key", None)

    def run(
        self,
        chosen: Iterable[int | None],
        wardrobe: Wardrobe,
        weights: Path | None,
        progress: Progress | None,
    ) -> None:
        """Encode some of the sizes: one decode and one key serve all of them."""
        film, layout, number = self._film, self._format.layout, 0
        numbers = sampled(film.frames)
        with ExitStack() as stack:
            opened = _mattes(self._source, film, wardrobe, weights)
            mattes, method, background = stack.enter_context(opened)
            self._found = method, background
            encoders = {size: stack.enter_context(self._encoder(size)) for size in chosen}
            for number, keyed in enumerate(mattes, start=1):
                for size, write in encoders.items():
                    arranged = arrange(scale(keyed, self._sizes[size]), layout)
                    if number - 1 in numbers:
                        self._samples[size][number - 1] = seen(arranged, layout)
                    write(arranged)
                if progress:
                    progress(number / film.frames)
            if number != film.frames:
                raise PermanentError(
                    "unreadable_film", f"{self._source.name} has {number} frames of {film.frames}"
                )

    def too_heavy(self) -> list[int | None]:
        """The sizes that are over their limits and can be coarser; from now on they are."""
        heavy = []
        for size, limit in self._limits.items():
            found = self._bytes(size)
            before = self._coarser[size]
            if found > limit:
                more = self._format.coarser(self._quality, before, found / limit)
                if more > before:
                    self._coarser[size] = more
                    heavy.append(size)
        return heavy

    def report(self) -> Report:
        """What has become of it."""
        return Report(
            format=self._format.name,
            frames=self._film.frames,
            fps=float(self._film.fps),
            duration=self._film.duration,
            method=self._found[0],
            background=self._found[1],
            outputs={
                size: Output(
                    *shape,
                    bytes=self._bytes(size),
                    limit=self._limits[size],
                    coarser=self._coarser[size],
                    samples=self._samples[size],
                )
                for size, shape in self._sizes.items()
            },
        )

    def _bytes(self, size: int | None) -> int:
        return self._targets[size].stat().st_size

    def _encoder(self, size: int | None) -> AbstractContextManager[Callable[[Frame], None]]:
        width, height = self._format.frame_size(*self._sizes[size])
        options = (
            *("-vf", CONVERSION + self._format.pixels),
            *self._format.options(self._quality, self._coarser[size]),
            *("-pix_fmt", self._format.pixels, *TAGS),
        )
        return ffmpeg.write_frames(self._targets[size], width, height, self._film.fps, options)


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
