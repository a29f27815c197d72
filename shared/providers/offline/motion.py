"""Poses in time. Every motion is periodic over the clip, so that a loop has no seam.

A motion has a beat. A clip holds a whole number of beats, of breaths and of tail swings, whatever
its length. Hair, ears, tail and cloth follow the beat late (their phases lag): that is what makes a
figure look as if it had weight.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from math import cos, pi, sin

from shared.providers.offline.pose import POSES, Arm, Face, Leg, Pose, blend, nudge, posed

Keys = tuple[tuple[float, float], ...]
"""(time in the beat, value), in order; the curve runs smoothly through them and around."""

BREATH = 2.4
SWING = 1.3
BLINK = 2.3
BLINK_TIME = 0.24
"""Seconds: of a breath, of a tail's swing, between blinks, of a blink."""


@dataclass(frozen=True, slots=True)
class Wave:
    """`amplitude`·sin(2π(rate·time − lag)) on one field; `rate` counts per turn of `clock`."""

    field: str
    amplitude: float
    lag: float = 0.0
    rate: int = 1
    clock: str = "beat"


@dataclass(frozen=True, slots=True)
class Motion:
    """`other` is the pose that the beat swings to, by `share` of the way at each time in it;
    `tracks` are curves over the beat. `alive` scales the breathing and swaying of all figures."""

    beat: float
    waves: tuple[Wave, ...] = ()
    other: Pose | None = None
    share: Keys = ((0.0, 0.0), (0.5, 1.0))
    tracks: tuple[tuple[str, Keys], ...] = ()
    alive: float = 1.0
    blinks: bool = True


def mirrored(pose: Pose) -> Pose:
    """The pose as a looking-glass shows it."""
    return replace(
        pose,
        x=-pose.x,
        tilt=-pose.tilt,
        lean=-pose.lean,
        sway=-pose.sway,
        head_x=-pose.head_x,
        head_tilt=-pose.head_tilt,
        turn=-pose.turn,
        left=pose.right,
        right=pose.left,
        left_leg=pose.right_leg,
        right_leg=pose.left_leg,
        face=replace(pose.face, look_x=-pose.face.look_x),
    )


LIFE = (
    Wave("breath", 0.016, clock="breath"),
    Wave("head_y", -3.0, 0.08, clock="breath"),
    Wave("ear", 1.6, 0.2, clock="breath"),
    Wave("left.angle", 1.6, 0.12, clock="breath"),
    Wave("right.angle", 1.6, 0.12, clock="breath"),
    Wave("tail", 7.0, clock="swing"),
    Wave("tail_curl", 2.6, 0.18, clock="swing"),
    Wave("trail", 3.0, 0.25, clock="breath"),
)

_CROUCH = Pose(
    squash=0.075,
    drop=14,
    nod=0.2,
    ear_lift=0.35,
    tail=-6,
    left=Arm(angle=38, reach=150, bend=30),
    right=Arm(angle=38, reach=150, bend=30),
    left_leg=Leg(x=10),
    right_leg=Leg(x=10),
    face=Face(smile=1, jaw=0.3),
)
_RUN = replace(
    POSES["run"],
    y=-14,
    left=POSES["run"].right,
    right=POSES["run"].left,
    left_leg=Leg(x=30, y=-26, turn=14, bend=-30),
    right_leg=Leg(x=-4, y=-66, turn=-50, bend=10),
)

MOTIONS: Mapping[str, Motion] = {
    "idle": Motion(
        beat=3.2,
        waves=(
            Wave("sway", 5),
            Wave("lean", 1.2, 0.05),
            Wave("head_tilt", 2.6, 0.12),
            Wave("turn", 0.1, 0.1),
        ),
    ),
    "wave": Motion(
        beat=0.8,
        waves=(
            Wave("right.angle", 7),
            Wave("right.wrist", 24, 0.1),
            Wave("right.bend", 14, 0.25),
            Wave("lean", 1.4, 0.08),
            Wave("head_tilt", 2.2, 0.16),
            Wave("squash", 0.014, 0.25, rate=2),
            Wave("ear", 3, 0.3),
            Wave("trail", 5, 0.25),
            Wave("tail", 6, 0.3),
        ),
    ),
    "thumbs_up": Motion(
        beat=2.0,
        tracks=(
            ("right.reach", ((0, 0), (0.42, 0), (0.54, -26), (0.68, 20), (0.82, -4), (0.92, 0))),
            ("squash", ((0, 0), (0.42, 0), (0.54, 0.05), (0.68, -0.045), (0.82, 0.012), (0.92, 0))),
            ("right.size", ((0, 0), (0.45, 0), (0.54, -0.1), (0.68, 0.14), (0.85, 0))),
            ("head_tilt", ((0, 0), (0.45, 0), (0.58, 4), (0.74, -4), (0.9, 0))),
            ("trail", ((0, 0), (0.5, 0), (0.64, -6), (0.8, 7), (0.92, 0))),
            ("ear", ((0, 0), (0.5, 0), (0.64, 5), (0.8, -5), (0.92, 0))),
        ),
    ),
    "jump": Motion(
        beat=1.0,
        other=_CROUCH,
        share=(
            (0, 0),
            (0.12, 0.12),
            (0.26, 0.8),
            (0.38, 1),
            (0.5, 0.72),
            (0.64, 1),
            (0.78, 0.72),
            (0.9, 0.1),
        ),
        tracks=(
            (
                "squash",
                ((0, 0), (0.2, -0.05), (0.3, 0.03), (0.48, -0.03), (0.64, 0.035), (0.8, -0.08)),
            ),
            ("tail", ((0, 0), (0.2, 22), (0.4, -12), (0.6, 4), (0.85, -16))),
            ("ear_lift", ((0, 0), (0.2, -0.5), (0.36, 0.4), (0.55, 0), (0.84, 0.4))),
            ("trail", ((0, 0), (0.25, 10), (0.5, -6), (0.8, -4))),
        ),
        alive=0.4,
        blinks=False,
    ),
    "dance": Motion(
        beat=1.1,
        other=mirrored(POSES["dance"]),
        share=((0, 0), (0.14, 0.02), (0.36, 0.96), (0.5, 1), (0.64, 0.98), (0.86, 0.04)),
        waves=(
            Wave("squash", 0.04, 0.0, rate=2),
            Wave("head_y", 8, 0.1, rate=2),
            Wave("ear", 6, 0.3),
            Wave("trail", 10, 0.15),
            Wave("tail", 16, 0.2),
        ),
        alive=0.4,
        blinks=False,
    ),
    "sit": Motion(
        beat=3.0,
        waves=(
            Wave("head_tilt", 4),
            Wave("lean", 1.4, 0.1),
            Wave("turn", 0.16, 0.05),
            Wave("left_leg.turn", 5, 0.2, rate=2),
            Wave("right_leg.turn", 5, 0.7, rate=2),
            Wave("tail", 10, 0.1, rate=2),
        ),
    ),
    "think": Motion(
        beat=2.0,
        waves=(
            Wave("head_tilt", 2.5),
            Wave("right.wrist", 9, 0.1, rate=2),
            Wave("right.reach", 4, rate=2),
            Wave("lean", 1.2, 0.1),
        ),
        tracks=(
            ("face.look_x", ((0, 0), (0.4, 0), (0.5, -1.1), (0.85, -1.1), (0.95, 0))),
            ("turn", ((0, 0), (0.4, 0), (0.52, -0.4), (0.85, -0.4), (0.97, 0))),
        ),
        blinks=False,
    ),
    "celebrate": Motion(
        beat=0.8,
        waves=(
            Wave("left.angle", 6, 0.0),
            Wave("right.angle", 6, 0.0),
            Wave("left.reach", 14, 0.2),
            Wave("right.reach", 14, 0.2),
            Wave("ear", 4, 0.3),
            Wave("trail", 8, 0.2),
            Wave("tail", 10, 0.15),
            Wave("head_tilt", 4, 0.1),
        ),
        tracks=(
            ("y", ((0, -20), (0.2, -6), (0.32, 0), (0.55, 0), (0.7, -4), (0.85, -17))),
            ("squash", ((0, -0.02), (0.2, -0.03), (0.42, 0.075), (0.62, 0.04), (0.78, -0.05))),
            ("right_leg.y", ((0, 0), (0.22, 12), (0.34, 26), (0.55, 26), (0.75, 10))),
            ("lift", ((0, 0.25), (0.25, 0.45), (0.5, 0), (0.75, 0.05))),
        ),
        alive=0.4,
        blinks=False,
    ),
    "point": Motion(
        beat=1.6,
        tracks=(
            ("right.reach", ((0, 0), (0.4, 0), (0.52, -34), (0.68, 16), (0.82, -3), (0.92, 0))),
            ("lean", ((0, 0), (0.4, 0), (0.52, -4), (0.68, 3), (0.85, 0))),
            ("head_tilt", ((0, 0), (0.45, 0), (0.58, -3), (0.72, 3), (0.9, 0))),
            ("trail", ((0, 0), (0.5, 0), (0.64, 8), (0.8, -8), (0.92, 0))),
            ("face.look_x", ((0, 0), (0.3, 0), (0.38, -0.8), (0.62, -0.8), (0.7, 0))),
        ),
    ),
    "sleep": Motion(
        beat=3.0,
        waves=(
            Wave("breath", 0.03),
            Wave("head_y", -7, 0.06),
            Wave("head_tilt", 2.2, 0.1),
            Wave("ear", 2.5, 0.3),
            Wave("tail", 4, 0.2),
        ),
        tracks=(("face.jaw", ((0, 0), (0.3, 0.28), (0.6, 0))),),
        alive=0.3,
        blinks=False,
    ),
    "run": Motion(
        beat=0.62,
        other=_RUN,
        share=((0, 0), (0.5, 1)),
        waves=(
            Wave("y", -15, 0.0, rate=2),
            Wave("squash", 0.035, 0.05, rate=2),
            Wave("head_tilt", 2, 0.1, rate=2),
            Wave("ear", 6, 0.25, rate=2),
            Wave("trail", 9, 0.3),
            Wave("lift", 0.2, 0.3, rate=2),
            Wave("tail", 12, 0.25),
        ),
        alive=0.3,
    ),
    "shrug": Motion(
        beat=2.0,
        tracks=(
            ("drop", ((0, 0), (0.35, 0), (0.5, 12), (0.62, 12), (0.76, -4), (0.9, 0))),
            ("head_y", ((0, 0), (0.35, 0), (0.52, -12), (0.64, -12), (0.8, 4), (0.92, 0))),
            ("left.angle", ((0, 0), (0.35, 0), (0.5, -22), (0.62, -22), (0.78, 4), (0.9, 0))),
            ("right.angle", ((0, 0), (0.35, 0), (0.5, -22), (0.62, -22), (0.78, 4), (0.9, 0))),
            ("head_tilt", ((0, 0), (0.35, 0), (0.52, -9), (0.64, -9), (0.82, 2), (0.93, 0))),
            ("ear", ((0, 0), (0.42, 0), (0.56, 5), (0.72, -3), (0.88, 0))),
        ),
    ),
}


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
