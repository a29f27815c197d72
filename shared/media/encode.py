"""From a film on a flat key colour to one format with alpha, in all its sizes at once."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from shared.errors import PermanentError
from shared.media import Progress, Rgb, ffmpeg
from shared.media.ffmpeg import Frame
from shared.media.fidelity import Seen, sampled, seen
from shared.media.figure import Method, mattes
from shared.media.formats import Cells, Format, Layout, Quality, ceiling
from shared.media.key import Wardrobe
from shared.media.probe import probe_film
from shared.media.verify import Verification, shortfall, verify_film

RETRIES: Final = 2
"""How often a file that is too heavy is encoded again."""
FINER: Final = 0.5
"""By what a file that is not good enough is taken to be too heavy when it is encoded again."""
ENCODING: Final = 0.9
"""The share of the work that is encoding; the rest is verification."""
LITTLE, LEAST_COVERAGE = 0.02, 1e-3
"""Coverage below which a pixel's own colour is not told from the rounding of it, and what keeps the
rest from being divided by nothing."""
UNKNOWN = Wardrobe()


@dataclass(frozen=True, slots=True)
class Output:
    """One encoded file; `width` and `height` are those of the picture, not of a stacked frame or a
    grid, whose `cells` say how the pictures stand. `coarser` is by how much its level is beyond
    that of its quality: for `limit` bytes to do, or below 0 since it was not good enough."""

    width: int
    height: int
    cells: Cells
    bytes: int
    limit: int
    coarser: int
    verification: Verification


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
    proportions of `Format.picture`. The background is measured, since codecs shift it and models
    choose their own; where it is not flat, the network in the folder `weights` finds the figure,
    unless the film carries its alpha (`alpha`).
    `wardrobe` is what the character's cut-outs show (`key.learn`): with it, hair and glass are
    known, and gaps that the character encloses are opened too. One decode and one key serve all
    sizes; memory does not grow with the film's length.

    What is heavier than a page can bear (`formats.ceiling`) is keyed and encoded again, coarser.
    Then every file is verified. One that lost too much is encoded again once, finer, whatever it
    weighs.

    Raises `PermanentError`: "unreadable_film", "background_not_flat" (without `weights`),
    "weights_missing", "ffmpeg_failed", "verification_failed"; whatever `progress` raises comes
    through, with every process ended.
    """
    with ExitStack() as stack:
        # What was done in time does not stay when something else fails.
        stack.push(lambda kind, *_: _remove(targets) if kind else None)
        encoding = _Encoding(source, format_, targets, quality, wardrobe, weights)
        encoding.run(targets, progress and (lambda share: progress(share * ENCODING)))
        again = progress and (lambda _: progress(ENCODING))
        for _ in range(RETRIES):
            if heavy := encoding.too_heavy():
                encoding.run(heavy, again)
        for number, size in enumerate(targets, start=1):
            encoding.verify(size)
            if progress:
                progress(ENCODING + (1 - ENCODING) * number / len(targets))
        if poor := encoding.too_poor():
            encoding.run(poor, again)
            for size in poor:
                encoding.verify(size)
            encoding.require_good(poor)
        return encoding.report()


class _Encoding:
    """One film in one format, in some sizes, each as often as it takes."""

    def __init__(
        self,
        source: Path,
        format_: Format,
        targets: Mapping[int | None, Path],
        quality: Quality,
        wardrobe: Wardrobe,
        weights: Path | None,
    ) -> None:
        self._source, self._format, self._targets, self._quality = source, format_, targets, quality
        self._wardrobe, self._weights = wardrobe, weights
        self._film = film = probe_film(source)
        self._shapes = {
            size: format_.picture(film.width, film.height, size, film.frames) for size in targets
        }
        self._limits = {
            size: round(ceiling(*shape[:2], film.duration, quality) * format_.weight)
            for size, shape in self._shapes.items()
        }
        self._coarser = dict.fromkeys(targets, 0)
        self._samples: dict[int | None, dict[int, Seen]] = {size: {} for size in targets}
        self._found: tuple[Method, Rgb | None] = ("key", None)
        self._verified: dict[int | None, Verification] = {}

    def run(self, chosen: Iterable[int | None], progress: Progress | None) -> None:
        """Encode some of the sizes: one decode and one key serve all of them."""
        film, layout, number = self._film, self._format.layout, 0
        numbers = sampled(film.frames)
        with ExitStack() as stack:
            opened = mattes(self._source, film, self._wardrobe, self._weights)
            figures, method, background = stack.enter_context(opened)
            self._found = method, background
            encoders = {size: stack.enter_context(self._encoder(size)) for size in chosen}
            for number, keyed in enumerate(figures, start=1):
                for size, write in encoders.items():
                    arranged = arrange(scale(keyed, self._shapes[size][:2]), layout)
                    if number - 1 in numbers:
                        self._samples[size][number - 1] = seen(arranged, layout)
                    write(cleared(arranged) if self._format.clears else arranged)
                if progress:
                    progress(number / film.frames)
            if number != film.frames:
                raise PermanentError(
                    "unreadable_film", f"{self._source.name} has {number} frames of {film.frames}"
                )

    def too_heavy(self) -> list[int | None]:
        """The sizes that are over their limits and can be coarser; from now on they are."""
        found = {size: self._bytes(size) / limit for size, limit in self._limits.items()}
        return [size for size, ratio in found.items() if ratio > 1 and self._change(size, ratio)]

    def verify(self, size: int | None) -> None:
        """Look at one file; `PermanentError("verification_failed")` if it is none of ours."""
        film = self._film
        self._verified[size] = verify_film(
            self._targets[size],
            self._format,
            self._shapes[size][:2],
            film.frames,
            float(film.fps),
            samples=self._samples[size],
        )

    def too_poor(self) -> list[int | None]:
        """The sizes that have lost too much; from now on they are finer."""
        poor = [size for size, found in self._verified.items() if shortfall(self._format, found)]
        for size in poor:
            self._change(size, FINER)
        return poor

    def require_good(self, sizes: Iterable[int | None]) -> None:
        """Raise `PermanentError` for a file that has lost too much in spite of all."""
        for size in sizes:
            if lacks := shortfall(self._format, self._verified[size]):
                name = self._targets[size].name
                raise PermanentError(
                    "verification_failed", f"{name}: {lacks}, and it was encoded twice"
                )

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
                    verification=self._verified[size],
                )
                for size, shape in self._shapes.items()
            },
        )

    def _change(self, size: int | None, ratio: float) -> bool:
        """Take a file to have `ratio` times the bytes that it may have; says if anything changes"""
        before = self._coarser[size]
        self._coarser[size] = self._format.coarser(self._quality, before, ratio)
        return self._coarser[size] != before

    def _bytes(self, size: int | None) -> int:
        return self._targets[size].stat().st_size

    def _encoder(self, size: int | None) -> AbstractContextManager[Callable[[Frame], None]]:
        width, height, cells = self._shapes[size]
        options = self._format.options(self._quality, self._coarser[size], cells)
        shape = self._format.frame_size(width, height)
        return ffmpeg.write_frames(self._targets[size], *shape, self._film.fps, options)


def scale(rgba: Frame, size: tuple[int, int]) -> Frame:
    """Resize straight RGBA to (width, height) by averaging premultiplied colour.

    Where nothing is visible, the colour is that of the edge nearby, not black.
    """
    if (rgba.shape[1], rgba.shape[0]) == size:
        return rgba
    share = cv2.extractChannel(rgba, 3)
    weights = cv2.merge([share, share, share, np.full_like(share, 255)])
    whole = cv2.multiply(rgba, weights, scale=1 / 255, dtype=cv2.CV_32F)
    averaged = cv2.resize(whole, size, interpolation=cv2.INTER_AREA)
    plain = cv2.resize(rgba, size, interpolation=cv2.INTER_AREA)
    coverage = averaged[..., 3] / np.float32(255)
    divisor = np.maximum(coverage, np.float32(LEAST_COVERAGE))
    visible = cv2.divide(averaged, cv2.merge([divisor] * 4), dtype=cv2.CV_8U)
    visible = cv2.insertChannel(cv2.extractChannel(plain, 3), visible, 3)
    return np.asarray(cv2.copyTo(visible, cv2.inRange(coverage, LITTLE, 1.0), plain), np.uint8)


def arrange(rgba: Frame, layout: Layout) -> Frame:
    """A straight RGBA frame as the format's layout stores it."""
    if layout is not Layout.STACKED:
        return rgba
    share = rgba[..., 3]
    grey = cv2.merge([share, share, share, np.full_like(share, 255)])
    return np.concatenate([cv2.multiply(rgba, grey, scale=1 / 255), grey])


def cleared(rgba: Frame) -> Frame:
    """A straight RGBA frame with black where nothing shows."""
    shows = cv2.threshold(rgba[..., 3], 0, 255, cv2.THRESH_BINARY)[1]
    return np.asarray(cv2.bitwise_and(rgba, cv2.merge([shows] * 4)), np.uint8)


def _remove(targets: Mapping[int | None, Path]) -> None:
    for path in targets.values():
        path.unlink(missing_ok=True)
