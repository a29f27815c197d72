"""Eyes, brows, nose, mouth and cheeks, drawn in the head's own units."""

from math import cos, pi, sin, sqrt

from shared.providers.offline import colour
from shared.providers.offline.geometry import Point, at, ellipse, num, smooth, trace
from shared.providers.offline.ink import LINE, Palette, Quirks, fill, group, shape, stroke
from shared.providers.offline.pose import Face
from shared.providers.offline.species import Eye, Snout, Species

MOUTH = "#7c1f2d"
TONGUE = "#ff7d85"


def draw_face(species: Species, ink: Palette, face: Face, turn: Point, quirks: Quirks) -> str:
    """The face of a head that is turned by (x, y), each −1 to 1: near features slide further."""
    tx, ty = turn
    parts = []
    cheek_x, cheek_y = species.cheek
    for side in (-1, 1):
        x, y = side * cheek_x + tx * 22, cheek_y + ty * 14
        size = face.blush * (1 - 0.18 * tx * side)
        if size > 0.02:
            blush = ellipse(x, y, 32 * size, 21 * size)
            parts.append(fill(blush, ink["cheeks"], ' fill-opacity="0.66"'))
    for side in (-1, 1):
        shut = max(face.lid, face.wink if side > 0 else 0.0)
        # The far eye is seen more from the side.
        narrow = 1 - 0.13 * tx * side
        x, y = side * species.eye.x * narrow + tx * 26, species.eye.y + ty * 18
        parts.append(_eye(species.eye, ink, face, (x, y), side, shut, narrow, quirks.eye))
    parts.append(
        group(f"translate({num(tx * 40)} {num(ty * 24)})", _snout(species.snout, ink, face))
    )
    return "".join(parts)


def _eye(
    eye: Eye,
    ink: Palette,
    face: Face,
    centre: Point,
    side: int,
    shut: float,
    narrow: float,
    size: float,
) -> str:
    x, y = centre
    grow = size * (1 + 0.16 * face.wide)
    rx, ry = eye.rx * grow * narrow, eye.ry * grow
    line = ink.feature(eye.ground)
    high = y - ry * max(1.0, eye.whites) - 30
    brow = (
        _brow(ink.feature("body"), face, (x, high), side) if face.brow > 0.03 and eye.brows else ""
    )
    if shut > 0.86:
        happy = shut == face.wink * side or face.arch > 0
        arch = 1.0 if happy else face.arch
        bow = arch * ry * 0.62
        d = trace(
            "M",
            (x - rx * 1.05, y + bow * 0.5),
            "Q",
            (x, y - bow * 1.1),
            (x + rx * 1.05, y + bow * 0.5),
        )
        return brow + stroke(d, line, LINE * 1.05)
    top = -ry * 1.35 + 2.35 * ry * shut if shut > 0 else -ry * 2
    # A slanted lid cuts the inner corner (angry) or the outer one (sad).
    tilt = -side * face.slant * 0.5
    if face.slant:
        top = max(top, -ry * (1.02 - 0.42 * abs(face.slant)))
    bulge = ry * 0.34 * (1 - shut) if not face.slant else 0.0

    def lid(dx: float) -> float:
        """The lid's edge: a bow that flattens as it comes down."""
        return top + tilt * dx + bulge * (dx / rx) ** 2

    def cut(cx: float, cy: float, wide: float, high: float) -> str:
        points: list[Point] = []
        for step in range(26):
            angle = 2 * pi * step / 26
            px, py = cx + wide * cos(angle), cy + high * sin(angle)
            points.append((px, max(py, min(y + lid(px - x), y + ry))))
        return "M" + "L".join(at(point) for point in points) + "Z"

    look_x, look_y = face.look_x * rx * 0.26, face.look_y * ry * 0.2
    parts = [brow]
    if eye.glow:
        parts.append(fill(cut(x + look_x, y + look_y, rx, ry), ink["glow"]))
        parts.append(
            fill(
                ellipse(x + look_x - rx * 0.3, y + look_y - ry * 0.4, rx * 0.3, ry * 0.26),
                "#ffffff",
            )
            if shut < 0.25 and not face.slant
            else ""
        )
        return "".join(parts)
    whites = eye.whites or (1.26 if colour.lightness(ink.rgb(eye.ground)) < 0.48 else 0.0)
    if whites:
        rim = ink["line"] if eye.whites else "none"
        parts.append(shape(cut(x, y, rx * whites, ry * whites), "#ffffff", rim, 7))
        look_x, look_y = look_x * 1.9, look_y * 1.7
    dark = colour.css(colour.tone(ink.line, 0.2, 0.9))
    x_, y_ = x + look_x, y + look_y
    parts.append(shape(cut(x_, y_, rx, ry), dark, dark, 3))
    parts.append(fill(cut(x_, y_ + ry * 0.1, rx * 0.84, ry * 0.8), ink["eyes"]))
    parts.append(fill(cut(x_, y_ - ry * 0.02, rx * 0.64, ry * 0.66), dark))
    for gx, gy, gw, gh in ((-0.28, -0.42, 0.40, 0.34), (0.34, 0.46, 0.19, 0.16)):
        px, py = x_ + gx * rx, y_ + gy * ry
        if py + gh * ry * 0.4 > y + lid(px - x):
            parts.append(fill(cut(px, py, gw * rx, gh * ry), "#ffffff"))
    if shut > 0.04 or face.slant:
        size = max(whites, 1.0)
        edge = 1.08 * rx * size * sqrt(max(0.2, 1 - (top / ry / size) ** 2))
        curve = [(x + k * edge, y + lid(k * edge)) for k in (-1, -0.5, 0, 0.5, 1)]
        parts.append(stroke(smooth(curve, closed=False), ink["line"], LINE * 0.8))
    return "".join(parts)


def _brow(line: str, face: Face, centre: Point, side: int) -> str:
    x, y = centre
    tilt = side * (-face.brow_tilt)
    d = "M-27 6Q0 -12 27 6"
    mark = stroke(d, line, LINE * 0.95 * min(face.brow, 1))
    return group(f"translate({num(x)} {num(y + face.brow_y * 13)}) rotate({num(tilt)})", mark)


def _snout(snout: Snout, ink: Palette, face: Face) -> str:
    line = ink.feature(snout.ground)
    parts = []
    if snout.nose == "beak":
        return _beak(snout, ink, face)
    parts.append(_mouth(snout, line, face))
    y, s = snout.nose_y, snout.nose_size
    if snout.cleft:
        parts.append(stroke(f"M0 {num(y)}L0 {num(snout.mouth_y - 1)}", line, LINE * 0.72))
    nose = ink["nose"]
    glint = colour.css(colour.mix(ink.rgb("nose"), (255, 255, 255), 0.62))
    if snout.nose == "triangle":
        half = ((0, -18), (24, -17), (34, -4), (14, 15), (0, 21))
        nodes = [(px * s, y + py * s) for px, py in half]
        d = smooth([*nodes, *[(-px, py) for px, py in nodes[3:0:-1]]])
        parts.append(shape(d, nose, line, 5))
        parts.append(fill(ellipse(-8 * s, y - 8 * s, 11 * s, 5 * s, -8), glint))
    elif snout.nose == "oval":
        parts.append(shape(ellipse(0, y, 28 * s, 21 * s), nose, line, 5))
        parts.append(fill(ellipse(-8 * s, y - 9 * s, 10 * s, 5 * s, -12), glint))
    elif snout.nose == "big":
        parts.append(shape(ellipse(0, y, 34 * s, 48 * s), nose, line, 6))
        parts.append(fill(ellipse(-11 * s, y - 22 * s, 9 * s, 15 * s, 14), glint))
    elif snout.nose == "pig":
        parts.append(shape(ellipse(0, y, 62 * s, 44 * s), nose, line, LINE * 0.9))
        for side in (-1, 1):
            parts.append(fill(ellipse(side * 21 * s, y + 2, 10 * s, 15 * s), line))
        parts.append(fill(ellipse(-22 * s, y - 25 * s, 17 * s, 6 * s, -14), glint))
    elif snout.nose == "dots":
        for side in (-1, 1):
            parts.append(fill(ellipse(side * 17 * s, y, 6 * s, 8 * s), line))
    return "".join(parts)


def _mouth(snout: Snout, line: str, face: Face) -> str:
    """Lips, and what is between them when the jaw drops."""
    y, w = snout.mouth_y, snout.mouth_width * face.mouth
    lift = face.smile * w * 0.3
    deep = face.jaw * (16 + w * 0.9)
    if snout.cleft:
        fold = max(w * 0.2, 4.0) if face.smile >= 0 else 2.0
        upper = [(-w, -lift), (-w * 0.52, fold), (0, -2), (w * 0.52, fold), (w, -lift)]
    else:
        bow = lift - face.jaw * (1 - max(face.smile, 0)) * w * 0.9
        upper = [(-w, -lift), (-w * 0.5, bow * 0.45), (0, bow), (w * 0.5, bow * 0.45), (w, -lift)]
    (ax, ay), (bx, by), (cx, cy), (dx, dy), (ex, ey) = upper
    if snout.cleft:
        lips = trace(
            "M", (ax, y + ay), "Q", (bx, y + by), (cx, y + cy), "Q", (dx, y + dy), (ex, y + ey)
        )
    else:
        lips = trace("M", (ax, y + ay), "C", (bx * 1.1, y + by, -bx * 1.1, y + dy, ex, y + ey))
    if face.jaw < 0.06:
        return stroke(lips, line, LINE * 0.85)
    floor = [(x, y + _lower(x / w, lift, deep)) for x in (w * (1 - k / 6) for k in range(13))]
    back = smooth([(w, y - lift), *floor[1:-1], (-w, y - lift)], closed=False)[1:]
    _, _, curve = back.partition("C")
    mouth = f"{lips}C{curve}Z"
    tongue = []
    bottom = []
    for k in range(11):
        x = w * 0.56 * (k / 5 - 1)
        low = y + _lower(x / w, lift, deep)
        top = y + deep * 0.98 - deep * 0.42 * sqrt(max(0.0, 1 - (x / (w * 0.6)) ** 2))
        tongue.append((x, min(top, low)))
        bottom.append((x, low))
    flesh = "M" + "L".join(at(point) for point in (*tongue, *reversed(bottom))) + "Z"
    fang = ""
    if snout.fang:
        fang = fill(f"M{at((w * 0.34, y + 3))}l22 -4l-9 20Z", "#ffffff")
    return (
        fill(mouth, MOUTH)
        + (fill(flesh, TONGUE) if face.jaw > 0.25 else "")
        + fang
        + stroke(mouth, line, LINE * 0.85)
    )


def _lower(x: float, lift: float, deep: float) -> float:
    """The lower lip's height at x (−1 to 1): a bowl that meets the corners."""
    return -lift + (deep + lift) * float(max(0.0, 1 - abs(x) ** 2.3) ** 0.72)


def _beak(snout: Snout, ink: Palette, face: Face) -> str:
    y, s = snout.nose_y, snout.nose_size
    line, beak = ink["line"], ink["nose"]
    drop = face.jaw * 26 * s
    lower = ""
    if face.jaw > 0.06:
        lower = shape(
            trace("M", (-30 * s, y + 6), "Q", (0, y + 34 * s + drop * 1.3), (30 * s, y + 6), "Z"),
            colour.css(colour.shadow(ink.rgb("nose"))),
            line,
            LINE * 0.8,
        )
        lower += fill(ellipse(0, y + 14 * s + drop * 0.45, 13 * s, 6 * s + drop * 0.14), TONGUE)
    upper = smooth(
        (
            (0, y - 30 * s),
            (28 * s, y - 16 * s),
            (47 * s, y + 8 * s, 0.6),
            (22 * s, y + 16 * s),
            (0, y + 33 * s, 0.6),
            (-22 * s, y + 16 * s),
            (-47 * s, y + 8 * s, 0.6),
            (-28 * s, y - 16 * s),
        )
    )
    glint = colour.css(colour.mix(ink.rgb("nose"), (255, 255, 255), 0.55))
    return (
        lower
        + shape(upper, beak, line, LINE * 0.85)
        + fill(ellipse(-11 * s, y - 13 * s, 11 * s, 5.5 * s, -16), glint)
    )
