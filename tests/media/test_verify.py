"""What verification must catch, each made with ffmpeg itself and named as if it were right."""

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shared.errors import PermanentError
from shared.media import ffmpeg, hevc, parameter_sets
from shared.media.ffmpeg import Frame, require_hevc_alpha
from shared.media.formats import FORMATS, HEVC, STACKED_VIDEO, WEBM, Format, Layout, Quality
from shared.media.hevc import read_structure
from shared.media.verify import Verification, verify_film, verify_still
from tests.media import character

SIDE, COUNT = 64, 6


def figure(alpha: int = 255, ground: int = 0) -> Frame:
    """A red square of `alpha` on a ground of alpha `ground`."""
    frame = np.full((SIDE, SIDE, 4), (180, 60, 60, ground), np.uint8)
    frame[16:48, 16:48, 3] = alpha
    return frame


def write(
    path: Path,
    format_: Format,
    frame: Frame,
    pixels: str | None = None,
    count: int = COUNT,
    options: Sequence[str] = (),
    correct: bool = True,
) -> Path:
    encode = (
        *format_.options(Quality.DRAFT),
        *(("-pix_fmt", pixels) if pixels else ()),
        *options,
    )
    height, width = frame.shape[:2]
    with ffmpeg.write_frames(path, width, height, character.FPS, encode) as feed:
        for _ in range(count):
            feed(frame)
    if format_.layered and correct:
        hevc.correct(path)
    return path


def stacked(lower: tuple[int, int, int] = (255, 255, 255)) -> Frame:
    frame = np.zeros((SIDE * 2, SIDE, 4), np.uint8)
    frame[16:48, 16:48, :3] = (180, 60, 60)
    frame[SIDE + 16 : SIDE + 48, 16:48, :3] = lower
    frame[..., 3] = 255
    return frame


def check(path: Path, format_: Format, count: int = COUNT, fps: float = 24) -> Verification:
    return verify_film(path, format_, (SIDE, SIDE), count, fps)


def refusal(path: Path, format_: Format, count: int = COUNT, fps: float = 24) -> str:
    with pytest.raises(PermanentError) as failure:
        check(path, format_, count, fps)
    assert failure.value.reason == "verification_failed"
    assert path.name in failure.value.message
    return failure.value.message


@pytest.mark.parametrize("format_", [WEBM, HEVC], ids=["webm", "hevc"])
def test_a_good_film_passes_with_what_was_measured(tmp_path: Path, format_: Format) -> None:
    path = write(tmp_path / f"good.{format_.extension}", format_, figure())
    checked = check(path, format_)
    assert (checked.frames, checked.fps, checked.duration) == (COUNT, 24.0, 0.25)
    assert (checked.width, checked.height, checked.bytes) == (SIDE, SIDE, path.stat().st_size)
    assert checked.alpha_min is not None
    assert checked.alpha_min <= 2
    assert checked.alpha_max is not None
    assert checked.alpha_max >= 253
    assert checked.alpha_coverage == pytest.approx(0.25, abs=0.02)
    assert checked.as_dict()["codec"] == format_.codec


def test_a_good_stacked_film_passes(tmp_path: Path) -> None:
    checked = check(write(tmp_path / "good.mp4", STACKED_VIDEO, stacked()), STACKED_VIDEO)
    assert (checked.width, checked.height) == (SIDE, SIDE)
    assert checked.alpha_coverage == pytest.approx(0.25, abs=0.02)


def test_a_plain_film_has_no_alpha_to_check(tmp_path: Path) -> None:
    frame = np.full((SIDE, SIDE, 3), (0, 200, 70), np.uint8)
    path = character.film(tmp_path / "plain.mp4", [frame] * COUNT)
    checked = verify_film(path, None, (SIDE, SIDE), COUNT, 24, alpha_expected=False)
    assert checked.codec == "h264"
    assert checked.alpha_coverage is None


def test_vp9_without_alpha_is_caught(tmp_path: Path) -> None:
    path = write(tmp_path / "opaque.webm", WEBM, figure(), pixels="yuv420p")
    assert "alpha: expected transparent pixels" in refusal(path, WEBM)


def test_hevc_without_its_alpha_layer_is_caught(tmp_path: Path) -> None:
    path = write(tmp_path / "opaque.mov", HEVC, figure(), pixels="yuv420p")
    assert read_structure(path).layers == (0,)
    assert "layers" in refusal(path, HEVC)


def test_an_announced_alpha_layer_is_seen(tmp_path: Path) -> None:
    structure = read_structure(write(tmp_path / "alpha.mov", HEVC, figure()))
    assert structure.layers == (0, 1)
    assert structure.has_alpha
    assert 165 in structure.sei
    assert {("VPS", 0), ("SPS", 0), ("SPS", 1), ("PPS", 0), ("PPS", 1)} <= structure.sets


def test_hevc_as_the_encoder_leaves_it_is_caught(tmp_path: Path) -> None:
    path = write(tmp_path / "alpha.mov", HEVC, figure(), correct=False)
    assert "what tells the layers apart: expected (3,), found (2, 3)" in refusal(path, HEVC)


def test_an_alpha_layer_of_limited_range_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parameter_sets, "_with_full_range", lambda sps: sps)
    path = write(tmp_path / "alpha.mov", HEVC, figure())
    assert "full range of the alpha layer: expected True, found False" in refusal(path, HEVC)


@pytest.mark.parametrize("format_", [WEBM, HEVC], ids=["webm", "hevc"])
@pytest.mark.parametrize(
    ("alpha", "ground", "message"),
    [(255, 255, "expected transparent pixels"), (0, 0, "expected opaque pixels")],
    ids=["opaque", "empty"],
)
def test_alpha_that_says_nothing_is_caught(
    tmp_path: Path, format_: Format, alpha: int, ground: int, message: str
) -> None:
    path = write(tmp_path / f"flat.{format_.extension}", format_, figure(alpha, ground))
    assert message in refusal(path, format_)


def test_a_coloured_lower_half_is_caught(tmp_path: Path) -> None:
    path = write(tmp_path / "colour.mp4", STACKED_VIDEO, stacked((255, 200, 255)))
    assert "alpha half: expected grey" in refusal(path, STACKED_VIDEO)


def test_an_unstacked_film_is_caught_by_its_size(tmp_path: Path) -> None:
    path = write(tmp_path / "single.mp4", STACKED_VIDEO, figure())
    assert "size: expected (64, 128), found (64, 64)" in refusal(path, STACKED_VIDEO)


def test_the_wrong_number_of_frames_is_caught(tmp_path: Path) -> None:
    path = write(tmp_path / "short.webm", WEBM, figure(), count=COUNT - 1)
    assert f"frames: expected {COUNT}, found {COUNT - 1}" in refusal(path, WEBM)


def test_the_wrong_rate_is_caught(tmp_path: Path) -> None:
    path = write(tmp_path / "fast.webm", WEBM, figure())
    assert "rate: expected 30" in refusal(path, WEBM, fps=30)


def test_the_wrong_codec_is_caught(tmp_path: Path) -> None:
    path = write(tmp_path / "other.mov", STACKED_VIDEO, figure())
    assert "codec: expected hevc, found h264" in refusal(path, HEVC)


@pytest.mark.parametrize("share", [0.4, 0.95])
@pytest.mark.parametrize("format_", [WEBM, HEVC], ids=["webm", "hevc"])
def test_a_truncated_file_is_caught(tmp_path: Path, format_: Format, share: float) -> None:
    noisy = np.random.default_rng(3).integers(0, 255, (SIDE, SIDE, 4), np.uint8)
    path = write(tmp_path / f"cut.{format_.extension}", format_, noisy)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(PermanentError):
        check(path, format_)


def test_bytes_damaged_in_the_middle_are_caught(tmp_path: Path) -> None:
    noisy = np.random.default_rng(3).integers(0, 255, (SIDE * 2, SIDE, 4), np.uint8)
    noisy[SIDE:, :, :3] = noisy[SIDE:, :, :1]
    path = write(tmp_path / "damaged.mp4", STACKED_VIDEO, noisy)
    data = bytearray(path.read_bytes())
    middle = data.index(b"mdat") + len(data) // 2
    data[middle : middle + 400] = bytes(400)
    path.write_bytes(data)
    with pytest.raises(PermanentError):
        check(path, STACKED_VIDEO)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a film",
        struct.pack(">I4s", 8, b"moov"),
        struct.pack(">I4s", 1 << 31, b"moov") + bytes(32),
        struct.pack(">I4sQ", 1, b"moov", 16) + bytes(8),
    ],
    ids=["empty", "text", "bare header", "huge header", "wide header"],
)
def test_what_holds_no_hevc_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "film.mov"
    path.write_bytes(content)
    with pytest.raises(PermanentError) as failure:
        read_structure(path)
    assert failure.value.reason == "unreadable_film"


def test_a_damaged_header_is_refused_whatever_is_damaged(tmp_path: Path) -> None:
    """Every byte of hvcC in turn: the reader says so or finds something, but never falls over."""
    good = write(tmp_path / "good.mov", HEVC, figure(), count=1).read_bytes()
    path = tmp_path / "bad.mov"
    start = good.index(b"hvcC")
    for at in range(start + 4, start + 200, 3):
        path.write_bytes(good[:at] + b"\xff" + good[at + 1 :])
        try:
            read_structure(path)
        except PermanentError as refused:
            assert refused.reason == "unreadable_film"


def test_hevc_with_alpha_works_here() -> None:
    require_hevc_alpha()


def test_a_binary_without_hevc_alpha_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "ffmpeg"
    script.write_text("#!/bin/sh\necho 'Unknown encoder libx265' >&2\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setattr(ffmpeg, "binary", lambda: str(script))
    require_hevc_alpha.cache_clear()
    with pytest.raises(PermanentError) as failure:
        require_hevc_alpha()
    assert failure.value.reason == "hevc_alpha_unsupported"
    assert "Unknown encoder" in failure.value.message
    assert "imageio-ffmpeg>=0.8.1" in failure.value.message
    # What failed is not remembered: the next call asks again.
    monkeypatch.undo()
    require_hevc_alpha()


def test_a_binary_that_drops_the_alpha_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ffmpeg, "HEVC", STACKED_VIDEO)
    require_hevc_alpha.cache_clear()
    with pytest.raises(PermanentError, match="the alpha was lost"):
        require_hevc_alpha()
    monkeypatch.undo()
    require_hevc_alpha()


def test_stills_are_verified(tmp_path: Path) -> None:
    path = tmp_path / "still.png"
    Image.fromarray(figure()).save(path)
    checked = verify_still(path, alpha=True, size=(SIDE, SIDE))
    assert (checked.codec, checked.frames, checked.fps) == ("png", 1, None)
    assert (checked.alpha_min, checked.alpha_max, checked.alpha_coverage) == (0, 255, 0.25)
    assert verify_still(path, alpha=False).alpha_min is None


@pytest.mark.parametrize(
    ("content", "size", "message"),
    [
        (figure(255, 255), (SIDE, SIDE), "transparent pixels"),
        (figure(0, 0), (SIDE, SIDE), "opaque pixels"),
        (figure(), (SIDE, SIDE + 1), "size"),
    ],
    ids=["opaque", "empty", "size"],
)
def test_wrong_stills_are_caught(
    tmp_path: Path, content: Frame, size: tuple[int, int], message: str
) -> None:
    path = tmp_path / "still.png"
    Image.fromarray(content).save(path)
    with pytest.raises(PermanentError, match=message):
        verify_still(path, alpha=True, size=size)


@pytest.mark.parametrize("kind", ["JPEG", "cut"])
def test_a_still_that_is_no_whole_png_is_caught(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "still.png"
    Image.fromarray(figure()[..., :3]).save(path, "PNG" if kind == "cut" else kind)
    if kind == "cut":
        path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(PermanentError) as failure:
        verify_still(path, alpha=False)
    assert failure.value.reason == "verification_failed"


ONE_BY_ONE = [one for one in FORMATS.values() if one.layout is Layout.STRAIGHT]


@pytest.mark.parametrize("format_", ONE_BY_ONE, ids=[one.name for one in ONE_BY_ONE])
def test_frames_that_stand_still_count(tmp_path: Path, format_: Format) -> None:
    """Some encoders write them as one."""
    path = write(tmp_path / f"film.{format_.extension}", format_, figure())
    found = check(path, format_)
    assert found.frames == COUNT
    assert found.duration == pytest.approx(COUNT / 24, abs=format_.tick)
    with pytest.raises(PermanentError, match="frames"):
        check(path, format_, COUNT + 1)
    with pytest.raises(PermanentError, match="frames"):
        check(path, format_, COUNT - 1)
