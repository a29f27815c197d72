"""ICC profiles of three primaries, a white point and a curve."""

import struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

Chromaticity = tuple[float, float]
Chromaticities = tuple[Chromaticity, Chromaticity, Chromaticity, Chromaticity]
"""The x and y of red, green, blue and white."""

BT709: Final[Chromaticities] = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060), (0.3127, 0.3290))
"""Also those of sRGB."""
D50: Final = (0.9642, 1.0, 0.8249)
"""The white of every profile (ICC.1:2022, 6.3.4.3)."""
BRADFORD: Final = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
"""The cones by which colours are adapted to another white (the same, annex E)."""
SRGB_CURVE: Final = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
"""Of IEC 61966-2-1, as the parameters g, a, b, c and d of a curve of type 3."""


def matrix_profile(colours: Chromaticities, power: float | None) -> bytes:
    """An ICC profile (version 4, for a display) of primaries and a curve: a power, or None for that
    of sRGB. Raises ValueError or ArithmeticError for what no display could have."""
    curve = struct.pack(">4s4xHxx", b"para", 3 if power is None else 0) + _fixed(
        *(SRGB_CURVE if power is None else (power,))
    )
    tags = {
        **dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), map(_xyz, _adapted(colours).T), strict=True)),
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve),
        b"wtpt": _xyz(np.array(D50)),
    }
    table, data = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        table += struct.pack(">4sII", name, start + len(data), len(content))
        data += content
    head = struct.pack(
        ">I4xI4s4s4s12x4s28x", start + len(data), 0x04400000, b"mntr", b"RGB ", b"XYZ ", b"acsp"
    )
    return (head + _fixed(*D50)).ljust(128, b"\0") + table + data


def _adapted(colours: Chromaticities) -> NDArray[np.float64]:
    """The primaries as XYZ, one in a column, adapted to D50."""
    if any(y <= 0 for _, y in colours):
        raise ValueError("a colour without light")
    points = np.array([(x / y, 1.0, (1 - x - y) / y) for x, y in colours]).T
    primaries, white = points[:, :3], points[:, 3]
    try:
        lit = primaries * np.linalg.solve(primaries, white)
    except np.linalg.LinAlgError as error:
        raise ValueError("the primaries are on one line") from error
    gain = (BRADFORD @ D50) / (BRADFORD @ white)
    adapted: NDArray[np.float64] = np.linalg.inv(BRADFORD) @ np.diag(gain) @ BRADFORD @ lit
    return adapted


def _xyz(point: NDArray[np.float64]) -> bytes:
    return struct.pack(">4s4x", b"XYZ ") + _fixed(*point)


def _fixed(*numbers: float) -> bytes:
    """As s15Fixed16Number."""
    try:
        return struct.pack(f">{len(numbers)}i", *(round(number * 65536) for number in numbers))
    except struct.error as error:
        raise ValueError("a number that no profile can hold") from error
