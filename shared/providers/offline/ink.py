"""Ink on paper: the palette of one figure and the few marks that every part is drawn with."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from shared.providers.base import Rgb
from shared.providers.offline import colour
from shared.providers.offline.geometry import Limb
from shared.providers.offline.sheet import Sheet
from shared.providers.offline.species import COMMON, Species

LINE = 13.0
"""The width of the outline in figure units."""

WIDTH = re.compile(r'stroke-width="([\d.]+)"')
PAINT = re.compile(r'(fill|stroke)="#\w+"')
OPACITY = re.compile(r' (?:fill|stroke)-opacity="[\d.]+"')
"""How a line's width, a paint and its opacity are written in marks."""

WHITE: Rgb = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Palette:
    """Every role's colour, the line around the figure and the shade that falls over it."""

    roles: Mapping[str, Rgb]
    line: Rgb
    shade: Rgb

    def __getitem__(self, role: str) -> str:
        """CSS of a role; a role that the species does not set is the body's colour."""
        if role == "line":
            return colour.css(self.line)
        return colour.css(self.roles.get(role, self.roles["body"]))

    def rgb(self, role: str) -> Rgb:
        return self.roles.get(role, self.roles["body"])

    def feature(self, ground: str) -> str:
        """The colour of thin lines on a role: the outline's, or a light tint where that is dark."""
        if "glow" in self.roles:
            return self["glow"]
        under = self.rgb(ground)
        if colour.lightness(under) < 0.45:
            return colour.css(colour.tone(under, 0.66))
        return self["line"]

    @property
    def colours(self) -> tuple[Rgb, ...]:
        return (*self.roles.values(), self.line)


@dataclass(frozen=True, slots=True)
class Quirks:
    """Small stable differences between two figures drawn from the same words."""

    ear: float
    eye: float
    head: float
    belly: float
    tail: float


@lru_cache(maxsize=256)
def quirks(seed: int) -> Quirks:
    dice = Random(seed)  # noqa: S311 — variety, not secrecy
    return Quirks(
        ear=dice.uniform(-5, 5),
        eye=dice.uniform(0.95, 1.06),
        head=dice.uniform(0.975, 1.025),
        belly=dice.uniform(0.96, 1.05),
        tail=dice.uniform(-8, 8),
    )


@lru_cache(maxsize=256)
def palette(sheet: Sheet, species: Species) -> Palette:
    """The species' colours with the sheet's in their place, the derived ones derived again."""
    chosen = dict(sheet.colours)
    body = chosen.get("body", colour.parse(species.colours["body"]))
    # A black figure needs some light to carry its line and its shade, a white one some shade.
    body = colour.tone(body, max(0.31, min(0.975, colour.lightness(body))))
    derived = {
        "body": body,
        "deep": colour.tone(body, 0.30 + 0.08 * colour.lightness(body), 0.62, 0.09),
        "dusk": colour.tone(
            colour.shadow(colour.shadow(body)), colour.lightness(body) * 0.64, 0.68
        ),
        "dark": colour.tone(body, colour.lightness(body) * 0.8, 1.0),
        "light": colour.mix(body, WHITE, 0.42),
        "pale": colour.mix(body, WHITE, 0.8),
    }
    roles = {
        role: chosen.get(role, derived.get(rule) or colour.parse(rule))
        for role, rule in {**COMMON, **species.colours}.items()
    }
    if second := chosen.pop("second", None):
        roles |= {role: second for role in species.second if role not in chosen}
    roles |= {role: value for role, value in chosen.items() if role not in roles}
    roles["body"] = body
    shade = colour.tone(colour.shadow(body), 0.38, 1.15, 0.16)
    return Palette(roles, colour.outline(body), shade)


def fill(d: str, paint: str, extra: str = "") -> str:
    return f'<path d="{d}" fill="{paint}"{extra}/>'


def stroke(d: str, paint: str, width: float = LINE, extra: str = "") -> str:
    return (
        f'<path d="{d}" fill="none" stroke="{paint}" stroke-width="{width:.1f}"'
        f' stroke-linecap="round" stroke-linejoin="round"{extra}/>'
    )


def shape(d: str, paint: str, line: str, width: float = LINE) -> str:
    """A filled shape with its outline."""
    return (
        f'<path d="{d}" fill="{paint}" stroke="{line}" stroke-width="{width:.1f}"'
        f' stroke-linejoin="round" stroke-linecap="round"/>'
    )


def crescent(d: str, inset: str, shade: str, opacity: float = 0.22) -> str:
    """Shade between a shape and the copy of it that the light reaches."""
    return f'<path d="{d}{inset}" fill="{shade}" fill-rule="evenodd" fill-opacity="{opacity}"/>'


def clipped(name: str, d: str, content: str) -> str:
    return (
        f'<clipPath id="{name}"><path d="{d}"/></clipPath><g clip-path="url(#{name})">{content}</g>'
    )


def group(transform: str, content: str) -> str:
    return f'<g transform="{transform}">{content}</g>'


def tube(limb: Limb, paint: Rgb, line: str) -> str:
    """A limb: open outline, base colour, and the same limb thinner and lit towards the light."""
    lit = limb.inset(-4, -3, 0.8)
    return (
        stroke(limb.edge(), line, 2 * LINE * 0.78, ' style="stroke-linecap:butt"')
        + fill(limb.area(), colour.css(colour.shadow(paint)))
        + fill(lit.area(), colour.css(paint))
    )


def bolder(marks: str, line: str, weight: float, rim: float) -> str:
    """The same marks with every line thicker by a factor, and a rim around all of them together."""

    def thicker(width: re.Match[str]) -> str:
        return f'stroke-width="{float(width[1]) * weight:.1f}"'

    def wider(width: re.Match[str]) -> str:
        return f'stroke-width="{float(width[1]) + 2 * rim:.1f}"'

    marks = WIDTH.sub(thicker, marks)
    silhouette = OPACITY.sub("", PAINT.sub(rf'\1="{line}"', WIDTH.sub(wider, marks)))
    return (
        f'<g stroke="{line}" stroke-width="{2 * rim:.1f}" stroke-linejoin="round">{silhouette}</g>'
        + marks
    )
