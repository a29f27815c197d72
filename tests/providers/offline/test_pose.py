"""Poses blend and nudge number by number."""

import pytest

from shared.providers.offline.pose import EXPRESSIONS, POSES, blend, nudge, posed


def test_a_blend_is_exact_at_its_ends() -> None:
    first, second = POSES["idle"], POSES["jump"]
    assert blend(first, second, 0) is first
    assert blend(first, second, 1) is second


def test_a_blend_reaches_into_hands() -> None:
    first, second = POSES["idle"], POSES["wave"]
    half = blend(first, second, 0.5)
    expected = (first.right.hand.second + second.right.hand.second) / 2
    assert half.right.hand.second == pytest.approx(expected)


def test_nudge_adds_to_fields_and_parts() -> None:
    before = POSES["wave"]
    after = nudge(before, {"lean": 2, "face.lid": 0.5, "right.angle": -3})
    assert after.lean == before.lean + 2
    assert after.face.lid == before.face.lid + 0.5
    assert after.right.angle == before.right.angle - 3
    assert after.left == before.left


@pytest.mark.parametrize("look", EXPRESSIONS)
def test_an_expression_replaces_the_face_alone(look: str) -> None:
    pose = posed("wave", look)
    assert pose.face == EXPRESSIONS[look]
    assert pose.right == POSES["wave"].right
