"""Films on their way in: size, length and pace, told by a grey that grows with time."""

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from shared.errors import PermanentError
from shared.media.ffmpeg import read_frames
from shared.media.verify import verify_film
from shared.providers.square import WIDE, longer, square_film, square_png
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
    square_film(source, target, video_request(folder, **asked), WIDE, ended=ended)
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


# --- stills --------------------------------------------------------------------------------------

BEHIND = (40, 200, 60)
FOX = (220, 90, 20)


def drawn(size: tuple[int, int], box: tuple[int, int, int, int]) -> bytes:
    """A picture of a plain colour with a figure in a box."""
    picture = Image.new("RGB", size, BEHIND)
    picture.paste(FOX, box)
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("size", "box", "how", "inside"),
    [
        ((300, 200), (210, 60, 290, 150), "cropped around the figure", (110, 60, 190, 150)),
        ((200, 300), (60, 10, 150, 100), "cropped around the figure", (60, 10, 150, 100)),
        ((300, 200), (20, 40, 280, 160), "padded", (13, 60, 187, 140)),
        ((300, 200), (0, 0, 300, 200), "padded", (0, 0, 200, 200)),
    ],
)
def test_a_picture_of_another_ratio_keeps_its_figure(
    tmp_path: Path,
    size: tuple[int, int],
    box: tuple[int, int, int, int],
    how: str,
    inside: tuple[int, int, int, int],
) -> None:
    target = tmp_path / "square.png"
    notes = square_png(drawn(size, box), target, 200)
    sentence = f"The model drew {size[0]}×{size[1]} instead of a square; it was {how}."
    assert notes == {"made_square": sentence}
    with Image.open(target) as image:
        assert image.size == (200, 200)
        pixels = np.asarray(image.convert("RGB")).astype(int)
    is_fox = np.abs(pixels - FOX).max(axis=2) < 40
    rows, columns = (np.flatnonzero(is_fox.any(axis=axis)) for axis in (1, 0))
    found = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    assert np.abs(np.subtract(found, inside)).max() <= 1


def test_a_clear_picture_of_another_ratio_stays_clear(tmp_path: Path) -> None:
    picture = Image.new("RGBA", (300, 200), (0, 0, 0, 0))
    picture.paste((*FOX, 255), (20, 40, 280, 160))
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    square_png(stream.getvalue(), tmp_path / "square.png", 300)
    with Image.open(tmp_path / "square.png") as image:
        assert image.mode == "RGBA"
        assert image.getpixel((150, 5)) == (0, 0, 0, 0)
        assert image.getpixel((150, 150)) == (*FOX, 255)


@pytest.mark.parametrize("size", [(200, 200), (203, 200)])
def test_a_square_is_left_as_it_is(tmp_path: Path, size: tuple[int, int]) -> None:
    assert square_png(drawn(size, (50, 50, 150, 150)), tmp_path / "square.png", 100) == {}
