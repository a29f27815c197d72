"""CIEDE2000 against published pairs, by both of its implementations, and the names of colours."""

import numpy as np
import pytest

from shared.character.likeness import ciede2000
from shared.character.likeness import to_lab as to_lab_of_hex
from shared.media.style.colour import delta_e, name, parse, to_hex, to_lab

# Sharma, Wu, Dalal 2005, table 1: L* a* b* of two colours, and their difference.
PAIRS = (
    (50, 2.6772, -79.7751, 50, 0, -82.7485, 2.0425),
    (50, 3.1571, -77.2803, 50, 0, -82.7485, 2.8615),
    (50, 2.8361, -74.0200, 50, 0, -82.7485, 3.4412),
    (50, -1.3802, -84.2814, 50, 0, -82.7485, 1.0000),
    (50, 0, 0, 50, -1, 2, 2.3669),
    (50, 2.4900, -0.0010, 50, -2.4900, 0.0009, 7.1792),
    (50, 2.4900, -0.0010, 50, -2.4900, 0.0011, 7.2195),
    (50, -0.0010, 2.4900, 50, 0.0009, -2.4900, 4.8045),
    (50, -0.0010, 2.4900, 50, 0.0011, -2.4900, 4.7461),
    (50, 2.5, 0, 50, 0, -2.5, 4.3065),
    (50, 2.5, 0, 73, 25, -18, 27.1492),
    (50, 2.5, 0, 61, -5, 29, 22.8977),
    (50, 2.5, 0, 56, -27, -3, 31.9030),
    (50, 2.5, 0, 58, 24, 15, 19.4535),
    (50, 2.5, 0, 50, 3.1736, 0.5854, 1.0000),
    (60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644),
    (63.0109, -31.0961, -5.8663, 62.8187, -29.7946, -4.0864, 1.2630),
    (35.0831, -44.1164, 3.7933, 35.0232, -40.0716, 1.5901, 1.8645),
    (22.7233, 20.0904, -46.6940, 23.0331, 14.9730, -42.5619, 2.0373),
    (90.8027, -2.0831, 1.4410, 91.1528, -1.6435, 0.0447, 1.4441),
    (6.7747, -0.2908, -2.4247, 5.8714, -0.0985, -2.2286, 0.6377),
    (2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082),
)


def test_the_published_differences() -> None:
    table = np.array(PAIRS)
    found = delta_e(table[:, :3], table[:, 3:6])
    np.testing.assert_allclose(found, table[:, 6], atol=1e-4)
    np.testing.assert_allclose(delta_e(table[:, 3:6], table[:, :3]), table[:, 6], atol=1e-4)


@pytest.mark.parametrize("pair", PAIRS)
def test_one_pair_at_a_time(pair: tuple[float, ...]) -> None:
    l1, a1, b1, l2, a2, b2, expected = pair
    assert ciede2000((l1, a1, b1), (l2, a2, b2)) == pytest.approx(expected, abs=1e-4)


def test_many_against_one() -> None:
    some = np.array([[50, 0, 0], [50, -1, 2], [60, 10, 10]], float)
    assert delta_e(some[:, None], some[None]).shape == (3, 3)
    assert (np.diag(delta_e(some[:, None], some[None])) == 0).all()


@pytest.mark.parametrize("code", ["#f57f22", "#2f6fe4", "#14141f", "#ffffff", "#3fae4a"])
def test_lab_there_and_back(code: str) -> None:
    lab = to_lab(np.array(parse(code[1:]), np.uint8))
    assert to_hex(lab) == code
    assert to_lab_of_hex(code) == pytest.approx(lab.tolist(), abs=0.3)


@pytest.mark.parametrize(
    ("code", "word"),
    [("2f6fe0", "blue"), ("3fae4a", "green"), ("f57f22", "orange"), ("fbfbfb", "white")],
)
def test_everyday_names(code: str, word: str) -> None:
    assert name(to_lab(np.array(parse(code), np.uint8))) == word
