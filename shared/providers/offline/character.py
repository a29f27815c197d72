"""A character in a pose, as SVG: the shared rig that every species hangs on."""

from dataclasses import dataclass
from functools import lru_cache

from shared.providers.base import Rgb
from shared.providers.offline import colour
from shared.providers.offline.cloth import Cloth, Place
from shared.providers.offline.face import draw_face
from shared.providers.offline.geometry import (
    Affine,
    Point,
    at,
    flip,
    mirror,
    move,
    num,
    smooth,
    stretch,
    turn,
)
from shared.providers.offline.ink import (
    Palette,
    Quirks,
    bolder,
    clipped,
    crescent,
    fill,
    group,
    palette,
    quirks,
    shape,
    stroke,
)
from shared.providers.offline.limbs import EDGE, draw_arm, draw_leg, draw_tail, joint
from shared.providers.offline.menagerie import SPECIES
from shared.providers.offline.pose import EXPRESSIONS, Pose
from shared.providers.offline.sheet import Sheet
from shared.providers.offline.species import Ear, Patch, Species, Stroke
from shared.providers.offline.wardrobe import GARMENTS

LOGO_WEIGHT, LOGO_RIM = 1.2, 9.0
"""How much thicker a logo's lines are, and how much its outline adds around it (figure units)."""

LOGO_NECK = (1.5, 1.4)
"""How much wider and deeper a logo's neckwear is than the figure's."""

HIPS: Point = (0.0, -100.0)


def draw(sheet: Sheet, pose: Pose, seed: int = 0) -> str:
    """SVG marks (no root element) of the posed character in figure units, the ground at y = 0."""
    return Figure(sheet, pose, seed).draw()


def draw_logo(sheet: Sheet, seed: int = 0) -> str:
    """SVG marks of the character's head alone, straight on, with lines that stand being small."""
    expression = sheet.expression or "happy"
    figure = Figure(sheet, Pose(face=EXPRESSIONS[expression]), seed)
    return bolder(figure.draw_head(), figure.ink["line"], LOGO_WEIGHT, LOGO_RIM)


def colours(sheet: Sheet) -> tuple[Rgb, ...]:
    """Every colour that the drawing may hold, for the choice of a background."""
    worn = [
        piece.colour or colour.parse(GARMENTS[piece.kind].colour) for piece in sheet.accessories
    ]
    return (*palette(sheet, SPECIES[sheet.species]).colours, *worn)


@dataclass(frozen=True, slots=True)
class Outline:
    """A shape's path, and a copy inside it that the light reaches."""

    path: str
    lit: str


@lru_cache(maxsize=64)
def _head_outline(species: Species) -> Outline:
    nodes = mirror(species.head)
    top = min(node[1] for node in nodes)
    inner = stretch(0.935, 0.935, (-120, top * 0.8))
    return Outline(smooth(nodes), smooth([(*inner((n[0], n[1])), *n[2:]) for n in nodes]))


@lru_cache(maxsize=256)
def _body_outline(species: Species, belly: float) -> Outline:
    nodes = [(n[0] * (belly if n[1] > -260 else 1.0), *n[1:]) for n in mirror(species.body)]
    inner = stretch(0.86, 0.93, (-80, -300))
    return Outline(smooth(nodes), smooth([(*inner((n[0], n[1])), *n[2:]) for n in nodes]))


class Figure:
    """One drawing: the joints worked out from the pose, then the parts from back to front."""

    def __init__(self, sheet: Sheet, pose: Pose, seed: int) -> None:
        self.sheet, self.pose = sheet, pose
        self.species: Species = SPECIES[sheet.species]
        self.ink: Palette = palette(sheet, self.species)
        self.quirks: Quirks = quirks(seed)
        self.root: Affine = (
            move(pose.x, pose.y) @ turn(pose.tilt) @ stretch(1 + pose.squash * 0.7, 1 - pose.squash)
        )
        breath = 1 + pose.breath
        self.body: Affine = (
            move(pose.sway, pose.drop)
            @ turn(pose.lean, HIPS)
            @ stretch(1 + pose.breath * 0.5, breath, HIPS)
        )
        neck = self.body(self.species.neck)
        self.head: Affine = (
            move(neck[0] + pose.head_x, neck[1] + pose.head_y)
            @ turn(pose.head_tilt + pose.lean * 0.35)
            @ move(0, -self.species.rise)
            @ stretch(self.quirks.head, 2 - self.quirks.head)
        )

    def draw(self) -> str:
        pose, species = self.pose, self.species
        body, head = self.body.svg, self.head.svg
        arms = ((-1, pose.left), (1, pose.right))
        legs = ((-1, pose.left_leg), (1, pose.right_leg))
        drawn_arms = {
            side: draw_arm(species.arm, self.ink, self._shoulder(side), arm, side)
            for side, arm in arms
        }
        forearms = [
            draw_arm(species.arm, self.ink, self._shoulder(side), arm, side, fore=True)
            for side, arm in arms
            if arm.front > 0.5
        ]
        drawn_legs = {
            side: draw_leg(
                species.leg, self.ink, self.body((side * species.hip[0], species.hip[1])), leg, side
            )
            for side, leg in legs
        }
        parts = [
            self._tail(),
            group(body, self._worn("back")),
            *(drawn_legs[side] for side, leg in legs if leg.sole <= 0.5),
            *(
                stroke(joint(species.arm, self._shoulder(s)), self.ink["line"], EDGE)
                for s in (-1, 1)
            ),
            "" if species.bodiless else group(body, self._torso()),
            *(drawn_legs[side] for side, leg in legs if leg.sole > 0.5),
            "" if species.bodiless else group(body, self._worn("chest")),
            *drawn_arms.values(),
            "" if species.bodiless else group(body, self._worn("neck")),
            group(head, self._head()),
            group(body, self._worn("chest") + self._worn("neck")) if species.bodiless else "",
            *forearms,
            self._dream(),
        ]
        return group(self.root.svg, "".join(parts))

    def draw_head(self) -> str:
        """The head with what it wears on it and round its neck, which is made larger: all that
        shows under a head is the lower edge of it."""
        head, neck = group(self.head.svg, self._head()), self._worn("neck")
        if self.species.bodiless:
            return head + group(self.body.svg, self._worn("chest") + neck)
        larger = self.body @ stretch(*LOGO_NECK, (0, self.species.collar[1]))
        return group(larger.svg, neck) + head

    def _shoulder(self, side: int) -> Point:
        x, y = self.species.shoulder
        return self.body((side * x, y))

    def _tail(self) -> str:
        tail = self.species.tail
        if tail is None:
            return ""
        sway = self.pose.tail + self.quirks.tail + self.pose.lean * 0.3
        return draw_tail(tail, self.ink, self.body(tail.root), sway, self.pose.tail_curl)

    def _torso(self) -> str:
        species, ink = self.species, self.ink
        outline = _body_outline(species, self.quirks.belly)
        shade = colour.css(ink.shade)
        slide = self.pose.turn * 14
        marks = [
            _patch(p, ink, slide, 0)
            for p in species.patches
            if p.on == "body" and p.layer == "skin"
        ]
        belly = ""
        if species.belly:
            belly = group(
                f"translate({num(slide)} 0)", fill(smooth(mirror(species.belly)), ink["belly"])
            )
        neck_x, neck_y = species.neck
        cast = fill(
            f"M-190 {num(neck_y - 60)}H190V{num(neck_y + 22)}Q{num(neck_x + 20)} {num(neck_y + 92)}"
            f" -190 {num(neck_y + 12)}Z",
            shade,
            ' fill-opacity="0.26"',
        )
        inside = belly + "".join(marks) + cast
        behind = "".join(
            _patch(p, ink, slide, self.pose.ear)
            for p in species.patches
            if p.on == "body" and p.layer == "behind"
        )
        return (
            behind
            + fill(outline.path, ink["body"])
            + clipped("torso", outline.path, inside + crescent(outline.path, outline.lit, shade))
            + stroke(outline.path, ink["line"])
            + "".join(_stroke(s, ink, slide) for s in species.strokes if s.on == "body")
        )

    def _head(self) -> str:
        species, ink, pose = self.species, self.ink, self.pose
        outline = _head_outline(species)
        tx, ty = pose.turn, pose.nod
        ears = [self._ear(species.ear, side) for side in (-1, 1)] if species.ear else []
        layers = {
            layer: "".join(
                _patch(p, ink, tx * 40 * p.depth, pose.ear * p.swing)
                for p in species.patches
                if p.on == "head" and p.layer == layer
            )
            for layer in ("behind", "skin", "front")
        }
        x, y = species.sheen
        # On a head with tufts or bumps the lit copy sticks out, so light and shade are clipped too.
        shade = crescent(outline.path, outline.lit, colour.css(ink.shade))
        light = colour.css(colour.sheen(ink.rgb("body")))
        gloss = stroke(
            f"M{num(x - 34)} {num(y + 44)}Q{num(x - 22)} {num(y - 8)} {num(x + 30)} {num(y - 30)}",
            light,
            17,
            ' stroke-opacity="0.75"',
        ) + fill(
            f"M{num(x + 56)} {num(y - 38)}m-9 0a9 9 0 1 1 18 0a9 9 0 1 1 -18 0",
            light,
            ' fill-opacity="0.75"',
        )
        over = bool(species.ear and species.ear.over)
        return "".join(
            [
                self._worn("behind_head"),
                layers["behind"],
                "" if over else "".join(ears),
                fill(outline.path, ink["body"]),
                clipped("skin", outline.path, layers["skin"] + shade + gloss),
                stroke(outline.path, ink["line"]),
                "".join(ears) if over else "",
                draw_face(species, ink, pose.face, (tx, ty), self.quirks),
                "".join(
                    _stroke(s, ink, tx * 40 * s.depth) for s in species.strokes if s.on == "head"
                ),
                layers["front"],
                group(f"translate({num(tx * 26)} {num(ty * 18)})", self._worn("face")),
                self._worn("head"),
            ]
        )

    def _ear(self, ear: Ear, side: int) -> str:
        """An ear slides against the turn of the head, being behind its middle, and swings late."""
        ink, pose = self.ink, self.pose
        swing = (
            side * (self.quirks.ear * ear.limp + pose.ear_lift * 26 * ear.limp)
            + pose.ear * ear.limp
        )
        place = move(-pose.turn * 12, 0) @ turn(swing, (side * ear.pivot[0], ear.pivot[1]))
        nodes = ear.nodes if side > 0 else flip(ear.nodes)
        path = smooth(nodes)
        parts = fill(path, ink["ears"])
        if ear.inner:
            parts += fill(smooth(ear.inner if side > 0 else flip(ear.inner)), ink["inner"])
        if ear.tip:
            parts += fill(smooth(ear.tip if side > 0 else flip(ear.tip)), ink["tips"])
        return group(place.svg, parts + stroke(path, ink["line"]))

    def _worn(self, place: Place) -> str:
        parts = []
        for piece in self.sheet.accessories:
            garment = GARMENTS[piece.kind]
            cloth = Cloth.of(piece.colour or colour.parse(garment.colour))
            parts += [
                paint(self.species, cloth, self.pose)
                for where, paint in garment.layers
                if where == place
            ]
        return "".join(parts)

    def _dream(self) -> str:
        """Three rising letters over a sleeper."""
        pose = self.pose
        if pose.dream < 0.02:
            return ""
        hx, hy = self.head((self.species.hat[0] * 1.4, self.species.hat[1] - 40))
        parts = []
        for index in range(3):
            phase = (index / 3 + pose.dream_phase) % 1
            size = (12 + 19 * phase) * pose.dream * min(1, phase * 6, (1 - phase) * 6)
            if size < 1.5:
                continue
            x, y = hx + 26 + 112 * phase, hy + 6 - 136 * phase
            corners = ((-1, -1), (1, -1), (-1, 1), (1, 1))
            d = "M" + "L".join(at((x + size * dx, y + size * dy)) for dx, dy in corners)
            parts.append(
                stroke(d, self.ink["line"], size * 0.95 + 8) + stroke(d, "#ffffff", size * 0.5)
            )
        return "".join(parts)


def _patch(patch: Patch, ink: Palette, slide: float, swing: float) -> str:
    outlines = (
        (patch.nodes, flip(patch.nodes))
        if patch.side
        else ((patch.nodes,) if patch.whole else (mirror(patch.nodes),))
    )
    paint = ink[patch.role]
    marks = "".join(
        fill(smooth(nodes), paint)
        if patch.layer == "skin"
        else shape(smooth(nodes), paint, ink["line"])
        for nodes in outlines
    )
    place = move(slide, 0)
    if swing:
        place = place @ turn(swing * 0.5, (0, -130))
    return group(place.svg, marks) if slide or swing else marks


def _stroke(line: Stroke, ink: Palette, slide: float) -> str:
    sides = (line.nodes, flip(line.nodes)) if line.side else (line.nodes,)
    marks = "".join(stroke(smooth(n, closed=False), ink[line.role], line.width) for n in sides)
    return group(f"translate({num(slide)} 0)", marks) if slide else marks
