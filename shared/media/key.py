"""The keyer: alpha and clean edges for a character on a flat background."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from shared.media import Rgb


def choose_key(palette: Sequence[Rgb]) -> Rgb:
    """The key colour that is farthest from every colour of the palette, in luma and chroma."""
    raise NotImplementedError


def palette(rgba: NDArray[np.uint8]) -> list[tuple[Rgb, float]]:
    """The main colours of a cut-out's opaque pixels with their shares, the largest first."""
    raise NotImplementedError
