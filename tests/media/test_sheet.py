"""The contact sheet: its size, and that what it shows is what was made."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shared.media import ffmpeg
from shared.media.encode import arrange
from shared.media.formats import STACKED_VIDEO, WEBM, Format, Quality
from shared.media.sheet import CELL, DARK, FRAMES, GAP, LABEL, MARGIN, contact_sheet
from tests.media import character

SIDE = 96
RED = (210, 50, 50)


def figure() -> ffmpeg.Frame:
    rgba = np.full((SIDE, SIDE, 4), (*RED, 0), np.uint8)
    rgba[24:72, 24:72, 3] = 255
    return rgba


def film(path: Path, format_: Format, count: int = 8) -> Path:
    frame = arrange(figure(), format_.layout)
    options = format_.options(Quality.DRAFT)
    height, width = frame.shape[:2]
    with ffmpeg.write_frames(path, width, height, character.FPS, options) as write:
        for _ in range(count):
            write(frame)
    return path


def row(sheet: ffmpeg.Frame, number: int) -> ffmpeg.Frame:
    top = MARGIN + number * (LABEL + CELL + GAP)
    return sheet[top : top + LABEL + CELL]


def cell(sheet: ffmpeg.Frame, number: int, column: int) -> ffmpeg.Frame:
    left = MARGIN + column * (CELL + GAP)
    return row(sheet, number)[LABEL:, left : left + CELL]


def has(part: ffmpeg.Frame, colour: tuple[int, int, int], tolerance: int = 14) -> bool:
    close = (np.abs(part.astype(int) - colour) <= tolerance).all(axis=-1)
    return bool(close.sum() > 1000)


@pytest.fixture
def still(tmp_path: Path) -> Path:
    Image.fromarray(figure()).save(tmp_path / "cutout.png")
    return tmp_path / "cutout.png"


def opened(path: Path) -> ffmpeg.Frame:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("format_", [WEBM, STACKED_VIDEO], ids=["webm", "stacked"])
def test_films_are_shown_in_colour_over_both_grounds(
    tmp_path: Path, still: Path, format_: Format
) -> None:
    path = film(tmp_path / f"film.{format_.extension}", format_)
    size = contact_sheet({"cut-out": still}, {"film": (path, format_)}, tmp_path / "sheet.png")
    sheet = opened(tmp_path / "sheet.png")
    assert size == (
        2 * MARGIN + FRAMES * CELL + (FRAMES - 1) * GAP,
        2 * MARGIN + 3 * (LABEL + CELL + GAP) - GAP,
    )
    assert sheet.shape[:2] == size[::-1]
    for column in range(FRAMES):
        assert has(cell(sheet, 1, column), RED)
        assert not has(cell(sheet, 1, column), DARK)
        assert has(cell(sheet, 2, column), RED)
        assert has(cell(sheet, 2, column), DARK)


def test_stills_are_shown_and_everything_is_labelled(tmp_path: Path, still: Path) -> None:
    plain = character.film(
        tmp_path / "plain.mp4", [np.full((SIDE, SIDE, 3), character.GREEN, np.uint8)] * 3
    )
    contact_sheet({"cut-out": still}, {"source": (plain, None)}, tmp_path / "sheet.png")
    sheet = opened(tmp_path / "sheet.png")
    assert has(cell(sheet, 0, 0), RED)
    assert has(cell(sheet, 0, 1), DARK)
    assert has(cell(sheet, 1, 0), character.GREEN)
    for number in range(2):
        assert row(sheet, number)[:LABEL].std() > 3


def test_more_stills_than_fit_go_on_in_the_next_row(tmp_path: Path, still: Path) -> None:
    stills = {f"still {number}": still for number in range(4)}
    _, height = contact_sheet(stills, {}, tmp_path / "sheet.png")
    assert height == 2 * MARGIN + 2 * (LABEL + CELL + GAP) - GAP
    assert has(cell(opened(tmp_path / "sheet.png"), 1, 1), DARK)
