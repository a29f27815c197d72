"""The structure of HEVC in a QuickTime file: which layers there are, and what is said of them.

Alpha is a second layer in the stream, announced by the supplemental message alpha_channel_info.
Decoders that don't know of it show the first layer alone, so only a look at the structure tells a
file with alpha from one without. Sources: ISO/IEC 14496-15 (hvcC), ITU-T H.265 (7.3.1.2 NAL unit
header, 7.3.5 SEI, F.14 alpha channel information).
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared.errors import PermanentError
from shared.media import boxes, parameter_sets
from shared.media.parameter_sets import ALPHA_LAYER, SPS, VPS, layer_of, nal_type

PARAMETER_SETS = {VPS: "VPS", SPS: "SPS", 34: "PPS"}
PREFIX_SEI = 39
ALPHA_CHANNEL_INFO = 165

MAX_SAMPLE = 16 << 20
TABLE: Final = (b"trak", b"mdia", b"minf", b"stbl")
CONFIGURATION: Final = (*TABLE, b"stsd", b"hvc1", b"hvcC")
HVCC_FIELDS = 22
"""Bytes of hvcC in front of its arrays."""


@dataclass(frozen=True, slots=True)
class Structure:
    """`layers` and `sei` are sorted; `sets` are names of parameter sets with their layer.

    `scalability` are the bits of the mask by which the VPS tells the layers apart, and
    `is_alpha_full_range` whether every SPS of the alpha layer says so.
    """

    layers: tuple[int, ...]
    sets: frozenset[tuple[str, int]]
    sei: tuple[int, ...]
    scalability: tuple[int, ...]
    is_alpha_full_range: bool

    @property
    def has_alpha(self) -> bool:
        described = {("SPS", 0), ("PPS", 0), ("SPS", 1), ("PPS", 1)} <= self.sets
        return {0, 1} <= set(self.layers) and described and ALPHA_CHANNEL_INFO in self.sei


def read_structure(path: Path) -> Structure:
    """The NAL layers, parameter sets and SEI payload types of hvcC and of the first sample.

    Reads the header and one sample, at most 16 MB each. Raises
    `PermanentError("unreadable_film")` if this is no QuickTime or MP4 file with HEVC.
    """
    layers: set[int] = set()
    sets: set[tuple[str, int]] = set()
    sei: set[int] = set()
    scalability: set[int] = set()
    ranges: list[bool] = []
    try:
        for unit in _units(path):
            kind, layer = nal_type(unit), layer_of(unit)
            layers.add(layer)
            if kind in PARAMETER_SETS:
                sets.add((PARAMETER_SETS[kind], layer))
            elif kind == PREFIX_SEI:
                sei.update(_payloads(unit[2:]))
            if kind == VPS:
                scalability.update(parameter_sets.scalability(unit))
            elif (kind, layer) == (SPS, ALPHA_LAYER):
                ranges.append(parameter_sets.is_full_range(unit))
    except (LookupError, ValueError) as error:
        raise PermanentError("unreadable_film", f"{path.name} holds no HEVC: {error}") from error
    return Structure(
        tuple(sorted(layers)),
        frozenset(sets),
        tuple(sorted(sei)),
        tuple(sorted(scalability)),
        bool(ranges) and all(ranges),
    )


def correct(path: Path) -> None:
    """Rewrite what the header of a finished film says of its layers (`parameter_sets.corrected`).

    The samples stay as they are, and the table of where they lie follows. A crash leaves the file
    as it was. Raises as `read_structure` does.
    """
    try:
        start, before = boxes.top_level(path, b"moov")
        after = boxes.changed(before, CONFIGURATION, _corrected)
        if len(after) != len(before):
            after = _shifted(after, start, len(after) - len(before))
    except (LookupError, ValueError) as error:
        raise PermanentError("unreadable_film", f"{path.name} holds no HEVC: {error}") from error
    if after != before:
        _replace(path, start, len(before), after)


def _replace(path: Path, start: int, size: int, content: bytes) -> None:
    """Put `content` in the place of the `size` bytes that a box holds from `start` on."""
    new = path.with_name(f"{path.name}.new")
    try:
        shutil.copyfile(path, new)
        with path.open("rb") as source, new.open("r+b") as target:
            target.seek(start - boxes.HEAD)
            target.write((boxes.HEAD + len(content)).to_bytes(4))
            target.seek(start)
            target.write(content)
            source.seek(start + size)
            shutil.copyfileobj(source, target)
            target.truncate()
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def _corrected(config: bytes) -> bytes:
    """hvcC with the units in it corrected."""
    written = [config[: HVCC_FIELDS + 1]]
    for head, units in _arrays(config):
        written.append(head)
        for unit in map(parameter_sets.corrected, units):
            written += (len(unit).to_bytes(2), unit)
    return b"".join(written)


def _shifted(header: bytes, start: int, moved: int) -> bytes:
    """The header, with the chunks behind its `start` at places that are `moved` further on."""
    name, width = _chunk_table(header)

    def shift(table: bytes) -> bytes:
        places = [table[at : at + width] for at in range(8, len(table), width)]
        found = (int.from_bytes(place) for place in places)
        shifted = (place + moved if place > start else place for place in found)
        return table[:8] + b"".join(place.to_bytes(width) for place in shifted)

    return boxes.changed(header, (*TABLE, name), shift)


def _chunk_table(header: bytes) -> tuple[bytes, int]:
    """The box that says where the chunks of samples lie, and the bytes of a place in it."""
    names = {name for name, _ in boxes.boxes(boxes.find(header, *TABLE))}
    return (b"co64", 8) if b"co64" in names else (b"stco", 4)


def _units(path: Path) -> Iterator[bytes]:
    """The NAL units of hvcC, then those of the first sample."""
    header = boxes.top_level(path, b"moov")[1]
    config = boxes.find(header, *CONFIGURATION)
    for _, units in _arrays(config):
        yield from units
    name, width = _chunk_table(header)
    offset = int.from_bytes(boxes.find(header, *TABLE, name)[8 : 8 + width])
    sizes = boxes.find(header, *TABLE, b"stsz")
    size = int.from_bytes(sizes[4:8]) or int.from_bytes(sizes[12:16])
    if size > MAX_SAMPLE:
        raise ValueError(f"a sample of {size} bytes")
    with path.open("rb") as file:
        file.seek(offset)
        yield from _prefixed(file.read(size), (config[21] & 3) + 1)


def _arrays(config: bytes) -> Iterator[tuple[bytes, list[bytes]]]:
    """The arrays in hvcC: the three bytes of type and count, and the units."""
    at = HVCC_FIELDS + 1
    for _ in range(config[HVCC_FIELDS]):
        head = config[at : at + 3]
        at += 3
        units = []
        for _ in range(int.from_bytes(head[1:])):
            size = int.from_bytes(config[at : at + 2])
            units.append(_whole(config[at + 2 : at + 2 + size], size))
            at += 2 + size
        yield head, units


def _prefixed(sample: bytes, width: int) -> Iterator[bytes]:
    """The units of a sample, each behind its length in `width` bytes."""
    while sample:
        size = int.from_bytes(sample[:width])
        yield _whole(sample[width : width + size], size)
        sample = sample[width + size :]


def _whole(unit: bytes, size: int) -> bytes:
    if size < 2 or len(unit) < size:
        raise ValueError("a NAL unit is cut off")
    return unit


def _payloads(message: bytes) -> Iterator[int]:
    """The payload types of an SEI unit; numbers are sums of bytes of which the last is not 255."""
    at = 0
    while at + 2 <= len(message) and message[at] != 0x80:
        numbers = []
        for _ in ("type", "size"):
            number = 0
            while message[at] == 0xFF:
                number, at = number + 255, at + 1
            numbers.append(number + message[at])
            at += 1
        yield numbers[0]
        at += numbers[1]
