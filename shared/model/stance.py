"""Where a figure stands in a picture, and the frame in which all poses of a character stand."""

from shared.model.base import Value


class Footing(Value):
    """What whoever drew a picture knows of where the character stands in it, in pixels: the line of
    the ground, the middle of the body, and how many pixels a unit of the character has."""

    ground: float
    centre: float
    scale: float


class Stance(Value):
    """Where a figure stands in a file, in its pixels.

    `box` (left, top, right, bottom) holds all that is not transparent; the figure stands on the
    line `ground`, with its feet and body around `centre`. `unit` measures its body, whatever its
    limbs do; `scale` is that of its footing, if it is known. `fit` below 1 says that the file shows
    the figure that much smaller than its other poses, since it would not have had room.
    """

    box: tuple[float, float, float, float]
    ground: float
    centre: float
    unit: float
    scale: float | None = None
    fit: float = 1.0


class Anchor(Value):
    """The square frame of all size variants of a character's stills, set by the first of them.

    The figure stands on `ground`, around `centre`, and its body measures `unit`, or `scale` where
    that is known: all of them in sides of the frame.
    """

    ground: float
    centre: float
    unit: float
    scale: float | None = None
