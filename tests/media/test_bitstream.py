"""Bits to bytes and back, for whatever bits there are."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.media.bitstream import Reader, bits_of, escaped, unescaped, unit_of

BITS = st.text(alphabet="01", max_size=200)
# Long rows of zeros and threes, which arbitrary bytes have too rarely.
BYTES = st.lists(st.sampled_from([0, 0, 0, 1, 2, 3, 4, 255]), max_size=40).map(bytes)
START_CODE = re.compile(rb"\x00\x00[\x00-\x02]")

drawn = settings(deadline=None, database=None)


def golomb(number: int) -> str:
    """An unsigned Exp-Golomb number, as Table 9-2 of H.265 writes it."""
    binary = f"{number + 1:b}"
    return "0" * (len(binary) - 1) + binary


@drawn
@given(BITS)
def test_bits_come_back(bits: str) -> None:
    assert bits_of(unit_of(bits)) == bits


@drawn
@given(BYTES | st.binary(max_size=40))
def test_bytes_come_back_and_hold_no_start_code(payload: bytes) -> None:
    assert unescaped(escaped(payload)) == payload
    assert not START_CODE.search(escaped(payload))


@drawn
@given(st.lists(st.integers(0, 1 << 40), max_size=8))
def test_numbers_come_back(numbers: list[int]) -> None:
    reader = Reader("".join(map(golomb, numbers)))
    assert [reader.golomb() for _ in numbers] == numbers
    assert reader.at == len(reader.bits)


@drawn
@given(st.lists(st.tuples(st.integers(0, 32), st.integers(0)), max_size=8))
def test_numbers_of_fixed_width_come_back(pairs: list[tuple[int, int]]) -> None:
    fixed = [(width, number % (1 << width)) for width, number in pairs]
    reader = Reader("".join(f"{number:0{width}b}" if width else "" for width, number in fixed))
    assert [reader.number(width) for width, _ in fixed] == [number for _, number in fixed]


def test_what_is_not_there_is_not_read() -> None:
    with pytest.raises(ValueError, match="cut off"):
        Reader("101").number(4)
    with pytest.raises(ValueError, match="cut off"):
        Reader("0000").golomb()
    with pytest.raises(ValueError, match="cut off"):
        Reader("0001").golomb()
    with pytest.raises(ValueError, match="stop bit"):
        bits_of(bytes(3))


@pytest.mark.parametrize(("at", "then"), [(0, 0), (1, 8), (7, 8), (8, 8), (9, 16)])
def test_whole_bytes_are_found(at: int, then: int) -> None:
    reader = Reader("1" * 16)
    reader.number(at)
    reader.align()
    assert reader.at == then
