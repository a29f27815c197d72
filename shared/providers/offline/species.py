"""What sets one kind of creature apart: outlines, places and colours on one shared rig.

The figure stands on y = 0 and looks at the viewer. Body shapes are in figure units from the middle
of the ground; head shapes are measured from the head's centre. Symmetric outlines are listed as
their right half, from the top to the bottom.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import cos, pi, sin
from typing import Literal

from shared.providers.offline.geometry import Node, Point

Layer = Literal["behind", "skin", "front"]
Colours = Mapping[str, str]
"""Role → `#rrggbb`, or how to derive it from the body: body, deep, dusk, dark, light, pale."""


@dataclass(frozen=True, slots=True)
class Patch:
    """A coloured shape on the head or the body.

    `side` shapes are drawn again on the other side; others are symmetric halves unless `whole`.
    `depth` is how far the shape stands out: it slides by that much when the head turns. A `behind`
    or `front` patch has a line around it; on the skin it is clipped to the skin.
    """

    role: str
    nodes: tuple[Node, ...]
    on: Literal["head", "body"] = "head"
    layer: Layer = "skin"
    side: bool = False
    whole: bool = False
    depth: float = 0.0
    swing: float = 0.0


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line on the head (a whisker, a seam); drawn on both sides if `side`."""

    role: str
    nodes: tuple[Node, ...]
    width: float
    side: bool = False
    depth: float = 0.5
    on: Literal["head", "body"] = "head"


@dataclass(frozen=True, slots=True)
class Ear:
    """The right ear: its outline, what is inside, its tip, and the point that it turns about."""

    nodes: tuple[Node, ...]
    pivot: Point
    inner: tuple[Node, ...] = ()
    tip: tuple[Node, ...] = ()
    over: bool = False
    limp: float = 1.0


@dataclass(frozen=True, slots=True)
class Eye:
    """The right eye. `whites` is their size next to the pupil's (0: none, unless the eye would be
    lost on its ground); a `glow` eye is a light on a screen. `ground` is the role behind it."""

    x: float = 92.0
    y: float = 0.0
    rx: float = 31.0
    ry: float = 41.0
    whites: float = 0.0
    glow: bool = False
    ground: str = "body"
    brows: bool = True


@dataclass(frozen=True, slots=True)
class Snout:
    """Nose and mouth. `cleft` is the fold from the nose to the lips that makes a muzzle."""

    nose: Literal["triangle", "oval", "big", "pig", "beak", "dots", "none"] = "triangle"
    nose_y: float = 52.0
    nose_size: float = 1.0
    mouth_y: float = 92.0
    mouth_width: float = 44.0
    cleft: bool = True
    fang: bool = False
    ground: str = "mask"


@dataclass(frozen=True, slots=True)
class Tail:
    """A chain of segments: the first leaves the root at `angle` (0 is up, 90 to the right), and
    each turns by its entry of `bends`. The tip begins at a share of the length (above 1: none)."""

    root: Point
    angle: float
    bends: tuple[float, ...]
    step: float
    widths: tuple[float, ...]
    tip: float = 2.0
    role: str = "tail"
    rings: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class ArmStyle:
    """`glove` is the share of the arm's length where the glove begins; above 1 there is none.
    `reach` scales the arm, and `splay` holds a hanging one away from a wide body (degrees)."""

    width: float = 62.0
    wrist: float = 50.0
    hand: Literal["mitten", "wing", "claw"] = "mitten"
    palm: float = 36.0
    glove: float = 2.0
    reach: float = 1.0
    splay: float = 0.0


@dataclass(frozen=True, slots=True)
class LegStyle:
    width: float = 84.0
    ankle: float = 76.0
    foot: Literal["paw", "web", "hoof", "boot", "none"] = "paw"
    sock: float = 2.0
    stance: float = 74.0
    size: float = 1.0


COMMON: Colours = {
    "cheeks": "#ff7f86",
    "pads": "#f2a5a0",
    "nose": "#33211f",
    "eyes": "#5b3a26",
    "inner": "#f5b3b0",
}
"""Colours that most species share; their own tables win."""


def skull(width: float, top: float, low: float, seat: float = 26.0) -> tuple[Node, ...]:
    """The right half of a plump round head, widest at the height `seat`."""
    nodes: list[Node] = []
    for step in range(9):
        angle = pi * (step / 8 - 0.5)
        across, up = cos(angle), sin(angle)
        x = width * across**0.84 if 0 < step < 8 else 0.0
        y = seat + (seat - top if up < 0 else low - seat) * abs(up) ** 0.92 * (1 if up > 0 else -1)
        nodes.append((x, y))
    return tuple(nodes)


HEAD = skull(226, -178, 178)
BODY: tuple[Node, ...] = (
    (0, -352),
    (62, -340),
    (100, -284),
    (126, -190),
    (112, -100),
    (62, -62),
    (0, -56),
)
BELLY: tuple[Node, ...] = (
    (0, -330),
    (52, -300),
    (80, -210),
    (74, -130),
    (40, -86),
    (0, -78),
)


@dataclass(frozen=True, slots=True, eq=False)
class Species:
    """`hat` is half the head's width at a hat's brim and the brim's height, `collar` the same for a
    scarf. `rise` is how far the head's centre is above the neck. A `bodiless` one is all head and
    wears its scarf in front. `second` are the roles that take the second colour of "black and
    white"."""

    name: str
    colours: Colours
    head: tuple[Node, ...] = HEAD
    body: tuple[Node, ...] = BODY
    belly: tuple[Node, ...] = BELLY
    ear: Ear | None = None
    eye: Eye = field(default_factory=Eye)
    snout: Snout = field(default_factory=Snout)
    cheek: Point = (146.0, 64.0)
    tail: Tail | None = None
    arm: ArmStyle = field(default_factory=ArmStyle)
    leg: LegStyle = field(default_factory=LegStyle)
    patches: tuple[Patch, ...] = ()
    strokes: tuple[Stroke, ...] = ()
    shoulder: Point = (88.0, -288.0)
    hip: Point = (62.0, -112.0)
    neck: Point = (0.0, -336.0)
    rise: float = 150.0
    hat: Point = (150.0, -112.0)
    collar: Point = (104.0, -318.0)
    sheen: Point = (-118.0, -104.0)
    bodiless: bool = False
    second: tuple[str, ...] = ("belly",)
