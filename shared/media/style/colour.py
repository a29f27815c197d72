"""Colour as the eye tells it apart: CIE Lab, CIEDE2000 and everyday names."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Lab = NDArray[np.float32]
"""(…, 3): L* 0 to 100, a* and b* about ±128, D65."""

_TABLE = """
black 000000  charcoal 36393f  dark grey 555555  grey 808080  light grey bfbfbf
pale grey e4e4e4  white ffffff  ivory fffbea  cream fff0d2  beige e8d8b8  tan d2b48c
brown 8a5635  dark brown 4f3020  reddish brown 7a3b22  chestnut 954535  black brown 2a1a14
red dc2f35  dark red 8b1a1a  crimson c2185b  brick b04a3a  salmon fa8072  pale pink f9cfd6
pink ff9ebb  hot pink f0609e  magenta e0399e  maroon 5a1220
orange f57f22  dark orange d2601a  amber ffb300  peach ffc79e  coral ff7f6a
yellow ffd83f  pale yellow fff3a0  gold e0b020  mustard b8901c  olive 7f7a2a
lime 9be04a  pale green bfecb0  green 3fae4a  dark green 1f6a33  forest green 0e3d20
mint 8fe8c0  teal 14999c  dark teal 0b5a5e  cyan 2cc9e0  pale cyan c4f0f5
sky blue 7ec3f5  light blue b0d4f4  blue 2f6fe4  dark blue 1a3fa0  navy 152050
slate 5b6b8c  indigo 4b2fa0  purple 8a4fd3  dark purple 4a2170  lavender cdbcf5
lilac c8a2d8  plum 7d3f78  violet a05ae8  midnight 14141f
"""


def parse(text: str) -> tuple[int, int, int]:
    """`rrggbb` as three bytes."""
    return int(text[:2], 16), int(text[2:4], 16), int(text[4:6], 16)


def to_lab(rgb: NDArray[np.uint8]) -> Lab:
    """sRGB bytes (…, 3) to CIE Lab."""
    flat = (rgb.reshape(-1, 1, 3).astype(np.float32)) / 255
    return cv2.cvtColor(flat, cv2.COLOR_RGB2Lab).reshape(rgb.shape).astype(np.float32)


def to_hex(lab: Floats) -> str:
    """One Lab colour (3,) as `#rrggbb`."""
    rgb = cv2.cvtColor(np.asarray(lab, np.float32).reshape(1, 1, 3), cv2.COLOR_Lab2RGB)
    red, green, blue = np.clip(np.rint(rgb.reshape(3) * 255), 0, 255).astype(int)
    return f"#{red:02x}{green:02x}{blue:02x}"


def delta_e(first: Floats, second: Floats) -> NDArray[np.float64]:
    """CIEDE2000 of Lab colours (…, 3), broadcast against each other; 1 is just noticeable.

    G. Sharma, W. Wu, E. N. Dalal, "The CIEDE2000 color-difference formula: implementation notes,
    supplementary test data, and mathematical observations", Color Research & Application 30 (1),
    2005, equations 2 to 22, with kL = kC = kH = 1.
    """
    l1, a1, b1 = np.moveaxis(np.asarray(first, np.float64), -1, 0)
    l2, a2, b2 = np.moveaxis(np.asarray(second, np.float64), -1, 0)
    mean7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    stretch = 1.5 - 0.5 * np.sqrt(mean7 / (mean7 + 25.0**7))
    a1, a2 = a1 * stretch, a2 * stretch
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360

    is_grey = c1 * c2 == 0
    turn = np.where(is_grey, 0.0, (h2 - h1 + 180) % 360 - 180)
    # Opposite hues: the formula takes +180 where the remainder above gives −180.
    turn = np.where((turn == -180) & (h2 > h1), 180.0, turn)
    hue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn) / 2)

    level, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    total, is_far = h1 + h2, np.abs(h1 - h2) > 180
    mean = np.where(is_far, np.where(total < 360, total + 360, total - 360), total) / 2
    mean = np.where(is_grey, total, mean)
    weight = (
        1
        - 0.17 * np.cos(np.radians(mean - 30))
        + 0.24 * np.cos(np.radians(2 * mean))
        + 0.32 * np.cos(np.radians(3 * mean + 6))
        - 0.20 * np.cos(np.radians(4 * mean - 63))
    )
    off = (level - 50) ** 2
    light = (l2 - l1) / (1 + 0.015 * off / np.sqrt(20 + off))
    rich = (c2 - c1) / (1 + 0.045 * chroma)
    hue = hue / (1 + 0.015 * chroma * weight)
    seven = chroma**7
    twist = -2 * np.sqrt(seven / (seven + 25.0**7))
    twist = twist * np.sin(np.radians(60 * np.exp(-(((mean - 275) / 25) ** 2))))
    squared = light**2 + rich**2 + hue**2 + twist * rich * hue
    return np.asarray(np.sqrt(np.maximum(squared, 0)), np.float64)


def name(lab: Floats) -> str:
    """The nearest everyday name of a Lab colour (3,)."""
    return _NAMES[int(np.argmin(delta_e(lab, _NAMED)))]


def _read_table() -> tuple[list[str], Lab]:
    entries = [entry.rsplit(" ", 1) for line in _TABLE.split("\n") for entry in line.split("  ")]
    pairs = [entry for entry in entries if len(entry) == 2]
    rgb = np.array([parse(code) for _, code in pairs], np.uint8)
    return [word for word, _ in pairs], to_lab(rgb)


_NAMES, _NAMED = _read_table()
