"""The keyer: alpha and clean edges for a character on a flat background.

What is connected to the border and near the background's colour is outside. Deep inside, alpha is
one. In the band between, a pixel C mixes the background B with the nearest colour F that surely
belongs to the character:

    alpha = (C − B)·(F − B) / |F − B|²

In films, chroma is stored at half resolution and lies about edges: there, luma counts most, and the
chroma of an edge is taken from F. Under alpha 0 the edge's colour goes on for some pixels, so that
neither scaling nor chroma subsampling fetches the key colour.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.media import Rgb

# Steps run side by side, each on its own core: OpenCV's threads would only get in their way.
cv2.setNumThreads(1)

Frame = NDArray[np.uint8]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

BORDER = 6
"""Pixels along each side that show the background."""
FLAT = 24.0
"""The RGB distance from the median within which nine tenths of a flat border lie."""

# Light ones: figures have dark outlines, and the edge is where luma must differ.
CANDIDATES: tuple[Rgb, ...] = (
    (200, 200, 200),
    (140, 220, 255),
    (170, 255, 170),
    (250, 210, 0),
    (0, 210, 230),
    (0, 200, 70),
    (255, 150, 255),
    (255, 0, 255),
    (130, 130, 250),
)
CHROMA_OF_CHOICE = 0.35
OUTLINE_OF_CHOICE = 0.5
LUMA: Floats = np.array([0.2126, 0.7152, 0.0722], np.float32)  # ITU-R BT.709


def choose_key(palette: Sequence[Rgb]) -> Rgb:
    """The key colour that keeps the widest distance from the palette, in luma and chroma.

    Measured on clips with known alpha, the errors fall with the distance to the nearest colour, and
    even more with the difference in luma to the darkest, which is that of the outline.
    """
    if not palette:
        return CANDIDATES[0]
    colours = _ycc(np.array(palette, np.float32))
    outline = float(colours[:, 0].min())
    weights = np.array([1.0, CHROMA_OF_CHOICE, CHROMA_OF_CHOICE], np.float32)

    def clearance(candidate: Rgb) -> float:
        key = _ycc(np.array(candidate, np.float32))
        nearest = float(np.linalg.norm((colours - key) * weights, axis=1).min())
        return nearest + OUTLINE_OF_CHOICE * abs(float(key[0]) - outline)

    # A key that is worn would leave enclosed gaps shut.
    return max(CANDIDATES, key=lambda key: (not _is_worn(key, palette), clearance(key)))


def palette(rgba: Frame, *, least: float = 0.004, most: int = 16) -> list[tuple[Rgb, float]]:
    """The main colours of a cut-out's opaque pixels with their shares, the largest first.

    Colours are counted in cells of 24 levels; a cell with less than `least` of the pixels is left
    out, since edges mix colours that the character does not wear.
    """
    opaque = rgba[rgba[..., 3] > 250][:, :3]
    if not len(opaque):
        return []
    cells = (opaque // 24).astype(np.int32) @ np.array([121, 11, 1], np.int32)
    found, inverse, counts = np.unique(cells, return_inverse=True, return_counts=True)
    sums = np.stack([np.bincount(inverse, opaque[:, c], len(found)) for c in range(3)], axis=1)
    order = [i for i in np.argsort(-counts)[:most] if counts[i] >= least * len(opaque)]
    means = np.round(sums / counts[:, None]).astype(int)
    return [(_rgb(means[i]), float(counts[i] / len(opaque))) for i in order]


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
    return Background(_rgb(np.round(colour)), spread <= FLAT)


@dataclass(frozen=True, slots=True)
class Tuning:
    """How far noise and subsampling reach.

    `near` is the RGB distance within which a pixel may be background; `band` the pixels along an
    edge in which alpha is unknown; `chroma` the weight of chroma in the projection; alpha is
    stretched so that `dark` and less is 0 and `1 − dark` and more is 1.
    """

    near: float
    band: float
    chroma: float
    dark: float


FILM = Tuning(near=40.0, band=3.0, chroma=0.35, dark=0.05)
STILL = Tuning(near=14.0, band=2.0, chroma=1.0, dark=0.004)

BLEED = 8
"""Pixels outside the figure that carry its edge's colour."""
RIDGE = 90.0
"""The RGB distance from the background at which the middle of a thin line is sure to be figure."""
HOLE = 24
"""Enclosed areas of the key's colour with fewer pixels than this are a glint, not a gap."""
WORN = 60.0
"""The RGB distance within which a colour of the palette counts as the key's colour."""
SLIVER = 10
"""The fewest pixels of a gap too narrow to show the pure key."""
NARROW = 9
"""Such a gap is less wide than this, and its pieces are less far apart, in pixels."""
UNMIXED, WIDEST = 0.6, 80.0
"""The share of the distance to mixed colours, and the RGB distance, within which a gap shows."""


class Keyer:
    """Keys frames on one background. Frames don't depend on each other, so nothing ever smears."""

    def __init__(self, background: Rgb, palette: Sequence[Rgb] = (), tuning: Tuning = FILM) -> None:
        """With the character's `palette`, gaps that the character encloses are opened too, unless
        it wears the key's colour; without it, only what the border reaches is outside."""
        self._background = np.array(background, np.float32)
        self._squares = ((np.arange(256, dtype=np.float32)[:, None] - self._background) ** 2)[None]
        self._tuning = tuning
        self._opens_gaps = bool(palette) and not _is_worn(background, palette)
        clear = UNMIXED * _mixed_distance(background, palette) if self._opens_gaps else 0.0
        self._sliver = min(clear, WIDEST) if clear > tuning.near else 0.0

    def matte(self, rgb: Frame) -> Frame:
        """The figure of a frame (H, W, 3) as straight RGBA (H, W, 4)."""
        away = self._distance(rgb)
        outside = self._outside(away)
        box = _box(~outside, BLEED + 2)
        if box is None:
            return np.zeros((*rgb.shape[:2], 4), np.uint8)
        part = self._resolve(rgb[box], away[box], outside[box])
        (top, bottom), (left, right) = ((side.start, side.stop) for side in box)
        margins = (top, rgb.shape[0] - bottom, left, rgb.shape[1] - right)
        far = (*part[0, 0, :3].tolist(), 0)
        framed = cv2.copyMakeBorder(part, *margins, cv2.BORDER_CONSTANT, value=far)
        return np.asarray(framed, np.uint8)

    def _distance(self, rgb: Frame) -> Floats:
        """How far each pixel's colour is from the background's."""
        squares = cv2.LUT(rgb, self._squares)
        return np.sqrt(cv2.transform(squares, np.ones((1, 3), np.float32)))

    def _outside(self, away: Floats) -> Mask:
        """What is near the key's colour and connected to the border, and the opened gaps."""
        near = np.pad((away < self._tuning.near).astype(np.uint8), 1, constant_values=1)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(near, connectivity=4)
        is_outside = np.zeros(count, np.bool_)
        is_outside[labels[0, 0]] = True
        if self._opens_gaps:
            is_outside[1:] |= stats[1:, cv2.CC_STAT_AREA] >= HOLE
        is_outside[0] = False  # label 0 is what is not near
        outside: Mask = is_outside[labels][1:-1, 1:-1]
        return outside

    def _resolve(self, rgb: Frame, away: Floats, outside: Mask) -> Frame:
        """Alpha and colour of a part of a frame, given what is surely outside."""
        inside = (~outside).astype(np.uint8)
        depth = cv2.distanceTransform(inside, cv2.DIST_L2, 3)
        slivers = self._slivers(away, depth)
        if slivers.any():
            inside[slivers] = 0
            depth = cv2.distanceTransform(inside, cv2.DIST_L2, 3)
        crest = away >= cv2.dilate(away, np.ones((5, 5), np.uint8))
        sure = (depth > self._tuning.band) | (crest & (away > RIDGE) & (depth > 0))
        if not sure.any():
            sure = inside.astype(np.bool_)
        result, reach = nearest_colours(rgb, sure)

        # One pixel of what is near the background may still hold a trace of the figure.
        band = (cv2.dilate(inside, np.ones((3, 3), np.uint8)) > 0) & ~sure
        mixed = rgb[band].astype(np.float32)
        figure = result[band][:, :3].astype(np.float32)
        alpha = self._project(mixed, figure)
        share = np.maximum(alpha, 0.1)[:, None]
        unmixed = (mixed - (1 - share) * self._background) / share
        edge = np.column_stack([self._edge_colour(unmixed, figure, alpha), alpha * 255])

        beyond = reach > BLEED
        result[beyond] = (*np.rint(figure.mean(axis=0)), 0) if len(figure) else 0
        result[..., 3] = sure * np.uint8(255)
        result[band] = np.clip(np.rint(edge), 0, 255)
        return result

    def _slivers(self, away: Floats, depth: NDArray[Any]) -> Mask:
        """Narrow gaps and corners deep inside, too tight for a film to hold the key's pure colour.

        Any colour nearer to the key than all mixtures of two of the character's colours is of the
        background; edges of one part against another pass through such mixtures.
        """
        tight: Mask = (away < self._sliver) & (depth > self._tuning.band)
        if not tight.any():
            return tight
        spots, reach = tight.astype(np.uint8), np.ones((NARROW, NARROW), np.uint8)
        # A gap comes in pieces: the film blurs its narrowest parts into the outline.
        _, labels = cv2.connectedComponents(cv2.dilate(spots, reach))
        is_gap = np.bincount(labels[tight]) >= SLIVER
        # A wide gap shows the pure key; what is wide and doesn't is a part, like a small gem.
        is_gap[labels[cv2.erode(spots, reach) > 0]] = False
        found = np.zeros_like(tight)
        found[tight] = is_gap[labels[tight]]
        return found

    def _project(self, mixed: Floats, figure: Floats) -> Floats:
        weights = np.array([1.0, self._tuning.chroma, self._tuning.chroma], np.float32)
        base = _ycc(self._background)
        towards = (_ycc(figure) - base) * weights
        along = np.einsum("nc,nc->n", (_ycc(mixed) - base) * weights, towards)
        alpha = along / np.maximum(np.einsum("nc,nc->n", towards, towards), 1.0)
        dark = self._tuning.dark
        stretched: Floats = np.clip((alpha - dark) / (1 - 2 * dark), 0, 1)
        return stretched

    def _edge_colour(
        self, unmixed: NDArray[np.floating[Any]], figure: Floats, alpha: Floats
    ) -> Floats:
        """Luma of the pixel itself as far as alpha lets it be known, chroma of the sure colour."""
        known = np.clip((alpha - 0.3) / 0.5, 0, 1)[:, None]
        own = np.clip(unmixed, 0, 255) - figure
        if self._tuning.chroma < 1.0:
            own = (own @ LUMA)[:, None]
        colour: Floats = figure + known * own
        return colour


def _is_worn(key: Rgb, palette: Sequence[Rgb]) -> bool:
    return bool(np.linalg.norm(np.subtract(palette, key), axis=1).min() <= WORN)


def _mixed_distance(key: Rgb, palette: Sequence[Rgb]) -> float:
    """The RGB distance from the key to the nearest mixture of two colours of the palette."""
    colours = np.array(palette, np.float32)
    starts = np.repeat(colours, len(colours), axis=0)
    ways = np.tile(colours, (len(colours), 1)) - starts
    apart = np.array(key, np.float32) - starts
    lengths = np.maximum(np.einsum("nc,nc->n", ways, ways), 1.0)
    along = np.clip(np.einsum("nc,nc->n", apart, ways) / lengths, 0, 1)
    return float(np.linalg.norm(apart - along[:, None] * ways, axis=1).min())


def nearest_colours(rgb: Frame, sure: Mask) -> tuple[Frame, Floats]:
    """For each pixel the colour of the nearest sure one, as RGBA, and its distance in pixels."""
    reach, labels = cv2.distanceTransformWithLabels(
        (~sure).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    # A pixel of four bytes is one number: looking up one is quicker than three.
    pixels = cv2.cvtColor(rgb, cv2.COLOR_RGB2RGBA).view(np.uint32)[..., 0]
    table = np.zeros(int(labels.max()) + 1, np.uint32)
    table[labels[sure]] = pixels[sure]
    nearest: Frame = table[labels].view(np.uint8).reshape(*rgb.shape[:2], 4)
    return nearest, reach.astype(np.float32)


def _box(mask: Mask, margin: int) -> tuple[slice, slice] | None:
    """The rows and columns that a mask reaches, with a margin; None for an empty one."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return (
        slice(max(0, int(rows[0]) - margin), min(mask.shape[0], int(rows[-1]) + margin + 1)),
        slice(max(0, int(columns[0]) - margin), min(mask.shape[1], int(columns[-1]) + margin + 1)),
    )


def _border(frame: Frame) -> Frame:
    sides = (frame[:BORDER], frame[-BORDER:], frame[:, :BORDER], frame[:, -BORDER:])
    return np.concatenate([side.reshape(-1, frame.shape[2])[:, :3] for side in sides])


def _ycc(rgb: Floats) -> Floats:
    """Luma and the two colour differences of BT.709, all 0 to 255 wide."""
    luma = rgb @ LUMA
    blue = (rgb[..., 2] - luma) / 1.8556
    red = (rgb[..., 0] - luma) / 1.5748
    together: Floats = np.stack([luma, blue, red], axis=-1)
    return together


def _rgb(colour: NDArray[np.generic]) -> Rgb:
    red, green, blue = (int(channel) for channel in colour)
    return red, green, blue
