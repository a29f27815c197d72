"""Derived colours keep their hue and go the right way; the background keeps its distance."""

from itertools import product
from math import dist

import pytest

from shared.providers.base import Rgb
from shared.providers.offline import colour
from shared.providers.offline.character import colours
from shared.providers.offline.menagerie import SPECIES
from shared.providers.offline.sheet import Sheet
from shared.providers.offline.vocabulary import COLOURS

SAMPLES: list[Rgb] = [(r, g, b) for r, g, b in product((0, 90, 180, 255), repeat=3)]


@pytest.mark.parametrize("sample", SAMPLES)
def test_oklab_round_trip(sample: Rgb) -> None:
    assert (
        max(
            abs(a - b) for a, b in zip(colour.from_oklab(colour.oklab(sample)), sample, strict=True)
        )
        <= 1
    )


def test_oklab_of_white_and_black() -> None:
    assert colour.oklab((255, 255, 255)) == pytest.approx((1, 0, 0), abs=1e-4)
    assert colour.oklab((0, 0, 0)) == pytest.approx((0, 0, 0), abs=1e-4)


@pytest.mark.parametrize("sample", SAMPLES)
def test_shadow_is_darker_and_sheen_lighter(sample: Rgb) -> None:
    level = colour.lightness(sample)
    assert colour.lightness(colour.shadow(sample)) <= max(level - 0.01, 0.08)
    assert colour.lightness(colour.sheen(sample)) >= level - 0.02


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_outline_is_dark(sample: Rgb) -> None:
    assert colour.lightness(colour.outline(sample)) < 0.32


@pytest.mark.parametrize("species", SPECIES)
def test_the_background_is_far_from_every_colour_of_a_species(species: str) -> None:
    palette = colours(Sheet(species))
    key = colour.choose_background(palette)
    assert min(dist(colour.oklab(key), colour.oklab(own)) for own in palette) > 0.13


@pytest.mark.parametrize("name", ["green", "magenta", "blue", "white", "black", "red", "lime"])
def test_the_background_avoids_a_recoloured_body(name: str) -> None:
    body = COLOURS[name]
    palette = colours(Sheet("fox", (("body", body),)))
    assert dist(colour.oklab(colour.choose_background(palette)), colour.oklab(body)) > 0.2


def test_without_a_palette_any_background_will_do() -> None:
    assert colour.choose_background(()) in colour.BACKGROUNDS
