"""What a file is by its first bytes, of files that ffmpeg and Pillow write."""

import io
from pathlib import Path

import pytest
from PIL import Image

from shared.media import ffmpeg
from shared.media.container import HEAD, film_container, identify, no_film, no_picture
from tests.media import pngs

MPEG4, VP8 = ("-c:v", "mpeg4"), ("-c:v", "libvpx")
MPEG1, MPEG2 = ("-c:v", "mpeg1video"), ("-c:v", "mpeg2video")
WRITTEN = {
    "x.mkv": (MPEG4, "a Matroska film (MKV)"),
    "x.avi": (MPEG4, "an AVI film"),
    "x.mpg": (MPEG1, "an MPEG program stream (MPG, VOB)"),
    "x.m1v": (MPEG1, "an MPEG stream (MPG)"),
    "x.ts": (MPEG2, "an MPEG transport stream (TS)"),
    "x.m2ts": (MPEG2, "an MPEG transport stream (TS)"),
    "x.flv": (("-c:v", "flv"), "a Flash film (FLV)"),
    "x.swf": (("-c:v", "flv"), "a Flash animation (SWF)"),
    "x.ogv": (("-c:v", "libtheora"), "an Ogg film (OGV)"),
    "x.wmv": (("-c:v", "wmv2"), "a Windows Media film (WMV)"),
    "x.rm": (("-c:v", "rv10"), "a RealMedia film (RM)"),
    "x.mxf": (MPEG2, "an MXF film"),
    "x.h264": (("-c:v", "libx264"), "a stream of H.264 or HEVC without a container"),
    "x.y4m": ((), "a YUV4MPEG film (Y4M)"),
    "x.ivf": (VP8, "an IVF film"),
    "x.nut": (MPEG4, "a NUT film"),
    "x.m3u8": (MPEG2, "a playlist (HLS, M3U8), not a film itself"),
    "x.mpd": (("-c:v", "libx264"), "a manifest (DASH, MPD), not a film itself"),
}
"""Films that are not taken, and what they are called."""


@pytest.mark.parametrize("name", WRITTEN)
def test_films_that_are_not_taken_are_named(name: str, tmp_path: Path) -> None:
    codec, called = WRITTEN[name]
    source = ("-f", "lavfi", "-i", "testsrc=size=176x144:rate=25:duration=0.2")
    ffmpeg.run((*source, *codec, "-pix_fmt", "yuv420p", "-y", str(tmp_path / name)))
    head = (tmp_path / name).read_bytes()[:HEAD]
    assert film_container(head) is None
    assert no_film(head) == (
        f"is {called}; send an MP4, MOV, WebM or GIF, or a PNG or WebP that moves"
    )
    assert no_picture(head) == f"is {called}; send a PNG, JPEG, WebP or GIF"


@pytest.mark.parametrize(
    ("head", "called"),
    [
        (b"\0\0\0\x18ftyp" + brands, called)
        for brands, called in (
            (b"heic\0\0\0\0mif1heic", "an HEIC picture, as iPhones take them"),
            (b"heix\0\0\0\0mif1heix", "an HEIC picture, as iPhones take them"),
            (b"mif1\0\0\0\0mif1heic", "an HEIC picture, as iPhones take them"),
            (b"msf1\0\0\0\0msf1hevc", "an HEIC picture, as iPhones take them"),
            (b"avif\0\0\0\0avifmif1", "an AVIF picture"),
            (b"mif1\0\0\0\0avifmiaf", "an AVIF picture"),
            (b"avis\0\0\0\0avismsf1", "an animated AVIF"),
            (b"msf1\0\0\0\0avismiaf", "an animated AVIF"),
            (b"crx \0\0\0\1crx isom", "a raw photograph (CR3)"),
        )
    ]
    + [
        (b"\xef\xbb\xbf\r\n#EXTM3U\n", "a playlist (HLS, M3U8), not a film itself"),
        (b"ffconcat version 1.0\n", "a script that joins films (ffconcat), not a film itself"),
        (b"[playlist]\nFile1=", "a playlist (PLS), not a film itself"),
        (b"v=0\r\no=- 0 0 IN IP4 ", "the description of a stream (SDP), not a film itself"),
        (b"<?xml version='1.0'?><!-- x -->\n<MPD>", "a manifest (DASH, MPD), not a film itself"),
        (b'{"v":"5.7.0"', "a JSON file"),
        (b"RIFF\0\0\0\0WAVEfmt ", "a sound (WAV)"),
    ],
)
def test_other_files_are_named(head: bytes, called: str) -> None:
    assert film_container(head) is None
    assert no_film(head).startswith(f"is {called}; send an MP4")
    assert no_picture(head) == f"is {called}; send a PNG, JPEG, WebP or GIF"


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_that_is_taken_is_not_told_to_be_sent_as_one(format_: str) -> None:
    stream = io.BytesIO()
    Image.new("RGB", (2, 2)).save(stream, format_)
    assert no_picture(stream.getvalue()) == "is damaged or cut off, and cannot be decoded"


@pytest.mark.parametrize(
    ("head", "container"),
    [
        (b"\0\0\0\x18ftypisom", "mov"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "mov"),
        (b"\0\0\0\x08moov", "mov"),
        (b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm", "webm"),
        # Lengths may take eight bytes, and the type may stand behind anything.
        (
            b"\x1aE\xdf\xa3\x01\0\0\0\0\0\0\x70\xec\x40\x50" + b"webm" * 20 + b"B\x82\x85webm\0",
            "webm",
        ),
        (b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x88matroska", None),
        (b"\x1aE\xdf\xa3\xa5\xec\x84webmB\x82\x88matroska", None),
        (b"\x1aE\xdf\xa3", None),
        (b"\x1aE\xdf\xa3\x9fB\x82", None),
    ],
)
def test_containers_are_told_by_brand_and_document_type(head: bytes, container: str | None) -> None:
    assert film_container(head) == container


def test_animations_are_told_from_pictures() -> None:
    webp = b"RIFF\0\0\0\0WEBPVP8X\n\0\0\0"
    assert film_container(webp + b"\x12") == "webp"
    still = pngs.row(8, pngs.GREY, [0])
    note = pngs.chunk(b"tEXt", b"Comment\0acTL" + b" " * HEAD)
    animated = pngs.before_pixels(still, note, pngs.chunk(b"acTL", bytes(8)))
    assert film_container(animated) == "apng"
    assert film_container(animated[:HEAD]) == "apng", "it could be one"
    assert film_container(pngs.before_pixels(still, note)) is None
    for head in (webp, webp + b"\x10", b"RIFF\0\0\0\0WEBPVP8L", still, still[:20]):
        assert film_container(head) is None
    for head in (b"GIF87a", b"GIF89a"):
        assert film_container(head) == "gif"


def test_what_is_unknown_is_not_guessed() -> None:
    for head in (b"", b"GIF", b"hello " * 100, b"\0" * 600, b"RIFF\0\0\0\0AAAA", b"BMW is a car"):
        assert identify(head) is None
    assert no_film(b"hello").startswith("must be an MP4, MOV, WebM or GIF")
    assert no_picture(b"hello") == "is not a PNG, JPEG, WebP or GIF picture"


def test_no_cut_and_no_change_makes_it_fail() -> None:
    heads = [b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x88matroska", b"\0\0\0\x18ftypmif1\0\0\0\0heic"]
    for head in heads:
        for end in range(len(head)):
            identify(head[:end])
            identify(head[:end] + b"\xff" + head[end + 1 :])
            identify(head[:end] + b"\0" + head[end + 1 :])
