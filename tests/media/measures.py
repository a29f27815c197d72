"""How far a keyed picture is from the truth, in numbers of which all tests speak alike."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.media.ffmpeg import Frame


@dataclass(frozen=True, slots=True)
class Errors:
    """`alpha` is the mean absolute error of alpha (of 255) over the whole picture.

    `holes` counts pixels of the figure that became mostly transparent, `leaks` those of the
    background that became visible. `colour` is the mean absolute error of an edge's visible colour.
    """

    alpha: float
    holes: float
    leaks: float
    colour: float


def alpha_error(found: Frame, true: Frame) -> float:
    """Mean absolute error of two alpha planes or RGBA pictures' alpha, of 255."""
    planes = [p[..., 3] if p.ndim == 3 else p for p in (found, true)]
    return float(np.abs(planes[0].astype(np.int16) - planes[1]).mean())


def errors(found: list[Frame], true: list[Frame]) -> Errors:
    """The errors of keyed frames against true ones, straight RGBA, averaged over the frames."""
    each = [_errors(f, t) for f, t in zip(found, true, strict=True)]
    alpha, holes, leaks, colour = np.mean(each, axis=0)
    return Errors(float(alpha), float(holes), float(leaks), float(colour))


def _errors(found: Frame, true: Frame) -> tuple[float, float, float, float]:
    alpha, truth = found[..., 3], true[..., 3]
    edge = (truth > 64) & (truth < 224) & (alpha > 32)
    apart: NDArray[np.int16] = np.abs(found[edge][:, :3].astype(np.int16) - true[edge][:, :3])
    return (
        alpha_error(alpha, truth),
        float(((truth > 250) & (alpha < 128)).sum()),
        float(((truth == 0) & (alpha > 64)).sum()),
        float(apart.mean()) if apart.size else 0.0,
    )
