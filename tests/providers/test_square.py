"""Films on their way in: size, length and pace, told by a grey that grows with time."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.errors import PermanentError
from shared.media.ffmpeg import read_frames
from shared.media.verify import verify_film
from shared.providers.square import longer, square_film
from tests.media.films import COLOURS, told_colours
from tests.providers.wire.material import KEY, film, video_request


def frames(path: Path, size: int = 64) -> NDArray[np.uint8]:
    with read_frames(path, size, size) as decoded:
        return np.stack(list(decoded))


def greys(path: Path) -> list[float]:
    """How far the film has got, 0 to 1, in each frame."""
    return [float(frame[28:36, 30:34].mean()) / 255 for frame in frames(path)]


def converted(folder: Path, seconds: float, *, ended: bool, fps: int = 24, **asked: object) -> Path:
    source, target = folder / "source.mp4", folder / "target.mp4"
    film(source, seconds, fps)
    square_film(source, target, video_request(folder, **asked), ended=ended)
    return target


@pytest.mark.parametrize(("seconds", "fps"), [(4.0, 24), (4.0, 30), (3.1, 16), (2.6, 24)])
def test_a_film_has_the_size_and_the_frames_that_were_asked_for(
    tmp_path: Path, seconds: float, fps: int
) -> None:
    path = converted(tmp_path, seconds, ended=False, fps=fps)
    verify_film(path, None, (64, 64), 72, 24, alpha_expected=False)
    assert told_colours(path) == COLOURS


def test_the_margins_are_cropped_and_the_key_stays(tmp_path: Path) -> None:
    first = frames(converted(tmp_path, 4.0, ended=False))[0].astype(int)
    border = np.concatenate([first[:, :4].reshape(-1, 3), first[:, -4:].reshape(-1, 3)])
    assert np.abs(border.mean(axis=0) - KEY).max() < 6


def test_a_film_without_a_given_end_is_cut(tmp_path: Path) -> None:
    seen = greys(converted(tmp_path, 4.0, ended=False))
    assert seen[0] == pytest.approx(0, abs=0.04)
    assert seen[-1] == pytest.approx(71 / 95, abs=0.04)


def test_a_film_with_a_given_end_keeps_it(tmp_path: Path) -> None:
    seen = greys(converted(tmp_path, 1.0, ended=True, duration=0.5))
    assert seen[-1] == pytest.approx(1, abs=0.02)
    assert seen[6] == pytest.approx(6 / 11, abs=0.05)


def test_a_loop_starts_over_where_its_last_frame_would_be(tmp_path: Path) -> None:
    seen = greys(converted(tmp_path, 1.0, ended=True, loop=True, duration=0.5))
    assert seen[0] == pytest.approx(0, abs=0.02)
    # The last pose is the first again, and must not be shown twice: 22 of 23 steps are.
    assert seen[-1] == pytest.approx(22 / 23, abs=0.02)


def test_a_film_that_is_much_too_short_is_no_answer(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match=r"2\.0 s instead of 3 s") as raised:
        converted(tmp_path, 2.0, ended=False)
    assert raised.value.reason == "provider_answer"


@pytest.mark.parametrize(("asked", "taken"), [(1.0, 4), (4.0, 4), (4.5, 6), (8.0, 8)])
def test_the_next_longer_film_is_asked_for(asked: float, taken: int) -> None:
    assert longer(asked, (8, 4, 6)) == taken
