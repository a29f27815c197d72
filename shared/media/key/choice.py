"""Which colour to film a character on."""

import numpy as np

from shared.media import Rgb
from shared.media.key.colour import yuv
from shared.media.key.wardrobe import Wardrobe

# Light ones: figures have dark outlines, and the edge is where luma must differ.
CANDIDATES: tuple[Rgb, ...] = (
    (200, 200, 200),
    (140, 220, 255),
    (170, 255, 170),
    (250, 210, 0),
    (0, 210, 230),
    (90, 255, 255),
    (0, 255, 128),
    (0, 200, 70),
    (255, 150, 255),
    (255, 0, 255),
    (130, 130, 250),
)
WORN = 60.0
"""The RGB distance within which a colour counts as the key's colour."""
CHROMA = 0.4
"""What a difference of chroma, stored at half resolution, is worth beside one of luma."""
SAFE, SAFETY = 120.0, 0.25
"""The RGB distance of the palette that is asked for, and what it is worth beside contrast."""
GLASS = 0.3
"""The share of the silhouette that a part counts for through which the key will be seen."""


def choose_key(wardrobe: Wardrobe) -> Rgb:
    """The key colour that the silhouette's colours differ from most, and that is not worn.

    Alpha's error is the codec's over the contrast between key and figure, so the inverse squares of
    the contrasts are added up: a thin white whisker counts where the outline is dark.
    """
    glass = [pane.colour for pane in wardrobe.glass]
    worn = [*wardrobe.colours, *glass, *wardrobe.small]
    if not worn:
        return CANDIDATES[0]
    rim = [*wardrobe.rim, *((colour, GLASS) for colour in glass)]
    rim = rim or [(colour, 1.0) for colour in worn]
    colours = yuv(np.array([colour for colour, _ in rim]))
    shares = np.array([share for _, share in rim])
    weights = np.array([1.0, CHROMA, CHROMA])

    def merit(key: Rgb) -> tuple[bool, float]:
        contrast = np.linalg.norm((colours - yuv(np.array(key))) * weights, axis=1)
        error = np.average(1 / np.maximum(contrast, 4) ** 2, weights=shares)
        nearest = distance(key, worn)
        return nearest > WORN, float(error**-0.5) + SAFETY * min(nearest, SAFE)

    return max(CANDIDATES, key=merit)


def distance(key: Rgb, colours: list[Rgb] | tuple[Rgb, ...]) -> float:
    """The RGB distance of the nearest of some colours."""
    return float(np.linalg.norm(np.subtract(colours, key), axis=1).min())
