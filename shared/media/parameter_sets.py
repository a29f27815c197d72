"""What the parameter sets of an HEVC film with alpha say of its layers, and what they should say.

x265 writes two things in another way than Apple's encoder does (`docs/7-alpha.md`), and has no
option for either:

- Its VPS tells the layers apart by DependencyId and by AuxId. The first is for a layer that refines
  another in size or quality, which alpha does not.
- Its SPS of the alpha layer has the range of the colours, which is limited. Alpha is 0 to 255.

Of the syntax (ITU-T H.265, 7.3.2.2, E.2.1, F.7.3.2.1) only what x265 writes for us is read, and
anything else is a `ValueError`: what is not understood must not be rewritten.
"""

from dataclasses import dataclass
from typing import Final

from shared.media.bitstream import Reader, bits_of, unit_of

VPS: Final = 32
SPS: Final = 33
ALPHA_LAYER: Final = 1

DEPENDENCY: Final = 2
"""The bit of the scalability mask for DependencyId."""
AUXILIARY: Final = 3
"""The bit of the scalability mask for AuxId, which is 1 for alpha."""
MASK_BITS: Final = 16

HEADER_BITS, PROFILE_BITS, LEVEL_BITS = 16, 88, 8


@dataclass(frozen=True, slots=True)
class Dimensions:
    """The layers' scalability in a VPS: which bits of the mask are set, by how many bits each is
    told (`widths`), what those of the second layer are (`values`), and where it stands (`start`,
    `end`)."""

    mask: tuple[int, ...]
    widths: tuple[int, ...]
    has_layer_id: bool
    layer_id: int
    values: tuple[int, ...]
    start: int
    end: int


def nal_type(unit: bytes) -> int:
    return unit[0] >> 1 & 0x3F


def layer_of(unit: bytes) -> int:
    return (unit[0] & 1) << 5 | unit[1] >> 3


def scalability(vps: bytes) -> tuple[int, ...]:
    """The bits of the scalability mask that are set; none where there is only one layer."""
    found = _dimensions(Reader(bits_of(vps)))
    return found.mask if found else ()


def is_full_range(sps: bytes) -> bool:
    """Whether the samples go from 0 to 255."""
    reader = Reader(bits_of(sps))
    return reader.bits[_range_flag(reader)] == "1"


def corrected(unit: bytes) -> bytes:
    """A NAL unit as Apple's encoder would have written it: in a VPS, AuxId alone tells the layers
    apart; the SPS of the alpha layer says full range. All else is left alone."""
    if nal_type(unit) == VPS:
        return _with_auxiliary_alone(unit)
    if nal_type(unit) == SPS and layer_of(unit) == ALPHA_LAYER:
        return _with_full_range(unit)
    return unit


def _with_auxiliary_alone(vps: bytes) -> bytes:
    bits = bits_of(vps)
    found = _dimensions(Reader(bits))
    if found is None or found.mask == (AUXILIARY,):
        return vps
    if found.mask != (DEPENDENCY, AUXILIARY):
        raise ValueError(f"layers that differ by the dimensions {found.mask}")
    # With one bit fewer in the mask there is one length and one value fewer. What follows depends
    # on neither, and nothing in it is aligned to bytes: x265 writes no VUI there.
    mask = 1 << (MASK_BITS - 1 - AUXILIARY)
    width, value = found.widths[-1], found.values[-1]
    layer = f"1{found.layer_id:06b}" if found.has_layer_id else "0"
    rewritten = f"{mask:016b}{width - 1:03b}{layer}{value:0{width}b}"
    return unit_of(bits[: found.start] + rewritten + bits[found.end :])


def _with_full_range(sps: bytes) -> bytes:
    reader = Reader(bits_of(sps))
    at = _range_flag(reader)
    return unit_of(reader.bits[:at] + "1" + reader.bits[at + 1 :])


def _dimensions(reader: Reader) -> Dimensions | None:
    """Read a VPS as far as its dimensions; None if it has but one layer."""
    reader.number(HEADER_BITS + 4)
    has_internal_base = reader.flag()
    reader.flag()
    layers = reader.number(6) + 1
    _require(reader.number(3) == 0, "temporal layers")
    reader.number(1 + 16)
    _skip_profile(reader)
    _skip_buffering(reader)
    last_layer = reader.number(6)
    for _ in range(reader.golomb()):  # sets of layers, of which the first is not written
        reader.number(last_layer + 1)
    _require(not reader.flag(), "timing in a VPS")
    if not reader.flag() or layers == 1:
        return None
    _require(layers == 2 and has_internal_base, f"{layers} layers")
    reader.align()
    reader.number(LEVEL_BITS)
    _require(not reader.flag(), "dimensions packed into the layer's number")
    start = reader.at
    mask = tuple(bit for bit in range(MASK_BITS) if reader.flag())
    widths = tuple(reader.number(3) + 1 for _ in mask)
    has_layer_id = reader.flag()
    layer_id = reader.number(6) if has_layer_id else ALPHA_LAYER
    values = tuple(reader.number(width) for width in widths)
    return Dimensions(mask, widths, has_layer_id, layer_id, values, start, reader.at)


def _range_flag(reader: Reader) -> int:
    """Read an SPS as far as video_full_range_flag, and give its place."""
    reader.number(HEADER_BITS + 4)
    _require(reader.number(3) == 0, "temporal layers, or an SPS that lives on another")
    reader.flag()
    _skip_profile(reader)
    reader.golomb()
    _require(reader.golomb() < 3, "colours at full resolution")
    reader.golomb()
    reader.golomb()
    if reader.flag():  # the conformance window
        for _ in range(4):
            reader.golomb()
    for _ in ("luma's depth", "chroma's depth", "length of the order count"):
        reader.golomb()
    _skip_buffering(reader)
    for _ in range(6):  # sizes of coding and transform blocks, and depths of their trees
        reader.golomb()
    _require(not reader.flag(), "scaling lists")
    reader.number(2)
    _require(not reader.flag(), "samples that are not compressed")
    _require(reader.golomb() == 0, "sets of reference pictures")
    _require(not reader.flag(), "long-term references")
    reader.number(2)
    _require(reader.flag(), "no VUI")
    _require(not reader.flag(), "an aspect ratio")
    if reader.flag():
        reader.flag()
    _require(reader.flag(), "nothing about the range of samples")
    reader.number(3)
    at = reader.at
    reader.flag()
    return at


def _skip_profile(reader: Reader) -> None:
    reader.number(PROFILE_BITS + LEVEL_BITS)


def _skip_buffering(reader: Reader) -> None:
    """How many pictures are kept, and how many are shown later than they are decoded."""
    reader.flag()
    for _ in range(3):
        reader.golomb()


def _require(is_ours: bool, otherwise: str) -> None:
    if not is_ours:
        raise ValueError(f"a parameter set with {otherwise}")
