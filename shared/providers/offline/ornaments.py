"""What sits on or beside a head without covering it, in head units."""

from itertools import pairwise
from math import cos, pi, sin

from shared.providers.offline.cloth import Cloth
from shared.providers.offline.geometry import ellipse, flip, num, smooth, trace
from shared.providers.offline.ink import LINE, fill, group, shape, stroke
from shared.providers.offline.pose import Pose
from shared.providers.offline.species import Species


def halo(species: Species, cloth: Cloth, pose: Pose) -> str:
    top = min(node[1] for node in species.head) - 62 - pose.head_y
    ring = ellipse(0, top, 92, 24)
    glint = trace("M", (-70, top - 14), "Q", (-50, top - 24), (-18, top - 27))
    return (
        stroke(ring, cloth.line, 21 + 2 * LINE * 0.8)
        + stroke(ring, cloth.base, 21)
        + stroke(glint, cloth.light, 8)
    )


def bow(species: Species, cloth: Cloth, pose: Pose) -> str:
    wing = ((10, -12, 0.5), (58, -46, 0.6), (86, -22), (80, 30), (52, 44, 0.6), (10, 12, 0.5))
    marks = "".join(shape(smooth(n), cloth.base, cloth.line) for n in (wing, flip(wing)))
    marks += fill("M20 10L54 36L72 24L74 4Z", cloth.shade) + fill(
        "M-20 10L-54 36L-72 24L-74 4Z", cloth.shade
    )
    marks += stroke("M28 -6L50 -18M-28 -6L-50 -18", cloth.deep, 7)
    marks += shape(ellipse(0, 0, 22, 25), cloth.base, cloth.line) + fill(
        ellipse(-6, -8, 8, 7), cloth.light
    )
    w, y = species.hat
    return group(f"translate({num(-w * 0.78)} {num(y - 14)}) rotate({num(-24 + pose.ear)})", marks)


def flower(species: Species, cloth: Cloth, pose: Pose) -> str:
    petals = "".join(
        ellipse(33 * cos(2 * pi * k / 5 - pi / 2), 33 * sin(2 * pi * k / 5 - pi / 2), 24, 24)
        for k in range(5)
    )
    marks = stroke(petals, cloth.line, 2 * LINE * 0.8) + fill(petals, cloth.base)
    for k in range(5):
        x, y = cos(2 * pi * k / 5 - pi / 2), sin(2 * pi * k / 5 - pi / 2)
        marks += stroke(trace("M", (22 * x, 22 * y), "L", (33 * x, 33 * y)), cloth.shade, 7)
    marks += shape(ellipse(0, 0, 18, 18), "#ffcf4a", cloth.line, 8)
    w, y = species.hat
    return group(f"translate({num(-w * 0.82)} {num(y - 4)}) rotate({num(-10 + pose.ear)})", marks)


def headphones(species: Species, cloth: Cloth, pose: Pose) -> str:
    top = min(node[1] for node in species.head if node[0] < 60) - 8
    y = species.eye.y + 8 if species.bodiless else 8.0
    w = half_width(species, y) + 6
    high = top - (y - top) * 0.28
    band = trace("M", (-w - 4, y), "C", (-w * 0.98, high), (w * 0.98, high), (w + 4, y))
    marks = stroke(band, cloth.line, 26 + 2 * LINE * 0.8) + stroke(band, cloth.deep, 26)
    tall = y - top
    glint = trace(
        "M",
        (-w * 0.76, y - tall * 0.62),
        "Q",
        (-w * 0.58, y - tall * 0.86),
        (-w * 0.34, y - tall * 0.95),
    )
    marks += stroke(glint, cloth.light, 8)
    for side in (-1, 1):
        x = side * (w + 2)
        marks += shape(ellipse(x - side * 16, y + 6, 26, 58), cloth.deep, cloth.line)
        marks += shape(ellipse(x + side * 8, y + 6, 34, 64), cloth.base, cloth.line)
        marks += fill(ellipse(x + side * 8 - 9, y - 20, 9, 24, 8), cloth.light)
    return marks


def glasses(species: Species, cloth: Cloth, pose: Pose) -> str:
    return _spectacles(species, cloth, '#ffffff" fill-opacity="0.22', 15)


def sunglasses(species: Species, cloth: Cloth, pose: Pose) -> str:
    eye = species.eye
    size = _lens(species)
    marks = _spectacles(species, cloth, cloth.base, 13)
    for side in (-1, 1):
        x = side * eye.x
        d = trace(
            "M", (x - size * 0.56, eye.y + size * 0.18), "L", (x + size * 0.1, eye.y - size * 0.56)
        )
        marks += stroke(d, "#ffffff", 13, ' stroke-opacity="0.55"')
        d = trace(
            "M", (x - size * 0.16, eye.y + size * 0.34), "L", (x + size * 0.3, eye.y - size * 0.18)
        )
        marks += stroke(d, "#ffffff", 7, ' stroke-opacity="0.4"')
    return marks


def _spectacles(species: Species, cloth: Cloth, lens: str, rim: float) -> str:
    eye = species.eye
    size = _lens(species)
    edge = half_width(species, eye.y) - 6
    marks = ""
    arms = "".join(
        trace(
            "M",
            (side * (eye.x + size), eye.y - 8),
            "L",
            (side * max(edge, eye.x + size), eye.y - 16),
        )
        for side in (-1, 1)
    )
    inner, low = eye.x - size, eye.y - 8
    bridge = trace("M", (-inner, low), "Q", (0, low - 18), (inner, low))
    marks += stroke(arms + bridge, cloth.base, rim)
    for side in (-1, 1):
        d = ellipse(side * eye.x, eye.y, size, size)
        marks += fill(d, lens) + stroke(d, cloth.base, rim)
        start = (side * eye.x - size * 0.78, eye.y - size * 0.6)
        corner = (side * eye.x - size * 0.6, eye.y - size * 0.82)
        shine = trace("M", start, "Q", corner, (side * eye.x - size * 0.36, eye.y - size * 0.92))
        marks += stroke(shine, cloth.light, rim * 0.4)
    return marks


def _lens(species: Species) -> float:
    eye = species.eye
    return min(max(eye.rx, eye.ry) * max(eye.whites, 1.0) * 1.12 + 14, eye.x - 9)


def half_width(species: Species, y: float) -> float:
    """How far the head reaches sideways at a height, from the corners of its outline."""
    nodes = species.head
    for upper, lower in pairwise(nodes):
        if upper[1] <= y <= lower[1]:
            share = (y - upper[1]) / max(lower[1] - upper[1], 1.0)
            return upper[0] + (lower[0] - upper[0]) * share
    return max(node[0] for node in nodes)
