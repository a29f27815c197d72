"""Every decoder writes the same, and refuses the same."""

import hashlib
import io
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from shared.errors import BadRequest, NotFound, PermanentError
from shared.media import ffmpeg
from shared.media.probe import probe_film
from shared.ports import Bucket
from tests.contract.decoding import Decoding, send

BALL = (
    "color=c=gray:size=64x48:rate=12:duration=1,format=rgba,"
    "geq=r=230:g=120:b=30:a='if(lt(hypot(X-20-N,Y-24),12),255,0)'"
)


def picture(kind: str = "PNG", size: tuple[int, int] = (30, 20)) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, (200, 100, 50)).save(stream, kind)
    return stream.getvalue()


def moving() -> bytes:
    stream = io.BytesIO()
    first, second = (Image.new("RGB", (20, 20), colour) for colour in ("red", "blue"))
    first.save(stream, "GIF", save_all=True, append_images=[second])
    return stream.getvalue()


def film(folder: Path, *codec: str) -> bytes:
    target = folder / ("film.mov" if "png" in codec else "film.mp4")
    ffmpeg.run(("-f", "lavfi", "-i", BALL, *codec, "-y", str(target)))
    return target.read_bytes()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_is_written_anew(decoding: Decoding, tmp_path: Path, kind: str) -> None:
    source = tmp_path / "source"
    source.write_bytes(picture(kind))
    for given in (picture(kind), source):
        target = tmp_path / "clean.png"
        assert decoding.decoder.picture(given, target) == (30, 20)
        with Image.open(target) as image:
            assert (image.format, image.size) == ("PNG", (30, 20))


def test_metadata_is_dropped(decoding: Decoding, tmp_path: Path) -> None:
    stream, info = io.BytesIO(), PngInfo()
    info.add_text("Comment", "from a stranger")
    Image.new("RGB", (30, 20)).save(stream, "PNG", pnginfo=info)
    decoding.decoder.picture(stream.getvalue(), tmp_path / "clean.png")
    assert b"stranger" not in (tmp_path / "clean.png").read_bytes()


def test_a_picture_is_made_smaller(decoding: Decoding, tmp_path: Path) -> None:
    target = tmp_path / "small.png"
    assert decoding.decoder.picture(picture(size=(400, 200)), target, side=100) == (100, 50)
    assert decoding.decoder.picture(picture(), target, side=100) == (30, 20)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the picture is not a PNG, JPEG, WebP or GIF picture"),
        (b"<html>", "the picture is a web page (HTML); send a PNG, JPEG, WebP or GIF"),
        (picture()[:60], "the picture is damaged or cut off, and cannot be decoded"),
    ],
)
def test_a_refusal_is_the_same(
    decoding: Decoding, tmp_path: Path, content: bytes, reason: str
) -> None:
    with pytest.raises(BadRequest) as caught:
        decoding.decoder.picture(content, tmp_path / "clean.png")
    assert (caught.value.message, caught.value.details) == (reason, {"field": "file"})


def test_what_moves(decoding: Decoding) -> None:
    assert decoding.decoder.moves(moving())
    assert not decoding.decoder.moves(picture("GIF"))
    assert not decoding.decoder.moves(b"no picture")


def test_a_film_is_written_anew(decoding: Decoding, tmp_path: Path) -> None:
    send(decoding.blobs, "w/a/film", film(tmp_path, "-c:v", "libx264", "-pix_fmt", "yuv420p"))
    facts = decoding.decoder.film("w/a/film", "w/job/intake/1/video.mp4")
    target = tmp_path / "master.mp4"
    stored = decoding.blobs.download(Bucket.WORK, "w/job/intake/1/video.mp4", target)
    assert (stored.size, stored.content_type) == (facts.bytes, "video/mp4")
    assert hashlib.sha256(target.read_bytes()).hexdigest() == facts.sha256
    master = probe_film(target)
    assert (master.codec, master.width, master.height, master.frames) == ("h264", 64, 48, 12)
    assert (facts.width, facts.height, facts.frames, facts.fps) == (64, 48, 12, 12.0)
    assert facts.duration == pytest.approx(1.0)
    assert facts.source["codec"] == "h264"
    assert facts.background is None
    assert facts.verification["frames"] == 12


def test_a_film_with_alpha_is_set_on_a_colour(decoding: Decoding, tmp_path: Path) -> None:
    send(decoding.blobs, "w/a/film", film(tmp_path, "-c:v", "png", "-pix_fmt", "rgba"))
    facts = decoding.decoder.film("w/a/film", "w/job/intake/1/video.mp4")
    assert facts.source["alpha"] is True
    assert facts.background is not None
    assert facts.palette == ()


def test_a_film_may_be_written_again(decoding: Decoding, tmp_path: Path) -> None:
    """Somebody died after it was written, and before it was committed."""
    send(decoding.blobs, "w/a/film", film(tmp_path, "-c:v", "libx264", "-pix_fmt", "yuv420p"))
    first, second = (decoding.decoder.film("w/a/film", "w/master.mp4") for _ in range(2))
    assert first.frames == second.frames


def test_what_is_no_film_is_refused(decoding: Decoding) -> None:
    send(
        decoding.blobs, "w/a/film", b"\0\0\0\x18ftypisom\0\0\0\0isommp42#EXTM3U\nfile:///etc/passwd"
    )
    with pytest.raises(PermanentError) as caught:
        decoding.decoder.film("w/a/film", "w/master.mp4")
    assert caught.value.reason == "film_unsupported"
    assert decoding.blobs.stat(Bucket.WORK, "w/master.mp4") is None


def test_a_film_that_is_too_large_is_refused(decoding: Decoding, tmp_path: Path) -> None:
    target = tmp_path / "large.mp4"
    source = "color=size=2048x1088:rate=2:duration=1"
    ffmpeg.run(("-f", "lavfi", "-i", source, "-pix_fmt", "yuv420p", "-y", str(target)))
    send(decoding.blobs, "w/a/film", target.read_bytes())
    with pytest.raises(PermanentError) as caught:
        decoding.decoder.film("w/a/film", "w/master.mp4")
    assert caught.value.reason == "film_too_large"


def test_a_film_that_is_not_there(decoding: Decoding) -> None:
    with pytest.raises(NotFound):
        decoding.decoder.film("w/a/film", "w/master.mp4")
