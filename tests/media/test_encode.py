"""Each format's way from the key-coloured film to alpha in a file, and what stops it."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from shared.errors import PermanentError, TransientError
from shared.media import cutout, decode, encode, ffmpeg
from shared.media.encode import ENCODING, FED, Report, Targets, arrange, cleared, scale, transcode
from shared.media.ffmpeg import Frame
from shared.media.fidelity import Seen, seen
from shared.media.figure import Separation, separate
from shared.media.formats import (
    APNG,
    AVIF,
    FORMATS,
    GIF,
    HEVC,
    SPRITE_SHEET,
    STACKED_VIDEO,
    WEBM,
    WIDEST_GRID,
    Cells,
    Format,
    Layout,
    Quality,
)
from shared.media.key import FilmKeyer, Wardrobe, learn, measure_ground
from shared.media.probe import probe_film
from shared.media.verify import Verification, shortfall, verify_film
from tests.media import character, films
from tests.media.conftest import COUNT, SIZE, Clip, Filmed
from tests.media.measures import alpha_error

SMALL = 128
LOOKS = 1
"""Frames that are keyed to see that a film has a figure, where the first shows it."""
ALL = list(FORMATS.values())


@dataclass(frozen=True, slots=True)
class Made:
    clip: Clip
    format: Format
    report: Report
    paths: dict[int | None, Path]


@pytest.fixture(scope="module", params=ALL, ids=[format_.name for format_ in ALL])
def made(
    request: pytest.FixtureRequest, filmed: Filmed, tmp_path_factory: pytest.TempPathFactory
) -> Made:
    """The film on green in one format, at full size and at a variant."""
    format_: Format = request.param
    folder = tmp_path_factory.mktemp(format_.name)
    clip = filmed(character.GREEN)
    paths = {size: folder / f"{size or 'full'}.{format_.extension}" for size in (None, SMALL)}
    wardrobe = learn([(clip.true[0], None)])
    report = transcode(clip.path, {format_: paths}, wardrobe=wardrobe)
    return Made(clip, format_, report, paths)


def decoded(path: Path, format_: Format, size: int) -> list[Frame]:
    """The pictures in a file as a player shows them: alpha straight, colour as it is stored."""
    film = decode.probe(path, format_)
    count = COUNT if format_.layout is Layout.GRID else film.frames
    with decode.read(path, format_, film, (size, size), count, 24) as frames:
        found = list(frames)
    if format_.layout is not Layout.STACKED:
        return found
    return [np.dstack([frame[:size, :, :3], frame[size:, :, 1]]) for frame in found]


def running() -> list[psutil.Process]:
    """The ffmpegs that this process has started, and not what other tests have."""
    return [one for one in psutil.Process().children() if "ffmpeg" in one.name()]


def boxes(path: Path) -> list[bytes]:
    """The names of a QuickTime or MP4 file's outermost boxes, in their order."""
    data, names = path.read_bytes(), []
    while data:
        names.append(data[4:8])
        data = data[int.from_bytes(data[:4]) :]
    return names


def test_alpha_survives_at_every_size(made: Made) -> None:
    format_ = made.format
    for size, path in made.paths.items():
        side = size or SIZE
        found = decoded(path, format_, side)
        true = [scale(frame, (side, side)) for frame in made.clip.true]
        if format_ is GIF:
            assert {0, 255} == set(np.unique(np.stack(found)[..., 3]))
            assert max(alpha_error(f, t) for f, t in zip(found, true, strict=True)) <= 4.0
            continue
        assert max(alpha_error(f, t) for f, t in zip(found, true, strict=True)) <= 1.0
        _, ground = measure_ground(made.clip.raw)
        keyer = FilmKeyer(ground, learn([(made.clip.true[0], None)]))
        keyed = [scale(keyer.matte(frame), (side, side)) for frame in made.clip.raw]
        assert max(alpha_error(f, k) for f, k in zip(found, keyed, strict=True)) <= 0.7


def test_colour_survives_where_it_shows(made: Made) -> None:
    format_ = made.format
    solid = made.clip.true[0][..., 3] == 255
    found = decoded(made.paths[None], format_, SIZE)[0]
    apart = found[solid][:, :3].astype(np.int16) - made.clip.true[0][solid][:, :3]
    assert np.abs(apart).mean() <= 6


def test_frames_and_rate_are_kept(made: Made) -> None:
    assert made.report.frames == COUNT
    assert made.report.fps == 24
    assert made.report.duration == pytest.approx(COUNT / 24)
    format_ = made.format
    for path in made.paths.values():
        film = decode.probe(path, format_)
        if format_.layout is Layout.GRID:
            assert (film.frames, film.width, film.height) == (1, 2 * film.width // 2, film.width)
        else:
            assert film.frames == COUNT
            assert film.duration == pytest.approx(COUNT / 24, abs=format_.tick)


def test_files_are_what_they_claim_to_be(made: Made) -> None:
    format_ = made.format
    for size, path in made.paths.items():
        side = size or SIZE
        output = made.report.outputs[format_][size]
        assert (output.width, output.height, output.bytes) == (side, side, path.stat().st_size)
        checked = verify_film(path, format_, (side, side), COUNT, 24)
        assert checked.codec == format_.codec
        assert checked.layers == ((0, 1) if format_.layered else ())
        assert checked.alpha_coverage == pytest.approx(
            made.clip.true[0][..., 3].mean() / 255, abs=0.02
        )


def test_players_need_not_guess_which_colours_are_meant(made: Made) -> None:
    """Moving pictures mean sRGB, and say nothing."""
    told = films.listing(made.paths[None])
    # Matrix, primaries and transfer; they are told apart where they are not all the same.
    web = "(tv, smpte170m/bt709/bt709, progressive)"
    said = {"webm": web, "stacked_video": web, "avif": web, "hevc": films.COLOURS}
    assert all(
        (colours in told) == (said.get(made.format.name) == colours)
        for colours in (web, films.COLOURS)
    )


def test_playback_starts_before_the_download_ends(made: Made) -> None:
    """What has no boxes stands in the order in which it is shown."""
    names = boxes(made.paths[None])
    assert (b"mdat" in names) == (made.format.name in {"hevc", "stacked_video", "avif"})
    assert b"mdat" not in names or names.index(b"moov") < names.index(b"mdat")


def test_there_is_no_sound(made: Made) -> None:
    listening = ("-map", "0:a", "-c", "copy", "-f", "null", "pipe:1")
    with pytest.raises(PermanentError, match="matches no streams"):
        ffmpeg.run((*ffmpeg.opening(made.paths[None], made.format.demuxer), *listening))


def test_sound_in_the_source_is_left_out(filmed: Filmed, tmp_path: Path) -> None:
    silent, loud = filmed(character.GREEN).path, tmp_path / "loud.mp4"
    tone = ("-f", "lavfi", "-i", "sine=duration=0.2")
    mixed = ("-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "aac", ffmpeg.url(loud))
    ffmpeg.run(("-i", ffmpeg.url(silent), *tone, *mixed))
    transcode(loud, {STACKED_VIDEO: {64: tmp_path / "out.mp4"}})
    listening = ("-map", "0:a", "-c", "copy", "-f", "null", "pipe:1")
    with pytest.raises(PermanentError, match="matches no streams"):
        ffmpeg.run(("-i", ffmpeg.url(tmp_path / "out.mp4"), *listening))


@pytest.mark.parametrize("quality", Quality)
@pytest.mark.parametrize("format_", ALL, ids=[format_.name for format_ in ALL])
def test_every_quality_is_one_that_the_encoder_takes(
    filmed: Filmed, tmp_path: Path, format_: Format, quality: Quality
) -> None:
    path = tmp_path / f"film.{format_.extension}"
    transcode(filmed(character.GREEN).path, {format_: {64: path}}, quality=quality)
    verify_film(path, format_, (64, 64), COUNT, 24)


def test_odd_sides_become_even(tmp_path: Path) -> None:
    frame = np.full((150, 98, 3), character.GREEN, np.uint8)
    frame[40:110, 30:70] = (220, 60, 60)
    source = character.film(tmp_path / "tall.mp4", [frame] * 3)
    paths: dict[int | None, Path] = {67: tmp_path / "67.webm", None: tmp_path / "full.webm"}
    report = transcode(source, {WEBM: paths})
    assert (report.outputs[WEBM][67].width, report.outputs[WEBM][67].height) == (66, 102)
    assert (report.outputs[WEBM][None].width, report.outputs[WEBM][None].height) == (98, 150)
    assert (probe_film(paths[67]).width, probe_film(paths[67]).height) == (66, 102)


PLAIN = np.full((64, 64, 3), films.CYAN, np.uint8)


def with_figure() -> Frame:
    picture = PLAIN.copy()
    picture[20:50, 20:50] = (230, 120, 20)
    return picture


def carrying_alpha(path: Path, shares: list[Frame]) -> Path:
    """A master that carries its alpha, of one orange."""
    orange = np.full((64, 64, 3), (230, 120, 20), np.uint8)
    colours = films.encoded(path.with_suffix(".colour.mp4"), [orange] * len(shares))
    alphas = films.encoded(path.with_suffix(".alpha.mp4"), [np.dstack([s] * 3) for s in shares])
    both = ("-i", ffmpeg.url(colours), "-i", ffmpeg.url(alphas))
    ffmpeg.run((*both, "-map", "0:v", "-map", "1:v", "-c", "copy", "-y", ffmpeg.url(path)))
    return path


@pytest.mark.parametrize("frames", [2, 30, 200])
def test_a_film_without_a_figure_is_refused_before_anything_is_encoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, frames: int
) -> None:
    source = films.encoded(tmp_path / "plain.mp4", [PLAIN] * frames)
    passes = Passes(monkeypatch)
    with pytest.raises(PermanentError) as refused:
        transcode(source, {WEBM: {None: tmp_path / "film.webm"}})
    assert refused.value.reason == "cutout_empty"
    assert "one plain colour" in refused.value.message
    assert passes.written == []
    assert passes.keyed <= LOOKS + min(frames, 18)
    assert not (tmp_path / "film.webm").exists()


def test_a_film_whose_alpha_is_clear_throughout_is_refused_before_anything_is_encoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = carrying_alpha(tmp_path / "clear.mp4", [np.zeros((64, 64), np.uint8)] * 20)
    passes = Passes(monkeypatch)
    with pytest.raises(PermanentError) as refused:
        transcode(source, {WEBM: {None: tmp_path / "film.webm"}})
    assert (refused.value.reason, passes.written) == ("cutout_empty", [])


def test_a_film_in_which_the_network_finds_nothing_is_refused_before_anything_is_encoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8)
    source = character.film(tmp_path / "busy.mp4", [busy] * 20)
    monkeypatch.setattr(
        cutout, "segment", lambda pixels, _: np.dstack([pixels, np.zeros((64, 64), np.uint8)])
    )
    passes = Passes(monkeypatch)
    with pytest.raises(PermanentError) as refused:
        transcode(source, {WEBM: {None: tmp_path / "film.webm"}}, weights=tmp_path)
    assert (refused.value.reason, passes.written) == ("cutout_empty", [])


@pytest.mark.parametrize(
    "shown",
    [range(10, 20), range(19, 20), range(1, 3)],
    ids=["second half", "last frame", "at once"],
)
def test_a_figure_that_enters_late_is_found(tmp_path: Path, shown: range) -> None:
    pictures = [with_figure() if number in shown else PLAIN for number in range(20)]
    source = films.encoded(tmp_path / "late.mp4", pictures)
    transcode(source, {WEBM: {None: tmp_path / "film.webm"}}, quality=Quality.DRAFT)
    assert (tmp_path / "film.webm").exists()


def test_a_figure_that_is_there_for_half_a_second_is_found(tmp_path: Path) -> None:
    """Of a film of a minute as of one of seconds."""
    pictures = [PLAIN] * 700 + [with_figure()] * 12 + [PLAIN] * 700
    source = films.encoded(tmp_path / "long.mp4", pictures)
    separation = separate(source, probe_film(source), Wardrobe(), None)
    assert separation.shows_figure()


def test_what_the_early_look_overlooks_is_refused_after_one_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_at_nothing(*arguments: object, **options: object) -> None:
        pytest.fail("it was looked at")

    source = films.encoded(tmp_path / "plain.mp4", [PLAIN] * 30)
    monkeypatch.setattr(encode, "verify_film", look_at_nothing)
    monkeypatch.setattr(Separation, "shows_figure", lambda _: True)
    target = tmp_path / "film.webm"
    with pytest.raises(PermanentError) as refused:
        transcode(source, {WEBM: {None: target}})
    assert refused.value.reason == "cutout_empty"
    assert not target.exists()


def test_a_busy_background_is_refused(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (96, 96, 3), np.uint8)
    source = character.film(tmp_path / "busy.mp4", [noise] * 3)
    with pytest.raises(PermanentError) as refusal:
        transcode(source, {WEBM: {None: tmp_path / "out.webm"}})
    assert refusal.value.reason == "background_not_flat"
    assert not (tmp_path / "out.webm").exists()


class Cancelled(Exception):
    pass


@pytest.mark.parametrize("format_", ALL, ids=[format_.name for format_ in ALL])
def test_cancelling_ends_every_process_and_leaves_no_file(
    filmed: Filmed, tmp_path: Path, format_: Format
) -> None:
    seen = 0

    def cancel(share: float) -> None:
        nonlocal seen
        seen = len(running())
        raise Cancelled

    paths: dict[int | None, Path] = {
        size: tmp_path / f"{size}.{format_.extension}" for size in (None, SMALL)
    }
    with pytest.raises(Cancelled):
        transcode(filmed(character.GREEN).path, {format_: paths}, progress=cancel)
    assert seen == 3, "one that decodes, and one that encodes each size"
    assert running() == []
    assert list(tmp_path.iterdir()) == []


def test_a_failing_encoder_leaves_no_file_at_any_size(filmed: Filmed, tmp_path: Path) -> None:
    paths: dict[int | None, Path] = {64: tmp_path / "absent" / "64.webm", 32: tmp_path / "32.webm"}
    with pytest.raises(PermanentError) as failure:
        transcode(filmed(character.GREEN).path, {WEBM: paths})
    assert failure.value.reason == "ffmpeg_failed"
    assert running() == []
    assert list(tmp_path.iterdir()) == []


def test_a_cut_off_source_leaves_no_file(filmed: Filmed, tmp_path: Path) -> None:
    """Its header promises frames that are not there."""
    source = tmp_path / "cut.mp4"
    moving = ("-c", "copy", "-movflags", "+faststart", ffmpeg.url(source))
    ffmpeg.run(("-i", ffmpeg.url(filmed(character.GREEN).path), *moving))
    source.write_bytes(source.read_bytes()[:-2000])
    with pytest.raises(PermanentError):
        transcode(source, {WEBM: {64: tmp_path / "64.webm"}})
    assert not (tmp_path / "64.webm").exists()


def test_progress_rises_to_one(filmed: Filmed, tmp_path: Path) -> None:
    """What encoders hold when they have all frames is still to be written, and counts for much."""
    shares: list[float] = []
    targets: Targets = {WEBM: {size: tmp_path / f"{size}.webm" for size in (64, 32)}}
    transcode(filmed(character.GREEN).path, targets, progress=shares.append)
    fed = ENCODING * FED
    assert shares[:4] == pytest.approx([fed * number / 4 for number in (1, 2, 3, 4)])
    assert shares[4:6] == pytest.approx([(fed + ENCODING) / 2, ENCODING])
    assert shares[6:] == pytest.approx([(1 + ENCODING) / 2, 1])


def test_what_is_too_much_at_once_is_encoded_one_after_another(
    filmed: Filmed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Encoders hold dozens of frames each: all formats of 1080p side by side took 4 GB."""
    targets: Targets = {
        format_: {size: tmp_path / f"{size}.{format_.extension}" for size in (64, 32)}
        for format_ in (WEBM, STACKED_VIDEO)
    }
    passes: list[int] = []
    run = encode._Encoding._pass

    def count(self: Any, chosen: Any, progress: Any) -> None:
        passes.append(len(chosen))
        run(self, chosen, progress)

    monkeypatch.setattr(encode._Encoding, "_pass", count)
    monkeypatch.setattr(encode, "PIXELS_AT_ONCE", 64 * 64 + 32 * 32)
    report = transcode(filmed(character.GREEN).path, targets)
    assert passes[:3] == [2, 1, 1]  # of the stacked film, the larger one is beyond it by itself
    assert {format_: set(sizes) for format_, sizes in report.outputs.items()} == {
        format_: {64, 32} for format_ in targets
    }


def test_memory_does_not_grow_with_the_films_length(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = np.full((64, 64, 3), character.GREEN, np.uint8)
    frame[20:44, 20:44] = (220, 60, 60)
    source = character.film(tmp_path / "long.mp4", [frame] * 60)
    alive = most = 0

    class Counted(np.ndarray):
        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    matte = FilmKeyer.matte

    def counting(keyer: FilmKeyer, frame: Frame) -> Frame:
        nonlocal alive, most
        alive += 1
        most = max(most, alive)
        return matte(keyer, frame).view(Counted)

    monkeypatch.setattr(FilmKeyer, "matte", counting)
    report = transcode(source, {STACKED_VIDEO: {None: tmp_path / "out.mp4"}})
    assert report.frames == 60
    assert most <= 8


def test_scaling_fetches_no_colour_from_what_is_transparent() -> None:
    rgba = np.full((64, 64, 4), (0, 255, 0, 0), np.uint8)
    rgba[:, :31] = (255, 0, 0, 255)
    small = scale(rgba, (16, 16))
    assert small[:, 7].tolist() == [[255, 0, 0, 191]] * 16
    assert small[:, 12, 3].max() == 0
    assert scale(rgba, (64, 64)) is rgba


def test_stacking_premultiplies_above_and_shows_alpha_below() -> None:
    rgba = np.array([[[200, 100, 50, 128], [10, 20, 30, 0]]], np.uint8)
    stacked = arrange(rgba, Layout.STACKED)[..., :3]
    assert stacked.tolist() == [
        [[100, 50, 25], [0, 0, 0]],
        [[128, 128, 128], [0, 0, 0]],
    ]
    assert arrange(rgba, Layout.STRAIGHT) is rgba


def test_an_encoder_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "slow.mp4"
    frame = np.zeros((64, 64, 3), np.uint8)
    with (
        pytest.raises(TransientError) as late,
        ffmpeg.write_frames(
            path, 64, 64, character.FPS, ("-c:v", "libx264"), pixels="rgb24", timeout=0.3
        ) as write,
    ):
        while True:
            write(frame)
    assert late.value.reason == "ffmpeg_timeout"
    assert not path.exists()


def test_a_frame_of_another_size_is_a_mistake(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="a frame of shape"),
        ffmpeg.write_frames(tmp_path / "x.mp4", 64, 64, character.FPS, HEVC.encode) as write,
    ):
        write(np.zeros((32, 64, 4), np.uint8))
    assert not (tmp_path / "x.mp4").exists()


def test_a_film_without_frames_is_unreadable(
    filmed: Filmed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ffmpeg, "read_frames", lambda *_, **__: nullcontext(iter(())))
    with pytest.raises(PermanentError) as nothing:
        transcode(filmed(character.GREEN).path, {WEBM: {None: tmp_path / "out.webm"}})
    assert nothing.value.reason == "unreadable_film"


def test_a_film_on_no_flat_background_goes_to_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its opinion of what does not move is held steady; what moves is believed at once."""
    shaded = np.tile(np.linspace(40, 220, 96).astype(np.uint8)[None, :, None], (96, 1, 3))
    moved = shaded.copy()
    moved[:48] = 255 - moved[:48]
    source = character.film(tmp_path / "busy.mp4", [shaded, shaded, moved])
    opinions = iter((200, 200, 100, 0))  # the first frame is looked at before

    def segment(pixels: Frame, weights: Path) -> Frame:
        return np.dstack([pixels, np.full(pixels.shape[:2], next(opinions), np.uint8)])

    monkeypatch.setattr(cutout, "segment", segment)
    seen: list[Frame] = []

    def arranged(rgba: Frame, layout: Layout) -> Frame:
        seen.append(rgba)
        return rgba

    monkeypatch.setattr(encode, "arrange", arranged)
    checked = Verification("vp9", 96, 96, 3, 24, 0.125, 1000)
    monkeypatch.setattr(encode, "verify_film", lambda *_, **__: checked)
    report = transcode(source, {WEBM: {None: tmp_path / "out.webm"}}, weights=tmp_path)
    assert (report.method, report.background) == ("rembg", None)
    assert seen[0][..., 3].max() == 200
    assert 140 <= seen[1][8:88, 8:88, 3].min() <= seen[1][8:88, 8:88, 3].max() <= 180
    assert seen[2][8:40, 8:40, 3].max() == 0
    assert seen[2][56:88, 8:88, 3].min() >= 60


class Passes:
    """What is asked of the keyer, of scaling and of the encoders."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.keyed = 0
        self.scaled: list[tuple[int, int]] = []
        self.written: list[str] = []
        matte, scaling, writing = FilmKeyer.matte, encode.scale, ffmpeg.write_frames

        def counted(keyer: FilmKeyer, frame: Frame) -> Frame:
            self.keyed += 1
            return matte(keyer, frame)

        def scaled(rgba: Frame, size: tuple[int, int]) -> Frame:
            self.scaled.append(size)
            return scaling(rgba, size)

        def written(path: Path, *shape: Any) -> AbstractContextManager[Callable[[Frame], None]]:
            self.written.append(path.name)
            return writing(path, *shape)

        monkeypatch.setattr(FilmKeyer, "matte", counted)
        monkeypatch.setattr(encode, "scale", scaled)
        monkeypatch.setattr(ffmpeg, "write_frames", written)


def test_one_key_serves_all_files_and_one_scaling_those_of_a_size(
    filmed: Filmed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip, passes = filmed(character.GREEN), Passes(monkeypatch)
    targets: Targets = {
        format_: {size: tmp_path / f"{size}.{format_.extension}" for size in (96, 64)}
        for format_ in (WEBM, HEVC, STACKED_VIDEO, APNG)
    }
    report = transcode(clip.path, targets)
    assert passes.keyed == LOOKS + COUNT
    assert passes.scaled == [(96, 96), (64, 64)] * COUNT
    for format_, sizes in targets.items():
        for size, path in sizes.items():
            output = report.outputs[format_][size]
            assert (output.width, output.bytes) == (size, path.stat().st_size)
            assert output.verification.codec == format_.codec
            assert output.verification.samples == COUNT
            assert shortfall(format_, output.verification) is None


def test_only_what_is_too_heavy_for_a_page_is_encoded_again_coarser(
    filmed: Filmed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = filmed(character.GREEN)
    targets: Targets = {
        WEBM: {size: tmp_path / f"{size}.webm" for size in (None, 64)},
        STACKED_VIDEO: {64: tmp_path / "64.mp4"},
    }
    plain = transcode(clip.path, targets).outputs
    assert plain[WEBM][None].coarser == 0
    limit = plain[WEBM][None].bytes * 3 // 5
    assert max(plain[WEBM][64].bytes, plain[STACKED_VIDEO][64].bytes) < limit
    monkeypatch.setattr(encode, "ceiling", lambda *_: limit)
    passes = Passes(monkeypatch)
    light = transcode(clip.path, targets).outputs
    assert light[WEBM][None].bytes <= limit
    assert light[WEBM][None].coarser > 0
    assert passes.written[:3] == ["None.webm", "64.webm", "64.mp4"]
    assert set(passes.written[3:]) == {"None.webm"}, "the others were light enough"
    assert passes.keyed == LOOKS + COUNT * (1 + len(passes.written[3:]))
    checked = light[WEBM][None].verification
    assert checked.samples == COUNT
    assert checked.alpha_error is not None
    assert checked.alpha_error < 1
    assert checked.ssim
    assert checked.ssim > 0.9


def test_quality_is_not_given_up_for_any_size(
    filmed: Filmed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encode, "ceiling", lambda *_: 1)
    found = transcode(filmed(character.GREEN).path, {WEBM: {64: tmp_path / "64.webm"}}).outputs[
        WEBM
    ][64]
    assert found.bytes > found.limit
    assert shortfall(WEBM, found.verification) is None
    assert 0 < found.coarser <= WEBM.coarsest - WEBM.quality[Quality.STANDARD].level


@pytest.mark.parametrize("broken", [1, 2], ids=["once", "always"])
def test_what_lost_too_much_is_encoded_again_once_finer(
    filmed: Filmed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: int
) -> None:
    """Whatever it weighs; then it is a failure which says what is wrong."""
    clip, path = filmed(character.GREEN), tmp_path / "64.webm"
    looked: list[int] = []

    def poor(*arguments: object, **more: object) -> Verification:
        found = verify_film(*arguments, **more)  # type: ignore[arg-type]
        looked.append(found.bytes)
        return replace(found, alpha_error=9.5) if len(looked) <= broken else found

    monkeypatch.setattr(encode, "verify_film", poor)
    if broken == 1:
        output = transcode(clip.path, {WEBM: {64: path}}).outputs[WEBM][64]
        assert output.coarser < 0
        assert looked[1] > looked[0]
        assert output.bytes == path.stat().st_size == looked[1]
        return
    with pytest.raises(PermanentError, match=r"alpha error: expected at most 1\.5, found 9\.5"):
        transcode(clip.path, {WEBM: {64: path}})
    assert len(looked) == 2
    assert not path.exists()


def test_another_film_in_the_file_is_noticed(
    filmed: Filmed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What went into the encoder is compared with what comes out of the file."""
    monkeypatch.setattr(encode, "seen", lambda picture, layout: inverted(picture, layout))
    with pytest.raises(PermanentError, match="alpha error"):
        transcode(filmed(character.GREEN).path, {WEBM: {64: tmp_path / "64.webm"}})


def inverted(picture: Frame, layout: Layout) -> Seen:
    shown = seen(picture, layout)
    return replace(shown, alpha=255 - shown.alpha)


@pytest.mark.parametrize(
    ("frames", "size", "expected"),
    [
        (96, (512, 512), (408, 408, Cells(10, 10))),
        (96, (256, 256), (256, 256, Cells(8, 12))),
        (4, (512, 512), (512, 512, Cells(2, 2))),
        (48, (300, 600), (300, 600, Cells(8, 6))),
        (1440, (512, 512), (106, 106, Cells(38, 38))),
        (1, (64, 32), (64, 32, Cells(1, 1))),
    ],
)
def test_a_grid_is_no_larger_than_what_a_phone_shows(
    frames: int, size: tuple[int, int], expected: tuple[int, int, Cells]
) -> None:
    """So the memory that it takes does not grow with the film either."""
    width, height, cells = SPRITE_SHEET.picture(*size, None, frames)
    assert max(width * cells.columns, height * cells.rows) <= WIDEST_GRID
    assert (width, height, cells) == expected
    assert AVIF.picture(*size, None, frames) == (*size, Cells())


def test_lossless_formats_pay_for_nothing_that_is_hidden() -> None:
    rgba = np.array([[[200, 100, 50, 1], [10, 20, 30, 0]]], np.uint8)
    assert cleared(rgba).tolist() == [[[200, 100, 50, 1], [0, 0, 0, 0]]]
