"""Poses of one character line up in its frame, however each was framed when it was drawn."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from shared.media.stance import AIR, BASE, anchor, draw, placed, stance
from shared.media.stills import load
from shared.model.stance import Anchor, Footing, Stance
from shared.providers.base import Framing, ImageRequest, Scene
from shared.providers.offline.artist import OfflineArtist, true_alpha
from shared.providers.offline.repertoire import ACTIONS

Pixels = NDArray[np.uint8]

WHO: Final = "an orange fox with a blue scarf"
SEED, SIZE, SIDE = 7, 512, 200
UP: Final = ("jump", "celebrate", "run")
"""Poses in which no foot is on the ground."""


@cache
def drawn(pose: str) -> Pixels:
    """The artist draws all poses in one frame."""
    return true_alpha(Scene(WHO, ACTIONS[pose][0]), SEED, SIZE)


@pytest.fixture(scope="module")
def footing(tmp_path_factory: pytest.TempPathFactory) -> Footing:
    """What the artist says of where the fox stands."""
    request = ImageRequest(
        prompt="",
        scene=Scene(WHO, ACTIONS["idle"][0]),
        seed=SEED,
        size=SIZE,
        framing=Framing.FIGURE,
    )
    picture = OfflineArtist().generate(request, tmp_path_factory.mktemp("fox"), lambda _: None)
    known = getattr(picture, "footing", None)
    assert isinstance(known, Footing)
    return known


def reframed(pixels: Pixels, footing: Footing, number: int) -> tuple[Image.Image, Footing]:
    """The picture as a model would have drawn it: larger or smaller, and somewhere else."""
    dice = np.random.default_rng(number)
    side = round(SIZE * dice.uniform(0.7, 1.1))
    x, y = (int(place) for place in dice.integers(60, 120, 2))
    picture = Image.new("RGBA", (760, 720))
    picture.paste(Image.fromarray(pixels).resize((side, side), Image.Resampling.LANCZOS), (x, y))
    share = side / SIZE
    moved = Footing(
        ground=footing.ground * share + y,
        centre=footing.centre * share + x,
        scale=footing.scale * share,
    )
    return picture, moved


def variants(
    folder: Path, footing: Footing, *, told: bool
) -> Mapping[str, tuple[Stance, Footing, Pixels]]:
    """Each pose in the frame of the first: where it is found to stand there, where it does, and the
    picture."""
    frame: Anchor | None = None
    made = {}
    for number, pose in enumerate(ACTIONS):
        picture, moved = reframed(drawn(pose), footing, number)
        source, target = folder / f"{pose}.png", folder / f"{pose}-small.png"
        picture.save(source)
        one = stance(np.asarray(picture), moved if told else None)
        frame = frame or anchor(one, picture.width)
        there = draw(source, {SIDE: target}, frame, moved if told else None)[SIDE]
        zoom = there.unit / one.unit
        truly = Footing(
            ground=there.ground + (moved.ground - one.ground) * zoom,
            centre=there.centre + (moved.centre - one.centre) * zoom,
            scale=moved.scale * zoom,
        )
        made[pose] = there, truly, load(target, "RGBA")
    return made


def is_whole(picture: Pixels) -> bool:
    alpha = picture[..., 3]
    return not any(edge.any() for edge in (alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]))


def test_an_artist_who_knows_the_ground_is_placed_exactly(tmp_path: Path, footing: Footing) -> None:
    """Down to a jump, which stays in the air."""
    made = variants(tmp_path, footing, told=True)
    first = next(iter(made.values()))[1]
    zoom = first.scale / footing.scale
    for pose, (there, truly, small) in made.items():
        assert there.fit == 1
        assert truly.ground == pytest.approx(first.ground, abs=0.002 * SIDE), pose
        assert truly.centre == pytest.approx(first.centre, abs=0.002 * SIDE), pose
        assert truly.scale == pytest.approx(first.scale, rel=0.002), pose
        assert is_whole(small), pose
        area = (drawn(pose)[..., 3] / 255).sum() * zoom**2
        assert (small[..., 3] / 255).sum() == pytest.approx(area, rel=0.01), "nothing is cut off"
        feet = np.flatnonzero((small[..., 3] > 127).any(axis=1))[-1] + 1
        assert (feet < first.ground) == (pose in UP), pose


def test_poses_of_unknown_framing_line_up_by_feet_body_and_size(
    tmp_path: Path, footing: Footing
) -> None:
    made = variants(tmp_path, footing, told=False)
    for pose, (there, _, small) in made.items():
        assert there.fit == 1, pose
        assert is_whole(small), pose
        feet = np.flatnonzero((small[..., 3] > 127).any(axis=1))[-1] + 1
        assert feet == pytest.approx(BASE * SIDE, abs=0.01 * SIDE), pose
    centres = np.array([truly.centre for _, truly, _ in made.values()]) / SIDE
    off = np.abs(centres - np.median(centres))
    assert (off.mean(), off.max()) < (0.01, 0.03)
    scales = np.array([truly.scale for _, truly, _ in made.values()])
    wrong = np.abs(scales / np.median(scales) - 1)
    assert (wrong.mean(), wrong.max()) < (0.03, 0.07)


def test_raised_arms_and_a_tail_move_nobody() -> None:
    body = np.zeros((400, 400, 4), np.uint8)
    body[150:350, 150:250] = 255
    busy = body.copy()
    busy[60:160, 150:165] = busy[60:160, 235:250] = 255
    busy[250:265, 250:390] = 255
    one, two = stance(body), stance(busy)
    assert two.box[1] < one.box[1] - 50 < two.box[3]
    assert two.ground == one.ground == 350
    assert two.centre == pytest.approx(one.centre, abs=4)
    assert two.unit == pytest.approx(one.unit, rel=0.03)


def test_what_has_no_room_gets_smaller_where_it_stands() -> None:
    pose = Stance(box=(0, 0, 100, 100), ground=100, centre=20, unit=50)
    frame = anchor(pose, 100)
    wide = pose.with_(box=(-400.0, 0.0, 100.0, 100.0))
    there, usual = placed(wide, frame, 500), placed(pose, frame, 500)
    assert usual.fit == 1
    assert there.fit < 1
    assert (there.ground, there.centre) == (usual.ground, usual.centre)
    assert there.box[0] == pytest.approx(AIR * 500, abs=0.1)
    assert there.unit == pytest.approx(usual.unit * there.fit, abs=0.1)


def test_colours_come_from_the_figure_alone(tmp_path: Path) -> None:
    """Red beside transparent green: no green may come in."""
    pixels = np.full((300, 400, 4), (0, 255, 0, 0), np.uint8)
    pixels[40:280, 100:197] = (255, 0, 0, 255)
    Image.fromarray(pixels).save(tmp_path / "still.png")
    draw(tmp_path / "still.png", {66: tmp_path / "small.png"})
    for kind in ("png", "webp"):
        with Image.open(tmp_path / f"small.{kind}") as image:
            small = np.asarray(image.convert("RGBA"))
        seen = small[small[..., 3] > 8]
        assert seen[:, 1].max() <= 16
        assert seen[:, 0].min() >= 230
