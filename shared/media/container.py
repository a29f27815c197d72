"""What a file is by its first bytes; what it is called says nothing.

One table serves uploads, imported films, providers' films and stills: what is not taken is refused
by its name.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from shared.media import png

HEAD: Final = 4096
"""Bytes from the beginning of a file that tell what it is."""

FILM_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "mov": "video/mp4",
        "webm": "video/webm",
        "gif": "image/gif",
        "apng": "image/png",
        "webp": "image/webp",
    }
)
"""The containers that films come in, with a content type of each. MP4 and QuickTime are one."""

FILMS_TAKEN: Final = "an MP4, MOV, WebM or GIF, or a PNG or WebP that moves"
PICTURES_TAKEN: Final = "a PNG, JPEG, WebP or GIF"
DAMAGED: Final = "is damaged or cut off, and cannot be decoded"
"""What is wrong with a picture of a kind that is taken, if it cannot be opened."""

Sort = Literal["film", "picture", "other"]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file is, in words that go on from "it is". `container` is a key of `FILM_TYPES` if it
    is taken as a film; `is_still` says that it is taken as a picture."""

    name: str
    sort: Sort
    container: str | None = None
    is_still: bool = False


def _film(name: str) -> Kind:
    return Kind(name, "film")


def _picture(name: str) -> Kind:
    return Kind(name, "picture")


def _other(name: str) -> Kind:
    return Kind(name, "other")


MP4: Final = Kind("an MP4 or QuickTime film", "film", "mov")
WEBM: Final = Kind("a WebM film", "film", "webm")
MATROSKA: Final = _film("a Matroska film (MKV)")
GIF: Final = Kind("a GIF", "picture", "gif", is_still=True)
PNG: Final = Kind("a PNG picture", "picture", is_still=True)
APNG: Final = Kind("an animated PNG", "picture", "apng", is_still=True)
WEBP: Final = Kind("a WebP picture", "picture", is_still=True)
ANIMATED_WEBP: Final = Kind("an animated WebP", "picture", "webp", is_still=True)
JPEG: Final = Kind("a JPEG picture", "picture", is_still=True)
BMP: Final = _picture("a BMP picture")
TRANSPORT_STREAM: Final = _film("an MPEG transport stream (TS)")

_ISO_BOXES: Final = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot"})
_HEIF_BRANDS: Final = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
)
_AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})
_EBML, _DOC_TYPE = b"\x1aE\xdf\xa3", 0x4282
_DOC_TYPES: Final = {b"webm": WEBM, b"matroska": MATROSKA}
_RIFF: Final = {b"AVI ": _film("an AVI film"), b"WAVE": _other("a sound (WAV)")}
_MOVES: Final = 0x02
"""The flag in a WebP's header that it is an animation."""
_SYNC, _PACKETS = 0x47, ((0, 188), (4, 192), (0, 204))
"""What each packet of a transport stream begins with; where the first begins, and their length."""

_MAGIC: Final[tuple[tuple[bytes, Kind], ...]] = (
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"\xff\xd8\xff", JPEG),
    (b"OggS", _film("an Ogg film (OGV)")),
    (b"FLV", _film("a Flash film (FLV)")),
    *((magic, _film("a Flash animation (SWF)")) for magic in (b"FWS", b"CWS", b"ZWS")),
    (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), _film("a Windows Media film (WMV)")),
    (b".RMF", _film("a RealMedia film (RM)")),
    (b"\0\0\x01\xba", _film("an MPEG program stream (MPG, VOB)")),
    (b"\0\0\x01\xb3", _film("an MPEG stream (MPG)")),
    (b"\0\0\0\x01", _film("a stream of H.264 or HEVC without a container")),
    (bytes.fromhex("060e2b34020501010d01"), _film("an MXF film")),
    (b"DKIF", _film("an IVF film")),
    (b"YUV4MPEG2", _film("a YUV4MPEG film (Y4M)")),
    (b"\x1f\x07\0", _film("a DV film")),
    (b"nut/multimedia", _film("a NUT film")),
    (b"\xff\x0a", _picture("a JPEG XL picture")),
    (b"\0\0\0\x0cJXL ", _picture("a JPEG XL picture")),
    (b"\0\0\0\x0cjP  ", _picture("a JPEG 2000 picture")),
    (b"II*\0", _picture("a TIFF picture")),
    (b"MM\0*", _picture("a TIFF picture")),
    (b"8BPS", _picture("a Photoshop file (PSD)")),
    (b"\0\0\x01\0", _picture("an icon (ICO)")),
    (b"qoif", _picture("a QOI picture")),
    (b"%PDF-", _other("a PDF")),
    (b"%!PS", _other("a PostScript file")),
    (b"PK\x03\x04", _other("a ZIP archive")),
    (b"\x1f\x8b", _other("a gzip archive")),
    (b"RIVE", _other("a Rive animation")),
    (b"ID3", _other("a sound (MP3)")),
    (b"fLaC", _other("a sound (FLAC)")),
)

_TEXTS: Final[tuple[tuple[bytes, Kind], ...]] = (
    (b"#extm3u", _film("a playlist (HLS, M3U8), not a film itself")),
    (b"ffconcat version", _film("a script that joins films (ffconcat), not a film itself")),
    (b"[playlist]", _film("a playlist (PLS), not a film itself")),
    (b"<mpd", _film("a manifest (DASH, MPD), not a film itself")),
    (b"<smil", _film("a playlist (SMIL), not a film itself")),
    (b"<asx", _film("a playlist (ASX), not a film itself")),
    (b"v=0\no=", _film("the description of a stream (SDP), not a film itself")),
    (b"v=0\r\no=", _film("the description of a stream (SDP), not a film itself")),
    (b"<svg", _picture("an SVG drawing")),
    (b"<!doctype html", _other("a web page (HTML)")),
    (b"<html", _other("a web page (HTML)")),
    (b'{"', _other("a JSON file")),
)
"""How texts begin, in lower case, behind what XML may have in front of its root."""


def identify(head: bytes) -> Kind | None:
    """What a file is that begins with `head`, which are its first `HEAD` bytes, or more; None if
    that is unknown. A PNG of which they do not tell could be an animation."""
    if head[4:8] in _ISO_BOXES:
        return _iso(head)
    if head.startswith(_EBML):
        return _DOC_TYPES.get(_doc_type(head))
    if head.startswith(b"RIFF"):
        return _webp(head) if head[8:12] == b"WEBP" else _RIFF.get(head[8:12])
    if head.startswith(png.SIGNATURE):
        animated = png.is_animated(head)
        return APNG if animated or (animated is None and len(head) >= HEAD) else PNG
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head.startswith(b"BM") and head[6:10] == bytes(4):
        return BMP
    if any(_is_synchronous(head, first, length) for first, length in _PACKETS):
        return TRANSPORT_STREAM
    return _text(head)


def film_container(head: bytes) -> str | None:
    """The container of what could be a film, a key of `FILM_TYPES`; None for everything else."""
    kind = identify(head)
    return kind.container if kind else None


def no_film(head: bytes) -> str:
    """Why a file that begins so is not taken as a film, in words that go on from "the film"."""
    kind = identify(head)
    return f"is {kind.name}; send {FILMS_TAKEN}" if kind else f"must be {FILMS_TAKEN}"


def no_picture(head: bytes) -> str:
    """Why a file that begins so cannot be opened as a picture, in words that go on from "the
    picture"."""
    kind = identify(head)
    if kind is None:
        return f"is not {PICTURES_TAKEN} picture"
    if kind.is_still:
        return DAMAGED
    return f"is {kind.name}; send {PICTURES_TAKEN}"


def _iso(head: bytes) -> Kind:
    """An ISO base media file by its brands. Of `mif1` and `msf1`, which any codec may have, the
    compatible brands tell which it is."""
    if head[4:8] != b"ftyp":
        return MP4
    major, length = head[8:12], int.from_bytes(head[:4])
    brands = {major, *(head[at : at + 4] for at in range(16, min(length, len(head)), 4))}
    if major not in _HEIF_BRANDS | _AVIF_BRANDS:
        return _picture("a raw photograph (CR3)") if major == b"crx " else MP4
    if brands & _AVIF_BRANDS:
        return _picture("an animated AVIF" if b"avis" in brands else "an AVIF picture")
    return _picture("an HEIC picture, as iPhones take them")


def _doc_type(head: bytes) -> bytes:
    """What the header of an EBML document says that it is, or nothing."""
    return next((body for name, body in _elements(head) if name == _DOC_TYPE), b"").rstrip(b"\0")


def _elements(head: bytes) -> Iterator[tuple[int, bytes]]:
    """The elements in the header of an EBML document (RFC 8794), as far as it is there."""
    _, at = _number(head, len(_EBML))
    while at < len(head):
        width = _width(head[at])
        name = int.from_bytes(head[at : at + width])
        length, at = _number(head, at + width)
        yield name, head[at : at + length]
        at += length


def _number(data: bytes, at: int) -> tuple[int, int]:
    """The number of variable width that stands there, and where it ends."""
    width = _width(data[at]) if at < len(data) else 1
    return int.from_bytes(data[at : at + width]) & ((1 << 7 * width) - 1), at + width


def _width(first: int) -> int:
    """The bytes of such a number, by its first."""
    return 9 - max(first.bit_length(), 1)


def _webp(head: bytes) -> Kind:
    animated = head[12:16] == b"VP8X" and len(head) > 20 and head[20] & _MOVES
    return ANIMATED_WEBP if animated else WEBP


def _is_synchronous(head: bytes, first: int, length: int) -> bool:
    marks = head[first : first + 5 * length : length]
    return len(marks) >= 3 and set(marks) == {_SYNC}


def _text(head: bytes) -> Kind | None:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    while text.startswith((b"<?xml", b"<!--")):
        end = b"?>" if text.startswith(b"<?") else b"-->"
        text = text.partition(end)[2].lstrip()
    return next((kind for begins, kind in _TEXTS if text.startswith(begins)), None)
