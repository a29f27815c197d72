"""A pose is a set of numbers: joints, hands, face. Poses are data and blend number by number.

Angles are degrees. An arm's angle is 0 hanging down, 90 straight out to its own side, 180 up; past
that it reaches inwards over the body. Lengths are in figure units (the figure is about 800 tall).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Hand:
    """Three fingers that fan out by `spread` and stick out by their lengths, and a thumb."""

    spread: float = 12.0
    first: float = 0.25
    second: float = 0.25
    third: float = 0.25
    thumb: float = 0.5
    thumb_angle: float = 52.0


PAW = Hand()
OPEN = Hand(spread=31, first=1.1, second=1.25, third=1.1, thumb=1.15, thumb_angle=-78)
FIST = Hand(spread=8, first=0, second=0, third=0, thumb=0.35, thumb_angle=-40)
THUMB = Hand(spread=12, first=0.12, second=0.2, third=0.12, thumb=1.4, thumb_angle=-78)
POINT = Hand(spread=7, first=1.75, second=0.05, third=0, thumb=0.75, thumb_angle=-74)
MUSE = Hand(spread=16, first=0.7, second=0.1, third=0.05, thumb=0.9, thumb_angle=-84)


@dataclass(frozen=True, slots=True)
class Arm:
    """Where the hand is seen from the shoulder (angle, reach), how the arm bows on the way
    (`bend`: positive is outwards when it hangs), how the wrist turns, how near the hand is
    (`size`), and whether the forearm lies over the head (`front` above a half)."""

    angle: float = 16.0
    reach: float = 150.0
    bend: float = 16.0
    wrist: float = 0.0
    size: float = 1.0
    front: float = 0.0
    hand: Hand = PAW


@dataclass(frozen=True, slots=True)
class Leg:
    """The foot's place from where it stands at rest, its turn, and how much of its sole shows."""

    x: float = 0.0
    y: float = 0.0
    turn: float = 0.0
    bend: float = 0.0
    sole: float = 0.0


@dataclass(frozen=True, slots=True)
class Face:
    """`lid` closes the eyes (1 is shut), `arch` is how a shut eye bows (1 laughs, −1 sleeps),
    `wink` shuts the right eye alone, `wide` opens both wider, `slant` lowers the inner corners.
    `smile` bends the mouth, `jaw` opens it, `mouth` scales its width."""

    lid: float = 0.0
    arch: float = -0.5
    wink: float = 0.0
    wide: float = 0.0
    slant: float = 0.0
    look_x: float = 0.0
    look_y: float = 0.0
    brow: float = 0.0
    brow_y: float = 0.0
    brow_tilt: float = 0.0
    smile: float = 0.8
    jaw: float = 0.0
    mouth: float = 1.0
    blush: float = 1.0


@dataclass(frozen=True, slots=True)
class Pose:
    """Everything that a figure can do. `left` and `right` are the viewer's."""

    x: float = 0.0
    y: float = 0.0
    squash: float = 0.0
    tilt: float = 0.0
    drop: float = 0.0
    lean: float = 0.0
    sway: float = 0.0
    breath: float = 0.0
    head_x: float = 0.0
    head_y: float = 0.0
    head_tilt: float = 0.0
    turn: float = 0.0
    nod: float = 0.0
    ear: float = 0.0
    ear_lift: float = 0.0
    tail: float = 0.0
    tail_curl: float = 0.0
    trail: float = 0.0
    lift: float = 0.0
    dream: float = 0.0
    dream_phase: float = 0.0
    left: Arm = field(default_factory=Arm)
    right: Arm = field(default_factory=Arm)
    left_leg: Leg = field(default_factory=Leg)
    right_leg: Leg = field(default_factory=Leg)
    face: Face = field(default_factory=Face)


def blend(first: T, second: T, share: float) -> T:
    """The pose (or a part of one) at `share` of the way; exactly first at 0 and second at 1."""
    if share <= 0:
        return first
    if share >= 1:
        return second
    mixed: dict[str, Any] = {}
    for part in fields(first):  # type: ignore[arg-type]
        one, two = getattr(first, part.name), getattr(second, part.name)
        mixed[part.name] = (
            one + (two - one) * share if isinstance(one, float | int) else blend(one, two, share)
        )
    return type(first)(**mixed)


def nudge(pose: Pose, offsets: Mapping[str, float]) -> Pose:
    """`pose` with numbers added to some of its fields; `face.jaw` names a field of a part."""
    own: dict[str, Any] = {}
    parts: dict[str, dict[str, float]] = {}
    for path, amount in offsets.items():
        part, dot, name = path.partition(".")
        if dot:
            parts.setdefault(part, {})[name] = amount
        else:
            own[part] = getattr(pose, part) + amount
    for part, amounts in parts.items():
        old = getattr(pose, part)
        own[part] = replace(
            old, **{name: getattr(old, name) + add for name, add in amounts.items()}
        )
    return replace(pose, **own)


SITTING = Leg(x=46, y=-50, turn=-16, sole=1)

POSES: Mapping[str, Pose] = {
    "idle": Pose(head_tilt=2, turn=0.12, left=Arm(angle=20), right=Arm(angle=20)),
    "wave": Pose(
        lean=-2,
        head_tilt=6,
        turn=0.12,
        left=Arm(angle=24, reach=148, bend=22),
        right=Arm(angle=121, reach=252, bend=-44, wrist=-6, size=1.2, hand=OPEN),
        face=Face(smile=1, jaw=0.6),
    ),
    "thumbs_up": Pose(
        lean=3,
        head_tilt=-5,
        turn=0.1,
        left=Arm(angle=38, reach=128, bend=42, wrist=-42, hand=FIST),
        right=Arm(angle=85, reach=140, bend=-40, wrist=10, size=1.45, front=1, hand=THUMB),
        face=Face(smile=1, jaw=0.35, wink=1),
    ),
    "jump": Pose(
        y=-66,
        squash=-0.06,
        nod=-0.25,
        ear_lift=-0.3,
        tail=14,
        trail=10,
        lift=0.7,
        left=Arm(angle=133, reach=288, bend=-30, wrist=6, size=1.12, hand=OPEN),
        right=Arm(angle=133, reach=288, bend=-30, wrist=6, size=1.12, hand=OPEN),
        left_leg=Leg(x=30, y=-34, turn=26, bend=34, sole=0.25),
        right_leg=Leg(x=18, y=-8, turn=34, bend=20),
        face=Face(smile=1, jaw=1, wide=0.2),
    ),
    "dance": Pose(
        lean=-8,
        sway=14,
        head_tilt=9,
        turn=-0.25,
        tail=16,
        left=Arm(angle=62, reach=150, bend=-46, wrist=38, hand=PAW),
        right=Arm(angle=136, reach=296, bend=-40, wrist=10, size=1.1, hand=POINT),
        left_leg=Leg(x=34, y=-30, turn=20, bend=26),
        right_leg=Leg(x=4),
        face=Face(smile=1, jaw=0.5, lid=1, arch=1),
    ),
    "sit": Pose(
        drop=44,
        left_leg=SITTING,
        right_leg=SITTING,
        head_tilt=-4,
        turn=-0.1,
        left=Arm(angle=47, reach=138, bend=26, wrist=14),
        right=Arm(angle=47, reach=138, bend=26, wrist=14),
    ),
    "think": Pose(
        lean=2,
        head_tilt=-7,
        turn=0.28,
        nod=-0.3,
        left=Arm(angle=-42, reach=138, bend=50, wrist=-34, hand=FIST),
        right=Arm(angle=-86, reach=76, bend=70, wrist=40, size=1.12, front=1, hand=MUSE),
        face=Face(
            smile=0.15, mouth=0.55, look_x=0.55, look_y=-0.6, brow=1, brow_y=-0.5, brow_tilt=-10
        ),
    ),
    "celebrate": Pose(
        squash=-0.04,
        nod=-0.3,
        head_tilt=-4,
        tail=10,
        left=Arm(angle=138, reach=312, bend=-40, wrist=0, size=1.15, hand=FIST),
        right=Arm(angle=138, reach=312, bend=-40, wrist=0, size=1.15, hand=FIST),
        right_leg=Leg(x=18, y=-26, turn=18, bend=18),
        face=Face(smile=1, jaw=1, lid=1, arch=1),
    ),
    "point": Pose(
        x=-36,
        lean=5,
        head_tilt=3,
        turn=0.5,
        left=Arm(angle=40, reach=116, bend=58, wrist=-58, hand=FIST),
        right=Arm(angle=98, reach=204, bend=-8, wrist=0, size=1.2, hand=POINT),
        face=Face(smile=1, jaw=0.4, look_x=0.75),
    ),
    "sleep": Pose(
        drop=44,
        left_leg=SITTING,
        right_leg=SITTING,
        head_y=26,
        head_tilt=11,
        turn=0.1,
        nod=0.45,
        ear=-6,
        ear_lift=0.5,
        dream=1,
        left=Arm(angle=-24, reach=112, bend=50, wrist=-40),
        right=Arm(angle=-24, reach=112, bend=50, wrist=-40),
        face=Face(lid=1, arch=-1, smile=0.35, mouth=0.6),
    ),
    "run": Pose(
        y=-14,
        lean=13,
        head_tilt=-3,
        turn=0.6,
        ear=-10,
        tail=-16,
        trail=-16,
        lift=0.5,
        left=Arm(angle=66, reach=122, bend=-62, wrist=40, hand=FIST),
        right=Arm(angle=52, reach=128, bend=60, wrist=-70, hand=FIST),
        left_leg=Leg(x=66, y=-58, turn=52, bend=20),
        right_leg=Leg(x=44, y=-26, turn=-22, bend=44),
        face=Face(smile=1, jaw=0.6, look_x=0.3),
    ),
    "shrug": Pose(
        drop=-6,
        head_tilt=11,
        head_y=12,
        turn=-0.1,
        left=Arm(angle=86, reach=196, bend=-84, wrist=44, size=1.1, hand=OPEN),
        right=Arm(angle=86, reach=196, bend=-84, wrist=44, size=1.1, hand=OPEN),
        face=Face(smile=-0.25, mouth=0.7, brow=1, brow_y=-0.8, brow_tilt=-8, look_x=0.35),
    ),
}

EXPRESSIONS: Mapping[str, Face] = {
    "happy": Face(smile=1, jaw=0.5),
    "sad": Face(smile=-0.8, mouth=0.7, slant=-0.5, lid=0.12, brow=1, brow_tilt=-20, look_y=0.3),
    "surprised": Face(smile=0, mouth=0.42, jaw=0.95, wide=0.7, brow=1, brow_y=-1),
    "angry": Face(smile=-0.55, mouth=0.8, slant=0.9, lid=0.2, brow=1, brow_tilt=24, brow_y=0.6),
    "sleepy": Face(smile=0.3, mouth=0.6, lid=0.58, arch=-1, brow=0.6, brow_y=-0.3),
    "excited": Face(smile=1, jaw=1, wide=0.25, brow=0.8, brow_y=-0.9),
    "wink": Face(smile=1, jaw=0.35, wink=1),
    "laughing": Face(smile=1, jaw=1, lid=1, arch=1),
    "calm": Face(smile=0.6),
    "confused": Face(smile=-0.2, mouth=0.6, brow=1, brow_tilt=-14, brow_y=-0.6, look_x=0.4),
}


def posed(pose: str, expression: str | None = None) -> Pose:
    """The named pose at rest, its face replaced by the expression if one was asked for."""
    base = POSES[pose]
    return replace(base, face=EXPRESSIONS[expression]) if expression else base
