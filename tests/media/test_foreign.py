"""Films that strangers have made: what they become, and what they must not bring about."""

import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shared.errors import PermanentError
from shared.media import alpha, ffmpeg, foreign
from shared.media.container import HEAD
from shared.media.encode import transcode
from shared.media.foreign import take_in
from shared.media.formats import WEBM
from shared.media.probe import probe_film
from shared.media.worn import colours_worn
from tests.media import films, pngs
from tests.media.films import frames as decode

LAVFI = ("-f", "lavfi", "-i")
CARD = "testsrc=size={size}:rate={rate}:duration={seconds}"
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
DOT = (
    "color=c=orange:size=64x64:rate=8:duration=1,format=rgba,"
    "geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='if(lt(hypot(X-32,Y-32),12),255,if(gt(X,48),128,0))'"
)
"""An opaque dot beside a half-transparent bar, on nothing."""


def made(path: Path, *arguments: str, source: str | None = None) -> Path:
    """A film by ffmpeg's own pictures."""
    given = source or CARD.format(size="64x48", rate=12, seconds=1)
    ffmpeg.run((*LAVFI, given, *arguments, "-y", str(path)))
    return path


def card(path: Path, size: str = "64x48", rate: int = 12, seconds: float = 1) -> Path:
    return made(path, *H264, source=CARD.format(size=size, rate=rate, seconds=seconds))


# --- what is taken -------------------------------------------------------------------------------


def _rotated(folder: Path) -> Path:
    plain = card(folder / "plain.mp4")
    turned = folder / "turned.mp4"
    arguments = ("-display_rotation", "90", "-i", str(plain), "-c", "copy", "-y", str(turned))
    ffmpeg.run(arguments)
    return turned


def _uneven(folder: Path) -> Path:
    """The second half of the frames comes at a third of the pace."""
    slow = "setpts='if(lt(N,6),N,6+(N-6)*3)/(12*TB)'"
    return made(folder / "x.mp4", "-vf", slow, "-fps_mode", "vfr", *H264)


def _backwards(folder: Path) -> Path:
    """Timestamps that go back and forth."""
    plain = card(folder / "plain.mp4")
    back = "setts=pts='if(eq(mod(N,2),0),PTS,PREV_OUTPTS-1)':dts=DTS"
    target = folder / "x.mp4"
    ffmpeg.run(("-i", str(plain), "-c", "copy", "-bsf:v", back, "-y", str(target)))
    return target


def _with_sound(folder: Path) -> Path:
    sound = (*LAVFI, "sine=duration=1", "-c:a", "aac")
    return made(folder / "x.mp4", *sound, *H264)


def _odd(folder: Path) -> Path:
    codec = ("-c:v", "libvpx-vp9", "-deadline", "realtime")
    return made(folder / "x.webm", *codec, source=CARD.format(size="65x49", rate=12, seconds=1))


def _deep(folder: Path) -> Path:
    return made(folder / "x.mp4", "-c:v", "libx264", "-pix_fmt", "yuv422p10le")


def _wide_pixels(folder: Path) -> Path:
    return made(folder / "x.mp4", "-vf", "setsar=2", *H264)


def _under_another_name(folder: Path) -> Path:
    return card(folder / "x.mp4").rename(folder / "x.txt")


TAKEN: dict[str, tuple[Callable[[Path], Path], tuple[int, int], float, int]] = {
    "plain": (lambda folder: card(folder / "x.mp4"), (64, 48), 12, 12),
    "a GIF": (lambda folder: made(folder / "x.gif", "-r", "10"), (64, 48), 10, 12),
    "QuickTime": (lambda folder: made(folder / "x.mov", "-c:v", "mpeg4"), (64, 48), 12, 12),
    "rotated": (_rotated, (48, 64), 12, 12),
    "uneven": (_uneven, (64, 48), foreign.FASTEST, 55),
    "backwards": (_backwards, (64, 48), foreign.FASTEST, 28),
    "with sound": (_with_sound, (64, 48), 12, 12),
    "odd sides": (_odd, (64, 48), 12, 12),
    "ten bits": (_deep, (64, 48), 12, 12),
    "wide pixels": (_wide_pixels, (128, 48), 12, 12),
    "another name": (_under_another_name, (64, 48), 12, 12),
    "fast": (lambda folder: card(folder / "x.mp4", rate=60), (64, 48), foreign.FASTEST, 30),
}


@pytest.mark.parametrize("kind", TAKEN)
def test_a_film_becomes_a_master(kind: str, tmp_path: Path) -> None:
    make, size, rate, frames = TAKEN[kind]
    target = tmp_path / "master.mp4"
    taken = take_in(make(tmp_path), target)
    master = probe_film(target)
    assert (master.codec, master.width, master.height) == ("h264", *size)
    assert master.even
    assert master == taken.master
    assert films.told_colours(target) == films.COLOURS
    assert abs(float(master.fps) - rate) < 0.01
    assert abs(master.frames - frames) <= 1
    assert not taken.alpha
    listing = ffmpeg.run(("-i", str(target), "-map", "0", "-c", "copy", "-f", "framecrc", "pipe:1"))
    assert b"#media_type 1" not in listing  # one stream, and that a film's


def test_a_long_film_is_made_smaller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign, "WORK", 64 * 48 * 12 // 4)
    assert take_in(card(tmp_path / "x.mp4"), tmp_path / "master.mp4").master.width == 32


TRANSLUCENT = {
    "VP9": ("x.webm", ("-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p", "-crf", "10", "-b:v", "0")),
    "VP8": (
        "x.webm",
        ("-c:v", "libvpx", "-auto-alt-ref", "0", "-pix_fmt", "yuva420p", "-crf", "4", "-b:v", "2M"),
    ),
    "HEVC": (
        "x.mov",
        (
            *("-c:v", "libx265", "-x265-params", "log-level=none", "-crf", "10"),
            *("-pix_fmt", "yuva420p", "-tag:v", "hvc1"),
        ),
    ),
    "ProRes": ("x.mov", ("-c:v", "prores_ks", "-pix_fmt", "yuva444p10le")),
    "PNG": ("x.mov", ("-c:v", "png", "-pix_fmt", "rgba")),
    "APNG": ("x.png", ("-f", "apng", "-plays", "0", "-pix_fmt", "rgba")),
}


@pytest.mark.parametrize("kind", TRANSLUCENT)
def test_alpha_is_kept(kind: str, tmp_path: Path) -> None:
    name, arguments = TRANSLUCENT[kind]
    target = tmp_path / "master.mp4"
    taken = take_in(made(tmp_path / name, *arguments, source=DOT), target)
    assert taken.alpha
    with alpha.read(target, taken.master) as frames:
        shown = list(frames)
    assert len(shown) == 8
    for frame in shown:
        _is_the_dot(frame)
    (first, *_) = decode(target)
    assert np.linalg.norm(first[2, 2, :3].astype(int) - taken.background) < 6  # it is set on it


def _animation(path: Path, durations: list[int]) -> Path:
    """A square that steps to the right over nothing, for so many milliseconds a frame, above a bar
    of half alpha, of which a GIF has none."""
    frames = []
    for number in range(len(durations)):
        frame = np.zeros((48, 64, 4), np.uint8)
        frame[10:30, 10 + 8 * number : 30 + 8 * number] = (255, 120, 0, 255)
        frame[40:] = (255, 120, 0, 255 if path.suffix == ".gif" else 128)
        frames.append(Image.fromarray(frame))
    options: dict[str, dict[str, Any]] = {
        ".gif": {"disposal": 2},
        ".webp": {"lossless": True},
        ".png": {},
    }
    frames[0].save(
        path,
        save_all=True,
        append_images=frames[1:],
        duration=durations,
        loop=0,
        **options[path.suffix],
    )
    return path


def _shown(master: Path, taken: foreign.Taken) -> list[int]:
    """The frame of the animation that each frame of the master shows."""
    with alpha.read(master, taken.master) as frames:
        shown = list(frames)
    bar = 255 if taken.container == "gif" else 128
    assert all(abs(int(frame[44, 5, 3]) - bar) < 10 for frame in shown)
    assert all(frame[35, 5, 3] < 10 for frame in shown)
    return [(int((frame[20, :, 3] > 128).argmax()) - 10) // 8 for frame in shown]


@pytest.mark.parametrize("name", ["x.gif", "x.png", "x.webp"])
def test_an_animation_keeps_its_alpha_and_its_times(name: str, tmp_path: Path) -> None:
    source = _animation(tmp_path / name, [100, 500, 100, 1000])
    taken = take_in(source, tmp_path / "master.mp4")
    assert (taken.alpha, taken.frames) == (True, 4)
    assert taken.master.duration == pytest.approx(1.7)
    shown = _shown(tmp_path / "master.mp4", taken)
    assert [shown.count(number) for number in range(4)] == [3, 15, 3, 30]


@pytest.mark.parametrize("name", ["x.gif", "x.png", "x.webp"])
def test_a_film_of_a_moment_keeps_its_alpha(name: str, tmp_path: Path) -> None:
    taken = take_in(_animation(tmp_path / name, [50, 50]), tmp_path / "master.mp4")
    assert taken.alpha
    assert _shown(tmp_path / "master.mp4", taken) == [0, 1]


def test_alpha_of_a_few_frames_is_kept(tmp_path: Path) -> None:
    """Between two looks a half second apart nothing of it would be seen."""
    gap = DOT.replace("255,if(gt(X,48),128,0)", "255,if(between(N,1,2),0,255)")
    source = made(tmp_path / "x.mov", "-c:v", "png", "-pix_fmt", "rgba", source=gap)
    assert take_in(source, tmp_path / "master.mp4").alpha


def test_an_animation_may_tell_what_it_is_behind_metadata(tmp_path: Path) -> None:
    source = _animation(tmp_path / "x.png", [100, 100])
    note = pngs.chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + b" " * 2 * HEAD)
    source.write_bytes(pngs.before_pixels(source.read_bytes(), note))
    taken = take_in(source, tmp_path / "master.mp4")
    assert (taken.container, taken.alpha, taken.frames) == ("apng", True, 2)


def test_of_a_gif_the_alpha_is_kept_as_far_as_it_has_any(tmp_path: Path) -> None:
    hard = DOT.replace("128", "255")
    palette = "split[a][b];[a]palettegen[p];[b][p]paletteuse"
    target = tmp_path / "master.mp4"
    taken = take_in(made(tmp_path / "x.gif", "-vf", palette, source=hard), target)
    with alpha.read(target, taken.master) as frames:
        first, *_ = frames
    assert first[32, 32, 3] > 250
    assert first[4, 4, 3] < 5


def _is_the_dot(frame: ffmpeg.Frame) -> None:
    assert frame[32, 32, 3] > 247
    assert frame[4, 4, 3] < 8
    assert abs(int(frame[32, 58, 3]) - 128) < 10  # half of it is there
    orange = np.array([255, 165, 0])
    assert np.abs(frame[32, 32, :3] - orange).max() < 25
    assert np.abs(frame[32, 58, :3] - orange).max() < 40  # and has its own colour


# --- what is not ---------------------------------------------------------------------------------


def _text(text: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / "x.mp4").write_text(text)
        return folder / "x.mp4"

    return make


def _archive(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "x.mp4", "w") as archive:
        archive.writestr("film.mp4", "?" * 1000)
    return folder / "x.mp4"


def _cut_off(folder: Path) -> Path:
    whole = card(folder / "whole.mp4").read_bytes()
    (folder / "x.mp4").write_bytes(whole[: len(whole) // 2])
    return folder / "x.mp4"


def _noise(folder: Path) -> Path:
    """A film whose index is right, and whose frames are nothing."""
    whole = bytearray(card(folder / "whole.mp4").read_bytes())
    start = whole.index(b"mdat") + 4
    end = whole.index(b"moov") - 4
    whole[start:end] = bytes(np.random.default_rng(1).integers(0, 256, end - start, np.uint8))
    (folder / "x.mp4").write_bytes(whole)
    return folder / "x.mp4"


def _huge_index(folder: Path) -> Path:
    """A `moov` that claims four gigabytes, and a table in it that claims a billion frames."""
    whole = bytearray(card(folder / "whole.mp4").read_bytes())
    struct.pack_into(">I", whole, whole.index(b"moov") - 4, 0xFFFFFFF0)
    struct.pack_into(">I", whole, whole.index(b"stsz") + 12, 1_000_000_000)
    struct.pack_into(">I", whole, whole.index(b"stts") + 8, 0x7FFFFFFF)
    (folder / "x.mp4").write_bytes(whole)
    return folder / "x.mp4"


def _absurd_size(folder: Path) -> Path:
    whole = bytearray(made(folder / "whole.mov", "-c:v", "qtrle").read_bytes())
    struct.pack_into(">HH", whole, whole.index(b"rle ") + 28, 16000, 9000)
    (folder / "x.mp4").write_bytes(whole)
    return folder / "x.mp4"


def _liar(folder: Path) -> Path:
    """A film that says it is small, and whose frames are not."""
    whole = bytearray(card(folder / "whole.mp4", size="3840x2160", rate=4).read_bytes())
    struct.pack_into(">HH", whole, whole.index(b"avc1") + 28, 64, 64)
    (folder / "x.mp4").write_bytes(whole)
    return folder / "x.mp4"


def _sound_alone(folder: Path) -> Path:
    return made(folder / "x.mp4", "-c:a", "aac", source="sine=duration=1")


def _cover_alone(folder: Path) -> Path:
    cover = made(folder / "cover.png", "-frames:v", "1")
    arguments = (*LAVFI, "sine=duration=1", "-i", str(cover), "-map", "0", "-map", "1")
    attached = ("-c:a", "aac", "-c:v", "copy", "-disposition:v:0", "attached_pic")
    ffmpeg.run((*arguments, *attached, "-f", "mp4", str(folder / "x.mp4")))
    return folder / "x.mp4"


def _many(folder: Path) -> Path:
    tiny = "color=size=16x16:rate=2000:duration=5"
    return made(folder / "x.mp4", *H264, "-tune", "zerolatency", source=tiny)


REFUSED: dict[str, tuple[Callable[[Path], Path], str, str]] = {
    "text": (_text("hello " * 100), "film_unsupported", "must be an MP4, MOV, WebM or GIF"),
    "a page": (
        _text("<!DOCTYPE html><video src='x.mp4'>"),
        "film_unsupported",
        r"is a web page \(HTML\); send an MP4, MOV, WebM or GIF",
    ),
    "an archive": (_archive, "film_unsupported", "is a ZIP archive; send an MP4"),
    "Matroska": (
        lambda folder: made(folder / "x.mkv", *H264),
        "film_unsupported",
        r"^The film is a Matroska film \(MKV\); send an MP4, MOV, WebM or GIF",
    ),
    "cut off": (_cut_off, "film_unsupported", "damaged"),
    "noise": (_noise, "film_unsupported", "damaged|decoded|read"),
    "a huge index": (_huge_index, "film_unsupported|film_too_large", "The film"),
    "an absurd size": (_absurd_size, "film_unsupported", "no picture"),
    "a lie about its size": (_liar, "film_unsupported|film_too_large", "The film"),
    "sound alone": (_sound_alone, "film_unsupported", "no picture"),
    "a cover alone": (_cover_alone, "film_unsupported", "no picture"),
    "one frame": (
        lambda folder: made(folder / "x.gif", "-frames:v", "1"),
        "film_unsupported",
        "a single frame; send it as a picture",
    ),
    "too many frames": (_many, "film_too_large", "more than 3,600 frames"),
    "too long": (
        lambda folder: card(folder / "x.mp4", rate=1, seconds=62),
        "film_too_large",
        "62.0 s long; at most 60 s",
    ),
    "too large": (
        lambda folder: card(folder / "x.mp4", size="3840x2160", rate=4),
        "film_too_large",
        "3840×2160; at most 1920×1080",
    ),
    "too small": (
        lambda folder: card(folder / "x.mp4", size="8x8"),
        "film_unsupported",
        "at least 16 pixels",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_film_of_ours_is_refused(kind: str, tmp_path: Path) -> None:
    make, reason, says = REFUSED[kind]
    source, target = make(tmp_path), tmp_path / "master.mp4"
    with pytest.raises(PermanentError, match=says) as refused:
        take_in(source, target)
    assert refused.value.reason in reason.split("|")
    assert str(tmp_path) not in refused.value.message  # which the client reads


def test_a_decoder_that_takes_too_much_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = card(tmp_path / "x.mp4")
    for caps in (
        ffmpeg.Caps(cpu=900, memory=40_000_000, output=400_000_000),
        ffmpeg.Caps(cpu=900, memory=2_000_000_000, output=1024),
    ):
        monkeypatch.setattr(foreign, "CAPS", caps)
        with pytest.raises(PermanentError):
            take_in(source, tmp_path / "master.mp4")


def test_time_is_bounded(tmp_path: Path) -> None:
    endless = (*LAVFI, "testsrc=size=640x480", "-f", "null", "-")
    caps = ffmpeg.Caps(cpu=1, memory=2_000_000_000, output=1)
    began = time.process_time()
    with pytest.raises(Exception, match="signal"):
        ffmpeg.run(endless, caps=caps)
    assert time.process_time() - began < 60


@pytest.mark.parametrize(
    ("dies_of", "reason", "says"),
    [("SEGV", "film_unsupported", "is damaged"), ("KILL", "film_too_large", "takes too much")],
)
def test_a_decoder_that_dies_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dies_of: str, reason: str, says: str
) -> None:
    source = card(tmp_path / "x.mp4")
    monkeypatch.setattr(ffmpeg, "CAPPED", f"ulimit -c 0; kill -{dies_of} $$")
    with pytest.raises(PermanentError, match=says) as refused:
        take_in(source, tmp_path / "master.mp4")
    assert refused.value.reason == reason


# --- what follows --------------------------------------------------------------------------------


def test_the_formats_have_the_alpha_that_the_film_came_with(tmp_path: Path) -> None:
    """Half-transparent parts too, which no key would give back."""
    name, arguments = TRANSLUCENT["PNG"]
    master, webm = tmp_path / "master.mp4", tmp_path / "out.webm"
    take_in(made(tmp_path / name, *arguments, source=DOT), master)
    report = transcode(master, {WEBM: {None: webm}})
    assert (report.method, report.background) == ("alpha", None)
    with ffmpeg.read_frames(webm, 64, 64, pixels="rgba", decode=WEBM.decode) as frames:
        for frame in frames:
            _is_the_dot(frame)


def test_a_gap_that_is_not_always_there_shows_what_is_worn(tmp_path: Path) -> None:
    """A ring that opens in some frames has a gap; one that never does may have a belly."""

    def ring(is_open: str) -> Path:
        figure = f"between(hypot(X-64,Y-64),20,40)*not(({is_open})*gt(X,64)*between(Y,54,74))"
        shades = ("r", 90), ("g", 40), ("b", 20)
        colours = ":".join(f"{name}='if({figure},{shade},230)'" for name, shade in shades)
        source = f"color=size=128x128:rate=8:duration=1,format=rgb24,geq={colours}"
        return made(tmp_path / "ring.mp4", *H264, "-crf", "8", source=source)

    for is_open, has_gap in (("gt(N,3)", True), ("0", False)):
        film = ring(is_open)
        worn = colours_worn(film, probe_film(film))
        is_worn = min(float(np.linalg.norm(np.subtract(one, (230, 230, 230)))) for one in worn) < 30
        assert is_worn is not has_gap, is_open
