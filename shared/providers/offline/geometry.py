"""Points, affine maps and the path strings that figures are made of; y grows downwards."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import atan2, cos, degrees, hypot, radians, sin

Point = tuple[float, float]
Node = tuple[float, ...]
"""x, y and, if the outline should not run smoothly there, a roundness below 1 (0 is a corner)."""


@dataclass(frozen=True, slots=True)
class Affine:
    """x' = a·x + c·y + e and y' = b·x + d·y + f, as SVG's `matrix(a b c d e f)`."""

    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 1.0
    e: float = 0.0
    f: float = 0.0

    def __call__(self, point: Point) -> Point:
        x, y = point
        return self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f

    def __matmul__(self, inner: "Affine") -> "Affine":
        """The map that applies `inner` first."""
        e, f = self((inner.e, inner.f))
        return Affine(
            self.a * inner.a + self.c * inner.b,
            self.b * inner.a + self.d * inner.b,
            self.a * inner.c + self.c * inner.d,
            self.b * inner.c + self.d * inner.d,
            e,
            f,
        )

    @property
    def svg(self) -> str:
        return "matrix({})".format(
            " ".join(f"{v:.4f}" for v in (self.a, self.b, self.c, self.d, self.e, self.f))
        )


def move(x: float, y: float) -> Affine:
    return Affine(e=x, f=y)


def turn(angle: float, about: Point = (0.0, 0.0)) -> Affine:
    """A turn by degrees, clockwise on the screen."""
    x, y = about
    c, s = cos(radians(angle)), sin(radians(angle))
    return Affine(c, s, -s, c, x - c * x + s * y, y - s * x - c * y)


def stretch(sx: float, sy: float, about: Point = (0.0, 0.0)) -> Affine:
    x, y = about
    return Affine(sx, 0.0, 0.0, sy, x * (1 - sx), y * (1 - sy))


def num(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def at(point: Iterable[float]) -> str:
    return " ".join(map(num, point))


def trace(*parts: str | Iterable[float]) -> str:
    """A path from its letters and, after each letter, its points."""
    return "".join(part if isinstance(part, str) else f" {at(part)} " for part in parts)


def mirror(half: Sequence[Node]) -> tuple[Node, ...]:
    """A whole outline from its right half, listed from the top to the bottom."""
    back = tuple((-node[0], *node[1:]) for node in reversed(half) if abs(node[0]) > 0.01)
    return (*half, *back)


def flip(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """The same nodes on the other side."""
    return tuple((-node[0], *node[1:]) for node in nodes)


def smooth(nodes: Sequence[Node], *, closed: bool = True) -> str:
    """A path through the nodes whose tangents follow the neighbours, as cubic Béziers."""
    count = len(nodes)
    tangents: list[Point] = []
    for index, node in enumerate(nodes):
        before = nodes[index - 1 if closed else max(index - 1, 0)]
        after = nodes[(index + 1) % count if closed else min(index + 1, count - 1)]
        dx, dy = after[0] - before[0], after[1] - before[1]
        reach = hypot(dx, dy) or 1.0
        round_ = node[2] if len(node) > 2 else 1.0
        tangents.append((dx / reach * round_, dy / reach * round_))
    parts = [f"M{at(nodes[0][:2])}"]
    for index in range(count if closed else count - 1):
        following = (index + 1) % count
        start, end = nodes[index], nodes[following]
        handle = 0.36 * hypot(end[0] - start[0], end[1] - start[1])
        (ux, uy), (vx, vy) = tangents[index], tangents[following]
        one = (start[0] + ux * handle, start[1] + uy * handle)
        two = (end[0] - vx * handle, end[1] - vy * handle)
        parts.append(f"C{at((*one, *two, end[0], end[1]))}")
    return "".join(parts) + ("Z" if closed else "")


def ellipse(x: float, y: float, rx: float, ry: float, tilt: float = 0.0) -> str:
    c, s = cos(radians(tilt)) * rx, sin(radians(tilt)) * rx
    arc = f"A{num(rx)} {num(ry)} {num(tilt)} 1 1 "
    return f"M{at((x - c, y - s))}{arc}{at((x + c, y + s))}{arc}{at((x - c, y - s))}Z"


def bezier(start: Point, control: Point, end: Point, count: int) -> list[Point]:
    """`count` points along a quadratic curve."""
    points = []
    for index in range(count):
        t = index / (count - 1)
        u = 1 - t
        points.append(
            (
                u * u * start[0] + 2 * u * t * control[0] + t * t * end[0],
                u * u * start[1] + 2 * u * t * control[1] + t * t * end[1],
            )
        )
    return points


def heading(start: Point, end: Point) -> float:
    """Degrees to turn something that points up so that it points from start to end."""
    return degrees(atan2(end[0] - start[0], start[1] - end[1]))


@dataclass(frozen=True, slots=True)
class Limb:
    """A tapering tube along a centreline: an arm, a leg, a tail, the end of a scarf."""

    centre: Sequence[Point]
    widths: Sequence[float]

    def sides(self) -> tuple[list[Point], list[Point]]:
        """The points of both edges, from the root to the tip."""
        left, right = [], []
        last = len(self.centre) - 1
        for index, (x, y) in enumerate(self.centre):
            ax, ay = self.centre[max(index - 1, 0)]
            bx, by = self.centre[min(index + 1, last)]
            size = hypot(bx - ax, by - ay) or 1.0
            nx, ny = (by - ay) / size, (ax - bx) / size
            half = self.widths[index] / 2
            left.append((x + nx * half, y + ny * half))
            right.append((x - nx * half, y - ny * half))
        return left, right

    def edge(self) -> str:
        """The outline, open at the root so that the limb grows out of what it hangs on."""
        left, right = self.sides()
        tip = self.widths[-1] / 2
        back = smooth(right[::-1], closed=False)[1:]
        cap = f"A{num(tip)} {num(tip)} 0 0 1 " if tip > 1 else "L"
        return smooth(left, closed=False) + cap + back

    def area(self) -> str:
        return self.edge() + "Z"

    def inset(self, dx: float, dy: float, share: float) -> "Limb":
        """A thinner limb inside this one, pushed to one side: the lit part of it."""
        return Limb(
            [(x + dx, y + dy) for x, y in self.centre], [width * share for width in self.widths]
        )
