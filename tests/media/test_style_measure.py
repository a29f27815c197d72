"""Measures of drawings whose colours, lines, shadows and proportions are known."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from shared.character.likeness import apart
from shared.errors import PermanentError
from shared.media import Rgb
from shared.media.style import FLAT_RESIDUAL, background_residual, measure

INK, FUR, SHADE, CREAM = (40, 24, 20), (235, 130, 40), (196, 100, 30), (250, 240, 225)
Drawing = NDArray[np.uint8]


def drawing(
    *,
    size: int = 640,
    line: int = 12,
    shaded: bool = True,
    belly: Rgb = CREAM,
    arm: bool = False,
    letter: bool = False,
) -> Drawing:
    """A round head on a body, drawn twice too large."""
    side = 2 * size
    unit = side / 640
    rgba = np.zeros((side, side, 4), np.uint8)

    def oval(x: float, y: float, rx: float, ry: float, colour: Rgb, edge: int = line) -> None:
        centre = (round(x * unit), round(y * unit))
        axes = (round(rx * unit), round(ry * unit))
        cv2.ellipse(rgba, centre, axes, 0, 0, 360, (*colour, 255), -1, cv2.LINE_8)
        if edge:
            cv2.ellipse(rgba, centre, axes, 0, 0, 360, (*INK, 255), round(edge * unit), cv2.LINE_8)

    if arm:
        oval(490, 330, 60, 24, FUR)
    oval(320, 440, 110, 150, FUR)
    if shaded:
        oval(335, 450, 92, 136, SHADE, 0)
        oval(315, 440, 86, 130, FUR, 0)
    oval(320, 460, 60, 80, belly, 0)
    oval(320, 210, 160, 140, FUR)
    if letter:
        oval(560, 60, 12, 12, CREAM)
    return cv2.resize(rgba, (size, size), interpolation=cv2.INTER_AREA).astype(np.uint8)


def test_the_palette_of_a_known_picture() -> None:
    square = np.zeros((400, 400, 4), np.uint8)
    square[50:350, 50:350] = (*FUR, 255)
    square[50:350, 50:110] = (*CREAM, 255)
    measured = measure(square).palette
    assert [(c.name, c.hex) for c in measured] == [("orange", "#eb8228"), ("ivory", "#faf0e1")]
    assert [c.share for c in measured] == pytest.approx([0.8, 0.2], abs=0.02)
    assert measured[1].x < measured[0].x


def test_a_colour_knows_where_it_is() -> None:
    belly = next(c for c in measure(drawing(belly=(60, 120, 230))).palette if c.name == "blue")
    assert belly.x == pytest.approx(0, abs=0.1)
    assert belly.y == pytest.approx((460 - 210) / 140, abs=0.25)


@pytest.mark.parametrize("line", [8, 12, 18])
@pytest.mark.parametrize("size", [360, 640])
def test_the_width_of_a_known_line(line: int, size: int) -> None:
    rgba = drawing(size=size, line=line)
    area = float(np.count_nonzero(rgba[..., 3] > 127))
    found = measure(rgba).line
    assert found is not None
    assert found.weight == pytest.approx(line * size / 640 / area**0.5, rel=0.15)
    assert found.colour == "#281814"


def test_a_figure_without_an_outline() -> None:
    assert measure(drawing(line=0)).line is None


def test_shadows_are_seen_and_missed() -> None:
    shaded, flat = measure(drawing()).shading, measure(drawing(shaded=False)).shading
    assert (shaded.kind, flat.kind) == ("two_tone", "flat")
    assert shaded.amount > 0.02
    assert shaded.seams > 1
    assert flat.amount < 0.01
    assert flat.seams < 0.1


def test_light_that_falls_off_leaves_the_seams_of_shadows() -> None:
    even = drawing()
    dimmed = even.copy()
    fall = np.linspace(1.05, 0.85, len(even))[:, None, None]
    dimmed[..., :3] = np.clip(even[..., :3] * fall, 0, 255)
    assert measure(dimmed).shading.seams == pytest.approx(measure(even).shading.seams, rel=0.1)


def test_proportions() -> None:
    found = measure(drawing()).proportions
    # Half of the line lies outside the ovals.
    assert found.aspect == pytest.approx((320 + 12) / (520 + 12), abs=0.01)
    assert found.widths.index(max(found.widths)) in (2, 3)
    area = float(np.count_nonzero(drawing()[..., 3] > 127)) ** 0.5
    assert found.head == pytest.approx(146 / area, rel=0.04)


def test_an_arm_changes_the_box_and_neither_head_nor_line() -> None:
    rest, raised = measure(drawing()), measure(drawing(arm=True))
    assert raised.proportions.aspect > rest.proportions.aspect * 1.1
    assert raised.proportions.head == pytest.approx(rest.proportions.head, rel=0.06)
    assert rest.line is not None
    assert raised.line is not None
    assert raised.line.weight == pytest.approx(rest.line.weight, rel=0.08)
    assert apart(raised.portrait, rest.portrait) < 4


def test_a_loose_letter_is_no_part_of_the_figure() -> None:
    assert measure(drawing(letter=True)).proportions == measure(drawing()).proportions


def test_the_size_of_the_picture_does_not_matter() -> None:
    small, large = measure(drawing(size=400)), measure(drawing(size=900))
    assert small.proportions.aspect == pytest.approx(large.proportions.aspect, abs=0.01)
    assert [c.name for c in small.palette[:3]] == [c.name for c in large.palette[:3]]


@pytest.mark.parametrize("turn", range(4))
def test_a_figure_that_the_frame_cuts(turn: int) -> None:
    whole = drawing()
    assert measure(whole).cut == 0
    cut = np.ascontiguousarray(np.rot90(np.rot90(whole, turn)[220:], -turn))
    assert measure(cut).cut > 0.2


def test_a_cut_figure_that_was_placed_on_a_new_canvas() -> None:
    moved = np.zeros((640, 640, 4), np.uint8)
    moved[60:] = drawing()[:580]
    moved[500:] = 0
    assert measure(moved).cut > 0.2


def test_an_empty_picture_is_refused() -> None:
    with pytest.raises(PermanentError, match="no figure"):
        measure(np.zeros((64, 64, 4), np.uint8))


def test_the_background_s_residual() -> None:
    key = (0, 200, 70)
    still = np.full((200, 200, 3), key, np.uint8)
    still[60:140, 60:140] = FUR
    assert background_residual(still, key) == 0
    assert background_residual(still, (255, 0, 255)) > 50
    still[:, :100] = (120, 40, 200)
    assert background_residual(still, key) == FLAT_RESIDUAL
