"""Motions are periodic, smooth, lively, and end where they should."""

from dataclasses import asdict
from itertools import pairwise
from typing import Any

import pytest

from shared.providers.offline.choreography import MOTIONS, mirrored
from shared.providers.offline.motion import (
    animate,
    ease,
    settle,
    through,
    travel,
    visit,
)
from shared.providers.offline.pose import POSES, Pose

DURATIONS = (1.0, 2.5, 4.0, 10.0)


def numbers(pose: Pose) -> dict[str, float]:
    flat: dict[str, float] = {}

    def walk(prefix: str, part: dict[str, Any]) -> None:
        for name, value in part.items():
            if isinstance(value, dict):
                walk(f"{prefix}{name}.", value)
            else:
                flat[prefix + name] = value

    walk("", asdict(pose))
    return flat


def distance(first: Pose, second: Pose) -> float:
    """The sum of all differences; a dream's phase runs in a circle."""
    one, two = numbers(first), numbers(second)
    return sum(abs(one[name] - two[name]) for name in one if name != "dream_phase")


def test_every_pose_has_a_motion() -> None:
    assert set(MOTIONS) == set(POSES)


@pytest.mark.parametrize("duration", DURATIONS)
@pytest.mark.parametrize("pose", POSES)
def test_a_loop_closes_without_a_seam(pose: str, duration: float) -> None:
    step = 1 / (duration * 24)
    assert distance(animate(pose, None, 1.0, duration), animate(pose, None, 0.0, duration)) < 1e-6
    seam = distance(animate(pose, None, 1 - step, duration), animate(pose, None, 0.0, duration))
    inside = [
        distance(
            animate(pose, None, k * step, duration), animate(pose, None, (k + 1) * step, duration)
        )
        for k in range(int(duration * 24) - 1)
    ]
    assert seam <= max(inside) * 1.2 + 1e-6
    assert max(inside) > 0.3, "nothing moves"


def test_four_seconds_hold_several_waves() -> None:
    angles = [animate("wave", None, k / 96, 4.0).right.wrist for k in range(97)]
    rises = sum(a < -6 <= b for a, b in pairwise(angles))
    assert rises >= 4


def test_eyes_blink_but_not_in_the_first_frame() -> None:
    lids = [animate("idle", None, k / 96, 4.0).face.lid for k in range(96)]
    assert lids[0] == 0
    assert max(lids) > 0.9
    assert sum(lid > 0.5 for lid in lids) < 20


@pytest.mark.parametrize("pose", POSES)
def test_a_film_played_once_starts_and_ends_at_rest(pose: str) -> None:
    rest = animate(pose, None, 0.0, 4.0)
    assert settle(pose, None, 0.0, 4.0) == rest
    assert settle(pose, None, 1.0, 4.0) == rest


def test_a_visit_comes_home() -> None:
    home = animate("idle", None, 0.0, 4.0)
    assert visit("idle", "wave", None, 0.0, 4.0) == home
    assert visit("idle", "wave", None, 1.0, 4.0) == home
    assert visit("idle", "wave", None, 0.5, 4.0).right.angle > 100


@pytest.mark.parametrize("end", POSES)
def test_a_way_ends_exactly_in_the_end_pose(end: str) -> None:
    first = travel(("idle", None), (end, "sad"), 0.0, 3.0)
    last = travel(("idle", None), (end, "sad"), 1.0, 3.0)
    assert distance(first, animate("idle", None, 0.0, 3.0)) < 1e-6
    assert distance(last, animate(end, "sad", 0.0, 3.0)) < 1e-6


def test_mirrored_twice_is_the_same() -> None:
    for pose in POSES.values():
        assert mirrored(mirrored(pose)) == pose


def test_keys_are_met_and_never_overshot() -> None:
    keys = ((0.0, 0.0), (0.3, 1.0), (0.5, 1.0), (0.8, -2.0))
    for time, value in keys:
        assert through(keys, time) == pytest.approx(value)
    curve = [through(keys, k / 500) for k in range(500)]
    assert max(curve) <= 1 + 1e-9
    assert min(curve) >= -2 - 1e-9


def test_ease_is_flat_at_both_ends() -> None:
    assert (ease(-1), ease(0), ease(0.5), ease(1), ease(2)) == (0, 0, 0.5, 1, 1)
    assert ease(0.01) < 1e-4
