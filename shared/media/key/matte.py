"""Alpha and colour of one picture of a character on a flat ground.

1. What is near the ground's colour and connected to the border is outside; so are the gaps that the
   figure encloses, if they show exactly the ground.
2. From outside one walks inwards as long as the colours mean a mixture of the ground with something
   that is worn, and stops at pure colours: what was walked over is unknown, the rest is figure.
3. There, a pixel C mixes the ground B with the colour F of the nearest sure pixel, or, where that
   does not fit, with the worn colour that fits best (hair, whiskers):

       alpha = (C − B)·(F − B) / |F − B|²

   in films mostly by luma, since chroma is stored at half resolution and lies about edges.
4. In films that is corrected by what lies around the pixel (`refinement`).
5. The ground's share is taken out of the colour. Under alpha 0 the edge's colour goes on, so that
   neither scaling nor chroma subsampling fetches the key colour.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.media.key.colour import Floats, Frame, Mask, Picture, rgb
from shared.media.key.figure import SQUARE, Box, box, figure_in, reached, slivers
from shared.media.key.meaning import Meanings, cells, mixed_distance, shares
from shared.media.key.refinement import Refine, Surroundings


@dataclass(frozen=True, slots=True)
class Tuning:
    """How far noise and subsampling reach. Distances of colours are in levels of luma and chroma.

    Nearer than `near` a pixel may be outside; a gap is at most `exact` from the ground. Unknown are
    at most `deep` pixels inwards, `band` where no colours are known, and `outer` outwards. `chroma`
    is the weight of chroma; alpha of `dark` and less is 0, of `1 − dark` and more is 1. A worn
    colour is taken for F if the nearest one is more than `misfit` off and it fits better by `gain`.
    """

    near: float
    exact: float
    deep: float
    band: float
    outer: int
    chroma: float
    dark: float
    misfit: float
    gain: float


FILM = Tuning(20.0, 6.0, 14.0, 3.0, 6, 0.35, 0.025, 16.0, 4.0)
STILL = Tuning(14.0, 4.0, 24.0, 12.0, 10, 1.0, 0.004, 5.0, 2.0)

BLEED = 12
"""Pixels around the figure that carry its edge's colour."""
PANE = 120
"""The fewest pixels of a part that one sees through."""
WILD = 30.0
"""How far from any mixture a pixel is surely figure."""
HAIR = 2.0
"""How far from all that is sure a pixel is of something too thin to be sure of."""
HAIR_GAIN = 2.0
"""By how much a colour of the silhouette fits better there, to be taken for F."""
FAINT = 0.2
"""The share of `near` up to which a pixel is not even tinted."""
UNMIXED, WIDEST = 0.6, 60.0
"""The share of the distance to mixed colours, and the distance, within which such a gap shows."""

BESIDE = 3
"""How far the neighbours are that an opening by `SQUARE` asks for, diagonally."""
NONE: Floats = np.zeros((0, 3), np.float32)


@dataclass(frozen=True, slots=True)
class Matte:
    """Alpha (0 to 1) and colour (luma and chroma) of the part `box` of a picture; beyond it, alpha
    is 0. `unknown` are the flat places in the box at which alpha was worked out, `panes` says where
    which glass is seen, from 1 on."""

    box: Box
    alpha: Floats
    colour: Picture
    unknown: NDArray[np.intp]
    panes: Frame

    def rgba(self, height: int, width: int) -> Frame:
        """The whole picture as straight RGBA."""
        opaque = cv2.convertScaleAbs(self.alpha, alpha=255)
        part = cv2.merge([rgb(self.colour), opaque])
        (top, bottom), (left, right) = ((side.start, side.stop) for side in self.box)
        margins = (top, height - bottom, left, width - right)
        far = (*part[0, 0, :3].tolist(), 0)
        whole = cv2.copyMakeBorder(part, *margins, cv2.BORDER_CONSTANT, value=far)
        return np.asarray(whole, np.uint8)


class Matter:
    """Mattes pictures on one ground, each for itself."""

    def __init__(
        self,
        ground: Floats,
        tuning: Tuning,
        *,
        worn: Floats = NONE,
        rim: Floats = NONE,
        glass: Floats = NONE,
        small: Floats = NONE,
        opens_gaps: bool,
        refine: Refine | None = None,
    ) -> None:
        """`worn` and `glass` are the character's colours (N, 3), opaque and seen through, `rim`
        those of its silhouette, `small` those of small parts; without any, unknown is a band of
        fixed width. `refine` mends what a codec did to the alpha of bytes."""
        self.ground, self.tuning = ground, tuning
        self._worn, self._glass, self._opens = worn, glass, opens_gaps
        self._refine = refine
        self._weights = np.array([1.0, tuning.chroma, tuning.chroma], np.float32)
        self._meanings = Meanings(ground, worn, glass, self._weights) if len(worn) else None
        self._hair = Meanings(ground, rim, NONE, self._weights) if len(rim) else None
        self._rim = rim
        every = np.concatenate([worn, small])
        clear = UNMIXED * mixed_distance(ground, every) if opens_gaps and len(worn) else 0.0
        self._sliver = min(clear, WIDEST) if clear > tuning.near else 0.0

    def matte(self, picture: Picture, away: Floats) -> Matte | None:
        """The figure in a picture, given each pixel's squared distance from the ground; None
        where there is none."""
        far = away >= self.tuning.near**2
        whole = box(far, BLEED)
        if whole is None:
            return None
        away, pixels = away[whole], _pixels(picture[whole])
        inside = figure_in(far[whole], away, self.tuning.exact if self._opens else None)
        depth = cv2.distanceTransform(inside, cv2.DIST_L2, 3)
        if self._sliver and (gaps := self._slivers(away, depth)).any():
            inside[gaps] = 0
            depth = cv2.distanceTransform(inside, cv2.DIST_L2, 3)
        panes = self._panes(pixels, inside)
        sure = self._sure(pixels, inside, depth, panes)
        colour, away_from = spread(pixels, sure)
        unknown = np.flatnonzero(self._tinted(inside, away) & ~sure)
        flat = colour.reshape(-1, colour.shape[-1])
        own = pixels.reshape(flat.shape).take(unknown, axis=0)
        mixed = own[:, :3].astype(np.float32)
        near = flat.take(unknown, axis=0)[:, :3].astype(np.float32)
        tint = (mixed - self.ground) * self._weights
        from_sure = away_from.take(unknown)
        self._choose(tint, near, cells(own), from_sure > HAIR)
        seen = panes.take(unknown)
        near[seen > 0] = self._glass[seen[seen > 0] - 1]
        opaque = sure.astype(np.float32)
        alpha = self._alpha(tint, near, seen > 0)
        opaque.reshape(-1)[unknown] = alpha
        if self._refine:
            alpha = self._refine(
                Surroundings(
                    box=whole,
                    pixels=pixels,
                    ground=self.ground,
                    alpha=opaque,
                    depth=depth,
                    unknown=unknown,
                    figure=near - self.ground,
                    from_sure=from_sure,
                    is_glass=seen > 0,
                )
            )
            opaque.reshape(-1)[unknown] = alpha
        edge = self._unmixed(mixed, near, alpha)
        whole_numbers = colour.dtype == np.uint8
        own[:, :3] = np.clip(np.rint(edge), 0, 255) if whole_numbers else edge
        flat[unknown] = own
        return Matte(whole, opaque, _channels(colour), unknown, panes)

    def _slivers(self, away: Floats, depth: NDArray[Any]) -> Mask:
        """Narrow gaps that are tinted.

        Any colour nearer to the key than all mixtures of two of the character's colours is of the
        background; edges of one part against another pass through such mixtures.
        """
        tight: Mask = away < self._sliver**2
        tight &= depth > self.tuning.band
        return slivers(tight) if tight.any() else tight

    def _tinted(self, inside: Frame, away: Floats) -> Mask:
        """What is not quite the ground, and inside or beside."""
        reach = 2 * self.tuning.outer + 1
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
        tinted: Mask = away > (FAINT * self.tuning.near) ** 2
        tinted &= cv2.dilate(inside, disc).view(np.bool_)
        return tinted

    def _panes(self, pixels: Picture, inside: Frame) -> Frame:
        """Which glass is seen where, from 1 on: broad areas only."""
        panes = np.zeros_like(inside)
        if self._meanings is None or not len(self._glass):
            return panes
        places = np.flatnonzero(inside)
        found = cells(pixels.reshape(-1, pixels.shape[-1]).take(places, axis=0))
        panes.reshape(-1)[places] = self._meanings.glass.take(found)
        reach = np.ones((5, 5), np.uint8)
        core = cv2.morphologyEx((panes > 0).astype(np.uint8), cv2.MORPH_OPEN, reach)
        _, labels = cv2.connectedComponents(core, connectivity=4)
        large = np.bincount(labels[core > 0], minlength=1) >= PANE
        near = cv2.dilate(large[labels].astype(np.uint8), reach)
        return np.asarray(panes * near, np.uint8)

    def _sure(self, pixels: Picture, inside: Frame, depth: NDArray[Any], panes: Frame) -> Mask:
        """What is all figure: what a walk from outside over mixtures does not reach."""
        if self._meanings is None:
            sure: Mask = depth > self.tuning.band
        else:
            # Beyond where the walk ends nobody asks what colours mean, but for their neighbours.
            asked = depth <= self.tuning.deep + BESIDE
            asked &= cv2.dilate(inside, SQUARE, iterations=BESIDE).view(np.bool_)
            places = np.flatnonzero(asked)
            found = cells(pixels.reshape(-1, pixels.shape[-1]).take(places, axis=0))
            solid = np.ones_like(inside)
            solid.reshape(-1)[places] = self._meanings.solid.take(found)
            solid[panes > 0] = 0
            # One pixel of a colour that is worn may as well be a mixture of two others.
            solid = np.asarray(cv2.morphologyEx(solid, cv2.MORPH_OPEN, SQUARE), np.uint8)
            outside = inside == 0
            loose = (solid == 0) & (depth <= self.tuning.deep) | outside
            kept = ~reached(loose, outside) & (panes == 0)
            # The outermost of them may still hold a trace of the ground.
            sure = cv2.erode(kept.view(np.uint8), SQUARE, borderValue=1).view(np.bool_)
        return sure if sure.any() else inside > 0

    def _choose(
        self, tint: Floats, figure: Floats, found: NDArray[np.int32], is_hair: Mask
    ) -> None:
        """Put a worn colour in the place of the nearest one where that one does not fit.

        `tint` is how far pixels are from the ground, weighted.
        """
        if self._meanings is None:
            return
        tuning = self.tuning
        _, off = shares(tint, (figure - self.ground) * self._weights)
        other = (off > tuning.misfit) & (self._meanings.off.take(found) + tuning.gain < off)
        figure[other] = self._worn[self._meanings.nearest[found[other]]]
        if self._hair is not None:
            hair = is_hair & (self._hair.off.take(found) + HAIR_GAIN < off)
            figure[hair] = self._rim[self._hair.nearest[found[hair]]]

    def _alpha(self, tint: Floats, figure: Floats, seen_through: Mask) -> Floats:
        """Alpha of unknown pixels that mix the ground with the given colours of the figure."""
        dark = self.tuning.dark
        share, off = shares(tint, (figure - self.ground) * self._weights)
        # Noise about nothing and about all is taken away; in the middle of glass none is added.
        alpha: Floats = np.where(seen_through, share, (share - dark) / (1 - 2 * dark))
        alpha = np.clip(alpha, 0, 1)
        alpha[(off > WILD) & ~seen_through] = 1
        return alpha

    def _unmixed(self, mixed: Floats, figure: Floats, alpha: Floats) -> Floats:
        """The pixel's own colour as far as alpha lets it be known; of a film, only the luma."""
        share = np.maximum(alpha, 0.1)[:, None]
        own = np.clip((mixed - (1 - share) * self.ground) / share, 0, 255) - figure
        if self.tuning.chroma < 1:
            own[:, 1:] = 0
        known = np.clip((alpha - 0.3) / 0.5, 0, 1)[:, None]
        colour: Floats = figure + known * own
        return colour


def spread(pixels: Picture, sure: Mask) -> tuple[Picture, Floats]:
    """The pixels, each that is not sure with the colour of the sure one nearest to it, and how far
    that is."""
    reach, labels = cv2.distanceTransformWithLabels(
        (~sure).view(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    known, items = labels[sure], _items(pixels)
    table = np.zeros(len(known) + 1, items.dtype)
    table[known] = items[sure]
    found: Picture = (
        table.take(np.asarray(labels, np.int32)).view(pixels.dtype).reshape(pixels.shape)
    )
    return found, np.asarray(reach, np.float32)


def _items(pixels: Picture) -> NDArray[Any]:
    """A picture (H, W, C) as one item per pixel (H, W), which fetches them in one go."""
    size = pixels.shape[-1] * pixels.itemsize
    whole: NDArray[Any] = pixels.view(np.uint32 if size == 4 else f"V{size}")[..., 0]
    return whole


def _pixels(picture: Picture) -> Picture:
    """The same pixels, four bytes each if they are bytes, since odd sizes are slow to fetch."""
    if picture.dtype == np.uint8:
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2BGRA))
    return np.ascontiguousarray(picture)


def _channels(pixels: Picture) -> Picture:
    """The three channels of such pixels."""
    return pixels if pixels.shape[-1] == 3 else np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGRA2BGR))
