"""The character of a still, cut out of its background."""

import os
import threading
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import cv2
import numpy as np
from PIL import Image

from shared.errors import PermanentError
from shared.media import Rgb
from shared.media.compact import write_png
from shared.media.key import (
    FILM,
    STILL,
    Frame,
    Mask,
    estimate_background,
    key_still,
    spread,
)
from shared.media.stills import MAX_SIDE, open_image

WEIGHTS = "u2netp.onnx"
"""The file in the weights folder that the network is loaded from."""

Method = Literal["alpha", "key", "rembg"]

UNLIKE = 22.0
"""The median RGB distance from the background nearby at which an enclosed area is no gap."""
SPECK = 30
"""Enclosed areas with fewer pixels than this are left as the network sees them."""
LEAST, MOST = 0.002, 0.98
"""The opaque share between which something was cut out of something."""
SAME_COLOUR = 12
"""How far each channel of a known background may lie from what the border shows."""
VIVID = 100
"""How far apart the channels of a key colour are that hardly anybody has in eyes or teeth."""
HAZE, CORE = 50, 205
"""What the network's alpha is stretched from: it is unsure of flat areas on either side."""
SURE = 0.9
"""The stretched alpha of pixels whose own colour is trusted."""

COARSE = replace(STILL, near=FILM.near, exact=FILM.exact, dark=FILM.dark, misfit=10.0, gain=4.0)
"""The tuning for stills whose background was only measured."""

_one_at_a_time = threading.Lock()
"""For the network: loaded once, and run for one picture, since each run takes memory of its own."""


@dataclass(frozen=True, slots=True)
class CutoutReport:
    """How a still was cut out: `alpha` if it came with one, `key` if its background is flat.

    `background` is the measured key colour (method `key` only), `coverage` the opaque share.
    """

    method: Method
    width: int
    height: int
    coverage: float
    background: Rgb | None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def cut_out(
    source: Path,
    target: Path,
    background: Rgb | None,
    weights: Path,
    max_side: int = MAX_SIDE,
) -> CutoutReport:
    """Write the character in `source` to `target`, an RGBA PNG of the same size, or with `max_side`
    pixels a side if it has more.

    `background` is the flat colour that the still is known to stand on, `weights` the folder that
    holds `u2netp.onnx`, needed only where the background is not flat. Raises `PermanentError`:
    "weights_missing", "cutout_empty" (nothing was left, or nothing was taken away); `BadRequest`
    as `stills.open_image` does.
    """
    image = open_image(source, max_side=max_side)
    pixels = np.asarray(image)
    method, colour, rgba = _separate(image, pixels, background, weights)
    coverage = float(rgba[..., 3].mean() / 255)
    if not LEAST <= coverage <= MOST:
        raise PermanentError(
            "cutout_empty",
            f"the cut-out would leave {coverage:.1%} of the picture; "
            "use one with the whole figure on a plain background",
        )
    write_png(Image.fromarray(rgba), target)
    return CutoutReport(method, image.width, image.height, round(coverage, 4), colour)


def _separate(
    image: Image.Image, pixels: Frame, background: Rgb | None, weights: Path
) -> tuple[Method, Rgb | None, Frame]:
    if image.mode == "RGBA" and pixels[..., 3].min() < 128:
        return "alpha", None, pixels
    rgb = np.ascontiguousarray(pixels[..., :3])
    measured = estimate_background([rgb])
    if background is not None and measured.is_flat and _close(background, measured.colour):
        return "key", background, key_still(rgb, background, opens_gaps=_is_vivid(background))
    if measured.is_flat:
        colour = measured.colour
        # Whoever made it, a codec may have been at it.
        keyed = key_still(rgb, colour, opens_gaps=_is_vivid(colour), tuning=COARSE)
        return "key", colour, keyed
    return "rembg", None, segment(rgb, weights)


def _close(one: Rgb, other: Rgb) -> bool:
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) <= SAME_COLOUR


def _is_vivid(background: Rgb) -> bool:
    """Whether a gap that shows the background's colour can hardly be anything else."""
    return max(background) - min(background) >= VIVID


def segment(pixels: Frame, weights: Path) -> Frame:
    """The figure that the network sees in an RGB picture, its edge in the colours of its inside.

    The pixels of the edge show the unknown background too, so their own colour is not used. Raises
    as `cut_out` does.
    """
    with _one_at_a_time:
        found = load_rembg().remove(pixels, session=_session(weights), only_mask=True)
    mask = np.asarray(found).astype(np.float32)
    alpha = np.clip((mask - HAZE) / (CORE - HAZE), 0, 1)
    alpha[_lost_parts(pixels, alpha < SURE)] = 1
    inside = cv2.erode((alpha >= SURE).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    if inside.any():
        pixels, _ = spread(pixels, inside)
    return np.dstack([pixels, np.rint(alpha * 255).astype(np.uint8)])


def _lost_parts(pixels: Frame, open_: Mask) -> Mask:
    """The enclosed areas that the network took for background although they don't look like it.

    A gap between an arm and a body shows what is behind the figure, so it has the colour of the
    background nearest to it; a light belly, or the inside of an ear, has its own.
    """
    count, labels = cv2.connectedComponents(open_.astype(np.uint8), connectivity=4)
    rim = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    outside = np.isin(labels, rim[rim > 0])
    if count < 2 or not outside.any():
        return np.zeros_like(open_)
    # Away from the figure, whose outline the nearest pixels would show.
    clear = cv2.erode(outside.astype(np.uint8), np.ones((15, 15), np.uint8)) > 0
    if not clear.any():
        clear = outside
    behind = spread(pixels, clear)[0]
    lost = np.zeros_like(open_)
    sizes = np.bincount(labels[open_ & ~outside], minlength=count)
    for label in np.flatnonzero(sizes >= SPECK):
        area = labels == label
        # The median: an area's rim is mixed with the outline around it.
        away = pixels[area].astype(np.float32) - behind[area]
        if np.median(np.linalg.norm(away, axis=-1)) > UNLIKE:
            lost |= area
    # With its rim, where the network was in doubt.
    rimmed = cv2.dilate(lost.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    found: Mask = rimmed & ~outside
    return found


@cache
def _session(weights: Path) -> Any:
    """The network, loaded once per process. rembg would fetch absent weights: look first."""
    if not (weights / WEIGHTS).is_file():
        raise PermanentError(
            "weights_missing",
            f"The picture's background is not flat, and the network that cuts out such pictures "
            f"has no weights: {WEIGHTS} is not in {weights.name}. Run `make install`.",
        )
    os.environ["U2NET_HOME"] = str(weights.resolve())
    os.environ["MODEL_CHECKSUM_DISABLED"] = "1"
    return load_rembg().new_session("u2netp", providers=["CPUExecutionProvider"])


def load_rembg() -> ModuleType:
    """rembg, imported with telemetry off; import it in no other way.

    onnxruntime reads the variable once, when it is imported. Without it, it writes an identifier
    of the machine below the user's cache folder and reports each session to its maker.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import rembg

    module: ModuleType = rembg
    return module
