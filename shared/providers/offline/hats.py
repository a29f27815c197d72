"""Hats of all kinds, in head units."""

from math import cos, pi, sin

from shared.providers.offline.cloth import Cloth
from shared.providers.offline.geometry import ellipse, mirror, num, smooth, trace
from shared.providers.offline.ink import LINE, fill, group, shape, stroke
from shared.providers.offline.pose import Pose
from shared.providers.offline.species import Species


def hat(species: Species, cloth: Cloth, pose: Pose) -> str:
    w = species.hat[0] * 0.74
    dome = smooth(
        (
            (-w * 0.86, 8, 0.2),
            (-w * 0.82, -62),
            (-w * 0.5, -128),
            (-w * 0.12, -120),
            (0, -112),
            (w * 0.12, -120),
            (w * 0.5, -128),
            (w * 0.82, -62),
            (w * 0.86, 8, 0.2),
        )
    )
    band = trace(
        "M",
        (-w * 0.86, -8),
        "Q0 16",
        (w * 0.86, -8),
        "L",
        (w * 0.86, -40),
        "Q0 -14",
        (-w * 0.86, -40),
        "Z",
    )
    side = trace(
        "M",
        (w * 0.3, -116),
        "Q",
        (w * 0.78, -112),
        (w * 0.8, -34),
        "L",
        (w * 0.5, -24),
        "Q",
        (w * 0.62, -80),
        (w * 0.3, -116),
        "Z",
    )
    brim = smooth(
        (
            (-w * 1.42, -10),
            (-w * 0.9, 4),
            (0, 16),
            (w * 0.9, 4),
            (w * 1.42, -10),
            (w * 1.2, 26),
            (0, 46),
            (-w * 1.2, 26),
        )
    )
    marks = shape(dome, cloth.base, cloth.line) + fill(side, cloth.shade)
    marks += shape(band, cloth.deep, cloth.line, 8)
    marks += stroke(
        trace("M", (-w * 0.52, -66), "Q", (-w * 0.5, -96), (-w * 0.36, -106)), cloth.light, 13
    )
    marks += shape(brim, cloth.base, cloth.line)
    return _on_top(species, marks, pose)


def crown(species: Species, cloth: Cloth, pose: Pose) -> str:
    w = species.hat[0] * 0.7
    d = trace(
        "M",
        (-w, 14),
        "L",
        (-w * 1.16, -88),
        "L",
        (-w * 0.56, -42),
        "L",
        (0, -112),
        "L",
        (w * 0.56, -42),
        "L",
        (w * 1.16, -88),
        "L",
        (w, 14),
        "Q0 42",
        (-w, 14),
        "Z",
    )
    shade = trace(
        "M",
        (w * 0.5, -34),
        "L",
        (w * 1.08, -74),
        "L",
        (w * 0.94, 12),
        "Q",
        (w * 0.7, 24),
        (w * 0.4, 28),
        "Z",
    )
    rim = trace("M", (-w * 0.98, -8), "Q0 20", (w * 0.98, -8))
    marks = shape(d, cloth.base, cloth.line) + fill(shade, cloth.shade)
    marks += stroke(rim, cloth.deep, 8)
    for x, y in ((-1.16, -94), (0, -120), (1.16, -94)):
        marks += shape(ellipse(w * x, y, 14, 14), cloth.light, cloth.line, 9)
    for x, y, paint in ((-0.52, -10, "#3f8cf2"), (0, -14, "#e8455a"), (0.52, -10, "#3f8cf2")):
        marks += shape(ellipse(w * x, y, 12, 14), paint, cloth.line, 6)
    return _on_top(species, marks, pose)


def cap(species: Species, cloth: Cloth, pose: Pose) -> str:
    w = species.hat[0] * 0.86
    dome = smooth(
        mirror(((0, -104), (w * 0.56, -88), (w * 0.94, -30), (w, 24, 0.2), (w * 0.5, 26), (0, 28)))
    )
    side = trace(
        "M",
        (w * 0.4, -94),
        "Q",
        (w * 0.96, -60),
        (w * 0.94, 20),
        "L",
        (w * 0.66, 24),
        "Q",
        (w * 0.7, -50),
        (w * 0.4, -94),
        "Z",
    )
    brim = smooth(
        (
            (-w * 1.02, 10, 0.4),
            (-w * 0.5, -8),
            (0, -14),
            (w * 0.5, -8),
            (w * 1.02, 10, 0.4),
            (w * 1.1, 48),
            (w * 0.5, 46),
            (0, 40),
            (-w * 0.5, 46),
            (-w * 1.1, 48),
        )
    )
    marks = shape(dome, cloth.base, cloth.line) + fill(side, cloth.shade)
    marks += stroke(trace("M0 -98Q", (-w * 0.1, -50), "0 -20"), cloth.shade, 8)
    marks += stroke(
        trace("M", (-w * 0.7, -36), "Q", (-w * 0.6, -66), (-w * 0.42, -78)), cloth.light, 13
    )
    marks += shape(ellipse(0, -104, 17, 11), cloth.deep, cloth.line, 9)
    marks += shape(brim, cloth.deep, cloth.line)
    return _on_top(species, marks, pose)


def beanie(species: Species, cloth: Cloth, pose: Pose) -> str:
    w = species.hat[0] * 0.9
    dome = smooth(mirror(((0, -122), (w * 0.6, -96), (w * 0.94, -30), (w, 20, 0.2), (0, 20))))
    side = trace(
        "M",
        (w * 0.4, -106),
        "Q",
        (w * 0.94, -70),
        (w * 0.94, 10),
        "L",
        (w * 0.62, 10),
        "Q",
        (w * 0.7, -60),
        (w * 0.4, -106),
        "Z",
    )
    cuff = smooth(
        (
            (-w * 1.04, -10, 0.7),
            (0, 4),
            (w * 1.04, -10, 0.7),
            (w * 1.06, 34, 0.7),
            (0, 52),
            (-w * 1.06, 34, 0.7),
        )
    )
    ribs = "".join(
        trace("M", (w * x, 8 - 10 * abs(x)), "L", (w * x * 1.02, 34 - 8 * abs(x)))
        for x in (-0.72, -0.36, 0, 0.36, 0.72)
    )
    pom = "".join(
        ellipse(26 * cos(k * pi / 3), -138 + 24 * sin(k * pi / 3), 19, 19) for k in range(6)
    )
    swing = f"rotate({num(pose.ear * 0.8)} 0 -110)"
    ball = stroke(pom, cloth.line, 2 * LINE) + fill(pom + ellipse(0, -138, 24, 24), cloth.light)
    marks = group(swing, ball) + shape(dome, cloth.base, cloth.line) + fill(side, cloth.shade)
    marks += stroke(
        trace("M", (-w * 0.66, -40), "Q", (-w * 0.56, -72), (-w * 0.4, -86)), cloth.light, 13
    )
    marks += shape(cuff, cloth.deep, cloth.line) + stroke(ribs, cloth.line, 6)
    return _on_top(species, marks, pose)


def wizard_hat(species: Species, cloth: Cloth, pose: Pose) -> str:
    w = species.hat[0] * 0.78
    flop = pose.ear * 1.6 + pose.trail
    cone = smooth(
        (
            (-w * 0.86, 8, 0.2),
            (-w * 0.5, -92),
            (-w * 0.16, -184),
            (40 + flop, -238),
            (92 + flop * 1.6, -222, 0.2),
            (w * 0.38 + flop * 0.3, -166),
            (w * 0.6, -84),
            (w * 0.86, 8, 0.2),
        )
    )
    shade = trace(
        "M",
        (w * 0.36, -150),
        "Q",
        (w * 0.56, -80),
        (w * 0.8, 0),
        "L",
        (w * 0.4, 12),
        "Q",
        (w * 0.34, -80),
        (w * 0.2, -150),
        "Z",
    )
    brim = smooth(
        (
            (-w * 1.5, 4),
            (-w * 0.8, -4),
            (0, 8),
            (w * 0.8, -4),
            (w * 1.5, 4),
            (w * 1.1, 36),
            (0, 52),
            (-w * 1.1, 36),
        )
    )
    marks = shape(cone, cloth.base, cloth.line) + fill(shade, cloth.shade)
    for x, y, size in ((-0.3, -62, 1.0), (0.14, -128, 0.72), (0.34, -46, 0.62)):
        star = "M0 -22L6.5 -8L21 -7L10 3L13 18L0 10L-13 18L-10 3L-21 -7L-6.5 -8Z"
        marks += group(f"translate({num(w * x)} {num(y)}) scale({size})", fill(star, "#ffd95a"))
    marks += shape(
        trace(
            "M",
            (-w * 0.88, -6),
            "Q0 16",
            (w * 0.88, -6),
            "L",
            (w * 0.8, -30),
            "Q0 -10",
            (-w * 0.8, -30),
            "Z",
        ),
        cloth.deep,
        cloth.line,
        8,
    )
    return _on_top(species, marks + shape(brim, cloth.base, cloth.line), pose)


def party_hat(species: Species, cloth: Cloth, pose: Pose) -> str:
    w = species.hat[0] * 0.5
    marks = shape(
        trace("M", (-w, 16), "L0 -158L", (w, 16), "Q0 44", (-w, 16), "Z"), cloth.base, cloth.line
    )
    for low in (0.08, 0.42):
        a, b = w * 0.93 * (1 - low), w * 0.93 * (0.84 - low)
        y, z = 20 - 174 * low, 20 - 174 * (low + 0.16)
        sag = 26 * (1 - low)
        upper = ("L", (b, z), "Q", (0, z + sag * 0.85), (-b, z), "Z")
        marks += fill(trace("M", (-a, y), "Q", (0, y + sag), (a, y), *upper), cloth.light)
    marks += shape(ellipse(0, -164, 25, 25), cloth.deep, cloth.line)
    return _on_top(species, marks, pose)


def _on_top(species: Species, marks: str, pose: Pose) -> str:
    """Set on the crown of the head, tipped a little, lifted by a jump."""
    y = species.hat[1] - 8 - pose.lift * 8
    return group(f"translate({num(pose.turn * 8)} {num(y)}) rotate(-4)", marks)
