"""Pictures unlike our artist's: what other models, files and hands do to the same drawing."""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.providers.offline.raster import Rgba

Floats = NDArray[np.float32]
Look = Callable[[Rgba, np.random.Generator], Rgba]


def plain(rgba: Rgba, dice: np.random.Generator) -> Rgba:
    """As our artist draws."""
    return rgba


def jpeg(rgba: Rgba, dice: np.random.Generator) -> Rgba:
    """A JPEG of quality 60 on grey, keyed by its true alpha."""
    _, data = cv2.imencode(
        ".jpg", _over(rgba, (200.0, 200.0, 200.0)), [cv2.IMWRITE_JPEG_QUALITY, 60]
    )
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert decoded is not None
    return _with(decoded, rgba)


def noise(rgba: Rgba, dice: np.random.Generator) -> Rgba:
    """Gaussian noise of 8 levels."""
    return _with(rgba[..., :3] + dice.normal(0, 8, (*rgba.shape[:2], 3)), rgba)


def paper(rgba: Rgba, dice: np.random.Generator) -> Rgba:
    """The grain of paper: light and dark by 6 %, coarse and fine."""
    size = rgba.shape[0]
    grain = np.zeros((size, size), np.float32)
    for cells, weight in ((size, 0.5), (size // 3, 0.7), (size // 12, 0.5)):
        layer = dice.normal(0, 1, (cells, cells)).astype(np.float32)
        grain += weight * cv2.resize(layer, (size, size), interpolation=cv2.INTER_CUBIC)
    return _with(rgba[..., :3] * (1 + 0.05 * grain[..., None]), rgba)


def gradient(rgba: Rgba, dice: np.random.Generator) -> Rgba:
    """Cut out of a gradient without unmixing: edges keep what was behind them."""
    size = rgba.shape[0]
    ends = dice.uniform(60, 250, (2, 3)).astype(np.float32)
    way = np.linspace(0, 1, size, dtype=np.float32)[:, None, None]
    ground = np.broadcast_to(ends[0] * (1 - way) + ends[1] * way, (size, size, 3))
    alpha = rgba[..., 3:].astype(np.float32) / 255
    mixed = rgba[..., :3] * alpha + ground * (1 - alpha)
    wider = cv2.GaussianBlur(rgba[..., 3], (0, 0), 1.0)
    return _with(mixed, rgba, np.maximum(wider, rgba[..., 3]))


def resampled(rgba: Rgba, dice: np.random.Generator) -> Rgba:
    """Another renderer: coarser pixels, softened and sharpened again."""
    size = rgba.shape[0]
    alpha = rgba[..., 3:].astype(np.float32) / 255
    layers = np.dstack([rgba[..., :3] * alpha, alpha * 255])
    small = cv2.resize(layers, (round(size * 0.62),) * 2, interpolation=cv2.INTER_AREA)
    back = cv2.resize(small, (size, size), interpolation=cv2.INTER_CUBIC)
    soft = cv2.GaussianBlur(back, (0, 0), 0.8)
    sharp = np.clip(soft + 0.6 * (soft - cv2.GaussianBlur(soft, (0, 0), 2.0)), 0, 255)
    cover = sharp[..., 3:]
    return _with(sharp[..., :3] * 255 / np.maximum(cover, 1), rgba, cover[..., 0])


def airbrush(rgba: Rgba, dice: np.random.Generator) -> Rgba:
    """A soft light from above and a soft dark rim instead of clean flat fills."""
    solid = (rgba[..., 3] > 127).astype(np.uint8)
    deep = cv2.distanceTransform(solid, cv2.DIST_L2, 5)
    rim = 1 - 0.16 * np.exp(-deep / 9.0)
    rows = np.flatnonzero(solid.any(axis=1))
    fall = np.interp(np.arange(len(solid)), (rows[0], rows[-1]), (1.05, 0.92))
    return _with(rgba[..., :3] * (rim * fall[:, None])[..., None], rgba)


UNLIKE: dict[str, Look] = {
    "jpeg": jpeg,
    "noise": noise,
    "paper": paper,
    "gradient": gradient,
    "resampled": resampled,
    "airbrush": airbrush,
}


def _over(rgba: Rgba, ground: tuple[float, float, float]) -> Rgba:
    alpha = rgba[..., 3:].astype(np.float32) / 255
    mixed = rgba[..., :3] * alpha + np.array(ground, np.float32) * (1 - alpha)
    return mixed.round().astype(np.uint8)


def _with(rgb: NDArray[Any], rgba: Rgba, alpha: NDArray[np.generic] | None = None) -> Rgba:
    cover = rgba[..., 3] if alpha is None else alpha
    return np.dstack([np.clip(rgb, 0, 255), cover]).round().clip(0, 255).astype(np.uint8)
