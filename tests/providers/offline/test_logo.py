"""A logo is a head, large, straight, and whole."""

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.providers.base import Framing, Scene
from shared.providers.offline.artist import true_alpha
from shared.providers.offline.framing import LOGO_SHARE
from shared.providers.offline.menagerie import SPECIES
from shared.providers.offline.wardrobe import GARMENTS

SIZE = 96


def logo(words: str, action: str = "", size: int = SIZE, seed: int = 1) -> NDArray[np.uint8]:
    return true_alpha(Scene(words, action), seed, size, Framing.LOGO)


def assert_fills_the_frame(rgba: NDArray[np.uint8]) -> None:
    rows, columns = (np.flatnonzero((rgba[..., 3] > 0).any(axis=axis)) for axis in (1, 0))
    spans = [line[-1] + 1 - line[0] for line in (rows, columns)]
    assert abs(max(spans) / len(rgba) - LOGO_SHARE) < 0.03
    for line in (rows, columns):
        assert abs(line[0] + line[-1] + 1 - len(rgba)) <= 3, "not in the middle"


@pytest.mark.parametrize("species", SPECIES)
def test_every_head_is_whole_large_and_central(species: str) -> None:
    assert_fills_the_frame(logo(f"a {species}"))
    for garment in GARMENTS:
        assert_fills_the_frame(logo(f"a {species} with a {garment}", size=64))


@pytest.mark.parametrize("garment", ["scarf", "bow tie", "crown", "glasses", "headphones"])
def test_what_is_worn_on_head_and_neck_shows(garment: str) -> None:
    dressed, bare = logo(f"a bear with a magenta {garment}"), logo("a bear")

    def magenta(rgba: NDArray[np.uint8]) -> int:
        r, g, b, a = (rgba[..., k].astype(int) for k in range(4))
        return int(((r > g + 70) & (b > g + 30) & (a > 250)).sum())

    assert magenta(dressed) > magenta(bare) + 20


def test_the_head_alone_faces_the_viewer_whatever_it_does() -> None:
    assert np.array_equal(logo("a bear", "running"), logo("a bear", "asleep"))
    alpha = logo("a bear")[..., 3] > 127
    assert (alpha ^ alpha[:, ::-1]).mean() < 0.02


def test_the_outline_can_be_seen_at_32_pixels() -> None:
    rgba = logo("a white bear", size=32)
    inked = (rgba[..., :3].max(axis=2) < 100) & (rgba[..., 3] > 200)
    middle = inked[8:24]
    assert (middle[:, :10].any(axis=1) & middle[:, 22:].any(axis=1)).mean() > 0.8


def test_the_same_logo_twice() -> None:
    assert np.array_equal(logo("a fox with a hat"), logo("a fox with a hat"))
