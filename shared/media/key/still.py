"""The keyer of stills: exact pixels, but a character that nobody knows yet.

A first look finds its colours, deep inside and away from all edges, and the parts that one sees
through; the second one keys with them.
"""

from dataclasses import replace

import cv2
import numpy as np

from shared.media import Rgb
from shared.media.key.choice import WORN, distance
from shared.media.key.colour import Floats, Frame, Mask, Picture, triple, yuv
from shared.media.key.colour import rgb as to_rgb
from shared.media.key.matte import STILL, Matter, Tuning
from shared.media.key.wardrobe import palette

HUE = 0.5
"""How far a colour may be beside the key's hue, for as much as it has of it, to be of that hue."""
WIDE = 0.04
"""The least share of a colour that says which hues a figure wears."""
MAIN = 0.004
"""The least share of a colour that is worn widely enough to be found in enclosed areas."""
DEEP = 0.012
"""How far inside colours are sure, as a share of the picture."""
SEPARATE = 20.0
"""How far a colour is from that of a glass before the ground, to be another."""
VIVID = 40.0
"""The chroma of a key that shows through what it stands behind."""
THROUGH = (0.2, 0.85)
"""The shares of the key's chroma between which it shines through something."""
ASIDE = 0.12
"""How far the hue may be off, as a share of the key's chroma."""
PALE = (140.0, 245.0)
"""The luma of what one sees through: glass, wings and water are light."""
SMALL = 0.001
"""The least share of the picture that such a part has."""
MAJOR = 0.3
"""The largest share of the figure that one of them has: most of a figure is not of glass."""
OPEN = 0.2
"""The least share of its rim that lies near the outside: a gem lies within."""
EVEN = 0.05
"""The median deviation of the key's share in it."""


def key_still(rgb: Frame, background: Rgb, *, opens_gaps: bool, tuning: Tuning = STILL) -> Frame:
    """The figure of a still (H, W, 3) on a flat background, as straight RGBA."""
    picture, ground = yuv(rgb), yuv(np.array(background))
    away = _squared_distance(picture, ground)
    height, width = away.shape
    band = max(2.0, round(DEEP * max(height, width)))
    first = Matter(ground, replace(tuning, band=band), opens_gaps=opens_gaps)
    seen = first.matte(picture, away)
    if seen is None:
        return np.zeros((height, width, 4), np.uint8)
    alpha = np.zeros((height, width), np.float32)
    alpha[seen.box] = seen.alpha
    panes = _panes(picture, ground, alpha > 0.02)
    deep = cv2.erode((alpha >= 1).astype(np.uint8), np.ones((5, 5), np.uint8))
    known = np.dstack([rgb, np.uint8(255) * (deep if deep.any() else alpha > 0)])
    known[away < tuning.near**2] = 0
    colours = [colour for colour, _ in palette(known)] or [(0, 0, 0)]
    main = [colour for colour, _ in palette(known, least=MAIN)] or colours
    opens_gaps = opens_gaps and distance(background, main) > WORN
    widely = yuv(np.array([colour for colour, _ in palette(known, least=WIDE)] or colours))
    share, aside = _tinges(_besides(widely, panes, ground), ground)
    if ((share > THROUGH[0]) & (aside < HUE * share)).any():
        panes = []
    worn = _besides(yuv(np.array(colours)), panes, ground)
    clear = np.array([glass for glass, _ in panes], np.float32).reshape(-1, 3)
    matter = Matter(ground, tuning, worn=worn, glass=clear, opens_gaps=opens_gaps)
    found = matter.matte(picture, away)
    if found is None:
        return np.zeros((height, width, 4), np.uint8)
    rgba = found.rgba(height, width)
    # What is all figure keeps its pixels, to the bit.
    whole = rgba[..., 3] == 255
    whole[found.box].reshape(-1)[found.unknown] = False
    rgba[whole, :3] = rgb[whole]
    return rgba


def _squared_distance(picture: Picture, ground: Floats) -> Floats:
    """Of each pixel, row by row: a whole copy of a picture in floats is large."""
    away = np.empty(picture.shape[:2], np.float32)
    for row, found in zip(picture, away, strict=True):
        found[:] = np.square(row - ground).sum(axis=-1)
    return away


def _panes(picture: Picture, ground: Floats, figure: Mask) -> list[tuple[Floats, float]]:
    """The colours, and alphas, of broad parts through which a vivid key shines.

    One picture can't tell what is half of a colour and half of the key from what is of their mean.
    So this is a guess that has to be sure of itself: even, light and otherwise grey, open to the
    outside, and on a figure that does not wear the key's hue.
    """
    if np.linalg.norm(ground[1:] - 128) < VIVID:
        return []
    share, aside = _tinges(picture, ground)
    luma = (picture[..., 0] - share * ground[0]) / np.maximum(1 - share, 0.1)
    seen = figure & (share > THROUGH[0]) & (share < THROUGH[1]) & (aside < ASIDE)
    seen &= (luma > PALE[0]) & (luma < PALE[1])
    broad = cv2.morphologyEx(seen.astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(broad, connectivity=4)
    reach = 2 * round(DEEP * max(figure.shape)) + 1
    outside = cv2.dilate((~figure).astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0
    rims = broad > cv2.erode(broad, np.ones((3, 3), np.uint8))
    found: dict[Rgb, tuple[Floats, float]] = {}
    for label in range(1, count):
        size = stats[label, cv2.CC_STAT_AREA]
        if size < SMALL * figure.size or size > MAJOR * figure.sum():
            continue
        area = labels == label
        through = float(np.median(share[area]))
        is_even = np.median(np.abs(share[area] - through)) < EVEN
        if is_even and outside[area & rims].mean() > OPEN:
            tinted = np.median(picture[area], axis=0)
            alpha = max(1 - through, _least_alpha(tinted, ground))
            colour: Floats = ground + (tinted - ground) / alpha
            found[triple(colour)] = (colour, alpha)
    return list(found.values())


def _least_alpha(tinted: Floats, ground: Floats) -> float:
    """The least alpha with which a colour that exists, before the ground, looks like `tinted`."""
    seen, key = to_rgb(np.stack([tinted, ground])[None])[0].astype(np.float32)
    room = np.where(seen > key, 255 - key, key)
    return float((np.abs(seen - key) / np.maximum(room, 1)).max())


def _tinges(colours: Picture, ground: Floats) -> tuple[Floats, Floats]:
    """How much of the key's chroma is in each colour, and how much beside its hue."""
    key, chroma = ground[1:] - 128, colours[..., 1:] - 128
    strength = max(float(key @ key), 1.0)
    share = (chroma @ key) / strength
    aside = np.abs(chroma[..., 0] * key[1] - chroma[..., 1] * key[0]) / strength
    return share.astype(np.float32), aside.astype(np.float32)


def _besides(colours: Floats, panes: list[tuple[Floats, float]], ground: Floats) -> Floats:
    """The colours (N, 3) that are not those of panes before the ground."""
    for glass, alpha in panes:
        tinted = ground + alpha * (glass - ground)
        colours = colours[np.linalg.norm(colours - tinted, axis=1) > SEPARATE]
    return colours
