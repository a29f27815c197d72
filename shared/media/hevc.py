"""The structure of HEVC in a QuickTime file: which layers there are, and what is said of them.

Alpha is a second layer in the stream, announced by the supplemental message alpha_channel_info.
Decoders that don't know of it show the first layer alone, so only a look at the structure tells a
file with alpha from one without. Sources: ISO/IEC 14496-12 (boxes), 14496-15 (hvcC), ITU-T H.265
(7.3.1.2 NAL unit header, 7.3.5 SEI, F.14 alpha channel information).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shared.errors import PermanentError

PARAMETER_SETS = {32: "VPS", 33: "SPS", 34: "PPS"}
PREFIX_SEI = 39
ALPHA_CHANNEL_INFO = 165

MAX_HEADER = 16 << 20
MAX_SAMPLE = 16 << 20
# Bytes of hvcC in front of its first array, and of a visual sample entry in front of its boxes.
HVCC_FIELDS, SAMPLE_ENTRY_FIELDS = 22, 78


@dataclass(frozen=True, slots=True)
class Structure:
    """`layers` and `sei` are sorted; `sets` are names of parameter sets with their layer."""

    layers: tuple[int, ...]
    sets: frozenset[tuple[str, int]]
    sei: tuple[int, ...]

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
    try:
        for unit in _units(path):
            kind, layer = unit[0] >> 1 & 0x3F, (unit[0] & 1) << 5 | unit[1] >> 3
            layers.add(layer)
            if kind in PARAMETER_SETS:
                sets.add((PARAMETER_SETS[kind], layer))
            elif kind == PREFIX_SEI:
                sei.update(_payloads(unit[2:]))
    except (LookupError, ValueError) as error:
        raise PermanentError("unreadable_film", f"{path.name} holds no HEVC: {error}") from error
    return Structure(tuple(sorted(layers)), frozenset(sets), tuple(sorted(sei)))


def _units(path: Path) -> Iterator[bytes]:
    """The NAL units of hvcC, then those of the first sample."""
    with path.open("rb") as file:
        table = _find(_top_level(path, b"moov"), b"trak", b"mdia", b"minf", b"stbl")
        entry = _find(_find(table, b"stsd")[8:], b"hvc1")
        config = _find(entry[SAMPLE_ENTRY_FIELDS:], b"hvcC")
        yield from _configured(config)
        large = b"co64" in (kind for kind, _ in _boxes(table))
        chunks = _find(table, b"co64" if large else b"stco")
        sizes = _find(table, b"stsz")
        offset = int.from_bytes(chunks[8 : 16 if large else 12])
        size = int.from_bytes(sizes[4:8]) or int.from_bytes(sizes[12:16])
        if size > MAX_SAMPLE:
            raise ValueError(f"a sample of {size} bytes")
        file.seek(offset)
        yield from _prefixed(file.read(size), (config[21] & 3) + 1)


def _top_level(path: Path, wanted: bytes) -> bytes:
    with path.open("rb") as file:
        while header := file.read(8):
            size, kind = int.from_bytes(header[:4]), header[4:]
            if size == 1:
                size, header = int.from_bytes(file.read(8)), header + bytes(8)
            if size < len(header):
                break
            if kind == wanted:
                if size > MAX_HEADER:
                    raise ValueError(f"a header of {size} bytes")
                return file.read(size - len(header))
            file.seek(size - len(header), 1)
    raise LookupError(f"no {wanted.decode()}")


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    while len(data) >= 8:
        size = int.from_bytes(data[:4])
        if size < 8:
            return
        yield data[4:8], data[8:size]
        data = data[size:]


def _find(data: bytes, *names: bytes) -> bytes:
    """The contents of the first box under each name in turn."""
    for name in names:
        found = next((content for kind, content in _boxes(data) if kind == name), None)
        if found is None:
            raise LookupError(f"no {name.decode()}")
        data = found
    return data


def _configured(config: bytes) -> Iterator[bytes]:
    """The units in hvcC: arrays of (type, count, then length and unit each)."""
    at = HVCC_FIELDS + 1
    for _ in range(config[HVCC_FIELDS]):
        count = int.from_bytes(config[at + 1 : at + 3])
        at += 3
        for _ in range(count):
            size = int.from_bytes(config[at : at + 2])
            yield _whole(config[at + 2 : at + 2 + size], size)
            at += 2 + size


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
