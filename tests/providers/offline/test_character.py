"""Every character stays in the picture in every pose, and has the colours that were asked for."""

from itertools import combinations, cycle
from math import dist

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.providers.base import Rgb, Scene
from shared.providers.offline.artist import true_alpha
from shared.providers.offline.character import draw
from shared.providers.offline.choreography import MOTIONS
from shared.providers.offline.colour import oklab
from shared.providers.offline.framing import extent, frame
from shared.providers.offline.ink import palette, quirks
from shared.providers.offline.menagerie import SPECIES
from shared.providers.offline.motion import animate
from shared.providers.offline.pose import POSES
from shared.providers.offline.raster import document, render
from shared.providers.offline.sheet import Accessory, Sheet
from shared.providers.offline.vocabulary import SOFTENED
from shared.providers.offline.wardrobe import GARMENTS

SIZE = 75
MARGIN = 3  # pixels: 4 % of SIZE


def picture(
    sheet: Sheet, pose: str, time: float, seed: int = 1, size: int = SIZE
) -> NDArray[np.uint8]:
    moment = animate(pose, sheet.expression, time, MOTIONS[pose].beat)
    return render(document(draw(sheet, moment, seed), frame(sheet, seed)), size)


def assert_in_frame(alpha: NDArray[np.uint8]) -> None:
    inner = alpha[MARGIN:-MARGIN, MARGIN:-MARGIN]
    assert alpha.astype(int).sum() == inner.astype(int).sum(), "something sticks out"
    assert (inner > 250).mean() > 0.06, "hardly anything is drawn"
    assert (inner == 0).mean() > 0.3, "the background is covered"


@pytest.mark.parametrize("species", SPECIES)
def test_every_pose_stays_in_the_picture(species: str) -> None:
    for pose in POSES:
        for time in (0.0, 0.19, 0.63):
            assert_in_frame(picture(Sheet(species), pose, time)[..., 3])


@pytest.mark.parametrize(
    ("garment", "species"), list(zip(GARMENTS, cycle(("rabbit", "blob", "koala")), strict=False))
)
def test_every_garment_stays_in_the_picture_and_shows(garment: str, species: str) -> None:
    dressed, bare = Sheet(species, (), (Accessory(garment, (255, 0, 255)),)), Sheet(species)
    for pose in ("jump", "celebrate", "sleep"):
        assert_in_frame(picture(dressed, pose, 0.1)[..., 3])
    assert share(picture(dressed, "idle", 0), (255, 0, 255)) > share(
        picture(bare, "idle", 0), (255, 0, 255)
    )


def test_species_differ() -> None:
    drawn = {name: picture(Sheet(name), "idle", 0.0).astype(int) for name in SPECIES}
    for first, second in combinations(drawn, 2):
        differs = np.abs(drawn[first] - drawn[second]).max(axis=2) > 40
        figure = (drawn[first] + drawn[second])[..., 3] > 127
        assert differs.sum() / figure.sum() > 0.15, (first, second)


def share(rgba: NDArray[np.uint8], wanted: Rgb, reach: float = 0.09) -> float:
    """The share of the figure whose colour looks like the wanted one."""
    solid = rgba[rgba[..., 3] > 250][:, :3]
    target = oklab(wanted)
    kinds, counts = np.unique(solid, axis=0, return_counts=True)
    near = [
        count
        for (r, g, b), count in zip(kinds.tolist(), counts, strict=True)
        if dist(oklab((r, g, b)), target) < reach
    ]
    return float(sum(near) / max(len(solid), 1))


def test_the_colours_of_the_words_are_in_the_pixels() -> None:
    fox = true_alpha(Scene("orange fox with a blue scarf", "waving"), 1, 256)
    assert share(fox, SOFTENED["orange"]) > 0.25
    assert share(fox, SOFTENED["blue"]) > 0.03
    bare = true_alpha(Scene("orange fox", "waving"), 1, 256)
    assert share(bare, SOFTENED["blue"]) == 0
    green = true_alpha(Scene("green fox", "waving"), 1, 256)
    assert share(green, SOFTENED["green"]) > 0.25
    assert share(green, SOFTENED["orange"]) == 0


@pytest.mark.parametrize("name", ["black", "white"])
def test_shade_shows_even_on_black_and_white(name: str) -> None:
    pixels = true_alpha(Scene(f"{name} bear", ""), 1, 128)
    solid = pixels[pixels[..., 3] > 250][:, :3]
    levels = np.histogram(solid.mean(axis=1), bins=16, range=(0, 255))[0] / len(solid)
    assert (levels > 0.02).sum() >= 3


def test_alpha_is_soft_at_edges_only() -> None:
    alpha = true_alpha(Scene("a cat", "waving"), 1, 512)[..., 3]
    assert ((alpha > 0) & (alpha < 255)).mean() < 0.02
    assert (alpha == 255).mean() > 0.1


def test_the_same_words_and_seed_give_the_same_pixels() -> None:
    scene = Scene("a teal fox with a crown", "jumping")
    first = true_alpha(scene, 5, 128)
    for memory in (quirks, extent, palette):
        memory.cache_clear()
    assert np.array_equal(first, true_alpha(scene, 5, 128))


def test_another_seed_gives_a_sibling() -> None:
    scene = Scene("a teal dragon with a crown", "jumping")
    first, second = true_alpha(scene, 5, 128), true_alpha(scene, 6, 128)
    differing = (np.abs(first.astype(int) - second).max(axis=2) > 8).mean()
    assert 0.005 < differing < 0.25


@pytest.mark.parametrize("pose", POSES)
def test_poses_can_be_told_apart(pose: str) -> None:
    own = picture(Sheet("bear"), pose, 0.0)[..., 3] > 127
    for other in POSES:
        if other != pose:
            shape = picture(Sheet("bear"), other, 0.0)[..., 3] > 127
            assert (own ^ shape).sum() / (own | shape).sum() > 0.02, other
