"""The background of a film or a still, as its border shows it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shared.media import Rgb
from shared.media.key.colour import Floats, Frame, planes, rgb, triple, yuv

BORDER = 6
"""Pixels along each side that show the background."""
FLAT = 24.0
"""The RGB distance from the median within which nine tenths of a flat border lie."""
NEAR = 40.0
"""The RGB distance from the background within which a film's pixel may be background."""


@dataclass(frozen=True, slots=True)
class Background:
    """The colour that the border of some frames shows, and whether all of it does."""

    colour: Rgb
    is_flat: bool


def estimate_background(frames: Sequence[Frame]) -> Background:
    """Measure the border of frames (H, W, 3): codecs shift a colour, models choose their own."""
    border = np.concatenate([_border(frame) for frame in frames]).astype(np.float32)
    colour = np.median(border, axis=0)
    spread = float(np.percentile(np.linalg.norm(border - colour, axis=1), 90))
    return Background(triple(colour), spread <= FLAT)


def measure_ground(frames: Sequence[Frame]) -> tuple[Background, Floats]:
    """The same for raw frames of yuv420p, with the background's mean luma and chroma: a tenth of a
    level of the ground is a tenth of a level everywhere."""
    pictures, means = [], []
    for frame in frames:
        luma, *chroma = planes(frame)
        whole = [luma, *(plane.repeat(2, axis=0).repeat(2, axis=1) for plane in chroma)]
        picture = np.dstack(whole)
        border = _border(picture).astype(np.float32)
        middle = np.median(border, axis=0)
        means.append(border[np.abs(border - middle).max(axis=1) <= FLAT / 8].mean(axis=0))
        pictures.append(rgb(picture))
    measured = estimate_background(pictures)
    if not measured.is_flat:
        return measured, yuv(np.array(measured.colour))
    ground: Floats = np.mean(means, axis=0, dtype=np.float32)
    return measured, ground


def _border(frame: Frame) -> Frame:
    sides = (frame[:BORDER], frame[-BORDER:], frame[:, :BORDER], frame[:, -BORDER:])
    return np.concatenate([side.reshape(-1, frame.shape[2])[:, :3] for side in sides])
