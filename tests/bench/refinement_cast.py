"""Whom the keyer's refinement learns from: characters and films that no bench has, by a number."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import cv2
import numpy as np

from shared.media import Rgb
from shared.media.key import CANDIDATES
from shared.providers.offline import colour
from shared.providers.offline.raster import Rgba
from tests.bench.keyer_cast import (
    FPS,
    SECONDS,
    SIZE,
    Extra,
    Model,
    beads,
    dome,
    drawn,
    fur,
    sheet,
    whiskers,
    wings,
)

SPECIES = (
    *("bear", "blob", "koala", "lion", "monkey", "mouse", "owl"),
    *("panda", "penguin", "pig", "raccoon", "tiger", "unicorn"),
)
"""All but those of the bench's cast."""
WORN = ("scarf", "bow", "cap")
FRAMES = 8
FOUND = (
    *((255, 255, 255), (200, 200, 200), (128, 128, 128), (0, 0, 0)),
    *((0, 177, 64), (0, 71, 187), (255, 0, 255), (0, 255, 0)),
)
"""Backgrounds of films that people bring."""


@dataclass(frozen=True, slots=True)
class Pupil:
    """A character and how it is filmed: `start` and `hold` in frames, on `key` or on the one that
    the project chooses, `blur` and `grain` before encoding, as models draw."""

    model: Model
    pose: str
    start: int
    hold: int
    crf: int
    key: Rgb | None
    blur: float
    grain: float

    def frames(self) -> Iterator[Rgba]:
        """What is filmed, straight alpha."""
        picture = None
        for index in range(self.start, self.start + FRAMES):
            if picture is None or index % self.hold == 0:
                picture = drawn(self.model, self.pose, index / (SECONDS * FPS), SIZE)
                if self.blur:
                    picture = blurred(picture, self.blur)
            yield picture


def pupil(number: int) -> Pupil:
    """The same one for the same number."""
    dice = Random(number)
    body = colour.css(_paint(dice)) if dice.random() < 0.6 else None
    worn = [(dice.choice(WORN), colour.css(_paint(dice)))] if dice.random() < 0.6 else []
    return Pupil(
        Model(
            f"pupil {number}",
            sheet(dice.choice(SPECIES), body, *worn),
            tuple(_extras(dice, number)),
            rim=dice.uniform(0.5, 3.2) if dice.random() < 0.5 else 0.0,
        ),
        pose=dice.choice(("idle", "wave", "dance")),
        start=dice.randrange(round(SECONDS * FPS) - FRAMES),
        hold=dice.choice((1, 1, 2)),
        crf=dice.randint(8, 30),
        key=dice.choice((*CANDIDATES, *FOUND)) if dice.random() < 0.5 else None,
        blur=dice.uniform(0.3, 1.0) if dice.random() < 0.2 else 0.0,
        grain=dice.uniform(0.5, 2.0) if dice.random() < 0.15 else 0.0,
    )


def blurred(picture: Rgba, sigma: float) -> Rgba:
    """Straight RGBA, softer."""
    whole = picture.astype(np.float32)
    whole[..., :3] *= whole[..., 3:] / 255
    whole = np.asarray(cv2.GaussianBlur(whole, (0, 0), sigma), np.float32)
    whole[..., :3] *= 255 / np.maximum(whole[..., 3:], 1)
    soft: Rgba = np.clip(np.rint(whole), 0, 255).astype(np.uint8)
    return soft


def _extras(dice: Random, number: int) -> Iterator[Extra]:
    if dice.random() < 0.5:
        paint = _paint(dice) if dice.random() < 0.3 else None
        yield fur(
            number,
            width=dice.uniform(0.4, 2.4),
            reach=dice.uniform(0.08, 0.22),
            hairs=dice.randint(5, 14),
            paint=paint,
        )
    if dice.random() < 0.5:
        paint = _paint(dice, 10, 70) if dice.random() < 0.6 else _paint(dice, 200, 255)
        yield whiskers(dice.uniform(0.4, 2.2), paint)
    kind = dice.random()
    if kind < 0.15:
        yield wings(_paint(dice, 205, 255), round(dice.uniform(0.2, 0.7), 2))
    elif kind < 0.3:
        yield dome(_paint(dice, 225, 255), round(dice.uniform(0.2, 0.6), 2))
    if dice.random() < 0.25:
        yield beads(dice.choice((24, 30, 36)))


def _paint(dice: Random, least: int = 20, most: int = 250) -> Rgb:
    return dice.randint(least, most), dice.randint(least, most), dice.randint(least, most)
