"""Known changes to a drawing: what each kind of drift does, and nothing else."""

import re
from collections.abc import Callable
from dataclasses import replace
from math import pi
from random import Random

import numpy as np

from shared.providers.base import Rgb
from shared.providers.offline import colour
from shared.providers.offline.character import Figure
from shared.providers.offline.cloth import Cloth
from shared.providers.offline.geometry import stretch
from shared.providers.offline.ink import LINE, palette
from shared.providers.offline.limbs import EDGE
from shared.providers.offline.menagerie import SPECIES
from shared.providers.offline.pose import Pose
from shared.providers.offline.raster import Rgba
from shared.providers.offline.sheet import Accessory, Sheet
from shared.providers.offline.vocabulary import SOFTENED
from shared.providers.offline.wardrobe import GARMENTS
from tests.bench.drift_cast import Character, View, picture, redressed, view

VISIBLE = 0.008
"""The share of the figure that a change of colour or clothes must alter to count as one."""
TRIES = 30

Change = Callable[[Character, Pose, Random], Rgba | None]
"""The changed picture; None where this character in this pose can't show the change."""


def drawn(character: Character, pose: Pose, sheet: Sheet | None = None) -> Rgba:
    """The character as it is, or from another sheet in its own frame."""
    return picture(_svg(character, pose, sheet), _frame(character))


def other_hue(character: Character, pose: Pose, dice: Random) -> Rgba | None:
    """One part or accessory in another hue."""
    sheet = character.sheet
    species = SPECIES[sheet.species]
    ink = palette(sheet, species)
    before = drawn(character, pose)
    for _ in range(TRIES):
        if sheet.accessories and dice.random() < 0.4:
            index = dice.randrange(len(sheet.accessories))
            piece = sheet.accessories[index]
            old = piece.colour or colour.parse(GARMENTS[piece.kind].colour)
            changed = redressed(sheet, index, _turned(old, dice))
        else:
            role = dice.choice(sorted(species.colours))
            colours = dict(sheet.colours) | {role: _turned(ink.rgb(role), dice)}
            changed = replace(sheet, colours=tuple(sorted(colours.items())))
        after = drawn(character, pose, changed)
        if _altered(before, after) >= VISIBLE:
            return after
    return None


def missing(character: Character, pose: Pose, dice: Random) -> Rgba | None:
    """One accessory left out."""
    index = dice.randrange(len(character.sheet.accessories))
    after = drawn(character, pose, redressed(character.sheet, index, None))
    return after if _altered(drawn(character, pose), after) >= VISIBLE else None


def added(character: Character, pose: Pose, dice: Random) -> Rgba | None:
    """One accessory too many, in any colour."""
    sheet, before = character.sheet, drawn(character, pose)
    worn = {piece.kind for piece in sheet.accessories}
    for _ in range(TRIES):
        kind = dice.choice(sorted(set(GARMENTS) - worn))
        piece = Accessory(kind, dice.choice(sorted(SOFTENED.values())))
        after = drawn(character, pose, replace(sheet, accessories=(*sheet.accessories, piece)))
        if _altered(before, after) >= VISIBLE:
            return after
    return None


def other_species(character: Character, pose: Pose, dice: Random) -> Rgba | None:
    """Another creature in the same clothes, and in the same fur if that had a colour of its own."""
    sheet = character.sheet
    other = dice.choice(sorted(set(SPECIES) - {sheet.species}))
    changed = replace(sheet, species=other)
    return picture(_svg(character, pose, changed), view(changed, character.number))


def thick_line(character: Character, pose: Pose, dice: Random) -> Rgba | None:
    """Every outline half as wide again."""

    def widen(match: re.Match[str]) -> str:
        paint, width = match[1], float(match[2])
        if paint not in inks:
            return match[0]
        # Wide strokes are a shape with a line around it: only that part grows.
        wider = width * 1.5 if width <= 1.7 * LINE else width + EDGE / 2
        return f'stroke="{paint}" stroke-width="{wider:.1f}"'

    inks = _inks(character.sheet)
    svg = re.sub(r'stroke="(#\w{6})" stroke-width="([\d.]+)"', widen, _svg(character, pose))
    return picture(svg, _frame(character))


def flat(character: Character, pose: Pose, dice: Random) -> Rgba | None:
    """No shadows: crescents and cast shadows gone, limbs and cloth in their lit colour."""
    svg = re.sub(
        r'<path d="[^"]*" fill="#\w{6}" fill-rule="evenodd"[^>]*/>', "", _svg(character, pose)
    )
    svg = svg.replace('fill-opacity="0.26"', 'fill-opacity="0"')
    roles = palette(character.sheet, SPECIES[character.sheet.species]).roles.values()
    lit = {colour.css(colour.shadow(role)): colour.css(role) for role in roles}
    lit |= {cloth.shade: cloth.base for cloth in _cloths(character.sheet)}
    kept = {colour.css(role) for role in roles}
    for shade, base in lit.items():
        if shade not in kept:
            svg = svg.replace(shade, base)
    return picture(svg, _frame(character))


def cropped(character: Character, pose: Pose, dice: Random) -> Rgba | None:
    """The frame cuts off 8 to 25 % of the figure at one side."""
    whole = drawn(character, pose)
    solid = whole[..., 3] > 127
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    left, top, width = _frame(character)
    scale, share = width / len(solid), dice.uniform(0.08, 0.25)
    height, breadth = rows[-1] - rows[0], columns[-1] - columns[0]
    down = {"top": rows[0] + share * height, "low": rows[-1] - share * height - len(solid)}
    across = {
        "left": columns[0] + share * breadth,
        "right": columns[-1] - share * breadth - len(solid),
    }
    side = dice.choice(("top", "low", "left", "right"))
    moved = (left + across.get(side, 0) * scale, top + down.get(side, 0) * scale, width)
    return picture(_svg(character, pose), moved)


def other_proportions(character: Character, pose: Pose, dice: Random) -> Rgba | None:
    """The whole figure or its head 15 % larger or smaller one way."""
    factor = dice.choice((1.15, 1 / 1.15))
    figure = Figure(character.sheet, pose, character.number)
    if dice.random() < 0.5:
        figure.root = stretch(factor, 1) @ figure.root
    else:
        figure.head = figure.head @ stretch(factor, factor)
    left, top, width = _frame(character)
    return picture(figure.draw(), (left - 0.1 * width, top - 0.12 * width, width * 1.2))


CHANGES: dict[str, Change] = {
    "hue of a part": other_hue,
    "missing accessory": missing,
    "added accessory": added,
    "other species": other_species,
    "line weight": thick_line,
    "no shading": flat,
    "cropped": cropped,
    "proportions": other_proportions,
}


def _svg(character: Character, pose: Pose, sheet: Sheet | None = None) -> str:
    return Figure(sheet or character.sheet, pose, character.number).draw()


def _frame(character: Character) -> View:
    return view(character.sheet, character.number)


def _turned(old: Rgb, dice: Random) -> Rgb:
    """A clearly different hue at nearly the same lightness; greys get one."""
    level, a, b = colour.oklab(old)
    chroma = max(0.11, float(np.hypot(a, b)))
    hue = float(np.arctan2(b, a)) + dice.uniform(pi / 3, 5 * pi / 3)
    level = min(0.85, max(0.4, level))
    return colour.from_oklab((level, chroma * float(np.cos(hue)), chroma * float(np.sin(hue))))


def _altered(before: Rgba, after: Rgba) -> float:
    """The share of the figure that shows a clearly different colour."""
    away = np.abs(before.astype(int) - after.astype(int)).max(axis=2) > 40
    return float(np.count_nonzero(away)) / max(1.0, float(np.count_nonzero(before[..., 3] > 127)))


def _cloths(sheet: Sheet) -> list[Cloth]:
    return [
        Cloth.of(piece.colour or colour.parse(GARMENTS[piece.kind].colour))
        for piece in sheet.accessories
    ]


def _inks(sheet: Sheet) -> set[str]:
    own = palette(sheet, SPECIES[sheet.species])
    return {colour.css(own.line), *(cloth.line for cloth in _cloths(sheet))}
