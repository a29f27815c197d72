"""Looking at pixels: true words, that whoever draws can use."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from shared.config import Settings
from shared.media.style import colour as palette
from shared.providers.base import Description, ImageRequest, Refused, Scene
from shared.providers.offline.artist import OfflineArtist
from shared.providers.offline.lexicon import read
from shared.providers.offline.phrases import terms
from shared.providers.offline.portrayal import FAMILIES, PLAIN
from shared.providers.offline.pose import POSES
from shared.providers.offline.repertoire import ACTIONS
from shared.providers.offline.vision import OfflineVision

FOX = "a friendly orange fox mascot wearing a blue scarf"
CAST = (FOX, "a pink pig", "a white rabbit with a red scarf", "a green frog", "a purple blob")


@pytest.fixture
def vision() -> OfflineVision:
    return OfflineVision(Settings())


def draw(folder: Path, character: str, action: str = "standing") -> Path:
    folder /= f"{character}, {action}".replace(" ", "-")
    folder.mkdir()
    request = ImageRequest(prompt="", scene=Scene(character, action), seed=3, size=512)
    picture = OfflineArtist().generate(request, folder, lambda share: None)
    assert not isinstance(picture, Refused)
    return picture.path


def blank(folder: Path) -> Path:
    path = folder / "blank.png"
    cv2.imwrite(str(path), np.full((64, 64, 3), 200, np.uint8))
    return path


def described(vision: OfflineVision, *pictures: Path) -> Description:
    found = vision.describe(pictures)
    assert isinstance(found, Description)
    return found


def test_a_fox_is_orange_white_and_blue(vision: OfflineVision, tmp_path: Path) -> None:
    found = described(vision, draw(tmp_path, FOX))
    assert found.name == "Orange mascot"
    for word in ("orange", "white", "blue"):
        assert f" {word} " in found.character
    assert {"white belly", "blue around the neck"} <= set(found.features)
    assert found.shading == "two-tone shading"


@pytest.mark.parametrize("character", CAST)
def test_drawn_again_it_has_the_same_colour(
    vision: OfflineVision, tmp_path: Path, character: str
) -> None:
    first = described(vision, draw(tmp_path, character))
    again = described(vision, draw(tmp_path, first.character, "waving"))
    assert again.name.split()[0] == first.name.split()[0]


@pytest.mark.parametrize("character", CAST)
def test_no_creature_and_no_clothes_are_guessed(
    vision: OfflineVision, tmp_path: Path, character: str
) -> None:
    found = described(vision, draw(tmp_path, character))
    kinds = {term.kind for term in terms(f"{found.name}. {found.character} {found.summary}")}
    assert not kinds & {"species", "kin", "wear", "pose"}


def test_several_pictures_are_one_character(vision: OfflineVision, tmp_path: Path) -> None:
    orange = draw(tmp_path, "an orange blob")
    blues = [draw(tmp_path, "a blue blob", action) for action in ("standing", "waving")]
    assert described(vision, orange, *blues).name == "Blue mascot"
    assert " orange" in described(vision, orange, *blues).character


def test_a_picture_without_a_figure_is_passed_over(vision: OfflineVision, tmp_path: Path) -> None:
    fox, nothing = draw(tmp_path, FOX), blank(tmp_path)
    assert described(vision, nothing, fox) == described(vision, fox)
    assert isinstance(vision.describe([nothing]), Refused)


@pytest.mark.parametrize("count", [0, 7])
def test_one_to_six_pictures(vision: OfflineVision, tmp_path: Path, count: int) -> None:
    with pytest.raises(ValueError, match="1 to 6"):
        vision.describe([blank(tmp_path)] * count)


def test_every_colour_has_a_word_that_the_artist_knows() -> None:
    assert set(FAMILIES) == set(palette._NAMES)
    for shade in FAMILIES:
        word = PLAIN.get(shade, shade)
        (term, _) = terms(f"{word} belly")
        assert (term.kind, term.text) == ("colour", word)


def test_pixels_do_not_name_features(vision: OfflineVision, tmp_path: Path) -> None:
    found = vision.find(draw(tmp_path, FOX), ["red hat"])
    assert (found.missing, found.added) == ((), ())


def test_every_action_can_be_drawn() -> None:
    assert set(ACTIONS) == set(POSES)
    for pose, ways in ACTIONS.items():
        for way in ways:
            reading = read(Scene("a fox", way))
            assert (reading.pose, reading.missing) == (pose, ()), way


def test_suggestions_suit_the_character(vision: OfflineVision) -> None:
    six = vision.suggest("An orange  fox", 6)
    assert len({read(Scene("a fox", action)).pose for action in six}) == 6
    assert vision.suggest("an orange fox", 6) == six, "the same words, the same actions"
    assert vision.suggest("an orange fox", 3) == six[:3]
    assert vision.suggest("a pink pig", 6) != six
    assert len(vision.suggest("an orange fox", 12)) == 12
