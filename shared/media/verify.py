"""Proof, by decoding the whole file, that an output is what it claims to be."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from shared.errors import PermanentError
from shared.media import decode, ffmpeg
from shared.media.ffmpeg import Frame
from shared.media.fidelity import Seen, compare, seen
from shared.media.formats import Format, Layout
from shared.media.hevc import read_structure
from shared.media.parameter_sets import AUXILIARY
from shared.media.probe import Probe, probe_film

GREY_TOLERANCE = 12
"""How far the channels of a stacked film's alpha half may lie apart after encoding."""
RATE_TOLERANCE = 0.0015
"""How far rates may lie apart: 24 and 23.976 are one in a short film with millisecond stamps."""
CLEAR, SOLID = 8, 247
"""Alpha at or beyond which a pixel counts as fully transparent or fully opaque."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What was measured. `width` and `height` are those of the picture, not of a stacked frame.

    The alpha fields are None where no alpha was expected; `alpha_coverage` is the mean alpha, 0 to
    1. `alpha_error`, `colour_error` and `ssim` say what was lost of what went into the encoder, by
    `samples` of its frames (`fidelity`); they are None if that is not known. `seam_error` is how
    far the last frame of a film lies from the first, `step_error` how far one frame lies from the
    next on average: in a loop without a seam they are alike. `layers` and `sei` (payload types) are
    HEVC's, empty for other codecs. For a still, `frames` is 1 and `fps` and `duration` are None.
    """

    codec: str
    width: int
    height: int
    frames: int
    fps: float | None
    duration: float | None
    bytes: int
    alpha_min: int | None = None
    alpha_max: int | None = None
    alpha_coverage: float | None = None
    samples: int = 0
    alpha_error: float | None = None
    colour_error: float | None = None
    ssim: float | None = None
    seam_error: float | None = None
    step_error: float | None = None
    layers: tuple[int, ...] = ()
    sei: tuple[int, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def verify_film(
    path: Path,
    format_: Format | None,
    size: tuple[int, int],
    frames: int,
    fps: float,
    alpha_expected: bool = True,
    samples: Mapping[int, Seen] | None = None,
) -> Verification:
    """Decode all of `path` and check it; `format_` None means plain H.264 without alpha.

    `size` is (width, height) of the picture, `samples` what some of the frames showed before they
    were encoded, by number. Raises `PermanentError("verification_failed", …)`
    naming the check, what was expected and what was found. Whether what was lost is too much is
    another question (`shortfall`).
    """
    film = decode.probe(path, format_) if format_ else probe_film(path)
    _expect(path, "codec", format_.codec if format_ else "h264", film.codec)
    if format_ and format_.layout is Layout.GRID:
        _expect_grid(path, film, size, frames)
    else:
        _expect_film(path, film, format_, size, frames, fps)
    layers: tuple[int, ...] = ()
    sei: tuple[int, ...] = ()
    if format_ and format_.layered and alpha_expected:
        structure = read_structure(path)
        _expect(
            path, "layers of colour and alpha, described and announced", True, structure.has_alpha
        )
        _expect(path, "what tells the layers apart", (AUXILIARY,), structure.scalability)
        _expect(path, "full range of the alpha layer", True, structure.is_alpha_full_range)
        layers, sei = structure.layers, structure.sei
    alpha, motion = _Alpha(), _Motion()
    pairs: list[tuple[Seen, Seen]] = []
    decoded = 0
    with (
        decode.read(path, format_, film, size, frames, fps)
        if format_
        else ffmpeg.read_frames(path, film.width, film.height, pixels="rgba", strict=True)
    ) as pictures:
        for picture in pictures:
            if format_ and alpha_expected:
                if format_.layout is Layout.STACKED:
                    _require_grey(path, picture)
                shown = seen(picture, format_.layout)
                alpha.add(shown.alpha)
                motion.add(shown)
                if samples and decoded in samples:
                    pairs.append((samples[decoded], shown))
            decoded += 1
    _expect(path, "decoded frames", frames, decoded)
    if format_ and alpha_expected:
        alpha.check(path)
    return Verification(
        codec=film.codec,
        width=size[0],
        height=size[1],
        frames=decoded,
        fps=fps if film.frames != decoded else float(film.fps),
        duration=decoded / fps if film.frames != decoded else film.duration,
        bytes=path.stat().st_size,
        **({**alpha.measured(), **motion.measured()} if format_ and alpha_expected else {}),
        **({**asdict(compare(pairs)), "samples": len(pairs)} if pairs else {}),
        layers=layers,
        sei=sei,
    )


def shortfall(format_: Format, found: Verification) -> str | None:
    """In what a file is worse than encoding in its format may make it; None if it is good enough,
    or nobody knows."""
    if found.alpha_error is not None and found.alpha_error > format_.worst_alpha:
        return f"alpha error: expected at most {format_.worst_alpha}, found {found.alpha_error}"
    if found.ssim is not None and found.ssim < format_.worst_ssim:
        return f"SSIM: expected at least {format_.worst_ssim}, found {found.ssim}"
    return None


def verify_still(path: Path, alpha: bool, size: tuple[int, int] | None = None) -> Verification:
    """Decode the PNG `path` and check it; `alpha` says whether it must have some that varies.

    Raises `PermanentError("verification_failed", …)` as `verify_film` does.
    """
    try:
        with Image.open(path, formats=["PNG"]) as image:
            pixels = np.asarray(image.convert("RGBA") if alpha else image.convert("RGB"))
    except (OSError, SyntaxError, ValueError) as error:
        raise PermanentError("verification_failed", f"{path.name} is no PNG: {error}") from error
    height, width = pixels.shape[:2]
    if size is not None:
        _expect(path, "size", size, (width, height))
    measure = _Alpha()
    if alpha:
        measure.add(pixels[..., 3])
        measure.check(path)
    return Verification(
        codec="png",
        width=width,
        height=height,
        frames=1,
        fps=None,
        duration=None,
        bytes=path.stat().st_size,
        **(measure.measured() if alpha else {}),
    )


class _Alpha:
    """What was seen of alpha so far."""

    def __init__(self) -> None:
        self._least, self._most = 255, 0
        self._sum, self._count = 0, 0

    def add(self, plane: Frame) -> None:
        self._least = min(self._least, int(plane.min()))
        self._most = max(self._most, int(plane.max()))
        self._sum += int(plane.sum(dtype=np.int64))
        self._count += plane.size

    def check(self, path: Path) -> None:
        """Both ends must be there: an opaque film and an empty one are failures."""
        if self._least > CLEAR:
            _fail(path, "alpha", "transparent pixels", f"none below {self._least}")
        if self._most < SOLID:
            _fail(path, "alpha", "opaque pixels", f"none above {self._most}")

    def measured(self) -> dict[str, Any]:
        return {
            "alpha_min": self._least,
            "alpha_max": self._most,
            "alpha_coverage": round(self._sum / max(self._count, 1) / 255, 4),
        }


class _Motion:
    """How far frames lie apart that follow each other, as far as they were seen."""

    def __init__(self) -> None:
        self._first: Seen | None = None
        self._last: Seen | None = None
        self._steps: list[float] = []

    def add(self, shown: Seen) -> None:
        if self._last is None:
            self._first = shown
        else:
            self._steps.append(shown.apart(self._last))
        self._last = shown

    def measured(self) -> dict[str, Any]:
        if self._first is None or self._last is None or not self._steps:
            return {}
        return {
            "seam_error": round(self._last.apart(self._first), 3),
            "step_error": round(sum(self._steps) / len(self._steps), 3),
        }


def _expect_film(
    path: Path, film: Probe, format_: Format | None, size: tuple[int, int], frames: int, fps: float
) -> None:
    shape = format_.frame_size(*size) if format_ else size
    _expect(path, "size", shape, (film.width, film.height))
    if format_ and format_.merges and film.frames <= frames:
        return  # how many there are, and for how long, is known when they are decoded
    _expect(path, "frames", frames, film.frames)
    seconds = frames / fps
    tick = format_.tick if format_ else 0.0
    if abs(film.duration - seconds) > max(RATE_TOLERANCE * seconds, tick):
        _fail(path, "rate", round(fps, 3), round(float(film.fps), 3))


def _expect_grid(path: Path, film: Probe, size: tuple[int, int], frames: int) -> None:
    """As many cells as it takes, and not a row more; of time it knows nothing."""
    columns, rows = film.width // size[0], film.height // size[1]
    _expect(path, "size", (columns * size[0], rows * size[1]), (film.width, film.height))
    if not columns * (rows - 1) < frames <= columns * rows:
        _fail(path, "cells", frames, columns * rows)


def _require_grey(path: Path, picture: Frame) -> None:
    """The half of a stacked frame that has the alpha has no colour."""
    red, green, blue, _ = cv2.split(picture[picture.shape[0] // 2 :])
    spread = max(cv2.norm(green, other, cv2.NORM_INF) for other in (red, blue))
    if spread > GREY_TOLERANCE:
        _fail(path, "alpha half", "grey", f"channels {spread:.0f} apart")


def _expect(path: Path, check: str, expected: object, found: object) -> None:
    if expected != found:
        _fail(path, check, expected, found)


def _fail(path: Path, check: str, expected: object, found: object) -> None:
    raise PermanentError(
        "verification_failed", f"{path.name}: {check}: expected {expected}, found {found}"
    )
