"""Probing films, and what is none."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from shared.errors import PermanentError
from shared.media import ffmpeg
from shared.media.formats import WEBM, picture_size
from shared.media.probe import probe_film
from shared.media.verify import RATE_TOLERANCE
from tests.media import character


def plain(count: int, width: int = 64, height: int = 48) -> list[ffmpeg.Frame]:
    return [np.full((height, width, 3), (0, 200, 70), np.uint8)] * count


@pytest.mark.parametrize(
    "fps", [Fraction(24), Fraction(30), Fraction(24000, 1001), Fraction(60), Fraction(10)]
)
@pytest.mark.parametrize("count", [1, 7])
@pytest.mark.parametrize("suffix", ["mp4", "webm"])
def test_size_number_and_rate_are_exact(
    tmp_path: Path, fps: Fraction, count: int, suffix: str
) -> None:
    path = tmp_path / f"film.{suffix}"
    if suffix == "mp4":
        character.film(path, plain(count), fps)
    else:
        options = (*WEBM.encode, "-crf", "40", "-deadline", "realtime")
        with ffmpeg.write_frames(path, 64, 48, fps, options, pixels="rgb24") as write:
            for frame in plain(count):
                write(frame)
    film = probe_film(path)
    assert (film.width, film.height, film.frames) == (64, 48, count)
    assert film.codec == {"mp4": "h264", "webm": "vp9"}[suffix]
    if suffix == "mp4":
        assert film.fps == fps
        assert film.duration == pytest.approx(count / fps)
    elif count > 1:
        # Timestamps in milliseconds: 24 and 23.976 are the same for less than a second.
        assert float(film.fps) == pytest.approx(float(fps), rel=RATE_TOLERANCE)


def refused(path: Path) -> None:
    with pytest.raises(PermanentError) as refusal:
        probe_film(path)
    assert refusal.value.reason == "unreadable_film"
    assert path.name in refusal.value.message


@pytest.mark.parametrize("content", [b"", b"hello", b"\x00" * 4096, b"GIF89a" + b"\x01" * 64])
def test_what_is_no_film_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    refused(path)


def test_an_absent_file_is_refused(tmp_path: Path) -> None:
    refused(tmp_path / "absent.mp4")


def test_sound_without_a_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "song.mp4"
    ffmpeg.run(("-f", "lavfi", "-i", "sine=duration=0.2", "-c:a", "aac", ffmpeg.url(path)))
    refused(path)


@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{path}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{path}'\n",
    ],
    ids=["hls", "concat"],
)
def test_a_playlist_with_a_films_name_opens_no_other_file(tmp_path: Path, playlist: str) -> None:
    secret = character.film(tmp_path / "secret.mp4", plain(2))
    path = tmp_path / "film.mp4"
    path.write_text(playlist.format(path=secret.name))
    refused(path)
    with pytest.raises(PermanentError), ffmpeg.read_frames(path, 64, 48) as frames:
        assert list(frames) == []


def test_names_are_taken_literally(tmp_path: Path) -> None:
    path = character.film(tmp_path / "odd: %03d 'name'.mp4", plain(2))
    assert probe_film(path).frames == 2


@pytest.mark.parametrize(
    ("film", "size", "expected"),
    [
        ((512, 512), None, (512, 512)),
        ((512, 512), 128, (128, 128)),
        ((1920, 1080), 640, (640, 360)),
        ((1080, 1920), 101, (100, 180)),
        ((511, 301), None, (510, 300)),
        ((2000, 2), 16, (16, 2)),
    ],
)
def test_pictures_keep_their_proportions_on_even_sides(
    film: tuple[int, int], size: int | None, expected: tuple[int, int]
) -> None:
    assert picture_size(*film, size) == expected


def test_a_film_of_ours_reaches_no_decoder_of_others(tmp_path: Path) -> None:
    """A master that names a codec which nothing here writes: MPEG-4, of ffmpeg's hundreds."""
    path = tmp_path / "film.mp4"
    ffmpeg.run(
        (
            *("-f", "lavfi", "-i", "color=size=64x48:rate=12:duration=0.5"),
            *("-c:v", "mpeg4", "-y", str(path)),
        )
    )
    with (
        pytest.raises(PermanentError),
        ffmpeg.read_frames(path, 64, 48, strict=True) as frames,
    ):
        list(frames)
