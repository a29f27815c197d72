"""Proof, by decoding the whole file, that an output is what it claims to be."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from shared.media.formats import Format


@dataclass(frozen=True, slots=True)
class Verification:
    """What was measured. `width` and `height` are those of the picture, not of a stacked frame.

    The alpha fields are None where no alpha was expected; `alpha_coverage` is the mean alpha, 0 to
    1. `layers` and `sei` (payload types) are HEVC's, empty for other codecs. For a still, `frames`
    is 1 and `fps` and `duration` are None.
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
) -> Verification:
    """Decode all of `path` and check it; `format_` None means plain H.264 without alpha.

    `size` is (width, height) of the picture. Raises `PermanentError("verification_failed", …)`
    naming the check, what was expected and what was found.
    """
    raise NotImplementedError


def verify_still(path: Path, alpha: bool, size: tuple[int, int] | None = None) -> Verification:
    """Decode the PNG `path` and check it; `alpha` says whether it must have some that varies.

    Raises `PermanentError("verification_failed", …)` as `verify_film` does.
    """
    raise NotImplementedError
