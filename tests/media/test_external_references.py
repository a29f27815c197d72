"""What a file names is left alone, on every way in: no other file is opened and no server asked.

Each case is first shown to an ffmpeg that may do anything, so that it would be noticed.
"""

import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from shared.errors import BadRequest, PermanentError
from shared.media import ffmpeg
from shared.media.foreign import take_in
from shared.media.probe import probe_film
from shared.media.stills import reencode
from shared.providers.square import SQUARE, square_film
from tests.providers.wire.material import video_request

FRAMES = 12


class Canary:
    """A film on disk and behind a server, which nobody may open; `asked` are the server's paths."""

    def __init__(self, folder: Path) -> None:
        self.film = folder / "secret.mp4"
        card = f"testsrc=size=64x48:rate=12:duration={FRAMES / 12}"
        h264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
        ffmpeg.run(("-f", "lavfi", "-i", card, *h264, "-movflags", "+faststart", str(self.film)))
        content = self.film.read_bytes()
        asked: list[str] = []
        self.asked = asked

        class Served(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                with suppress(OSError):
                    self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Served)
        self.url = f"http://127.0.0.1:{self.server.server_port}/secret.mp4"
        Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Canary]:
    made = Canary(tmp_path)
    yield made
    made.server.shutdown()
    made.server.server_close()


def _hls(place: str) -> bytes:
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{place}\n#EXT-X-ENDLIST\n".encode()


def _concat(place: str) -> bytes:
    return f"ffconcat version 1.0\nfile '{place}'\n".encode()


LISTS: dict[str, tuple[Callable[[Canary], bytes], tuple[str, ...]]] = {
    "HLS of a file": (
        lambda canary: _hls(f"file:{canary.film}"),
        ("-f", "hls", "-extension_picky", "0", "-allowed_extensions", "ALL"),
    ),
    "HLS of a server": (
        lambda canary: _hls(canary.url),
        ("-f", "hls", "-extension_picky", "0", "-allowed_extensions", "ALL"),
    ),
    "concat of a file beside": (lambda canary: _concat(canary.film.name), ("-f", "concat")),
    "concat of a server": (
        lambda canary: _concat(canary.url),
        ("-f", "concat", "-safe", "0"),
    ),
    "a film that names a file": (
        lambda canary: referring(canary.film.read_bytes(), canary.film),
        ("-f", "mov", "-enable_drefs", "1", "-use_absolute_path", "1"),
    ),
}
"""What the file is, and what makes ffmpeg follow it."""


def imported(source: Path, target: Path) -> None:
    take_in(source, target)


def provided(source: Path, target: Path) -> None:
    square_film(source, target, video_request(source.parent), SQUARE, ended=False)


def probed(source: Path, target: Path) -> None:
    assert probe_film(source).frames == 0


def played(source: Path, target: Path) -> None:
    with ffmpeg.read_frames(source, 64, 48) as frames:
        assert list(frames) == []


def as_a_picture(source: Path, target: Path) -> None:
    reencode(source, target)


@pytest.mark.parametrize("kind", LISTS)
def test_what_a_file_names_is_not_opened(kind: str, canary: Canary, tmp_path: Path) -> None:
    make, follow = LISTS[kind]
    source = tmp_path / "x.mp4"
    source.write_bytes(make(canary))
    everything = ("-protocol_whitelist", "file,http,tcp", *follow, "-i", ffmpeg.url(source))
    packets = ffmpeg.run((*everything, "-c", "copy", "-f", "framecrc", "pipe:1"))
    assert packets.count(b"\n0,") == FRAMES, "who follows it gets the film"
    assert bool(canary.asked) == ("server" in kind)
    canary.asked.clear()
    for way in (imported, provided, probed, played, as_a_picture):
        target = tmp_path / f"{way.__name__}.out"
        with pytest.raises((PermanentError, BadRequest)):
            way(source, target)
        assert not target.exists(), way.__name__
    assert canary.asked == []


PLAYLISTS = {
    "HLS": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:{secret}\n#EXT-X-ENDLIST\n",
    "ffconcat": "ffconcat version 1.0\nfile '{secret}'\n",
    "SDP": "v=0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\nc=IN IP4 127.0.0.1\n",
    "DASH": "<?xml version='1.0'?><MPD><Period><BaseURL>{secret}</BaseURL></Period></MPD>",
}


@pytest.mark.parametrize("kind", PLAYLISTS)
@pytest.mark.parametrize("disguise", [b"", b"\0\0\0\x18ftypisom\0\0\0\0isommp42", b"GIF89a"])
def test_a_playlist_opens_nothing(kind: str, disguise: bytes, tmp_path: Path) -> None:
    """Neither as it is, nor behind the first bytes of a film."""
    source, secret = tmp_path / "x.mp4", tmp_path / "secret.mp4"
    source.write_bytes(disguise + PLAYLISTS[kind].format(secret=secret).encode())
    for way in (imported, provided):
        with pytest.raises(PermanentError):
            way(source, tmp_path / "master.mp4")
        assert not (tmp_path / "master.mp4").exists()


def test_an_mp4_is_opened_with_its_references_off(canary: Canary) -> None:
    """ffmpeg's defaults say so too, and are not relied on."""
    told = ffmpeg.opening(canary.film)
    for option, value in (
        ("-f", "mov"),
        ("-format_whitelist", "mov"),
        ("-protocol_whitelist", "file"),
        ("-enable_drefs", "0"),
        ("-use_absolute_path", "0"),
    ):
        assert told[told.index(option) + 1] == value
    assert told[-2:] == ("-i", ffmpeg.url(canary.film))


def referring(film: bytes, other: Path) -> bytes:
    """The index of a film alone, whose data reference is an alias of another file."""
    name = str(other.absolute()).encode()
    alias = struct.pack(">H", 2) + struct.pack(">H", len(name)) + name + b"\0" * (len(name) % 2)
    record = b"\0" * 10 + b"\0" * 28 + b"\0" * 12 + b"\0" * 64 + b"\0" * 16
    record += struct.pack(">hh", -1, -1) + b"\0" * 16 + alias + struct.pack(">hH", -1, 0)
    record += b"\0" * max(0, 151 - len(record))
    entry = struct.pack(">I4sI", len(record) + 12, b"alis", 0) + record
    reference = _box(b"dref", struct.pack(">II", 0, 1) + entry)
    (index,) = (content for kind, content in _boxes(film) if kind == b"moov")
    return _box(b"ftyp", b"isom\0\0\0\0isom") + _box(b"moov", _replaced(index, reference))


def _replaced(content: bytes, reference: bytes) -> bytes:
    """The boxes with their data reference replaced, at whatever depth it lies."""
    made = b""
    for kind, inner in _boxes(content):
        if kind == b"dref":
            made += reference
        elif kind in (b"trak", b"mdia", b"minf", b"dinf"):
            made += _box(kind, _replaced(inner, reference))
        else:
            made += _box(kind, inner)
    return made


def _boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(content):
        size, kind = struct.unpack_from(">I4s", content, at)
        yield kind, content[at + 8 : at + size]
        at += size


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content
