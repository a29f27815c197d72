"""Proof, by decoding the whole file, that an output is what it claims to be."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from shared.errors import PermanentError
from shared.media import ffmpeg
from shared.media.ffmpeg import Frame
from shared.media.fidelity import Fidelity, Seen, compare, seen
from shared.media.formats import Format, Layout
from shared.media.hevc import read_structure
from shared.media.probe import probe_film

GREY_TOLERANCE = 12
"""How far the channels of a stacked film's alpha half may lie apart after encoding."""
RATE_TOLERANCE = 0.0015
"""How far rates may lie apart: 24 and 23.976 are one in a short film with millisecond stamps."""
CLEAR, SOLID = 8, 247
"""Alpha at or beyond which a pixel counts as fully transparent or fully opaque."""
WORST_ALPHA = 8.0
WORST_SSIM = 0.7
"""What no encoder of ours does to a film, however small and coarse it is."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What was measured. `width` and `height` are those of the picture, not of a stacked frame.

    The alpha fields are None where no alpha was expected; `alpha_coverage` is the mean alpha, 0 to
    1. `alpha_error` and `ssim` say what was lost of what went into the encoder (`fidelity`), if it
    is known. `seam_error` is how far the last frame of a film lies from the first, `step_error` how
    far one frame lies from the next on average: in a loop without a seam they are alike. `layers`
    and `sei` (payload types) are HEVC's, empty for other codecs. For a still, `frames` is 1 and
    `fps` and `duration` are None.
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
    alpha_error: float | None = None
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
    naming the check, what was expected and what was found.
    """
    film = probe_film(path)
    codec = format_.codec if format_ else "h264"
    frame_size = format_.frame_size(*size) if format_ else size
    _expect(path, "codec", codec, film.codec)
    _expect(path, "size", frame_size, (film.width, film.height))
    _expect(path, "frames", frames, film.frames)
    if abs(float(film.fps) - fps) > RATE_TOLERANCE * fps:
        _fail(path, "rate", round(fps, 3), round(float(film.fps), 3))
    layers: tuple[int, ...] = ()
    sei: tuple[int, ...] = ()
    if format_ and format_.layered and alpha_expected:
        structure = read_structure(path)
        _expect(
            path, "layers of colour and alpha, described and announced", True, structure.has_alpha
        )
        layers, sei = structure.layers, structure.sei
    alpha, motion = _Alpha(), _Motion()
    pairs: list[tuple[Seen, Seen]] = []
    decoded = 0
    with ffmpeg.read_frames(
        path,
        film.width,
        film.height,
        pixels="rgba",
        decode=format_.decode if format_ else (),
        strict=True,
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
    fidelity = compare(pairs) if pairs else None
    if fidelity:
        _require_fidelity(path, fidelity)
    return Verification(
        codec=film.codec,
        width=size[0],
        height=size[1],
        frames=decoded,
        fps=float(film.fps),
        duration=film.duration,
        bytes=path.stat().st_size,
        **({**alpha.measured(), **motion.measured()} if format_ and alpha_expected else {}),
        **(asdict(fidelity) if fidelity else {}),
        layers=layers,
        sei=sei,
    )


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


def _require_fidelity(path: Path, found: Fidelity) -> None:
    """Another film in the file, or one without its alpha, is no matter of quality."""
    if found.alpha_error > WORST_ALPHA:
        _fail(path, "alpha error", f"at most {WORST_ALPHA}", found.alpha_error)
    if found.ssim < WORST_SSIM:
        _fail(path, "SSIM", f"at least {WORST_SSIM}", found.ssim)


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
