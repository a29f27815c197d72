"""Maps compose, outlines mirror, limbs have the width that they were given."""

import pytest

from shared.providers.offline.geometry import Limb, bezier, heading, mirror, move, stretch, turn


def test_maps_apply_from_the_right() -> None:
    assert (move(10, 0) @ turn(90))((1, 0)) == pytest.approx((10, 1))
    assert (turn(90) @ move(10, 0))((1, 0)) == pytest.approx((0, 11))


def test_turn_and_stretch_keep_their_centre() -> None:
    for change in (turn(33, (4, 5)), stretch(2, 0.5, (4, 5))):
        assert change((4, 5)) == pytest.approx((4, 5))


def test_mirror_doubles_all_but_the_axis() -> None:
    assert mirror(((0, 0), (3, 1), (0, 2))) == ((0, 0), (3, 1), (0, 2), (-3, 1))


def test_heading_counts_clockwise_from_up() -> None:
    assert heading((0, 0), (0, -1)) == pytest.approx(0)
    assert heading((0, 0), (1, 0)) == pytest.approx(90)


def test_a_limb_is_as_wide_as_asked() -> None:
    left, right = Limb(bezier((0, 0), (50, 30), (100, 0), 7), [20] * 7).sides()
    for (ax, ay), (bx, by) in zip(left, right, strict=True):
        assert ((ax - bx) ** 2 + (ay - by) ** 2) ** 0.5 == pytest.approx(20)
