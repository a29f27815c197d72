"""The cast of the keyer bench: figures of our own artist, with what is hard to key added to them.

Everything is drawn as vectors on the figure's own joints, so it moves as the figure does, and its
alpha is known: whiskers, fur, wings and domes that one sees through, beads near every key colour.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import cos, pi, sin
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.media.key import CANDIDATES
from shared.providers.base import Rgb
from shared.providers.offline import colour
from shared.providers.offline.character import Figure, colours
from shared.providers.offline.framing import frame
from shared.providers.offline.geometry import mirror
from shared.providers.offline.ink import fill, group, stroke
from shared.providers.offline.motion import animate
from shared.providers.offline.raster import Rgba, document, render
from shared.providers.offline.sheet import Accessory, Sheet

Floats = NDArray[np.float32]

SIZE, FPS, SECONDS = 512, 24, 2.0
SEED = 5


@dataclass(frozen=True, slots=True)
class Marks:
    """SVG on one joint of a figure: behind the whole figure, and in front of it."""

    behind: str = ""
    front: str = ""
    on: str = "head"
    colours: tuple[Rgb, ...] = ()


Extra = Callable[[Figure, float], Marks]
"""Given a figure and the units in a pixel at 512²."""


@dataclass(frozen=True, slots=True)
class Model:
    """A character: its sheet, what is added, and the width of its soft rim in pixels at 512²."""

    name: str
    sheet: Sheet
    extras: tuple[Extra, ...] = ()
    rim: float = 0.0


@dataclass(frozen=True, slots=True)
class Move:
    """A motion: the artist's pose, and for how many frames each drawing is held."""

    name: str
    pose: str
    hold: int = 1


MOVES = (Move("idle", "idle"), Move("wave on twos", "wave", 2), Move("dance", "dance"))


def whiskers(width: float, paint: Rgb) -> Extra:
    """Four on either side, some pixels at 512² wide."""

    def draw(figure: Figure, pixel: float) -> Marks:
        marks = []
        for side in (-1, 1):
            for k in range(4):
                y = 18 + 14 * k
                bend, tip = (side * 170, y - 26 + 16 * k), (side * 262, y - 40 + 34 * k)
                way = f"M{side * 60} {y}Q{bend[0]} {bend[1]} {tip[0]} {tip[1]}"
                marks.append(stroke(way, colour.css(paint), width * pixel))
        return Marks(front="".join(marks), colours=(paint,))

    return draw


def fur(
    seed: int = 1,
    *,
    width: float = 1.5,
    reach: float = 0.14,
    hairs: int = 10,
    paint: Rgb | None = None,
) -> Extra:
    """Some hundred hairs, some pixels wide, standing off the head by up to a share of it, in the
    body's colour if no other is told."""

    def draw(figure: Figure, pixel: float) -> Marks:
        dice = Random(seed)
        nodes = [(n[0], n[1]) for n in mirror(figure.species.head)]
        ways = []
        for (x0, y0), (x1, y1) in zip(nodes, nodes[1:] + nodes[:1], strict=True):
            for k in range(hairs):
                share = (k + dice.random()) / hairs
                x, y = x0 + (x1 - x0) * share, y0 + (y1 - y0) * share
                out = 1.06 + reach * dice.random()
                sway = dice.uniform(-12, 12)
                ways.append(
                    f"M{x * 0.9:.1f} {y * 0.9:.1f}L{x * out + sway:.1f} {y * out + sway / 2:.1f}"
                )
        ink = colour.css(paint) if paint else figure.ink["body"]
        colours = (paint,) if paint else ()
        return Marks(behind=stroke("".join(ways), ink, width * pixel), colours=colours)

    return draw


def wings(paint: Rgb = (220, 236, 255), alpha: float = 0.5) -> Extra:
    """Two insect's wings through which one sees what is behind them, with an outline."""

    def draw(figure: Figure, pixel: float) -> Marks:
        marks = []
        for side in (-1, 1):
            way = (
                f"M0 -330C{side * 150} -620 {side * 420} -560 {side * 400} -400"
                f"C{side * 390} -300 {side * 200} -240 0 -300Z"
            )
            marks.append(fill(way, colour.css(paint), f' fill-opacity="{alpha}"'))
            marks.append(stroke(way, figure.ink["line"], 2 * pixel))
        return Marks(behind="".join(marks), on="body", colours=(paint,))

    return draw


def dome(paint: Rgb = (240, 246, 250), alpha: float = 0.35) -> Extra:
    """A glass helmet round the head, with a rim and a glint."""

    def draw(figure: Figure, pixel: float) -> Marks:
        ring = "M0 -290A290 290 0 1 1 -1 -290Z"
        glass = fill(ring, colour.css(paint), f' fill-opacity="{alpha}"')
        glint = stroke("M-190 -130Q-150 -200 -80 -230", "#ffffff", 16, ' stroke-opacity="0.8"')
        rim = stroke(ring, "#5a6470", 2.5 * pixel)
        return Marks(front=glass + glint + rim, colours=(paint, (90, 100, 112)))

    return draw


def beads(shift: int) -> Extra:
    """A row of beads, each some steps away from one of the key colours."""

    def draw(figure: Figure, pixel: float) -> Marks:
        paints: list[Rgb] = []
        marks = []
        for k, key in enumerate(CANDIDATES):
            r, g, b = (c - shift if c >= 128 else c + shift for c in key)
            paints.append((r, g, b))
            angle = pi * (0.12 + 0.76 * k / (len(CANDIDATES) - 1))
            x, y = 92 * cos(angle), -210 + 60 * sin(angle)
            spot = f"M{x - 17:.1f} {y:.1f}a17 17 0 1 1 34 0a17 17 0 1 1 -34 0Z"
            marks.append(fill(spot, colour.css((r, g, b))) + stroke(spot, figure.ink["line"], 5))
        return Marks(front="".join(marks), on="body", colours=tuple(paints))

    return draw


def sheet(species: str, body: str | None = None, *worn: tuple[str, str]) -> Sheet:
    chosen = (("body", colour.parse(body)),) if body else ()
    return Sheet(species, chosen, tuple(Accessory(k, colour.parse(c)) for k, c in worn))


CAST = (
    Model("furry fox", sheet("fox", None, ("scarf", "#2f6fe4")), (fur(),), rim=2.0),
    Model("whiskered cat", sheet("cat", "#8f97a3"), (whiskers(1.2, (30, 26, 34)),)),
    Model("winged dragon", sheet("dragon", "#e23b3b"), (wings(),)),
    Model("robot in glass", sheet("robot"), (dome(),)),
    Model("frog with beads", sheet("frog"), (beads(24),)),
    Model("white ghost", sheet("ghost"), (), rim=2.5),
    Model(
        "beaded rabbit",
        sheet("rabbit", None, ("bow", "#e23b3b")),
        (whiskers(1.8, (60, 44, 50)), beads(36)),
    ),
    Model("fluffy chick", sheet("chick", None, ("cap", "#8a4fd3")), (fur(),), rim=1.5),
)
TUNING = Model(
    "dog", sheet("dog", None, ("bow_tie", "#14999c")), (fur(), whiskers(1.5, (40, 30, 36))), rim=1.0
)
"""The clip that rivals are tuned on, and nothing is counted of."""


def key_of_still(model: Model) -> Rgb:
    """The background on which our artist would draw it."""
    figure = Figure(model.sheet, animate("idle", None, 0.0, SECONDS), SEED)
    added = [paint for extra in model.extras for paint in extra(figure, 2.5).colours]
    return colour.choose_background([*colours(model.sheet), *added])


def still(model: Model, move: Move) -> Rgba:
    """The first drawing at 1024², straight alpha."""
    return drawn(model, move.pose, 0.0, 2 * SIZE)


def truth(model: Model, move: Move, size: int = SIZE) -> Iterator[Rgba]:
    """The frames of a film, straight alpha."""
    count = round(SECONDS * FPS)
    picture = None
    for index in range(count):
        if picture is None or index % move.hold == 0:
            picture = drawn(model, move.pose, index / count, size)
        yield picture


def drawn(model: Model, pose: str, time: float, size: int) -> Rgba:
    """One picture of it, straight alpha; `time` goes from 0 to 1."""
    view = frame(model.sheet, SEED)
    figure = Figure(model.sheet, animate(pose, None, time, SECONDS), SEED)
    behind, front = "", ""
    for extra in model.extras:
        marks = extra(figure, view[2] / SIZE)
        joint = group(figure.root.svg, group(getattr(figure, marks.on).svg, "{}"))
        behind += joint.format(marks.behind)
        front += joint.format(marks.front)
    picture = render(document(behind + figure.draw() + front, view), size)
    return _softened(picture, model.rim * size / SIZE) if model.rim else picture


def _softened(picture: Rgba, rim: float) -> Rgba:
    """The figure over a haze of itself that fades over some pixels, as down and short fur do."""
    whole = picture.astype(np.float32)
    whole[..., :3] *= whole[..., 3:] / 255
    haze = cv2.GaussianBlur(whole, (0, 0), rim) * np.float32(0.9)
    whole += haze * (1 - whole[..., 3:] / 255)
    alpha = whole[..., 3:]
    whole[..., :3] *= 255 / np.maximum(alpha, 1)
    soft: Rgba = np.clip(np.rint(whole), 0, 255).astype(np.uint8)
    soft[soft[..., 3] == 0] = 0
    return soft
