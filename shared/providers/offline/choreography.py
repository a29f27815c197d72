"""How every pose moves: beats, waves, curves over the beat. Data only.

Hair, ears, tail and cloth follow the beat late (their waves lag, their curves come later): that is
what makes a figure look as if it had weight.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from shared.providers.offline.pose import POSES, Arm, Face, Leg, Pose

Keys = tuple[tuple[float, float], ...]
"""(time in the beat, value), in order; the curve runs smoothly through them and around."""


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
            Wave("tail", 10, 0.2),
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
