"""What is worn round the neck, on the chest and on the back, in body units."""

from shared.providers.offline.cloth import Cloth
from shared.providers.offline.geometry import (
    Limb,
    at,
    bezier,
    ellipse,
    flip,
    mirror,
    num,
    smooth,
    trace,
)
from shared.providers.offline.ink import LINE, fill, group, shape, stroke
from shared.providers.offline.pose import Pose
from shared.providers.offline.species import Species


def scarf_band(species: Species, cloth: Cloth, pose: Pose) -> str:
    w, y = species.collar
    y += 10
    d = smooth(
        (
            (-w + 4, y - 34),
            (-w - 12, y + 2),
            (-w * 0.62, y + 58),
            (0, y + 78),
            (w * 0.62, y + 58),
            (w + 12, y + 2),
            (w - 4, y - 34),
            (0, y - 8),
        )
    )
    lit = smooth(
        (
            (-w + 6, y - 28),
            (-w - 2, y),
            (-w * 0.6, y + 36),
            (-w * 0.1, y + 54),
            (w * 0.5, y + 40),
            (w + 2, y - 6),
            (w - 4, y - 30),
            (0, y - 8),
        )
    )
    folds = stroke(f"M{at((-w * 0.5, y + 8))}q14 12 38 15", cloth.shade, 8)
    folds += stroke(f"M{at((w * 0.05, y + 14))}q20 2 36 -4", cloth.shade, 8)
    knot_x, knot_y = w * 0.52, y + 34
    knot = shape(ellipse(knot_x, knot_y, 36, 32, -20), cloth.base, cloth.line)
    knot += stroke(f"M{at((knot_x - 10, knot_y + 12))}q14 -2 20 -14", cloth.shade, 8)
    return shape(d, cloth.shade, cloth.line) + fill(lit, cloth.base) + folds + knot


def scarf_ends(species: Species, cloth: Cloth, pose: Pose) -> str:
    w, y = species.collar
    x, y = w * 0.52, y + 40
    swing, rise = pose.trail, pose.lift
    parts = ""
    for dx, length, late in ((40, 104, 1.0), (8, 138, 1.25)):
        end = (x + dx + swing * 2.4 * late + rise * 46, y + length * (1 - rise * 0.8) + 6)
        bow = (x + dx * 0.4 - swing * 0.5 + rise * 20, y + length * 0.55)
        limb = Limb(bezier((x, y), bow, end, 6), (44, 50, 58, 64, 68, 70))
        left, right = limb.sides()
        d = smooth(left, closed=False) + "L" + smooth(right[::-1], closed=False)[1:] + "Z"
        thin_left, thin_right = limb.inset(-5, 0, 0.72).sides()
        lit = (
            smooth(thin_left, closed=False) + "L" + smooth(thin_right[::-1], closed=False)[1:] + "Z"
        )
        (lx, ly), (rx, ry) = left[-1], right[-1]
        ax, ay = limb.centre[-1][0] - limb.centre[-2][0], limb.centre[-1][1] - limb.centre[-2][1]
        fringe = ""
        for k in (0.14, 0.38, 0.62, 0.86):
            px, py = lx + (rx - lx) * k, ly + (ry - ly) * k
            fringe += trace("M", (px, py), "L", (px + ax * 0.55, py + ay * 0.55))
        parts += (
            stroke(fringe, cloth.line, 13 + LINE)
            + shape(d, cloth.shade, cloth.line)
            + stroke(fringe, cloth.base, 10)
            + fill(lit, cloth.base)
        )
        sx, sy = limb.centre[-2]
        half = 0.5
        a, b = limb.sides()[0][-2], limb.sides()[1][-2]
        parts += stroke(
            trace(
                "M",
                (sx + (a[0] - sx) * half * 1.5, sy + (a[1] - sy) * half * 1.5),
                "L",
                (sx + (b[0] - sx) * half * 1.5, sy + (b[1] - sy) * half * 1.5),
            ),
            cloth.light,
            8,
        )
    return parts


def bow_tie(species: Species, cloth: Cloth, pose: Pose) -> str:
    y = species.collar[1] + 42
    wing = (
        (14, -14, 0.5),
        (70, -42, 0.5),
        (88, -24, 0.5),
        (88, 26, 0.5),
        (70, 42, 0.5),
        (14, 14, 0.5),
    )
    marks = ""
    for nodes in (wing, flip(wing)):
        marks += shape(smooth(nodes), cloth.base, cloth.line)
    marks += fill("M24 12L74 34L80 20L80 4Z", cloth.shade)
    marks += fill("M-24 12L-74 34L-80 20L-80 4Z", cloth.shade)
    marks += stroke("M34 -6L56 -14M-34 -6L-56 -14", cloth.deep, 7)
    marks += shape(ellipse(0, 0, 21, 23), cloth.base, cloth.line)
    marks += fill(ellipse(-5, -7, 8, 6), cloth.light)
    return group(f"translate(0 {num(y)}) rotate({num(pose.trail * 0.5)})", marks)


def necktie(species: Species, cloth: Cloth, pose: Pose) -> str:
    y = species.collar[1] + 28
    blade = smooth(
        (
            (-17, 24, 0.2),
            (17, 24, 0.2),
            (37, 118, 0.3),
            (0, 156, 0.2),
            (-37, 118, 0.3),
        )
    )
    marks = shape(blade, cloth.base, cloth.line)
    marks += fill("M6 30L14 30L32 116L4 148Z", cloth.shade)
    marks += stroke("M-20 74L24 60M-27 104L29 86", cloth.light, 9)
    knot = smooth(((-28, -14, 0.3), (28, -14, 0.3), (17, 28, 0.3), (-17, 28, 0.3)))
    collar = ((4, -18, 0.2), (70, -34, 0.4), (76, -8, 0.4), (36, 26, 0.2))
    shirt = "".join(shape(smooth(c), "#ffffff", cloth.line) for c in (collar, flip(collar)))
    knot_marks = shape(knot, cloth.base, cloth.line)
    swing = f"translate(0 {num(y)}) rotate({num(-pose.trail * 0.8)})"
    return group(f"translate(0 {num(y)})", shirt) + group(swing, marks + knot_marks)


def medal(species: Species, cloth: Cloth, pose: Pose) -> str:
    w, y = species.collar
    x, end = w * 0.66, y + 112
    d = trace("M", (-x, y + 10), "L", (0, end), "L", (x, y + 10))
    swing = f"rotate({num(-pose.trail)} 0 {num(y)})"
    disc = shape(ellipse(0, end + 14, 38, 38), cloth.base, cloth.line)
    disc += fill(ellipse(0, end + 14, 26, 26), cloth.shade)
    star = "M0 -22L6.5 -8L21 -7L10 3L13 18L0 10L-13 18L-10 3L-21 -7L-6.5 -8Z"
    disc += group(f"translate(0 {num(end + 15)})", fill(star, cloth.light))
    return group(swing, stroke(d, cloth.line, 34) + stroke(d, "#e2434d", 18) + disc)


def cape_back(species: Species, cloth: Cloth, pose: Pose) -> str:
    w, y = species.collar
    w = min(w, 150.0)
    drift, rise = pose.trail * 2.6, pose.lift * 54
    half = [
        (0, y - 20),
        (w * 0.8, y - 10),
        (w * 1.12, y + 60),
        (w * 1.9, -150 - rise),
        (w * 2.3, -44 - rise, 0.3),
        (w * 1.4, -58 - rise * 0.8, 0.6),
        (w * 0.7, -36 - rise * 0.6, 0.6),
        (0, -48 - rise * 0.5),
    ]
    nodes = [(n[0] + drift * max(0.0, (n[1] - y) / 260), *n[1:]) for n in mirror(half)]
    folds = trace(
        "M",
        (w * 0.98, y + 90),
        "Q",
        (w * 1.5 + drift * 0.6, -170 - rise),
        (w * 1.74 + drift, -80 - rise),
    )
    folds += trace(
        "M",
        (-w * 0.98, y + 90),
        "Q",
        (-w * 1.5 + drift * 0.6, -170 - rise),
        (-w * 1.74 + drift, -80 - rise),
    )
    return shape(smooth(nodes), cloth.base, cloth.line) + stroke(folds, cloth.shade, 15)


def cape_front(species: Species, cloth: Cloth, pose: Pose) -> str:
    w, y = species.collar
    band = smooth(
        (
            (-w + 2, y - 26),
            (-w - 10, y + 4),
            (-w * 0.5, y + 34),
            (0, y + 44),
            (w * 0.5, y + 34),
            (w + 10, y + 4),
            (w - 2, y - 26),
            (0, y - 6),
        )
    )
    clasp = shape(ellipse(0, y + 38, 23, 23), "#ffcf4a", cloth.line)
    return shape(band, cloth.base, cloth.line) + clasp + fill(ellipse(-6, y + 31, 7, 6), "#fff1bd")


def backpack_back(species: Species, cloth: Cloth, pose: Pose) -> str:
    bounce = pose.trail * 0.6
    half = ((0, -350), (120, -340), (196, -284), (212, -190), (204, -112), (150, -76), (0, -74))
    d = smooth(mirror(half))
    pocket = smooth(
        mirror(((0, -200), (190, -196), (222, -168), (214, -104), (160, -84), (0, -84)))
    )
    marks = shape(d, cloth.base, cloth.line) + shape(pocket, cloth.shade, cloth.line)
    wide = max(1.0, species.collar[0] / 150)
    return group(f"translate({num(bounce)} {num(-abs(bounce))}) scale({wide:.2f} 1)", marks)


def backpack_straps(species: Species, cloth: Cloth, pose: Pose) -> str:
    marks = ""
    for side in () if species.bodiless else (-1, 1):
        d = trace("M", (side * 58, -344), "Q", (side * 84, -240), (side * 84, -120))
        marks += stroke(d, cloth.line, 27 + LINE) + stroke(d, cloth.base, 25)
        marks += stroke(f"M{at((side * 68, -226))}l{num(side * 18)} -3", cloth.light, 9)
    return marks
