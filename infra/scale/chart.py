"""The oldest in each queue, minute by minute, as a picture."""

from collections.abc import Sequence
from html import escape
from math import ceil
from typing import Final

from infra.scale.simulation import Simulation

WIDTH: Final = 400
HEIGHT: Final = 240
LEFT, TOP, GAP, BOTTOM = 56, 48, 84, 76
COLOURS: Final = ("#b3541e", "#2a6f97", "#7a5195", "#3a7d44", "#c9184a", "#555555")


def oldest(simulation: Simulation) -> dict[str, list[float]]:
    """By queue and by what a provider makes: for how many minutes that had waited, at each full
    minute, which had waited longest."""
    minutes = ceil(simulation.now / 60)
    found = {name: [0.0] * minutes for name in simulation.ages()}
    for name, ages in simulation.ages().items():
        for since, age in ages:
            for minute in range(ceil(since / 60), min(minutes, ceil((since + age) / 60))):
                found[name][minute] = max(found[name][minute], minute - since / 60)
    return {name: values for name, values in found.items() if any(values)}


def draw(panels: Sequence[tuple[str, Simulation]]) -> str:
    """An SVG with one panel beside the other, each with a scale of age of its own."""
    series = [(title, oldest(simulation)) for title, simulation in panels]
    names = sorted({name for _, found in series for name in found})
    colour = {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(names)}
    width = LEFT + len(panels) * (WIDTH + GAP) - GAP + 24
    height = TOP + HEIGHT + BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="Helvetica, Arial, sans-serif" font-size="12" '
        'fill="#333333">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for place, (title, found) in enumerate(series):
        parts += _panel(LEFT + place * (WIDTH + GAP), title, found, colour)
    for place, name in enumerate(names):
        x, y = LEFT + place * 110, TOP + HEIGHT + 58
        parts.append(f'<rect x="{x}" y="{y - 9}" width="18" height="4" fill="{colour[name]}"/>')
        parts.append(f'<text x="{x + 24}" y="{y - 3}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(
    left: int, title: str, found: dict[str, list[float]], colour: dict[str, str]
) -> list[str]:
    top = max((max(values) for values in found.values()), default=0.0)
    step = _step(top)
    most = step * max(1, -(-top // step))
    minutes = max((len(values) for values in found.values()), default=60)
    parts = [f'<text x="{left}" y="{TOP - 18}" font-size="14">{escape(title)}</text>']
    ticks = round(most / step)
    for tick in range(ticks + 1):
        y = TOP + HEIGHT * (1 - tick / ticks)
        parts.append(
            f'<path d="M{left} {y:.1f}h{WIDTH}" stroke="#dddddd" stroke-width="1"/>'
            f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{tick * step:g}</text>'
        )
    for minute in range(0, minutes + 1, 10):
        x = left + WIDTH * minute / minutes
        y = TOP + HEIGHT + 18
        parts.append(f'<text x="{x:.1f}" y="{y}" text-anchor="middle">{minute}</text>')
    parts.append(
        f'<text x="{left + WIDTH}" y="{TOP + HEIGHT + 34}" text-anchor="end">minute; '
        "up: age of the oldest in minutes</text>"
    )
    for name, values in found.items():
        points = " ".join(
            f"{left + WIDTH * minute / minutes:.1f},{TOP + HEIGHT * (1 - value / most):.1f}"
            for minute, value in enumerate(values)
        )
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour[name]}" stroke-width="2"/>'
        )
    return parts


def _step(most: float) -> float:
    """A round distance of about four lines."""
    step = 0.01
    while True:
        for factor in (1, 2, 5):
            if most <= 4 * step * factor:
                return step * factor
        step *= 10
