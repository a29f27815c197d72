"""Where the figure of a cut-out stands, measured or known, and the frame that its poses share.

Feet and body stay where they are from pose to pose, not the box: raised arms make that taller, and
a tail makes it wider. So a pose is laid over the others by the line that it stands on, the middle
of its feet and of its body, and the size of its body: what is left of the silhouette when ears,
arms and tail, being thinner, are taken away. A picture whose artist says where the ground is (a
`Footing`) is placed exactly, and may leave it: a jump stays one.
"""

from collections.abc import Mapping
from math import ceil, floor
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shared.media.compact import write_png, write_webp
from shared.media.stills import open_image
from shared.model.stance import Anchor, Footing, Stance

SIDE: Final = 512
"""The longer side, in pixels, of the silhouette that the body is looked for in."""
THIN: Final = 0.4
"""Parts less wide than this share of the widest part are limbs."""
SOLE: Final = 0.04
"""The share of a figure's height that its feet take."""
HAIR: Final = 0.02
"""The share of the body's size below which the lowest row is hair, or the tip of a tail."""

TALL, WIDE, BASE = 0.78, 0.92, 0.92
"""Of the frame's side: the first pose's height or width at most, and the line it stands on. The
rest is room for arms that are raised."""
AIR: Final = 0.01
"""Of the frame's side, what stays empty along it."""


def stance(rgba: NDArray[np.uint8], footing: Footing | None = None) -> Stance:
    """Where the figure of straight RGBA (H, W, 4) stands; what `footing` knows is not measured.
    The picture must not be empty."""
    alpha = rgba[..., 3]
    rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
    box = (float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))
    share = min(1.0, SIDE / max(alpha.shape))
    size = (max(1, round(alpha.shape[1] * share)), max(1, round(alpha.shape[0] * share)))
    small = np.asarray(cv2.resize(alpha, size, interpolation=cv2.INTER_AREA), np.uint8)
    ground, centre, unit = (value / share for value in _body(small))
    if footing:
        ground, centre = footing.ground, footing.centre
    return Stance(
        box=box,
        ground=round(ground, 2),
        centre=round(centre, 2),
        unit=round(unit, 2),
        scale=footing.scale if footing else None,
    )


def anchor(first: Stance, side: int) -> Anchor:
    """The frame for a character of which a pose is known, in a picture with this width.

    Who knows the footing draws all poses in one frame, so that is it; else there is room left.
    """
    if first.scale is not None:
        return Anchor(
            ground=first.ground / side,
            centre=first.centre / side,
            unit=first.unit / side,
            scale=first.scale / side,
        )
    left, top, right, bottom = first.box
    reach = max(first.centre - left, right - first.centre)
    whole = max((bottom - top) / TALL, 2 * reach / WIDE)
    return Anchor(ground=BASE, centre=0.5, unit=first.unit / whole)


def placed(one: Stance, frame: Anchor, side: int) -> Stance:
    """Where the figure stands when it is drawn in a frame of so many pixels. What would leave the
    frame makes the figure smaller, around the point that it stands on."""
    if one.scale is not None and frame.scale is not None:
        zoom = side * frame.scale / one.scale
    else:
        zoom = side * frame.unit / one.unit
    ground, centre = frame.ground * side, frame.centre * side
    left, top, right, bottom = one.box
    air = AIR * side
    room = (
        (centre - air, one.centre - left),
        (side - air - centre, right - one.centre),
        (ground - air, one.ground - top),
        (side - air - ground, bottom - one.ground),
    )
    fit = min(1.0, *(there / (needed * zoom) for there, needed in room if needed > 0))
    zoom *= fit
    return Stance(
        box=(
            round(centre + (left - one.centre) * zoom, 2),
            round(ground + (top - one.ground) * zoom, 2),
            round(centre + (right - one.centre) * zoom, 2),
            round(ground + (bottom - one.ground) * zoom, 2),
        ),
        ground=round(ground, 2),
        centre=round(centre, 2),
        unit=round(one.unit * zoom, 2),
        scale=round(one.scale * zoom, 4) if one.scale is not None else None,
        fit=round(fit, 4),
    )


def draw(
    source: Path,
    targets: Mapping[int, Path],
    frame: Anchor | None = None,
    footing: Footing | None = None,
) -> dict[int, Stance]:
    """Write the figure of a cut-out as PNGs of the given sides, with WebPs beside them, as it
    stands in a frame (without one, in what would be its own); returns where it stands in each."""
    image = open_image(source).convert("RGBA")
    one = stance(np.asarray(image), footing)
    frame = frame or anchor(one, image.width)
    found = {}
    for side, target in targets.items():
        found[side] = placed(one, frame, side)
        picture = _render(image, one, found[side], side)
        write_png(picture, target)
        write_webp(picture, target.with_suffix(".webp"))
    return found


def _render(image: Image.Image, one: Stance, there: Stance, side: int) -> Image.Image:
    """The RGBA picture of a figure that stands so, drawn in a square such that it stands there.

    The filter is Lanczos on premultiplied colour (Pillow premultiplies RGBA itself).
    """
    zoom = (there.box[3] - there.box[1]) / (one.box[3] - one.box[1])
    left, top, right, bottom = there.box
    # Whole pixels around the figure, and what they show of the picture, or beyond its edge.
    x0, y0 = max(0, floor(left) - 2), max(0, floor(top) - 2)
    x1, y1 = min(side, ceil(right) + 2), min(side, ceil(bottom) + 2)
    u0, v0 = one.centre + (x0 - there.centre) / zoom, one.ground + (y0 - there.ground) / zoom
    u1, v1 = u0 + (x1 - x0) / zoom, v0 + (y1 - y0) / zoom
    crop = floor(u0), floor(v0), ceil(u1), ceil(v1)
    within = u0 - crop[0], v0 - crop[1], u1 - crop[0], v1 - crop[1]
    shown = image.crop(crop).resize((x1 - x0, y1 - y0), Image.Resampling.LANCZOS, box=within)
    picture = Image.new("RGBA", (side, side))
    picture.paste(shown, (x0, y0))
    return picture


def _body(alpha: NDArray[np.uint8]) -> tuple[float, float, float]:
    """The line that the main part of a silhouette stands on, the middle of feet and body, and the
    square root of the body's area."""
    solid = (alpha > 127).astype(np.uint8) if (alpha > 127).any() else (alpha > 0).astype(np.uint8)
    main = _largest(solid)
    outlines, _ = cv2.findContours(main, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(main, outlines, -1, 1, cv2.FILLED)
    padded = cv2.copyMakeBorder(main, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(0.0,))
    deep = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1]
    radius = THIN * float(deep.max())
    core = _largest((deep > radius).astype(np.uint8))
    away = cv2.distanceTransform(1 - core, cv2.DIST_L2, 5)
    body = (main > 0) & (away <= radius)
    unit = float(np.sqrt(np.count_nonzero(body)))
    rows = np.flatnonzero(main.sum(axis=1) >= HAIR * unit)
    ground = float(rows[-1] + 1)
    sole = main[int(ground - max(1.0, SOLE * (ground - rows[0]))) : int(ground)]
    feet = np.flatnonzero(sole.any(axis=0))
    middle = float(np.nonzero(body)[1].mean()) + 0.5
    return ground, ((feet[0] + feet[-1] + 1) / 2 + middle) / 2, unit


def _largest(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The largest connected part of a mask."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    main = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    return np.asarray(labels == main, np.uint8)
