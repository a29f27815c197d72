"""The boxes of a QuickTime or MP4 file (ISO/IEC 14496-12, 4.2), read and changed in memory."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

HEAD: Final = 8
"""Bytes of a box in front of its contents: its size and its name."""
MAX_HEADER: Final = 16 << 20

_FIELDS: Final[Mapping[bytes, int]] = MappingProxyType({b"stsd": 8, b"hvc1": 78})
"""Bytes of a box's contents in front of the boxes in it, where there are any."""


def top_level(path: Path, wanted: bytes) -> tuple[int, bytes]:
    """The contents of the first box of that name outside all others, and where they begin.

    Raises `LookupError` if there is none, `ValueError` if it is larger than 16 MB, or has its size
    in eight bytes as if it were.
    """
    with path.open("rb") as file:
        while header := file.read(HEAD):
            size, name = int.from_bytes(header[:4]), header[4:]
            if size == 1:
                size, header = int.from_bytes(file.read(8)), header + bytes(8)
            if size < len(header):
                break
            if name == wanted:
                if size > MAX_HEADER or len(header) > HEAD:
                    raise ValueError(f"a header of {size} bytes")
                return file.tell(), file.read(size - len(header))
            file.seek(size - len(header), 1)
    raise LookupError(f"no {wanted.decode()}")


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The boxes that stand one behind another in `data`: name and contents of each."""
    for name, start, end in _places(data):
        yield name, data[start:end]


def find(data: bytes, *names: bytes) -> bytes:
    """The contents of the first box under each name in turn; raises `LookupError`."""
    start, end = _place(data, names[0])
    content = data[start:end]
    return find(content[_FIELDS.get(names[0], 0) :], *names[1:]) if names[1:] else content


def changed(data: bytes, names: tuple[bytes, ...], change: Callable[[bytes], bytes]) -> bytes:
    """`data` with other contents in the box that `find` gives; the boxes around it fit again."""
    start, end = _place(data, names[0])
    content = data[start:end]
    if names[1:]:
        fields = _FIELDS.get(names[0], 0)
        content = content[:fields] + changed(content[fields:], names[1:], change)
    else:
        content = change(content)
    size = (HEAD + len(content)).to_bytes(4)
    return data[: start - HEAD] + size + names[0] + content + data[end:]


def _place(data: bytes, wanted: bytes) -> tuple[int, int]:
    for name, start, end in _places(data):
        if name == wanted:
            return start, end
    raise LookupError(f"no {wanted.decode()}")


def _places(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Of each box, its name and where its contents begin and end."""
    at = 0
    while at + HEAD <= len(data):
        size = int.from_bytes(data[at : at + 4])
        if size < HEAD:
            return
        yield data[at + 4 : at + HEAD], at + HEAD, min(at + size, len(data))
        at += size
