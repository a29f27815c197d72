"""The cast of the drift bench: characters by number, half of them never looked at while tuning."""

from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random
from zlib import crc32

import numpy as np

from shared.providers.base import Rgb
from shared.providers.offline.character import Figure
from shared.providers.offline.framing import MARGIN, PLANE, PROBE
from shared.providers.offline.menagerie import SPECIES
from shared.providers.offline.motion import BREATH, animate
from shared.providers.offline.pose import POSES, Pose, nudge
from shared.providers.offline.raster import Rgba, document, render
from shared.providers.offline.sheet import Accessory, Sheet
from shared.providers.offline.vocabulary import SOFTENED
from shared.providers.offline.wardrobe import GARMENTS

SIZE = 448
JITTER = {
    "head_tilt": 3.0,
    "lean": 2.0,
    "turn": 0.08,
    "tail": 5.0,
    "left.angle": 6.0,
    "right.angle": 6.0,
}
View = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Character:
    """A character: its sheet, the seed of its quirks, and whether it is kept out of tuning."""

    number: int
    sheet: Sheet

    @property
    def held_out(self) -> bool:
        return crc32(f"character {self.number}".encode()) % 2 == 0

    @property
    def dice(self) -> Random:
        """Its own dice: the same character always meets the same cases."""
        return Random(self.number)


def cast(count: int, *, held_out: bool) -> list[Character]:
    """The first `count` characters of one half."""
    found: list[Character] = []
    number = 0
    while len(found) < count:
        character = Character(number, _sheet(Random(number + 10_000)))
        if character.held_out == held_out:
            found.append(character)
        number += 1
    return found


def _sheet(dice: Random) -> Sheet:
    """Half of the characters have a colour of their own, all wear one or two things."""
    colours: list[tuple[str, Rgb]] = []
    if dice.random() < 0.5:
        colours.append(("body", dice.choice(sorted(SOFTENED.values()))))
    kinds = dice.sample(sorted(GARMENTS), dice.choice((1, 1, 2)))
    if len(kinds) == 2 and {place for place, _ in GARMENTS[kinds[0]].layers} & {
        place for place, _ in GARMENTS[kinds[1]].layers
    }:
        kinds.pop()
    worn = tuple(Accessory(kind, dice.choice(sorted(SOFTENED.values()))) for kind in kinds)
    return Sheet(dice.choice(sorted(SPECIES)), tuple(colours), worn)


def posed(name: str, dice: Random) -> Pose:
    """A pose as another drawing of it would have it: joints a little elsewhere."""
    pose = animate(name, None, 0.0, BREATH)
    return nudge(pose, {part: dice.uniform(-by, by) for part, by in JITTER.items()})


@lru_cache(maxsize=256)
def view(sheet: Sheet, seed: int) -> View:
    """A square of figure units that holds the character in every pose."""
    seen = np.zeros((PROBE, PROBE), np.bool_)
    for name in POSES:
        pose = animate(name, None, 0.0, BREATH)
        seen |= render(document(Figure(sheet, pose, seed).draw(), PLANE), PROBE)[..., 3] > 0
    columns, rows = np.flatnonzero(seen.any(axis=0)), np.flatnonzero(seen.any(axis=1))
    cell = PLANE[2] / PROBE
    left, right = PLANE[0] + columns[0] * cell, PLANE[0] + (columns[-1] + 1) * cell
    top, low = PLANE[1] + rows[0] * cell, PLANE[1] + (rows[-1] + 1) * cell
    width = max(right - left, low - top) / (1 - 2 * MARGIN)
    return (left + right - width) / 2, (top + low - width) / 2, width


def picture(svg: str, frame: View) -> Rgba:
    """The pixels of a figure's marks."""
    return render(document(svg, frame), SIZE)


def redressed(sheet: Sheet, index: int, colour: Rgb | None) -> Sheet:
    """The sheet with one accessory in another colour, or without it."""
    worn = list(sheet.accessories)
    if colour is None:
        del worn[index]
    else:
        worn[index] = Accessory(worn[index].kind, colour)
    return replace(sheet, accessories=tuple(worn))
