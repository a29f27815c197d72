"""The ends of a transition, in its film and in every format that is made of it."""

from pathlib import Path

import numpy as np
import pytest

from shared.media.encode import scale, transcode
from shared.media.ends import NEAR, colour_error, meet, on
from shared.media.ffmpeg import Frame
from shared.media.formats import FORMATS
from shared.media.key import learn
from shared.media.probe import probe_film
from shared.model.asset import USUAL_FORMATS
from shared.providers.base import Scene
from shared.providers.offline.artist import true_alpha
from tests.media import films
from tests.media.test_encode import decoded

POSES = ("waving hello", "sitting")


@pytest.fixture(scope="module")
def stills() -> tuple[Frame, Frame]:
    first, last = (true_alpha(Scene(films.FOX, pose), 7, 2 * films.SIZE) for pose in POSES)
    return first, last


@pytest.fixture(scope="module")
def way(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artist's way from one pose to the other."""
    return films.film(tmp_path_factory.mktemp("way"), POSES[0], "walks", 1, end=POSES[1])


def test_the_artist_meets_both_stills(
    way: Path, stills: tuple[Frame, Frame], tmp_path: Path
) -> None:
    ends = meet(way, tmp_path / "met.mp4", stills)
    assert max(ends.first, ends.last) < NEAR
    assert not ends.repaired
    assert not (tmp_path / "met.mp4").exists()


def test_a_film_that_is_a_little_off_is_led_into_its_stills(
    way: Path, stills: tuple[Frame, Frame], tmp_path: Path
) -> None:
    pictures = [films.shifted(picture) for picture in films.frames(way)]
    source = films.encoded(tmp_path / "film.mp4", pictures)
    ends = meet(source, tmp_path / "met.mp4", stills)
    assert min(ends.before) > 2 * NEAR
    assert max(ends.first, ends.last) < NEAR
    assert ends.repaired
    assert probe_film(tmp_path / "met.mp4").frames == len(pictures)
    found = films.frames(tmp_path / "met.mp4")
    middle = len(pictures) // 2
    assert np.abs(found[middle].astype(int) - pictures[middle]).mean() < 1


def test_a_film_of_something_else_is_only_measured(
    way: Path, stills: tuple[Frame, Frame], tmp_path: Path
) -> None:
    ends = meet(way, tmp_path / "met.mp4", (stills[1], stills[0]))
    assert min(ends.first, ends.last) > 60
    assert not ends.repaired
    assert not (tmp_path / "met.mp4").exists()


@pytest.mark.parametrize("name", USUAL_FORMATS)
def test_every_format_starts_and_ends_in_the_stills(
    way: Path, stills: tuple[Frame, Frame], tmp_path: Path, name: str
) -> None:
    format_ = FORMATS[name]
    target = tmp_path / f"way.{format_.extension}"
    transcode(way, {format_: {None: target}}, wardrobe=learn([(still, None) for still in stills]))
    found = decoded(target, format_, films.SIZE)
    for picture, still in ((found[0], stills[0]), (found[-1], stills[1])):
        if name == "stacked_video":  # its colour is premultiplied
            share = np.maximum(picture[..., 3:].astype(float), 1) / 255
            straight = np.clip(picture[..., :3] / share, 0, 255).round().astype(np.uint8)
            picture = np.dstack([straight, picture[..., 3]])
        size = (films.SIZE, films.SIZE)
        shown = on(picture, size, films.CYAN)
        assert colour_error(shown, on(still, size, films.CYAN), films.CYAN) < 1.5 * NEAR
        alpha = scale(still, size)[..., 3].astype(int)
        assert np.abs(picture[..., 3] - alpha).mean() < 1.0
