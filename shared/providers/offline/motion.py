"""Poses in time. Every motion is periodic over the clip, so that a loop has no seam.

A clip holds a whole number of beats, of breaths and of tail swings, whatever its length.
"""

from dataclasses import replace
from functools import lru_cache
from math import cos, pi, sin

from shared.providers.offline.choreography import LIFE, MOTIONS, Keys
from shared.providers.offline.pose import Pose, blend, nudge, posed

BREATH = 2.4
SWING = 1.3
BLINK = 2.3
BLINK_TIME = 0.24
"""Seconds: of a breath, of a tail's swing, between blinks, of a blink."""


def animate(pose: str, expression: str | None, time: float, duration: float) -> Pose:
    """The pose at `time` (0 to 1) of a clip of `duration` seconds; time 1 is time 0 again."""
    motion, rest = MOTIONS[pose], posed(pose, expression)
    time %= 1.0
    clocks = {
        "beat": time * max(1, round(duration / motion.beat)),
        "breath": time * max(1, round(duration / BREATH)),
        "swing": time * max(1, round(duration / SWING)),
    }
    phase = clocks["beat"] % 1.0
    if motion.other is not None:
        other = replace(motion.other, face=rest.face) if expression else motion.other
        rest = blend(rest, other, through(motion.share, phase))
    offsets: dict[str, float] = {}
    for wave in (*LIFE, *motion.waves):
        amount = wave.amplitude * (motion.alive if wave in LIFE else 1.0)
        value = amount * sin(2 * pi * (wave.rate * clocks[wave.clock] - wave.lag))
        offsets[wave.field] = offsets.get(wave.field, 0.0) + value
    for name, keys in motion.tracks:
        offsets[name] = offsets.get(name, 0.0) + through(keys, phase)
    if motion.blinks and rest.face.lid < 0.5:
        offsets["face.lid"] = _blink(time, duration) * (1 - rest.face.lid)
    if rest.dream:
        offsets["dream_phase"] = clocks["breath"] % 1.0
    return nudge(rest, offsets)


def settle(pose: str, expression: str | None, time: float, duration: float) -> Pose:
    """Like `animate`, but starting and ending at rest, for a clip that is played once."""
    return blend(
        animate(pose, expression, 0.0, duration),
        animate(pose, expression, time, duration),
        _window(time, duration),
    )


def visit(home: str, away: str, expression: str | None, time: float, duration: float) -> Pose:
    """From one pose into another and back within the clip."""
    return blend(
        animate(home, expression, time, duration),
        animate(away, expression, time, duration),
        _window(time, duration),
    )


def travel(
    start: tuple[str, str | None], end: tuple[str, str | None], time: float, duration: float
) -> Pose:
    """From one pose (and expression) to another, at rest at both ends; time runs 0 to 1.

    The body gathers before it goes and overshoots a little before it settles.
    """
    share = ease((time - 0.12) / 0.7)
    pose = blend(animate(*start, time, duration), animate(*end, time, duration), share)
    bump = sin(pi * min(1.0, time / 0.24)) if time < 0.24 else 0.0
    rebound = sin(2 * pi * (time - 0.78) / 0.2) if 0.78 < time < 0.98 else 0.0
    return nudge(pose, {"squash": 0.07 * bump - 0.03 * rebound})


def ease(time: float) -> float:
    """0 to 1 with no jerk at either end (Perlin's smootherstep)."""
    t = max(0.0, min(1.0, time))
    return t * t * t * (t * (t * 6 - 15) + 10)


def through(keys: Keys, phase: float) -> float:
    """A periodic curve through keys: cubic Hermite whose slopes never overshoot a key."""
    for index in range(len(keys)):
        start, low = keys[index]
        end, high = _key(keys, index + 1)
        if start <= phase < end:
            before, far = _key(keys, index - 1), _key(keys, index + 2)
            span = end - start
            step = (high - low) / span
            entry = _slope((low - before[1]) / (start - before[0]), step)
            leave = _slope(step, (far[1] - high) / (far[0] - end))
            t = (phase - start) / span
            return (
                (2 * t**3 - 3 * t**2 + 1) * low
                + (t**3 - 2 * t**2 + t) * span * entry
                + (3 * t**2 - 2 * t**3) * high
                + (t**3 - t**2) * span * leave
            )
    return keys[0][1]


def _key(keys: Keys, index: int) -> tuple[float, float]:
    turns, place = divmod(index, len(keys))
    return keys[place][0] + turns, keys[place][1]


def _slope(before: float, after: float) -> float:
    """The slope at a key (Fritsch and Butland): flat at a turning point."""
    return 0.0 if before * after <= 0 else 2 * before * after / (before + after)


def _window(time: float, duration: float) -> float:
    """Up at the clip's start and down at its end, over at most 0.7 s each."""
    edge = min(0.7 / duration, 0.4)
    return ease(time / edge) * ease((1 - time) / edge)


@lru_cache(maxsize=64)
def _blinks(duration: float) -> tuple[float, ...]:
    count = max(1, round(duration / BLINK))
    # Unequal gaps: evenly spaced blinks look like clockwork.
    return tuple((index + 0.62 + 0.16 * cos(2.4 * index)) / count for index in range(count))


def _blink(time: float, duration: float) -> float:
    half = BLINK_TIME / 2 / duration
    near = min(abs(time - centre) for centre in _blinks(duration))
    return 0.0 if near >= half else cos(pi / 2 * near / half) ** 0.6
