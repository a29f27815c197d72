"""Finished files of HEVC with alpha, before and after their headers are corrected."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from shared.errors import PermanentError
from shared.media import boxes, ffmpeg, hevc, parameter_sets
from shared.media.ffmpeg import Frame
from shared.media.formats import HEVC, Quality
from shared.media.parameter_sets import ALPHA_LAYER, layer_of, nal_type
from tests.media import character

SIDE, COUNT = 64, 34
IDR = {19, 20}
"""The types of key pictures that cut off all that came before."""
START_CODE = b"\0\0\0\1"

Units = list[bytes]


def picture(number: int) -> Frame:
    """A square that moves, opaque on the left and half on the right."""
    frame = np.full((SIDE, SIDE, 4), (180, 60, 60, 0), np.uint8)
    frame[16:48, 8 + number % 16 : 40, 3] = 255
    frame[16:48, 40:56, 3] = 128
    return frame


def film(path: Path, count: int = COUNT, options: Sequence[str] = ()) -> Path:
    """A film as the encoder leaves it."""
    encode = (*HEVC.options(Quality.DRAFT), *options)
    with ffmpeg.write_frames(path, SIDE, SIDE, character.FPS, encode) as write:
        for number in range(count):
            write(picture(number))
    return path


@pytest.fixture(scope="module")
def encoded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("hevc") / "film.mov")


@pytest.fixture
def path(encoded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(encoded, tmp_path / "film.mov"))


def decoded(path: Path) -> bytes:
    """All planes of all frames, as they are stored."""
    arguments = ("-pix_fmt", "yuva420p", "-f", "rawvideo", "pipe:1")
    return ffmpeg.run((*ffmpeg.opening(path), *arguments))


def table(path: Path, name: bytes) -> list[int]:
    """The numbers of four bytes in a box of the table of samples."""
    found = boxes.find(boxes.top_level(path, b"moov")[1], *hevc.TABLE, name)
    return [int.from_bytes(found[at : at + 4]) for at in range(4, len(found), 4)]


def samples(path: Path) -> Iterator[Units]:
    """The units of each sample; all samples lie in one chunk."""
    count, at = table(path, b"stco")
    assert count == 1
    content = path.read_bytes()
    for size in table(path, b"stsz")[2:]:
        yield list(hevc._prefixed(content[at : at + size], 4))
        at += size


def alpha_alone(path: Path) -> bytes:
    """The alpha layer as a stream of one layer."""
    header = boxes.top_level(path, b"moov")[1]
    config = boxes.find(header, *hevc.CONFIGURATION)
    units = [unit for _, units in hevc._arrays(config) for unit in units]
    units += [unit for sample in samples(path) for unit in sample]
    return b"".join(
        START_CODE + bytes((unit[0] & ~1, unit[1] & 7)) + unit[2:]
        for unit in units
        if nal_type(unit) == parameter_sets.VPS or layer_of(unit) == ALPHA_LAYER
    )


def test_colours_and_alpha_decode_as_before(path: Path, encoded: Path) -> None:
    hevc.correct(path)
    before, after = hevc.read_structure(encoded), hevc.read_structure(path)
    assert (before.scalability, before.is_alpha_full_range) == ((2, 3), False)
    assert (after.scalability, after.is_alpha_full_range) == ((3,), True)
    assert (after.layers, after.sets, after.sei) == (before.layers, before.sets, before.sei)
    assert decoded(path) == decoded(encoded)
    assert len(decoded(path)) == COUNT * SIDE * SIDE * 5 // 2


def test_alpha_is_what_its_range_says(path: Path, tmp_path: Path) -> None:
    """Decoded without the colours, the layer holds 0 to 255, and says so."""
    hevc.correct(path)
    layer = tmp_path / "alpha.hevc"
    layer.write_bytes(alpha_alone(path))
    reading = ("-f", "hevc", "-i", ffmpeg.url(layer), "-frames:v", "1")
    planes, told = ffmpeg.examine((*reading, "-f", "rawvideo", "pipe:1"))  # nothing is converted
    luma = np.frombuffer(planes, np.uint8, SIDE * SIDE).reshape(SIDE, SIDE).astype(int)
    assert abs(luma - picture(0)[..., 3]).mean() < 1
    assert (luma.min(), luma.max()) == (0, 255)
    assert "420p(pc, " in told


def test_parameter_sets_are_in_the_header_alone(path: Path) -> None:
    """So there is no other place to correct."""
    found = {nal_type(unit) for sample in samples(path) for unit in sample}
    assert not found & set(hevc.PARAMETER_SETS)


def test_a_key_frame_comes_every_thirty_frames(tmp_path: Path) -> None:
    """In both layers, and as the table of samples says."""
    path = film(tmp_path / "long.mov", count=70)
    _, *keys = table(path, b"stss")
    assert max(np.diff([*keys, 71])) <= 30
    kinds = [{layer_of(unit): nal_type(unit) for unit in sample} for sample in samples(path)]
    for key in keys:
        assert kinds[key - 1][0] in IDR
        assert kinds[key - 1][ALPHA_LAYER] in IDR


def test_a_file_is_corrected_once(path: Path) -> None:
    hevc.correct(path)
    once = path.read_bytes()
    hevc.correct(path)
    assert path.read_bytes() == once


def test_sides_of_any_length_and_every_quality_are_understood(tmp_path: Path) -> None:
    """Sides that are no multiple of eight are cut to size in the SPS, before the range is told."""
    path, frame = tmp_path / "film.mov", np.zeros((70, 90, 4), np.uint8)
    for quality in Quality:
        options = HEVC.options(quality)
        with ffmpeg.write_frames(path, 90, 70, character.FPS, options) as write:
            write(frame)
        hevc.correct(path)
        found = hevc.read_structure(path)
        assert (found.scalability, found.is_alpha_full_range) == ((3,), True)


def test_what_has_no_alpha_layer_stays(tmp_path: Path) -> None:
    path = film(tmp_path / "opaque.mov", count=2, options=("-pix_fmt", "yuv420p"))
    before = path.read_bytes()
    hevc.correct(path)
    assert path.read_bytes() == before


def longer(unit: bytes) -> bytes:
    """A message with another in front of it, of which decoders think nothing."""
    if nal_type(unit) != hevc.PREFIX_SEI:
        return unit
    return unit[:2] + bytes((5, 40)) + b"\x11" * 40 + unit[2:]


def shorter(unit: bytes) -> bytes:
    return unit[:2] + unit[44:] if nal_type(unit) == hevc.PREFIX_SEI else unit


def with_wide_places(path: Path) -> None:
    """Write places of chunks in eight bytes each, as in files over 4 GB."""

    def widened(stbl: bytes) -> bytes:
        start, count, place = stbl.index(b"stco"), 1, 8
        content = stbl[start + 4 : start + 12] + bytes(4) + stbl[start + 12 : start + 16]
        assert int.from_bytes(stbl[start + 8 : start + 12]) == count
        size = (boxes.HEAD + 8 + count * place).to_bytes(4)
        return stbl[: start - 4] + size + b"co64" + content + stbl[start + 16 :]

    start, before = boxes.top_level(path, b"moov")
    after = boxes.changed(before, hevc.TABLE, widened)
    after = hevc._shifted(after, start, len(after) - len(before))
    hevc._replace(path, start, len(before), after)


@pytest.mark.parametrize("options", [(), ("-movflags", "0")], ids=["header first", "header last"])
@pytest.mark.parametrize("is_wide", [False, True], ids=["stco", "co64"])
def test_samples_are_found_where_they_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: Sequence[str], is_wide: bool
) -> None:
    path = film(tmp_path / "film.mov", count=4, options=options)
    before = decoded(path)
    if is_wide:
        with_wide_places(path)
        assert decoded(path) == before
    size = path.stat().st_size
    for change, moved in ((longer, 42), (shorter, 0)):
        monkeypatch.setattr(parameter_sets, "corrected", change)
        hevc.correct(path)
        assert path.stat().st_size == size + moved
        assert decoded(path) == before
        assert hevc.read_structure(path).layers == (0, 1)


def test_only_what_lies_behind_the_header_moves() -> None:
    def box(name: bytes, content: bytes) -> bytes:
        return (len(content) + 8).to_bytes(4) + name + content

    def header(*places: int) -> bytes:
        stco = bytes(4) + len(places).to_bytes(4) + b"".join(place.to_bytes(4) for place in places)
        content = box(b"stsz", b"other") + box(b"stco", stco)
        for name in reversed(hevc.TABLE):
            content = box(b"free", b"") + box(name, content) + box(b"udta", b"more")
        return content

    shifted = hevc._shifted(header(40, 5000, 9000), 1000, -3)
    assert shifted == header(40, 4997, 8997)


def test_a_copy_that_fails_leaves_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError("no space")

    monkeypatch.setattr(shutil, "copyfileobj", full)
    with pytest.raises(OSError, match="no space"):
        hevc.correct(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_header_whose_size_stands_elsewhere_is_refused(path: Path) -> None:
    """It would be written into the place of another number."""
    start, header = boxes.top_level(path, b"moov")
    wide = (1).to_bytes(4) + b"moov" + (16 + len(header)).to_bytes(8) + header
    content = path.read_bytes()
    path.write_bytes(content[: start - boxes.HEAD] + wide + content[start + len(header) :])
    with pytest.raises(PermanentError, match="a header of"):
        hevc.correct(path)


@pytest.mark.parametrize("content", [b"", b"text" * 9, (8).to_bytes(4) + b"moov"])
def test_what_holds_no_hevc_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(PermanentError) as failure:
        hevc.correct(path)
    assert failure.value.reason == "unreadable_film"
    assert path.read_bytes() == content
