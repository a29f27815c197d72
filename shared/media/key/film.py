"""The keyer of films: frame after frame of yuv420p on one ground, still edges held still."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.media import Rgb
from shared.media.key.colour import Floats, Frame, planes, yuv
from shared.media.key.matte import FILM, Matte, Matter
from shared.media.key.refinement import Refine, refined
from shared.media.key.wardrobe import Wardrobe

STEADY = 0.3
"""How much of a new alpha counts where nothing moves: noise is averaged over some frames."""
STILL_LUMA, MOVED_LUMA = 1.0, 4.0
"""The changes of luma, around a pixel, at which nothing moves and everything does."""
STILL_ALPHA, MOVED_ALPHA = 0.06, 0.2
"""The same of alpha itself: what changes that much is no noise."""
WORN = 12.0
"""How far from a worn colour the ground is at least, if enclosed areas of it are gaps."""
EXACT, LOOSE = 0.5, 16.0
"""The share of the distance to the nearest worn colour, and the distance, within which the middle
of an enclosed area shows the ground."""
RIM = 0.04
"""The least share of the silhouette of a colour that hair may have."""
DOUBT = 0.2
"""How far off the guess of a glass's alpha may have been."""

NOTHING = Wardrobe()


class FilmKeyer:
    """Keys the frames of one film in their order. One frame is remembered, however long it is."""

    def __init__(
        self, ground: Floats, wardrobe: Wardrobe = NOTHING, refine: Refine = refined
    ) -> None:
        """`ground` as `measure_ground` finds it. With the character's opaque colours, gaps that it
        encloses are opened too, unless it wears the key's colour; without them, only what the
        border reaches is outside."""
        self._worn = _colours(wardrobe.colours)
        # Beside glass, thin lines mix three colours, which no two explain.
        rim = () if wardrobe.glass else wardrobe.rim
        self._rim = _colours([colour for colour, share in rim if share >= RIM])
        self._small = _colours(wardrobe.small)
        apart = np.linalg.norm(np.concatenate([self._worn, self._small]) - ground, axis=1)
        nearest = float(apart.min(initial=np.inf))
        self._opens = bool(len(apart)) and nearest > WORN
        self._tuning = replace(FILM, exact=min(max(EXACT * nearest, FILM.exact), LOOSE))
        self._ground = ground
        self._refine = refine
        self._glass = wardrobe.glass
        self._matter = self._matter_with(_colours([pane.colour for pane in wardrobe.glass]))
        levels = np.arange(256, dtype=np.float32)
        self._squares = [(levels - channel) ** 2 for channel in ground]
        self._before: tuple[Frame, Floats] | None = None

    def matte(self, frame: Frame) -> Frame:
        """The figure of a raw frame (H × 3/2, W, 1) as straight RGBA (H, W, 4)."""
        luma, blue, red = planes(frame)
        size = (luma.shape[1], luma.shape[0])
        chroma = cv2.LUT(blue, self._squares[1]) + cv2.LUT(red, self._squares[2])
        away = cv2.LUT(luma, self._squares[0])
        away = cv2.add(away, cv2.resize(chroma, size, interpolation=cv2.INTER_LINEAR))
        whole = [cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in (blue, red)]
        picture = np.asarray(cv2.merge([luma, *whole]), np.uint8)
        squares = np.asarray(away, np.float32)
        found = self._matter.matte(picture, squares)
        if found and self._before is None and self._glass:
            self._matter = self._matter_with(self._seen_through(found, picture))
            found = self._matter.matte(picture, squares)
        alpha = np.zeros(luma.shape, np.float32)
        if found is None:
            self._before = (luma, alpha)
            return np.zeros((*luma.shape, 4), np.uint8)
        self._steady(found, luma)
        alpha[found.box] = found.alpha
        self._before = (luma, alpha)
        return found.rgba(*luma.shape)

    def _matter_with(self, glass: Floats) -> Matter:
        return Matter(
            self._ground,
            self._tuning,
            worn=self._worn,
            rim=self._rim,
            glass=glass,
            small=self._small,
            opens_gaps=self._opens,
            refine=self._refine,
        )

    def _seen_through(self, found: Matte, picture: Frame) -> Floats:
        """The colours of the glass, made certain by a second background (Smith and Blinn 1996).

        Before the still's key and the film's, a pane of the colour F and alpha a shows
        C = a·F + (1 − a)·K; so the difference of both is that of the keys times 1 − a.
        """
        colours = []
        for number, pane in enumerate(self._glass, start=1):
            colour, share = yuv(np.array(pane.colour)), pane.alpha
            seen = picture[found.box][found.panes == number]
            if pane.behind and len(seen):
                key, here = yuv(np.array(pane.behind)), np.median(seen, axis=0)
                keys = key - self._ground
                there = share * colour + (1 - share) * key
                certain = 1 - float((there - here) @ keys / max(float(keys @ keys), 1))
                if abs(certain - share) < DOUBT:
                    colour = self._ground + (here - self._ground) / certain
            colours.append(colour)
        return np.array(colours, np.float32)

    def _steady(self, found: Matte, luma: Frame) -> None:
        """Average the alpha of edges over frames as long as nothing moves there."""
        if self._before is None:
            return
        before, alphas = self._before
        change = cv2.blur(cv2.absdiff(luma[found.box], before[found.box]), (3, 3))
        flat = found.alpha.reshape(-1)
        new, old = flat[found.unknown], alphas[found.box].reshape(-1)[found.unknown]
        moved = _ramp(change.reshape(-1)[found.unknown], STILL_LUMA, MOVED_LUMA)
        share = np.maximum(moved, _ramp(np.abs(new - old), STILL_ALPHA, MOVED_ALPHA))
        flat[found.unknown] = old + (new - old) * np.maximum(share, STEADY)


def _ramp(value: NDArray[Any], low: float, high: float) -> Floats:
    ramp: Floats = np.clip((value.astype(np.float32) - low) / (high - low), 0, 1)
    return ramp


def _colours(colours: Sequence[Rgb]) -> Floats:
    return yuv(np.array(colours, np.float32).reshape(-1, 3))
