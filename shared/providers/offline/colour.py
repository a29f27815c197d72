"""Colour for drawing: shades, tints and outlines derived in Oklab, so that equal steps look equal.

Oklab: Björn Ottosson, "A perceptual color space for image processing", 2020.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import atan2, cos, hypot, radians, sin

from shared.providers.base import Rgb

Lab = tuple[float, float, float]

# Greens, magentas and blues key best; the pale and dark ones are there for many-coloured figures.
BACKGROUNDS: tuple[Rgb, ...] = (
    (0, 200, 70),
    (0, 255, 128),
    (255, 0, 200),
    (230, 60, 255),
    (20, 70, 255),
    (0, 190, 255),
    (255, 225, 0),
    (225, 228, 232),
)


def parse(text: str) -> Rgb:
    """`#rrggbb` as three bytes."""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def css(colour: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


@lru_cache(maxsize=1024)
def oklab(colour: Rgb) -> Lab:
    """sRGB bytes to Oklab: lightness 0 to 1, and two opponent axes of about ±0.3."""
    r, g, b = (_linear(channel / 255) for channel in colour)
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    medium = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def from_oklab(lab: Lab) -> Rgb:
    """Oklab to sRGB bytes; what lies outside sRGB loses chroma, never its lightness or hue."""
    level, a, b = lab
    level = max(0.0, min(1.0, level))
    linear = _unlab(level, a, b)
    while min(linear) < -0.002 or max(linear) > 1.002:
        a, b = a * 0.96, b * 0.96
        linear = _unlab(level, a, b)
    return _byte(linear[0]), _byte(linear[1]), _byte(linear[2])


def _unlab(lightness: float, a: float, b: float) -> Lab:
    """Oklab to linear sRGB, unclipped."""
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def mix(first: Rgb, second: Rgb, share: float) -> Rgb:
    """The colour at `share` (0 to 1) of the straight way from first to second in Oklab."""
    one, two = oklab(first), oklab(second)
    return from_oklab(
        (
            one[0] + (two[0] - one[0]) * share,
            one[1] + (two[1] - one[1]) * share,
            one[2] + (two[2] - one[2]) * share,
        )
    )


def lightness(colour: Rgb) -> float:
    return oklab(colour)[0]


def tone(colour: Rgb, target: float, chroma: float = 1.0, limit: float = 0.4) -> Rgb:
    """The same hue at another Oklab lightness, its chroma scaled and then held to `limit`."""
    _, a, b = oklab(colour)
    size = hypot(a, b) or 1.0
    scale = min(size * chroma, limit) / size
    return from_oklab((target, a * scale, b * scale))


def outline(colour: Rgb) -> Rgb:
    """A very dark tint for the line around `colour`: it belongs to the figure, black does not."""
    return tone(colour, 0.17 + 0.10 * lightness(colour), 0.5, 0.055)


def shadow(colour: Rgb) -> Rgb:
    """`colour` out of the light: darker, a little richer, and turned towards violet."""
    level, a, b = oklab(colour)
    size, hue = min(hypot(a, b) * 1.05 + 0.008, 0.3), atan2(b, a)
    # Yellow and orange turn through red, green and cyan through blue: the short way to violet.
    towards = radians(-55)
    turn = ((towards - hue + 3.14159265) % 6.2831853) - 3.14159265
    hue += max(-0.12, min(0.12, turn * 0.2))
    return from_oklab((level * 0.87 - 0.012, size * cos(hue), size * sin(hue)))


def sheen(colour: Rgb) -> Rgb:
    """`colour` where the light falls straight on it."""
    level, a, b = oklab(colour)
    return from_oklab((level + (1 - level) * 0.45, a * 0.75, b * 0.75))


def choose_background(palette: Sequence[Rgb]) -> Rgb:
    """The key colour that lies farthest from every colour of the palette.

    Luma and chroma distances are both asked for, since video stores chroma at a quarter of the
    resolution and a keyer that loses one still has the other.
    """

    def clearance(candidate: Rgb) -> float:
        key = oklab(candidate)
        return min(
            hypot(key[1] - a, key[2] - b) + 0.35 * abs(key[0] - level)
            for level, a, b in map(oklab, palette)
        )

    return max(BACKGROUNDS, key=clearance) if palette else BACKGROUNDS[0]


def _linear(value: float) -> float:
    return float(((value + 0.055) / 1.055) ** 2.4) if value > 0.04045 else value / 12.92


def _byte(value: float) -> int:
    clipped = max(0.0, min(1.0, value))
    gamma = 1.055 * clipped ** (1 / 2.4) - 0.055 if clipped > 0.0031308 else 12.92 * clipped
    return round(255 * gamma)
