"""Arms with hands, legs with feet, and tails; all in figure units, joined to the posed body."""

from math import cos, radians, sin

from shared.providers.base import Rgb
from shared.providers.offline import colour
from shared.providers.offline.geometry import (
    Limb,
    Point,
    at,
    bezier,
    ellipse,
    heading,
    move,
    num,
    smooth,
    stretch,
    trace,
    turn,
)
from shared.providers.offline.ink import LINE, Palette, crescent, fill, group, stroke, tube
from shared.providers.offline.pose import Arm, Hand, Leg
from shared.providers.offline.species import ArmStyle, LegStyle, Tail

EDGE = 2 * LINE * 0.78
"""A line under a union of shapes shows only its outer half, and looks as heavy as LINE."""


def draw_arm(
    style: ArmStyle, ink: Palette, shoulder: Point, arm: Arm, side: int, *, fore: bool = False
) -> str:
    """The arm from a shoulder (in figure units), its hand on the end.

    `fore` leaves out the upper arm: that is drawn over a head whose scarf covers the shoulder.
    """
    angle = radians(arm.angle + style.splay * max(0.0, 1 - abs(arm.angle) / 100))
    reach = arm.reach * style.reach
    end = (shoulder[0] + side * sin(angle) * reach, shoulder[1] + cos(angle) * reach)
    middle = ((shoulder[0] + end[0]) / 2, (shoulder[1] + end[1]) / 2)
    elbow = (middle[0] + side * cos(angle) * arm.bend, middle[1] - sin(angle) * arm.bend)
    centre = bezier(shoulder, elbow, end, 9)
    widths = [style.width + (style.wrist * arm.size - style.width) * k / 8 for k in range(9)]
    direction = heading(centre[-3], end) + side * arm.wrist
    start = 3 if fore else 0
    limb = Limb(centre[start:], widths[start:])
    gloved = style.glove <= 1
    paw = ink.rgb("limbs") if gloved else ink.rgb("body")
    line = ink["line"]
    place = move(*end) @ turn(direction) @ stretch(side * arm.size, arm.size)
    under, over = _hand(style, arm.hand, colour.css(paw), line)
    sleeve = ""
    if 0 < style.glove <= 1:
        first = max(round(style.glove * 8) - start, 0)
        sleeve = _glove(limb, first, paw)
    skin = paw if style.glove <= 0 else ink.rgb("body")
    cap = "" if fore else fill(joint(style, shoulder), colour.css(skin))
    return (
        stroke(limb.edge(), line, EDGE, ' style="stroke-linecap:butt"')
        + group(place.svg, under)
        + fill(limb.area(), colour.css(colour.shadow(skin)))
        + fill(limb.inset(-3, -2, 0.82).area(), colour.css(skin))
        + cap
        + sleeve
        + group(place.svg, over)
    )


def joint(style: ArmStyle, shoulder: Point) -> str:
    """The round of a shoulder: its line goes under the body, its fill over it."""
    return ellipse(*shoulder, style.width / 2 - 2, style.width / 2 - 2)


def _glove(limb: Limb, first: int, paint: Rgb) -> str:
    """The last part of a limb in another colour, its hem a soft zigzag."""
    end = Limb(limb.centre[first:], limb.widths[first:])
    left, right = end.sides()
    (ax, ay), (bx, by) = left[0], right[0]
    middle = limb.centre[max(first - 1, 0)]
    d = (
        end.edge()
        + trace("Q", ((bx * 0.75 + ax * 0.25), (by * 0.75 + ay * 0.25)), middle)
        + trace("Q", ((bx * 0.25 + ax * 0.75), (by * 0.25 + ay * 0.75)), (ax, ay), "Z")
    )
    return fill(d, colour.css(paint))


def _hand(style: ArmStyle, hand: Hand, paint: str, line: str) -> tuple[str, str]:
    """The line under a hand and the hand itself; the wrist is at 0,0 and the fingers point up."""
    palm = style.palm
    shrink = 0.85 if style.hand == "wing" else 1.0
    bars: list[tuple[Point, Point, float]] = []
    for length, angle in (
        (hand.first, -hand.spread),
        (hand.second, 0.0),
        (hand.third, hand.spread),
    ):
        reach = palm * (0.5 + 1.12 * length) * shrink
        direction = radians(angle)
        root = (sin(direction) * palm * 0.42, -palm * 0.62)
        tip = (sin(direction) * reach + root[0] * 0.4, -palm * 0.62 - cos(direction) * reach * 0.92)
        bars.append((root, tip, palm * 0.66))
    direction = radians(hand.thumb_angle)
    reach = palm * (0.62 + 0.72 * hand.thumb)
    thumb_root = (sin(direction) * palm * 0.36, -palm * (0.45 + 0.2 * max(hand.thumb - 1, 0)))
    # A raised thumb stands across the fist: the angle is measured from the fingers.
    tip = (thumb_root[0] + sin(direction) * reach, thumb_root[1] - cos(direction) * reach)
    bars.append((thumb_root, tip, palm * (0.64 + 0.16 * min(hand.thumb, 1.4))))
    base = ellipse(0, -palm * 0.62, palm * 0.98, palm * 0.96)
    under = stroke(base, line, EDGE)
    over = fill(base, paint)
    for (ax, ay), (bx, by), width in bars:
        d = trace("M", (ax, ay), "L", (bx, by))
        under += stroke(d, line, width + EDGE)
        over += stroke(d, paint, width)
    curled = max(0.0, 1 - hand.first - hand.third)
    if curled > 0.45 and abs(hand.thumb_angle) > 30:
        # Closed fingers are told apart by the creases between them.
        for x in (-0.3, 0.3):
            top, low = -palm * 1.42, -palm * (1.42 - 0.55 * curled)
            over += stroke(trace("M", (x * palm, top), "L", (x * palm, low)), line, LINE * 0.55)
    return under, over


FOOT = (
    (-2, -56),
    (40, -48),
    (66, -22),
    (58, 0),
    (4, 4),
    (-48, 0),
    (-54, -24),
    (-36, -48),
)
SOLE = (
    (0, -66),
    (44, -54),
    (62, -4),
    (44, 48),
    (0, 62),
    (-44, 48),
    (-62, -4),
    (-44, -54),
)


def draw_leg(style: LegStyle, ink: Palette, hip: Point, leg: Leg, side: int) -> str:
    """The leg from a hip to a foot that stands by itself, so that a body can bounce over it."""
    if style.foot == "none":
        return ""
    x, y = side * (style.stance + leg.x), leg.y - 8
    line = ink["line"]
    foot_role = "limbs" if style.sock <= 1 else "feet"
    paint = ink.rgb(foot_role)
    angle = side * leg.turn
    ankle = (x - side * 4 - side * sin(radians(leg.turn)) * 10, y - 34 + 18 * leg.sole)
    knee = ((hip[0] + ankle[0]) / 2 + side * leg.bend, (hip[1] + ankle[1]) / 2 - leg.bend * 0.3)
    centre = bezier(hip, knee, ankle, 7)
    widths = [style.width + (style.ankle - style.width) * k / 6 for k in range(7)]
    limb = Limb(centre, widths)
    nodes = [
        (
            side * style.size * (fx + (sx - fx) * leg.sole),
            style.size * (fy + (sy - fy) * leg.sole),
        )
        for (fx, fy), (sx, sy) in zip(FOOT, SOLE, strict=True)
    ]
    d = smooth(nodes)
    place = move(x, y) @ turn(angle)
    inner = stretch(0.9, 0.86, (-24, -44))
    inset = smooth([inner(node) for node in nodes])
    marks = _toes(style, leg, ink, side)
    skin = paint if style.sock <= 0 else ink.rgb("body")
    sock = ""
    if 0 < style.sock <= 1:
        sock = _glove(limb, round(style.sock * 6), paint)
    return (
        stroke(limb.edge(), line, EDGE, ' style="stroke-linecap:butt"')
        + group(place.svg, stroke(d, line, EDGE))
        + fill(limb.area(), colour.css(colour.shadow(skin)))
        + fill(limb.inset(-4, -2, 0.84).area(), colour.css(skin))
        + sock
        + group(
            place.svg,
            fill(d, colour.css(paint))
            + crescent(d, inset, colour.css(colour.tone(colour.shadow(paint), 0.3)), 0.25)
            + marks,
        )
    )


def _toes(style: LegStyle, leg: Leg, ink: Palette, side: int) -> str:
    s = style.size
    if leg.sole > 0.6 and style.foot == "paw":
        pads = ink["pads"]
        marks = fill(ellipse(0, 18 * s, 27 * s, 21 * s), pads)
        for px, py in ((-31, -14), (0, -28), (31, -14)):
            marks += fill(ellipse(px * s, py * s, 11 * s, 13 * s), pads)
        return marks
    if style.foot in ("paw", "web"):
        marks = ""
        for px in (4, 32):
            marks += stroke(
                f"M{num(side * px * s)} {num(-2 * s)}L{num(side * (px - 1) * s)} {num(-18 * s)}",
                ink["line"],
                LINE * 0.6,
            )
        return marks
    return ""


def tail_line(tail: Tail, root: Point, sway: float, curl: float) -> list[Point]:
    """The points of a tail: sway turns its root, curl is added at every joint."""
    x, y = root
    points = [root]
    angle = tail.angle + sway
    for bend in tail.bends:
        angle += bend + curl
        x += sin(radians(angle)) * tail.step
        y -= cos(radians(angle)) * tail.step
        points.append((x, y))
    return points


def draw_tail(tail: Tail, ink: Palette, root: Point, sway: float, curl: float) -> str:
    limb = Limb(tail_line(tail, root, sway, curl), tail.widths)
    parts = tube(limb, ink.rgb(tail.role), ink["line"])
    if tail.tip <= 1:
        parts += _tip(limb, tail.tip, ink)
    for start, end in tail.rings:
        parts += _ring(limb, start, end, ink["marks"])
    return parts


def _tip(limb: Limb, share: float, ink: Palette) -> str:
    """The tail's end in its own colour behind a jagged hem."""
    first = round(share * (len(limb.centre) - 1))
    end = Limb(limb.centre[first:], limb.widths[first:])
    left, right = end.sides()
    (ax, ay), (bx, by) = left[0], right[0]
    (cx, cy), (dx, dy) = limb.centre[first - 1], limb.centre[first]
    back = ((cx - dx) * 0.55, (cy - dy) * 0.55)
    hem = []
    for k, away in ((0.2, 1.0), (0.35, 0.1), (0.5, 1.0), (0.65, 0.1), (0.8, 1.0)):
        hem.append((bx + (ax - bx) * k + back[0] * away, by + (ay - by) * k + back[1] * away))
    tip = ink.rgb("tail_tip")
    jagged = "L" + "L".join(at(point) for point in hem) + "Z"
    lit = "L" + "L".join(at((x - 4, y - 3)) for x, y in hem[1:-1]) + "Z"
    return fill(end.edge() + jagged, colour.css(colour.shadow(tip))) + fill(
        end.inset(-5, -3, 0.8).edge() + lit, colour.css(tip)
    )


def _ring(limb: Limb, start: float, end: float, paint: str) -> str:
    last = len(limb.centre) - 1
    first, final = round(start * last), round(end * last)
    left, right = Limb(limb.centre[first : final + 1], limb.widths[first : final + 1]).sides()
    return fill(
        smooth(left, closed=False) + "L" + smooth(right[::-1], closed=False)[1:] + "Z", paint
    )
