"""Films of another ratio keep their figure: the square of them that is kept, and what is said."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.media import ffmpeg
from shared.media.ffmpeg import read_frames, write_frames
from shared.media.key import NEAR
from shared.media.master import DECODE_RGB, ENCODE_RGB
from shared.providers.square import SQUARE, WIDE, square_film
from shared.providers.window import Size, middle, place
from tests.providers.wire.material import KEY, video_request

FOX = (220, 90, 20)
FPS = 24
OUT = 128
Box = tuple[int, int, int, int]
"""Left, top, right and bottom."""


def filmed(path: Path, size: Size, box: Callable[[float], Box], seconds: float = 0.5) -> Path:
    """A film of a figure in a box that depends on the time, 0 to 1."""
    count = round(seconds * FPS)
    with write_frames(path, *size, Fraction(FPS), ENCODE_RGB, pixels="rgb24") as write:
        for number in range(count):
            left, top, right, bottom = box(number / (count - 1))
            frame = np.full((size[1], size[0], 3), KEY, np.uint8)
            frame[top:bottom, left:right] = FOX
            write(frame)
    return path


def squared(source: Path, sent: Size = WIDE, **asked: object) -> tuple[NDArray[np.uint8], str]:
    """The frames of the film that was made of it, and what is said."""
    request = video_request(source.parent, **{"duration": 0.5, "size": OUT, **asked})
    target = source.with_name("target.mp4")
    notes = square_film(source, target, request, sent, ended=False).notes
    with read_frames(target, OUT, OUT, select=DECODE_RGB) as frames:
        return np.stack(list(frames)), notes.get("made_square", "")


def found(frame: NDArray[np.uint8]) -> Box:
    """Where the figure is."""
    away = np.abs(frame.astype(int) - FOX).max(axis=2) < NEAR * 2
    rows, columns = (np.flatnonzero(away.any(axis=axis)) for axis in (1, 0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def near(box: Box, expected: Box) -> bool:
    return bool(np.abs(np.subtract(box, expected)).max() <= 2)


def test_a_figure_in_the_middle_stands_where_its_still_stood(tmp_path: Path) -> None:
    """Players show the still before."""
    source = filmed(tmp_path / "x.mp4", (456, 256), lambda _: (102, 20, 340, 240))
    frames, said = squared(source)
    assert said == ""
    assert near(found(frames[0]), (1, 10, 120, 120))


@pytest.mark.parametrize(
    ("size", "box", "expected"),
    [
        ((456, 256), (360, 40, 440, 200), (82, 20, 122, 100)),
        ((456, 256), (0, 40, 80, 200), (0, 20, 40, 100)),
        ((256, 456), (40, 360, 200, 440), (20, 82, 100, 122)),
    ],
    ids=["right", "at the edge", "below"],
)
def test_a_figure_at_the_side_is_followed(
    tmp_path: Path, size: Size, box: Box, expected: Box
) -> None:
    frames, said = squared(filmed(tmp_path / "x.mp4", size, lambda _: box), size)
    came = f"{size[0]}×{size[1]}"
    assert said.startswith(f"The figure left the middle of the film of {came}; ")
    assert said.endswith("the film was cropped around the figure.")
    assert near(found(frames[0]), expected)
    assert near(found(frames[-1]), expected)


def test_one_square_holds_all_the_way_of_a_figure(tmp_path: Path) -> None:
    """From the middle to the right, and not as far as possible from the still."""
    source = filmed(
        tmp_path / "x.mp4",
        (456, 256),
        lambda t: (180 + round(160 * t), 40, 260 + round(160 * t), 99),
    )
    frames, said = squared(source)
    assert "cropped around the figure" in said
    boxes = [found(frame) for frame in frames]
    assert {box[2] - box[0] for box in boxes} <= {39, 40, 41, 42}, "it is cut nowhere"
    assert boxes[-1][2] == pytest.approx(OUT * 0.96, abs=3)


def test_a_figure_too_wide_for_a_square_is_padded_by_its_background(tmp_path: Path) -> None:
    source = filmed(tmp_path / "x.mp4", (456, 256), lambda _: (40, 60, 420, 200))
    frames, said = squared(source)
    assert said.endswith("the film was padded.")
    left, top, right, bottom = found(frames[0])
    assert right - left == pytest.approx(OUT * 380 / 400, abs=2)
    assert bottom - top == pytest.approx(OUT * 140 / 400, abs=2)
    assert abs((top + bottom) / 2 - OUT / 2) <= 2
    first = frames[0].astype(int)
    padding, behind = first[4, 64], first[top - 6, 64]
    assert np.abs(padding - behind).max() <= 4, "what encoding leaves"
    assert np.abs(padding - KEY).max() <= 4


def test_a_watermark_in_the_corner_moves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    frame = np.full((256, 456, 3), KEY, np.uint8)
    frame[40:200, 180:260] = FOX
    frame[240:248, 430:440] = 255
    with write_frames(path, 456, 256, Fraction(FPS), ENCODE_RGB, pixels="rgb24") as write:
        for _ in range(12):
            write(frame)
    frames, said = squared(path)
    assert said == ""
    assert near(found(frames[0]), (40, 20, 80, 100))


def test_what_is_thrown_is_part_of_the_figure(tmp_path: Path) -> None:
    """A ball that flies far is small in each frame, and its way is not."""
    path = tmp_path / "x.mp4"
    with write_frames(path, 456, 256, Fraction(FPS), ENCODE_RGB, pixels="rgb24") as write:
        for number in range(12):
            frame = np.full((256, 456, 3), KEY, np.uint8)
            frame[40:200, 180:260] = FOX
            frame[60:76, 250 + 12 * number : 266 + 12 * number] = FOX
            write(frame)
    frames, said = squared(path)
    assert "cropped around the figure" in said
    assert found(frames[-1])[2] == pytest.approx(OUT * 0.96, abs=3)


def test_what_is_cut_away_at_the_end_moves_nothing(tmp_path: Path) -> None:
    source = filmed(
        tmp_path / "x.mp4",
        (456, 256),
        lambda t: (180, 40, 260, 99) if t < 0.6 else (0, 40, 80, 99),
        seconds=1.0,
    )
    frames, said = squared(source)
    assert said == ""
    assert near(found(frames[0]), (40, 20, 80, 50))


@pytest.mark.parametrize(
    ("size", "sent", "said"),
    [
        ((456, 256), SQUARE, "The model filmed 456×256 instead of 720×720; the film was {}."),
        ((256, 456), WIDE, "The model filmed 256×456 instead of 1280×720; the film was {}."),
        ((344, 256), WIDE, "The model filmed 344×256 instead of 1280×720; the film was {}."),
    ],
)
def test_another_ratio_than_was_sent_is_said(
    tmp_path: Path, size: Size, sent: Size, said: str
) -> None:
    middle_box = (size[0] // 2 - 40, size[1] // 2 - 40, size[0] // 2 + 40, size[1] // 2 + 40)
    frames, told = squared(filmed(tmp_path / "x.mp4", size, lambda _: middle_box), sent)
    assert told == said.format("cropped to its middle")
    assert near(found(frames[0]), (44, 44, 84, 84))


def test_a_square_film_is_searched_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.providers.square.window", lambda *_: pytest.fail("searched"))
    source = filmed(tmp_path / "x.mp4", (256, 256), lambda _: (0, 40, 80, 200))
    assert squared(source, SQUARE)[1] == ""


def test_a_background_that_is_not_flat_leaves_the_middle(tmp_path: Path) -> None:
    noise = np.random.default_rng(3).integers(0, 255, (64, 114, 3), np.uint8)
    path = tmp_path / "x.mp4"
    with write_frames(path, 456, 256, Fraction(FPS), ENCODE_RGB, pixels="rgb24") as write:
        for _ in range(12):
            write(noise.repeat(4, axis=0).repeat(4, axis=1))
    assert squared(path)[1] == ""
    assert squared(path, SQUARE)[1].endswith("the film was cropped to its middle.")


def test_a_film_that_is_turned_is_searched_as_it_is_shown(tmp_path: Path) -> None:
    plain = filmed(tmp_path / "plain.mp4", (456, 256), lambda _: (360, 40, 440, 200))
    turned = tmp_path / "turned.mp4"
    ffmpeg.run(("-display_rotation", "90", "-i", str(plain), "-c", "copy", "-y", str(turned)))
    frames, said = squared(turned)
    assert said.startswith("The model filmed 256×456 instead of 1280×720; ")
    assert said.endswith("cropped around the figure.")
    left, top, right, bottom = found(frames[0])
    assert np.abs(np.subtract((right - left, bottom - top), (80, 40))).max() <= 2


@pytest.mark.parametrize(
    ("along", "first", "side"),
    [
        ((100, 300), 72, 720),
        ((280, 1000), 280, 720),  # all of the middle
        ((278, 1002), 280, 720),  # its edge is known no better
        ((200, 900), 190, 720),
        ((500, 1100), 408, 720),
        ((1000, 1280), 560, 720),
        ((0, 1280), 0, 1280),
    ],
)
def test_the_square_is_as_near_to_the_middle_as_it_may(
    along: tuple[float, float], first: int, side: int
) -> None:
    kept = place((1280, 720), along, KEY)
    upright = place((720, 1280), along, KEY)
    assert (kept.left, kept.side) == (upright.top, upright.side) == (first, side)
    assert kept.top == upright.left == (720 - side) / 2
    assert middle((1280, 720)).left == 280
