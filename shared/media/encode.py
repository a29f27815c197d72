"""From a film on a flat key colour to formats with alpha, in all their sizes, at once."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from shared.errors import PermanentError
from shared.media import Progress, Rgb, ffmpeg, hevc
from shared.media.ffmpeg import Frame
from shared.media.fidelity import Seen, sampled, seen
from shared.media.figure import Method, covers, separate
from shared.media.formats import Cells, Format, Layout, Quality, ceiling
from shared.media.key import Wardrobe
from shared.media.probe import Probe, probe_film
from shared.media.verify import Verification, shortfall, verify_film

RETRIES: Final = 2
"""How often a file that is too heavy is encoded again."""
FINER: Final = 0.5
"""By what a file that is not good enough is taken to be too heavy when it is encoded again."""
ENCODING: Final = 0.9
"""The share of the work that is encoding; the rest is verification."""
FED: Final = 0.45
"""The share of encoding after which the encoders have all frames. They hold dozens, and a short
film as a whole, which they have yet to write then. Measured on films of 2 and 4 seconds in the
usual formats and two sizes, on two busy cores: 0.37 to 0.53."""
LITTLE, LEAST_COVERAGE = 0.02, 1e-3
"""Coverage below which a pixel's own colour is not told from the rounding of it, and what keeps the
rest from being divided by nothing."""
PIXELS_AT_ONCE: Final = 2_500_000
"""Of the frames of all files that are encoded side by side: encoders hold dozens of frames each.
The usual formats of a film of 512² have 1.4 million; more of them, or larger ones, take several
passes."""
UNKNOWN = Wardrobe()

Targets = Mapping[Format, Mapping[int | None, Path]]
"""Which files are to be made, by format and then by size (None: the film's own)."""
Write = Callable[[Frame], None]
_Look = tuple[tuple[int, int], Layout]
"""What a frame is before it is encoded: the size of its picture, and how that is laid out."""

NO_FIGURE = (
    "the film shows no figure apart from its background; use one whose figure is all in the "
    "picture, in front of one plain colour that it does not wear, or with alpha"
)


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
    `alpha` that the film carries. `outputs` go by format, then by size."""

    frames: int
    fps: float
    duration: float
    method: Method
    background: Rgb | None
    outputs: Mapping[Format, Mapping[int | None, Output]]


def transcode(
    source: Path,
    targets: Targets,
    *,
    wardrobe: Wardrobe = UNKNOWN,
    weights: Path | None = None,
    quality: Quality = Quality.STANDARD,
    progress: Progress | None = None,
) -> Report:
    """Key the film in `source` and encode it once per target, keeping frames and frame rate.

    `targets` go from a format and a width in pixels (None: the film's own) to the file to write,
    with the proportions of `Format.picture`. The background is measured, since codecs shift it and
    models choose their own; where it is not flat, the network in the folder `weights` finds the
    figure, unless the film carries its alpha (`alpha`).
    `wardrobe` is what the character's cut-outs show (`key.learn`): with it, hair and glass are
    known, and gaps that the character encloses are opened too. One decode and one key serve all
    targets of a film of ours, and as many of a larger one as memory allows; it does not grow with
    the film's length.

    What is heavier than a page can bear (`formats.ceiling`) is keyed and encoded again, coarser.
    Then every file is verified. Those that lost too much are encoded again once, finer, whatever
    they weigh. Files that are good enough are left alone, also those of the same format.

    Raises `PermanentError`: "cutout_empty" when no frame shows a figure, for nearly all such films
    before anything is encoded; "unreadable_film", "background_not_flat"
    (without `weights`), "weights_missing", "ffmpeg_failed", "verification_failed"; whatever
    `progress` raises comes through, with every process ended and no file left of any format.
    """
    with ExitStack() as stack:
        # What was done in time does not stay when something else fails.
        stack.push(lambda kind, *_: _remove(targets) if kind else None)
        encoding = _Encoding(source, targets, quality, wardrobe, weights)
        encoding.require_figure()
        files = encoding.files
        encoding.run(files, progress and (lambda share: progress(share * ENCODING)))
        again = progress and (lambda _: progress(ENCODING))
        for _ in range(RETRIES):
            if heavy := encoding.too_heavy():
                encoding.run(heavy, again)
        for number, file in enumerate(files, start=1):
            encoding.verify(file)
            if progress:
                progress(ENCODING + (1 - ENCODING) * number / len(files))
        if poor := encoding.too_poor():
            encoding.run(poor, again)
            for file in poor:
                encoding.verify(file)
            encoding.require_good(poor)
        return encoding.report()


class _File:
    """One file that is to be made of a film, and what has become of it."""

    def __init__(
        self, path: Path, format_: Format, size: int | None, film: Probe, quality: Quality
    ) -> None:
        self.path, self.format, self.size = path, format_, size
        width, height, self.cells = format_.picture(film.width, film.height, size, film.frames)
        self.shape = (width, height)
        self.limit = round(ceiling(width, height, film.duration, quality) * format_.weight)
        self.coarser = 0
        self.verification: Verification | None = None
        self._film, self._quality = film, quality

    @property
    def bytes(self) -> int:
        """What it weighs."""
        return self.path.stat().st_size

    @property
    def pixels(self) -> int:
        """Those of a frame, as it is encoded."""
        width, height = self.format.frame_size(*self.shape)
        return width * height

    def change(self, ratio: float) -> bool:
        """Take it to have `ratio` times the bytes that it may have; says if anything changes."""
        before = self.coarser
        self.coarser = self.format.coarser(self._quality, before, ratio)
        return self.coarser != before

    @contextmanager
    def encoder(self) -> Iterator[Write]:
        """Start to write it; it is complete when the context ends."""
        options = self.format.options(self._quality, self.coarser, self.cells)
        shape = self.format.frame_size(*self.shape)
        with ffmpeg.write_frames(self.path, *shape, self._film.fps, options) as write:
            yield write
        if self.format.layered:
            hevc.correct(self.path)

    def shortfall(self) -> str | None:
        """In what it is worse than it may be, once it was verified."""
        return shortfall(self.format, self.verification) if self.verification else None

    def output(self) -> Output:
        """What is told of it, once it was verified."""
        if self.verification is None:
            raise RuntimeError(f"{self.path.name} was not verified")
        return Output(
            *self.shape, self.cells, self.bytes, self.limit, self.coarser, self.verification
        )


class _Encoding:
    """One film in some formats and sizes, each as often as it takes."""

    def __init__(
        self,
        source: Path,
        targets: Targets,
        quality: Quality,
        wardrobe: Wardrobe,
        weights: Path | None,
    ) -> None:
        self._source = source
        self._film = film = probe_film(source)
        self._separation = separate(source, film, wardrobe, weights)
        self.files = [
            _File(path, format_, size, film, quality)
            for format_, sizes in targets.items()
            for size, path in sizes.items()
        ]
        self._samples: dict[_Look, dict[int, Seen]] = {}

    def require_figure(self) -> None:
        """`PermanentError("cutout_empty")` if none is seen in some frames of the film."""
        if not self._separation.shows_figure():
            raise PermanentError("cutout_empty", NO_FIGURE)

    def run(self, chosen: Iterable[_File], progress: Progress | None) -> None:
        """Encode some of the files, as many at once as memory allows."""
        passes = list(_passes(chosen))
        for number, files in enumerate(passes):
            self._pass(files, progress and _part(progress, number, len(passes)))

    def _pass(self, chosen: Sequence[_File], progress: Progress | None) -> None:
        """One decode and one key serve all of these files, and those that show the same picture
        share its scaling."""
        film, number = self._film, 0
        numbers = sampled(film.frames)
        with ExitStack() as stack:
            figures = stack.enter_context(self._separation.mattes())
            tell = progress or (lambda _: None)
            encoders = _Encoders(stack, chosen, lambda share: tell(FED + (1 - FED) * share))
            is_empty = True
            for number, keyed in enumerate(figures, start=1):
                is_empty = is_empty and not covers(keyed)
                for look, arranged in encoders.write(keyed):
                    if number - 1 in numbers:
                        self._samples.setdefault(look, {})[number - 1] = seen(arranged, look[1])
                tell(FED * number / film.frames)
            if number != film.frames:
                raise PermanentError(
                    "unreadable_film", f"{self._source.name} has {number} frames of {film.frames}"
                )
            if is_empty:
                raise PermanentError("cutout_empty", NO_FIGURE)

    def too_heavy(self) -> list[_File]:
        """The files that are over their limits and can be coarser; from now on they are."""
        found = [(file, file.bytes / file.limit) for file in self.files]
        return [file for file, ratio in found if ratio > 1 and file.change(ratio)]

    def verify(self, file: _File) -> None:
        """Look at one file; `PermanentError("verification_failed")` if it is none of ours."""
        film = self._film
        file.verification = verify_film(
            file.path,
            file.format,
            file.shape,
            film.frames,
            float(film.fps),
            samples=self._samples[file.shape, file.format.layout],
        )

    def too_poor(self) -> list[_File]:
        """The files that have lost too much; from now on they are finer."""
        poor = [file for file in self.files if file.shortfall()]
        for file in poor:
            file.change(FINER)
        return poor

    def require_good(self, files: Iterable[_File]) -> None:
        """Raise `PermanentError` for a file that has lost too much in spite of all."""
        for file in files:
            if lacks := file.shortfall():
                raise PermanentError(
                    "verification_failed", f"{file.path.name}: {lacks}, and it was encoded twice"
                )

    def report(self) -> Report:
        """What has become of it."""
        outputs: dict[Format, dict[int | None, Output]] = {}
        for file in self.files:
            outputs.setdefault(file.format, {})[file.size] = file.output()
        film, found = self._film, self._separation
        return Report(
            film.frames, float(film.fps), film.duration, found.method, found.background, outputs
        )


def _part(progress: Progress, number: int, count: int) -> Progress:
    """The progress of one of `count` parts."""
    return lambda share: progress((number + share) / count)


def _passes(files: Iterable[_File]) -> Iterator[list[_File]]:
    """The files in groups of at most `PIXELS_AT_ONCE`, or of a single one that is larger."""
    group: list[_File] = []
    for file in files:
        if group and sum(one.pixels for one in (*group, file)) > PIXELS_AT_ONCE:
            yield group
            group = []
        group.append(file)
    yield group


class _Encoders:
    """The encoders of some files: those that want the same frames get the same. When the stack ends
    it is told, by `progress`, what share of them has written all that it held."""

    def __init__(self, stack: ExitStack, files: Sequence[_File], progress: Progress) -> None:
        self._looks: dict[tuple[int, int], dict[Layout, list[tuple[bool, Write]]]] = {}
        for left, file in enumerate(files):  # which end in the reverse order
            share = 1 - left / len(files)
            stack.push(partial(_unless_failed, progress, share))
            looks = self._looks.setdefault(file.shape, {})
            write = stack.enter_context(file.encoder())
            looks.setdefault(file.format.layout, []).append((file.format.clears, write))

    def write(self, keyed: Frame) -> Iterator[tuple[_Look, Frame]]:
        """Give a keyed frame to all; yields what each look of it was, before what doesn't show
        was cleared away."""
        for shape, looks in self._looks.items():
            scaled = scale(keyed, shape)
            for layout, writers in looks.items():
                arranged = arrange(scaled, layout)
                clear = cleared(arranged) if any(clears for clears, _ in writers) else arranged
                for clears, write in writers:
                    write(clear if clears else arranged)
                yield (shape, layout), arranged


def _unless_failed(progress: Progress, share: float, kind: type | None, *_: object) -> None:
    """The end of a context, told as progress if all went well."""
    if kind is None:
        progress(share)


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


def _remove(targets: Targets) -> None:
    for paths in targets.values():
        for path in paths.values():
            path.unlink(missing_ok=True)
