"""What a mascot wears. Each piece knows where it goes: on the head, round the neck, on the back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from shared.providers.base import Rgb
from shared.providers.offline import colour
from shared.providers.offline.geometry import Affine, Limb, Point, at, bezier, ellipse, num, smooth
from shared.providers.offline.ink import LINE, fill, group, shape, stroke
from shared.providers.offline.pose import Pose
from shared.providers.offline.species import Species

Place = Literal["back", "chest", "neck", "behind_head", "face", "head"]


@dataclass(frozen=True, slots=True)
class Cloth:
    """A colour with its shade, its light and the line around it."""

    base: str
    shade: str
    light: str
    deep: str
    line: str

    @classmethod
    def of(cls, paint: Rgb) -> "Cloth":
        paint = colour.tone(paint, max(0.27, min(0.97, colour.lightness(paint))))
        return cls(
            colour.css(paint),
            colour.css(colour.shadow(paint)),
            colour.css(colour.sheen(paint)),
            colour.css(colour.tone(paint, colour.lightness(paint) * 0.68)),
            colour.css(colour.outline(paint)),
        )


Draw = Callable[[Species, Cloth, Pose], str]


def _scarf_band(species: Species, cloth: Cloth, pose: Pose) -> str:
    w, y = species.collar
    y += 4
    d = smooth(
        (
            (-w + 4, y - 34),
            (-w - 12, y + 2),
            (-w * 0.62, y + 42),
            (0, y + 58),
            (w * 0.62, y + 42),
            (w + 12, y + 2),
            (w - 4, y - 34),
            (0, y - 8),
        )
    )
    lit = smooth(
        (
            (-w + 6, y - 28),
            (-w - 2, y),
            (-w * 0.6, y + 26),
            (-w * 0.1, y + 40),
            (w * 0.5, y + 26),
            (w + 2, y - 6),
            (w - 4, y - 30),
            (0, y - 8),
        )
    )
    folds = stroke(f"M{at((-w * 0.5, y + 8))}q14 12 38 15", cloth.shade, 8)
    folds += stroke(f"M{at((w * 0.05, y + 14))}q20 2 36 -4", cloth.shade, 8)
    knot_x, knot_y = w * 0.52, y + 26
    knot = shape(ellipse(knot_x, knot_y, 33, 29, -20), cloth.base, cloth.line)
    knot += stroke(f"M{at((knot_x - 10, knot_y + 12))}q14 -2 20 -14", cloth.shade, 8)
    return shape(d, cloth.shade, cloth.line) + fill(lit, cloth.base) + folds + knot


def _scarf_ends(species: Species, cloth: Cloth, pose: Pose) -> str:
    w, y = species.collar
    x, y = w * 0.52, y + 30
    swing, rise = pose.trail, pose.lift
    parts = ""
    for dx, length, late in ((34, 92, 1.0), (6, 118, 1.25)):
        end = (x + dx + swing * 2.4 * late + rise * 46, y + length * (1 - rise * 0.8) + 6)
        bow = (x + dx * 0.4 - swing * 0.5 + rise * 20, y + length * 0.55)
        limb = Limb(bezier((x, y), bow, end, 6), (40, 44, 50, 55, 58, 60))
        left, right = limb.sides()
        d = smooth(left, closed=False) + "L" + smooth(right[::-1], closed=False)[1:] + "Z"
        thin_left, thin_right = limb.inset(-5, 0, 0.72).sides()
        lit = smooth(thin_left, closed=False) + "L" + smooth(thin_right[::-1], closed=False)[1:] + "Z"
        (lx, ly), (rx, ry) = left[-1], right[-1]
        ax, ay = limb.centre[-1][0] - limb.centre[-2][0], limb.centre[-1][1] - limb.centre[-2][1]
        fringe = ""
        for k in (0.14, 0.38, 0.62, 0.86):
            px, py = lx + (rx - lx) * k, ly + (ry - ly) * k
            fringe += f"M{at((px, py))}L{at((px + ax * 0.55, py + ay * 0.55))}"
        parts += (
            stroke(fringe, cloth.line, 13 + LINE)
            + shape(d, cloth.shade, cloth.line)
            + stroke(fringe, cloth.base, 10)
            + fill(lit, cloth.base)
        )
        sx, sy = limb.centre[-2]
        half = 0.5
        a, b = limb.sides()[0][-2], limb.sides()[1][-2]
        parts += stroke(
            f"M{at((sx + (a[0] - sx) * half * 1.5, sy + (a[1] - sy) * half * 1.5))}"
            f"L{at((sx + (b[0] - sx) * half * 1.5, sy + (b[1] - sy) * half * 1.5))}",
            cloth.light,
            8,
        )
    return parts


@dataclass(frozen=True, slots=True)
class Garment:
    """How one accessory is drawn, layer by layer, and the colour that it usually has."""

    colour: str
    layers: tuple[tuple[Place, Draw], ...]


GARMENTS: dict[str, Garment] = {
    "scarf": Garment("#2f6fe4", (("chest", _scarf_ends), ("neck", _scarf_band))),
}
