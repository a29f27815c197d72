"""How well an encoded film shows what went into its encoder, by a few of its frames."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.media.ffmpeg import Frame
from shared.media.formats import Layout

SAMPLES: Final = 5
"""Frames that are compared, from the first to the last: the memory that they take is the same
however long the film is."""
WINDOW: Final = (11, 11)
SIGMA: Final = 1.5
_C1: Final = (0.01 * 255) ** 2
_C2: Final = (0.03 * 255) ** 2

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is to see of a frame: its colour over black (H, W, 3), since colour does not
    matter where nothing shows, the luma of that, and its alpha."""

    colour: Frame
    luma: Frame
    alpha: Frame

    def apart(self, other: "Seen") -> float:
        """The mean absolute difference of luma or of alpha, whichever is larger (of 255)."""
        planes = ((self.luma, other.luma), (self.alpha, other.alpha))
        return max(float(cv2.mean(cv2.absdiff(one, two))[0]) for one, two in planes)


@dataclass(frozen=True, slots=True)
class Fidelity:
    """`alpha_error` is the mean absolute error of alpha, `colour_error` that of colour over black
    where anything shows (both of 255), in the frame that has most of it; `ssim` the structural
    similarity of luma in the frame that has least (1: the same)."""

    alpha_error: float
    colour_error: float
    ssim: float


def sampled(frames: int) -> frozenset[int]:
    """The numbers of the frames to compare of a film of so many, from 0."""
    count = min(SAMPLES, frames)
    return frozenset(round(index * (frames - 1) / max(1, count - 1)) for index in range(count))


def seen(picture: Frame, layout: Layout = Layout.STRAIGHT) -> Seen:
    """What an RGBA frame shows that is laid out so."""
    if layout is Layout.STACKED:
        half = picture.shape[0] // 2
        colour = np.ascontiguousarray(picture[:half, :, :3])
        alpha = np.ascontiguousarray(picture[half:, :, 1])
    else:
        red, green, blue, share = cv2.split(picture)
        shown = cv2.multiply(
            cv2.merge([red, green, blue]), cv2.merge([share, share, share]), scale=1 / 255
        )
        colour, alpha = np.asarray(shown, np.uint8), np.asarray(share, np.uint8)
    luma = np.asarray(cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY), np.uint8)
    return Seen(colour, luma, alpha)


def compare(pairs: Iterable[tuple[Seen, Seen]]) -> Fidelity:
    """What is lost between frames that were encoded and the same that come out; at least one."""
    errors, colours, likenesses = [], [], []
    for before, after in pairs:
        errors.append(_apart(before.alpha, after.alpha))
        area = float(np.count_nonzero(before.alpha | after.alpha)) / before.alpha.size
        colours.append(_apart(before.colour, after.colour) / max(area, 1 / before.alpha.size))
        one, other = (np.asarray(shown.luma, np.float32) for shown in (before, after))
        likenesses.append(ssim(one, other))
    return Fidelity(round(max(errors), 3), round(max(colours), 2), round(min(likenesses), 4))


def _apart(one: Frame, other: Frame) -> float:
    channels = one.shape[2] if one.ndim > 2 else 1
    return float(np.mean(cv2.mean(cv2.absdiff(one, other))[:channels]))


def ssim(one: Floats, other: Floats) -> float:
    """The mean structural similarity of two pictures of 0 to 255, with the window and the constants
    of Wang, Bovik, Sheikh and Simoncelli (2004), "Image quality assessment: from error visibility
    to structural similarity", IEEE Transactions on Image Processing 13(4)."""

    def blurred(picture: Floats) -> Floats:
        return np.asarray(cv2.GaussianBlur(picture, WINDOW, SIGMA))

    mean, other_mean = blurred(one), blurred(other)
    variance = blurred(one * one) - mean * mean
    other_variance = blurred(other * other) - other_mean * other_mean
    covariance = blurred(one * other) - mean * other_mean
    likeness = ((2 * mean * other_mean + _C1) * (2 * covariance + _C2)) / (
        (mean * mean + other_mean * other_mean + _C1) * (variance + other_variance + _C2)
    )
    return float(likeness.mean())
