"""What is said of an encoded film is what an eye would say."""

import numpy as np
import pytest

from shared.media.encode import arrange
from shared.media.fidelity import SAMPLES, compare, sampled, seen, ssim
from shared.media.formats import Layout

SIDE = 64


def figure(colour: tuple[int, int, int] = (200, 60, 30)) -> np.ndarray:
    """A disc with soft edges, and a colour that nobody sees around it."""
    rows, columns = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    alpha = np.clip(24.5 - np.hypot(rows, columns), 0, 1) * 255
    rgba = np.empty((SIDE, SIDE, 4), np.uint8)
    rgba[..., :3] = np.where(alpha[..., None] > 0, colour, (0, 255, 0))
    rgba[..., 3] = np.rint(alpha)
    return rgba


def test_the_same_is_the_same_in_either_layout() -> None:
    straight = seen(figure())
    stacked = seen(arrange(figure(), Layout.STACKED), Layout.STACKED)
    found = compare([(straight, straight), (straight, stacked)])
    assert found.alpha_error == 0
    assert found.ssim > 0.999
    assert found.colour_error < 0.5


def test_what_is_hidden_does_not_count() -> None:
    other = figure()
    other[other[..., 3] == 0, :3] = 77
    found = compare([(seen(figure()), seen(other))])
    assert (found.ssim, found.colour_error) == (1, 0)


def test_another_hue_of_the_same_light_is_an_error_of_colour() -> None:
    """Which the structure of luma does not tell."""
    before = figure((200, 60, 30))
    after = figure((90, 108, 60))
    found = compare([(seen(before), seen(after))])
    assert found.ssim > 0.98
    assert found.colour_error > 50


def test_the_worst_frame_speaks_for_the_film() -> None:
    faint = figure()
    faint[..., 3] = faint[..., 3] // 2
    same = (seen(figure()), seen(figure()))
    found = compare([same, (seen(figure()), seen(faint)), same])
    expected = float(np.mean(figure()[..., 3].astype(float) - faint[..., 3]))
    assert found.alpha_error == pytest.approx(expected, abs=0.01)
    assert found.ssim < 0.95


def test_ssim_is_that_of_the_paper() -> None:
    """Of two flat pictures only the means differ: (2ab + C1) / (a² + b² + C1)."""
    one, other = (np.full((SIDE, SIDE), value, np.float32) for value in (100, 120))
    c1 = (0.01 * 255) ** 2
    expected = (2 * 100 * 120 + c1) / (100**2 + 120**2 + c1)
    assert ssim(one, other) == pytest.approx(expected, abs=1e-4)
    noise = np.random.default_rng(7).normal(0, 40, (SIDE, SIDE)).astype(np.float32)
    assert ssim(one, one + noise) < 0.2


@pytest.mark.parametrize("frames", [1, 2, 4, 5, 96, 1440])
def test_few_frames_are_kept_and_both_ends_among_them(frames: int) -> None:
    numbers = sampled(frames)
    assert len(numbers) == min(SAMPLES, frames)
    assert {0, frames - 1} <= numbers <= set(range(frames))
