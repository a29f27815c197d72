"""How alike two colours, two palettes and two heads are, from values and not from pixels."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import atan2, cos, degrees, exp, hypot, radians, sin, sqrt

from shared.model.style import PaletteColour, Portrait

SAME, OTHER = 5.0, 12.0
"""ΔE2000 up to which two colours are the same, and from which they have nothing in common."""
SHADOW = (2.5, 32.0)
"""How much lower L* of a shadow is than that of its colour."""
GAP = 30.0
"""What it counts, in ΔE2000, that the figure is where the other one is not."""

Lab = tuple[float, float, float]


@lru_cache(maxsize=1 << 15)
def to_lab(code: str) -> Lab:
    """`#rrggbb` in CIE Lab (D65, IEC 61966-2-1 and CIE 15)."""
    linear = []
    for start in (1, 3, 5):
        value = int(code[start : start + 2], 16) / 255
        linear.append(((value + 0.055) / 1.055) ** 2.4 if value > 0.04045 else value / 12.92)
    red, green, blue = linear
    x = (0.412453 * red + 0.357580 * green + 0.180423 * blue) / 0.950456
    y = 0.212671 * red + 0.715160 * green + 0.072169 * blue
    z = (0.019334 * red + 0.119193 * green + 0.950227 * blue) / 1.088754
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


@lru_cache(maxsize=1 << 17)
def delta_e(first: str, second: str) -> float:
    """CIEDE2000 of two `#rrggbb` colours."""
    return 0.0 if first == second else ciede2000(to_lab(first), to_lab(second))


def ciede2000(first: Lab, second: Lab) -> float:
    """CIEDE2000 of two Lab colours: the formula of G. Sharma, W. Wu, E. N. Dalal, Color Research &
    Application 30 (1), 2005, as `shared.media.style.colour` has it for arrays."""
    (l1, a1, b1), (l2, a2, b2) = first, second
    mean7 = ((hypot(a1, b1) + hypot(a2, b2)) / 2) ** 7
    stretch = 1.5 - 0.5 * sqrt(mean7 / (mean7 + 25.0**7))
    c1, c2 = hypot(a1 * stretch, b1), hypot(a2 * stretch, b2)
    h1, h2 = degrees(atan2(b1, a1 * stretch)) % 360, degrees(atan2(b2, a2 * stretch)) % 360
    turn, mean = 0.0, h1 + h2
    if c1 * c2:
        turn = (h2 - h1 + 180) % 360 - 180
        if turn == -180 and h2 > h1:
            turn = 180.0
        if abs(h1 - h2) > 180:
            mean += 360 if mean < 360 else -360
        mean /= 2
    hue = 2 * sqrt(c1 * c2) * sin(radians(turn) / 2)
    level, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    weight = (
        1
        - 0.17 * cos(radians(mean - 30))
        + 0.24 * cos(radians(2 * mean))
        + 0.32 * cos(radians(3 * mean + 6))
        - 0.20 * cos(radians(4 * mean - 63))
    )
    off = (level - 50) ** 2
    light = (l2 - l1) / (1 + 0.015 * off / sqrt(20 + off))
    rich = (c2 - c1) / (1 + 0.045 * chroma)
    hue /= 1 + 0.015 * chroma * weight
    twist = -2 * sqrt(chroma**7 / (chroma**7 + 25.0**7))
    twist *= sin(radians(60 * exp(-(((mean - 275) / 25) ** 2))))
    return sqrt(max(0.0, light**2 + rich**2 + hue**2 + twist * rich * hue))


def nearest(code: str, palette: Iterable[PaletteColour]) -> float:
    """ΔE2000 to the most similar colour of a palette."""
    return min((delta_e(code, other.hex) for other in palette), default=100.0)


def worn(code: str, palette: Iterable[PaletteColour]) -> float:
    """The share of a figure that wears a colour; similar ones count in part."""
    return sum(
        other.share * min(1.0, max(0.0, (OTHER - delta_e(code, other.hex)) / (OTHER - SAME)))
        for other in palette
    )


def shown(code: str, palette: Iterable[PaletteColour]) -> float:
    """The share of a figure that wears just this colour."""
    return sum(other.share for other in palette if delta_e(code, other.hex) < SAME)


def shades(dark: str, light: str) -> bool:
    """Whether one colour may be another one in shadow: darker, and of nearly its hue."""
    (low, a1, b1), (high, a2, b2) = to_lab(dark), to_lab(light)
    fall = high - low
    return SHADOW[0] < fall < SHADOW[1] and hypot(a1 - a2, b1 - b2) < 6 + 0.8 * fall


def apart(first: Portrait, second: Portrait) -> float:
    """The mean ΔE2000 between two heads, a gap counting `GAP`: each cell against the most similar
    one of the other head at its place or next to it, so that a head may tilt and turn a little."""
    return (_towards(first, second) + _towards(second, first)) / 2


def _towards(one: Portrait, other: Portrait) -> float:
    total, count = 0.0, 0
    for index, cell in enumerate(one.cells):
        if cell:
            total += min(_cell(cell, place) for place in _around(other, index))
            count += 1
    return total / max(count, 1)


def _cell(cell: str, other: str) -> float:
    return min(GAP, delta_e(cell, other)) if other else GAP


def _around(portrait: Portrait, index: int) -> Sequence[str]:
    row, column = divmod(index, portrait.columns)
    return [
        portrait.cells[r * portrait.columns + c]
        for r in range(max(0, row - 1), min(portrait.rows, row + 2))
        for c in range(max(0, column - 1), min(portrait.columns, column + 2))
    ]
