"""Frames between two frames of a figure on a flat background.

Both frames are first carried along their motion (the optical flow between them) to where things are
at that moment, and then crossfaded in linear light, as exposures add up. Where they still disagree,
because something is hidden in one of them, the nearer one has its way: half a figure on half a key
colour would be keyed as a figure of a colour that nobody wears. The background stays exactly flat.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.media import Rgb
from shared.media.ffmpeg import Frame
from shared.media.key import NEAR

Floats = NDArray[np.float32]

DISAGREE = 80.0
"""The RGB distance of two carried pixels from which on they are not mixed at all."""
SOFT, SURE = 15.0, 70.0
"""The RGB distances from the background between which a pixel goes over into the figure."""


def _decoded() -> Floats:
    level = np.arange(256, dtype=np.float64) / 255
    curve = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
    return curve.astype(np.float32)


LINEAR: Floats = _decoded()
"""Light by sRGB level (IEC 61966-2-1), 0 to 1."""


def between(first: Frame, second: Frame, share: float, background: Rgb) -> Frame:
    """The RGB frame at `share` of the way, 0 to 1, from one frame to another."""
    there, back = _flow(first, second), _flow(second, first)
    one = _carried(first, there, share, background)
    other = _carried(second, back, 1 - share, background)
    apart = np.linalg.norm(encoded(one) - encoded(other).astype(np.float32), axis=2)
    agree = 1 - np.minimum(apart / DISAGREE, 1)[..., None]
    weight = round(share) + (share - round(share)) * agree
    mixed = encoded(one + (other - one) * weight.astype(np.float32))
    empty = np.maximum(away(encoded(one), background), away(encoded(other), background))
    mixed[empty < NEAR] = background
    return mixed


def levelled(frame: Frame, gains: Floats, background: Rgb) -> Frame:
    """The RGB frame with the figure's light multiplied per channel; the background stays."""
    figure = np.clip((away(frame, background) - SOFT) / (SURE - SOFT), 0, 1)[..., None]
    return encoded(LINEAR[frame] * (1 + figure * (gains - 1)).astype(np.float32))


def encoded(light: Floats) -> Frame:
    """Light, 0 to 1, as sRGB levels."""
    light = np.clip(light, 0, 1)
    level = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    frame: Frame = np.rint(level * 255).astype(np.uint8)
    return frame


def away(frame: NDArray[np.uint8] | Floats, background: Rgb) -> Floats:
    """How far each pixel's colour is from the background's."""
    apart = frame.astype(np.float32) - np.array(background, np.float32)
    distance: Floats = np.sqrt(np.square(apart).sum(axis=-1))
    return distance


def _flow(first: Frame, second: Frame) -> Floats:
    """Where each pixel of the first frame has gone, as (dx, dy): dense inverse search, Kroeger et
    al. 2016."""
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    greys = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (first, second)]
    flow = search.calc(greys[0], greys[1], np.zeros((*first.shape[:2], 2), np.float32))
    return np.asarray(flow, np.float32)


def _carried(frame: Frame, flow: Floats, share: float, background: Rgb) -> Floats:
    """A frame's light, moved by a share of its flow."""
    height, width = frame.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    # The flow is known where a pixel starts; what counts is what arrives here.
    come = cv2.remap(
        flow, columns - share * flow[..., 0], rows - share * flow[..., 1], cv2.INTER_LINEAR
    )
    moved = cv2.remap(
        LINEAR[frame],
        columns - share * come[..., 0],
        rows - share * come[..., 1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=tuple(float(LINEAR[channel]) for channel in background),
    )
    return np.asarray(moved, np.float32)
