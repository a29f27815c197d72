"""Alpha and colour of one picture of a character on a flat ground.

1. What is near the ground's colour and connected to the border is outside; so are the gaps that the
   figure encloses, if they show exactly the ground.
2. From outside one walks inwards as long as the colours mean a mixture of the ground with something
   that is worn, and stops at pure colours: what was walked over is unknown, the rest is figure.
3. There, a pixel C mixes the ground B with the colour F of the nearest sure pixel, or, where that
   does not fit, with the worn colour that fits best (hair, whiskers):

       alpha = (C − B)·(F − B) / |F − B|²

   in films mostly by luma, since chroma is stored at half resolution and lies about edges.
4. The ground's share is taken out of the colour. Under alpha 0 the edge's colour goes on, so that
   neither scaling nor chroma subsampling fetches the key colour.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.media.key.colour import Floats, Frame, Mask, Picture, rgb
from shared.media.key.meaning import Meanings, cells, mixed_distance, shares

Labels = NDArray[Any]
Box = tuple[slice, slice]


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


FILM = Tuning(20.0, 6.0, 8.0, 3.0, 6, 0.35, 0.025, 16.0, 4.0)
STILL = Tuning(14.0, 4.0, 24.0, 12.0, 10, 1.0, 0.004, 5.0, 2.0)

BLEED = 12
"""Pixels around the figure that carry its edge's colour."""
HOLE = 24
"""Enclosed areas of the key's colour with fewer pixels than this are a glint, not a gap."""
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
SLIVER, APART, NARROW = 10, 9, 5
"""The fewest pixels of a gap too narrow to show the pure key, whose pieces are less far apart than
`APART`; it is less wide than `NARROW`."""
UNMIXED, WIDEST = 0.6, 60.0
"""The share of the distance to mixed colours, and the distance, within which such a gap shows."""

SQUARE = np.ones((3, 3), np.uint8)
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
        part = cv2.merge([*cv2.split(rgb(self.colour)), opaque])
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
    ) -> None:
        """`worn` and `glass` are the character's colours (N, 3), opaque and seen through, `rim`
        those of its silhouette, `small` those of small parts; without any, unknown is a band of
        fixed width."""
        self.ground, self.tuning = ground, tuning
        self._worn, self._glass, self._opens = worn, glass, opens_gaps
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
        near = away < self.tuning.near**2
        whole = _box(~near, BLEED)
        if whole is None:
            return None
        picture, away = picture[whole], away[whole]
        inside = self._inside(near[whole], away)
        depth = cv2.distanceTransform(inside, cv2.DIST_L2, 3)
        if self._sliver and (gaps := self._slivers(away, depth)).any():
            inside[gaps] = 0
            depth = cv2.distanceTransform(inside, cv2.DIST_L2, 3)
        found = cells(picture)
        panes = self._panes(found, inside)
        sure = self._sure(found, inside, depth, panes)
        open_, source, away_from = nearest(sure)
        reach = 2 * self.tuning.outer + 1
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
        tinted = (cv2.dilate(inside, disc) > 0) & (away > (FAINT * self.tuning.near) ** 2)
        within = tinted.reshape(-1)[open_]
        unknown = open_[within]
        pixels = picture.reshape(-1, 3)
        mixed = pixels.take(unknown, axis=0).astype(np.float32)
        figure = pixels.take(source[within], axis=0).astype(np.float32)
        tint = (mixed - self.ground) * self._weights
        self._choose(tint, figure, found.take(unknown), away_from[within] > HAIR)
        seen = panes.reshape(-1)[unknown]
        figure[seen > 0] = self._glass[seen[seen > 0] - 1]
        alpha = self._alpha(tint, figure, seen > 0)
        colour = pixels.copy()
        colour[open_] = pixels.take(source, axis=0)
        edge = self._unmixed(mixed, figure, alpha)
        whole_numbers = colour.dtype == np.uint8
        colour[unknown] = np.clip(np.rint(edge), 0, 255) if whole_numbers else edge
        opaque = sure.astype(np.float32)
        opaque.reshape(-1)[unknown] = alpha
        return Matte(whole, opaque, colour.reshape(picture.shape), unknown, panes)

    def _inside(self, near: Mask, away: Floats) -> Frame:
        """What is not connected to the border, nor a gap that shows exactly the ground."""
        framed = np.pad(near.astype(np.uint8), 1, constant_values=1)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(framed, connectivity=4)
        outside = np.zeros(count, np.bool_)
        outside[labels[0, 0]] = True
        labels = labels[1:-1, 1:-1]
        if self._opens:
            for label in np.flatnonzero(stats[:, cv2.CC_STAT_AREA] >= HOLE):
                if label == 0 or outside[label]:
                    continue
                left, top, width, height = stats[label, :4]
                place = np.s_[
                    max(top - 1, 0) : top - 1 + height, max(left - 1, 0) : left - 1 + width
                ]
                area = (labels[place] == label).astype(np.uint8)
                core = cv2.erode(area, SQUARE, borderValue=0)
                area = core if core.sum() > 3 else area
                outside[label] = np.median(away[place][area > 0]) < self.tuning.exact**2
        outside[0] = False  # label 0 is what is not near
        inside: Frame = (~outside[labels]).astype(np.uint8)
        return inside

    def _slivers(self, away: Floats, depth: NDArray[Any]) -> Mask:
        """Narrow gaps and corners deep inside, too tight for a film to hold the key's pure colour.

        Any colour nearer to the key than all mixtures of two of the character's colours is of the
        background; edges of one part against another pass through such mixtures.
        """
        tight: Mask = (away < self._sliver**2) & (depth > self.tuning.band)
        if not tight.any():
            return tight
        spots, width = tight.astype(np.uint8), np.ones((NARROW, NARROW), np.uint8)
        # A gap comes in pieces: the film blurs its narrowest parts into the outline.
        _, labels = cv2.connectedComponents(cv2.dilate(spots, np.ones((APART, APART), np.uint8)))
        is_gap = np.bincount(labels[tight]) >= SLIVER
        # A wide gap shows the pure key; what is wide and doesn't is a part, like a small gem.
        is_gap[labels[cv2.erode(spots, width) > 0]] = False
        found = np.zeros_like(tight)
        found[tight] = is_gap[labels[tight]]
        return found

    def _panes(self, found: NDArray[np.int32], inside: Frame) -> Frame:
        """Which glass is seen where, from 1 on: broad areas only."""
        if self._meanings is None or not len(self._glass):
            return np.zeros_like(inside)
        glass: Frame = self._meanings.glass.take(found) * inside
        reach = np.ones((5, 5), np.uint8)
        core = cv2.morphologyEx((glass > 0).astype(np.uint8), cv2.MORPH_OPEN, reach)
        _, labels, stats, _ = cv2.connectedComponentsWithStats(core, connectivity=4)
        large = stats[:, cv2.CC_STAT_AREA] >= PANE
        large[0] = False
        near = cv2.dilate(large[labels].astype(np.uint8), reach)
        return np.asarray(glass * near, np.uint8)

    def _sure(
        self, found: NDArray[np.int32], inside: Frame, depth: NDArray[Any], panes: Frame
    ) -> Mask:
        """What is all figure: what a walk from outside over mixtures does not reach."""
        sure: Mask
        if self._meanings is None:
            sure = depth > self.tuning.band
        else:
            solid = self._meanings.solid.take(found)
            solid[panes > 0] = 0
            # One pixel of a colour that is worn may as well be a mixture of two others.
            solid = np.asarray(cv2.morphologyEx(solid, cv2.MORPH_OPEN, SQUARE), np.uint8)
            loose = ((solid == 0) & (depth <= self.tuning.deep)) | (inside == 0)
            count, labels = cv2.connectedComponents(loose.astype(np.uint8), connectivity=4)
            reached = np.zeros(count, np.bool_)
            reached[labels[inside == 0]] = True
            kept = (inside > 0) & ~reached[labels] & (panes == 0)
            # The outermost of them may still hold a trace of the ground.
            sure = cv2.erode(kept.astype(np.uint8), SQUARE, borderValue=1) > 0
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
        alpha: Floats = np.clip((share - dark) / (1 - 2 * dark), 0, 1)
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


def nearest(sure: Mask) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """The flat places of pixels that are not sure, and for each of them the flat place of the sure
    one nearest to it and how far that is."""
    reach, labels = cv2.distanceTransformWithLabels(
        (~sure).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    flat, is_sure = labels.reshape(-1), sure.reshape(-1)
    places, open_ = np.flatnonzero(is_sure), np.flatnonzero(~is_sure)
    table = np.zeros(len(places) + 1, np.intp)
    table[flat[places]] = places
    source = table[np.asarray(flat.take(open_), np.intp)]
    return open_, source, np.asarray(reach.reshape(-1).take(open_), np.float32)


def _box(mask: Mask, margin: int) -> Box | None:
    """The rows and columns that a mask reaches, with a margin; None for an empty one."""
    left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
    if not width:
        return None
    return (
        slice(max(0, top - margin), min(mask.shape[0], top + height + margin)),
        slice(max(0, left - margin), min(mask.shape[1], left + width + margin)),
    )
