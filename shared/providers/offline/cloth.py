"""What clothes are drawn with: a colour with its shade and light, and a garment's layers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from shared.providers.base import Rgb
from shared.providers.offline import colour
from shared.providers.offline.pose import Pose
from shared.providers.offline.species import Species

Place = Literal["back", "chest", "neck", "behind_head", "face", "head"]


@dataclass(frozen=True, slots=True)
class Cloth:
    """A colour with its shade, its light, a deeper tone for details, and the line around it."""

    base: str
    shade: str
    light: str
    deep: str
    line: str

    @classmethod
    def of(cls, paint: Rgb) -> "Cloth":
        level = max(0.29, min(0.97, colour.lightness(paint)))
        paint = colour.tone(paint, level)
        return cls(
            colour.css(paint),
            colour.css(colour.shadow(paint)),
            colour.css(colour.sheen(paint)),
            colour.css(colour.tone(paint, level * 0.66 if level > 0.42 else level + 0.25)),
            colour.css(colour.outline(paint)),
        )


Draw = Callable[[Species, Cloth, Pose], str]
"""SVG marks in head units (face, head, behind_head) or in body units (back, chest, neck)."""


@dataclass(frozen=True, slots=True)
class Garment:
    """How one accessory is drawn, layer by layer, and the colour that it usually has."""

    colour: str
    layers: tuple[tuple[Place, Draw], ...]
