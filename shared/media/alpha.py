"""Masters that carry the alpha which their film came with, as a second stream beside the colour.

The first stream stands on a flat colour, as every master does, so that whoever plays it, or knows
of no second one, loses nothing but precision. The second is alpha as full-range grey.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.errors import PermanentError
from shared.media import ffmpeg
from shared.media.ffmpeg import Frame
from shared.media.probe import Probe, probe_film

MIXED: Final = 64
"""Alpha below which a pixel tells too little of its own colour: it gets that of what is around."""
AROUND: Final = 17
"""Pixels; odd."""
STREAM: Final = 1


def is_carried(source: Path) -> bool:
    """Whether a master has a stream of alpha."""
    try:
        probe_film(source, stream=STREAM)
    except PermanentError:
        return False
    return True


@contextmanager
def read(source: Path, film: Probe, chosen: str = "null") -> Iterator[Iterator[Frame]]:
    """Open a master that carries alpha; gives its frames as straight RGBA (H, W, 4), or those that
    the filter `chosen` lets pass."""
    size, select = (film.width, film.height), ("-vf", chosen)
    with (
        ffmpeg.read_frames(source, *size, select=select, strict=True) as colours,
        ffmpeg.read_frames(
            source, *size, pixels="gray", select=select, stream=STREAM, strict=True
        ) as alphas,
    ):
        yield _joined(colours, alphas)


def _joined(colours: Iterator[Frame], alphas: Iterator[Frame]) -> Iterator[Frame]:
    behind: NDArray[Any] | None = None
    for rgb, alpha in zip(colours, alphas, strict=True):
        if behind is None and (alpha == 0).any():
            behind = np.median(rgb[alpha[..., 0] == 0], axis=0).astype(np.float32)
        yield np.dstack([rgb if behind is None else unmixed(rgb, alpha, behind), alpha])


def unmixed(rgb: Frame, alpha: Frame, behind: Sequence[float] | NDArray[Any]) -> Frame:
    """The figure's own colours (H, W, 3), out of what they give on the colour `behind` them."""
    share = alpha.astype(np.float32) / 255
    mixed = rgb.astype(np.float32)
    own = (mixed - (1 - share) * np.asarray(behind, np.float32)) / np.maximum(share, 0.05)
    own = np.clip(own, 0, 255)
    # Under no alpha the colour of the edge goes on, so that scaling fetches nothing else.
    known = share * (alpha >= MIXED)
    box = (AROUND, AROUND)
    total = cv2.blur(known[..., 0], box)[..., None]
    around = cv2.blur(own * known, box) / np.maximum(total, 1e-6)
    around = np.where(total > 1e-4, around, own)
    return np.rint(np.where(alpha >= MIXED, own, around)).astype(np.uint8)
