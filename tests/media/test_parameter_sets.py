"""Parameter sets as x265 wrote them, and as they should be; and the same with all else drawn."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.media.bitstream import bits_of, unit_of
from shared.media.parameter_sets import corrected, is_full_range, scalability
from tests.media.test_bitstream import golomb

# Of a film of 128² at the usual quality.
VPS = (
    "40010c11ffff01600000030090000003000003001e959815bf1e"
    "1800010704383808000004fc400000030000f4680400040500514acd48"
)
VPS_BY_AUX_ID = (
    "40010c11ffff01600000030090000003000003001e959815bf1e"
    "080008304383808000004fc400000300000f4680400040500514acd480"
)
SPS = "42010101600000030090000003000003001ea0102020596566924cae6a02020208000003000800000300c040"
SPS_OF_ALPHA = "42090101600000030090000003000003001e48040808165959a4932b9a8080808040"
SPS_OF_ALPHA_FULL = "42090101600000030090000003000003001e48040808165959a4932b9b8080808040"
PPS, SEI = "4401c172b42240", "4e01a50400007f9080"

PROFILE = "00000001" + "0" * 80 + "00011110"
drawn = settings(deadline=None, database=None)


def vps(
    mask: Sequence[int], dimensions: Sequence[tuple[int, int]], layer_id: str = "", rest: str = ""
) -> bytes:
    """A VPS of two layers: the bits of the mask, the width and value of each dimension, the bits of
    the second layer's number if they are written, and what follows."""
    bits = f"{32 << 9 | 1:016b}" + "000011" + "000001" + "000" + "1" + "1" * 16 + PROFILE
    bits += "1" + golomb(4) + golomb(2) + golomb(5)
    bits += "000001" + golomb(1) + "11" + "0" + "1"
    bits += "1" * (-len(bits) % 8) + "00011110" + "0"
    bits += "".join(str(int(bit in mask)) for bit in range(16))
    bits += "".join(f"{width - 1:03b}" for width, _ in dimensions)
    bits += f"1{layer_id}" if layer_id else "0"
    bits += "".join(f"{value:0{width}b}" for width, value in dimensions)
    return unit_of(bits + rest)


def test_golden_sets_are_corrected() -> None:
    found = {of: corrected(bytes.fromhex(of)).hex() for of in (VPS, SPS, SPS_OF_ALPHA, PPS, SEI)}
    assert found == {
        VPS: VPS_BY_AUX_ID,
        SPS: SPS,
        SPS_OF_ALPHA: SPS_OF_ALPHA_FULL,
        PPS: PPS,
        SEI: SEI,
    }


def test_what_is_right_stays() -> None:
    for right in (VPS_BY_AUX_ID, SPS_OF_ALPHA_FULL):
        assert corrected(bytes.fromhex(right)).hex() == right


def test_fields_are_read() -> None:
    assert scalability(bytes.fromhex(VPS)) == (2, 3)
    assert scalability(bytes.fromhex(VPS_BY_AUX_ID)) == (3,)
    assert not is_full_range(bytes.fromhex(SPS))
    assert not is_full_range(bytes.fromhex(SPS_OF_ALPHA))
    assert is_full_range(bytes.fromhex(SPS_OF_ALPHA_FULL))


@st.composite
def dimension(draw: st.DrawFn) -> tuple[int, int]:
    width = draw(st.integers(1, 8))
    return width, draw(st.integers(0, (1 << width) - 1))


@drawn
@given(dimension(), dimension(), st.none() | st.integers(0, 63), st.text("01", max_size=200))
def test_only_the_dimension_that_is_too_many_goes(
    dependency: tuple[int, int], auxiliary: tuple[int, int], layer: int | None, rest: str
) -> None:
    """One bit, one length and one value; whatever stands around them stays, bit by bit."""
    layer_id = "" if layer is None else f"{layer:06b}"
    before = vps((2, 3), (dependency, auxiliary), layer_id, rest)
    assert corrected(before) == vps((3,), (auxiliary,), layer_id, rest)


@drawn
@given(st.sets(st.integers(0, 15)).filter(lambda mask: sorted(mask) not in ([3], [2, 3])))
def test_other_dimensions_are_not_touched(mask: set[int]) -> None:
    """Those of views, say, have a meaning of their own further on in the VPS."""
    with pytest.raises(ValueError, match="layers that differ by the dimensions"):
        corrected(vps(sorted(mask), [(1, 1)] * len(mask)))


@drawn
@given(st.integers(0, len(bits_of(bytes.fromhex(SPS_OF_ALPHA))) - 1))
def test_a_set_that_is_cut_off_is_refused(length: int) -> None:
    """Wherever it ends before the flag; behind it, nothing is looked at."""
    bits = bits_of(bytes.fromhex(SPS_OF_ALPHA))[:length]
    if length > 207:
        assert not is_full_range(unit_of(bits))
    else:
        with pytest.raises(ValueError, match=r"cut off|parameter set with"):
            is_full_range(unit_of(bits))


@drawn
@given(st.binary(min_size=2, max_size=80))
def test_whatever_comes_is_understood_or_refused(noise: bytes) -> None:
    for header in (b"\x40\x01", b"\x42\x09"):
        try:
            again = corrected(header + noise)
        except ValueError:
            continue
        assert corrected(again) == again
