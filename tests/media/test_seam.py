"""The seam of a loop: good ones are left alone, and what others get wrong is mended."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from shared.media.ffmpeg import Frame
from shared.media.probe import probe_film
from shared.media.seam import JUMP, NO_GAINS, STALL, Loop, choose, mend, part
from tests.media import films

LOOPS = {
    "waving": ("waving hello", "waves happily"),
    "sitting": ("sitting", "breathes"),
    "jumping": ("jumping", "jumps"),
    "there and back": ("standing", "waves happily"),
}


@pytest.fixture(scope="module")
def wave(tmp_path_factory: pytest.TempPathFactory) -> list[Frame]:
    folder = tmp_path_factory.mktemp("wave")
    return films.frames(films.film(folder, *LOOPS["waving"], 2))


def broken(wave: list[Frame], how: str) -> list[Frame]:
    match how:
        case "cut off by six frames":
            return wave[:-6]
        case "the first frame again":
            return [*wave, wave[0]]
        case "the last frame twice":
            return [*wave[:-1], wave[-2]]
        case "another light at the end":
            return [*wave[:36], *map(films.tinted, wave[36:])]
    raise AssertionError(how)


@pytest.mark.parametrize("which", LOOPS)
def test_a_loop_of_the_artist_is_left_as_it_is(tmp_path: Path, which: str) -> None:
    source, target = films.film(tmp_path, *LOOPS[which], 2), tmp_path / "mended.mp4"
    before = hashlib.sha256(source.read_bytes()).digest()
    seam = mend(source, target)
    assert 0.5 < seam.ratio < 1.3
    assert (seam.repaired, seam.before, seam.how, seam.made) == (False, seam.ratio, (), 0)
    assert not target.exists()
    assert hashlib.sha256(source.read_bytes()).digest() == before


@pytest.mark.parametrize(
    ("how", "least", "most", "done"),
    [
        ("cut off by six frames", 2.5, 9.0, ()),
        ("the first frame again", 0.0, 0.3, ("doubled",)),
        ("the last frame twice", 1.5, 3.0, ()),
        ("another light at the end", 1.8, 9.0, ("colour",)),
    ],
)
def test_a_broken_loop_is_mended(
    wave: list[Frame], tmp_path: Path, how: str, least: float, most: float, done: tuple[str, ...]
) -> None:
    pictures = broken(wave, how)
    source, target = films.encoded(tmp_path / "film.mp4", pictures), tmp_path / "mended.mp4"
    seam = mend(source, target)
    assert least < seam.before < most
    assert seam.repaired
    assert seam.how == done
    assert 0.6 < seam.ratio < 2.0
    assert abs(np.log(seam.ratio)) < abs(np.log(seam.before)) / 2
    film = probe_film(target)
    assert (film.frames, float(film.fps)) == (len(pictures), films.FPS)
    found = films.frames(target)
    assert np.abs(found[0].astype(int) - pictures[0]).mean() < 1, "it starts as it did"
    for picture in found:
        border = np.concatenate([picture[:8].reshape(-1, 3), picture[-8:].reshape(-1, 3)])
        assert np.abs(border.astype(int) - films.CYAN).max() <= 4, "the background is flat"


def test_a_film_without_a_flat_background_is_only_measured(
    wave: list[Frame], tmp_path: Path
) -> None:
    rows = np.linspace(0, 255, films.SIZE, dtype=np.uint8)
    noisy = [np.where(p == films.CYAN, rows[:, None, None], p).astype(np.uint8) for p in wave]
    source = films.encoded(tmp_path / "film.mp4", noisy[:-6])
    seam = mend(source, tmp_path / "mended.mp4")
    assert not seam.repaired
    assert not (tmp_path / "mended.mp4").exists()


def small(count: int) -> np.ndarray:
    """A square that goes round in a circle of `count` steps."""
    pictures = np.full((count, 64, 64, 3), films.CYAN, np.float32)
    for number, angle in enumerate(np.linspace(0, 2 * np.pi, count, endpoint=False)):
        y, x = (round(28 + 12 * f(angle)) for f in (np.sin, np.cos))
        pictures[number, y : y + 10, x : x + 10] = (230, 120, 50)
    return pictures


def test_the_ratio_tells_what_is_wrong() -> None:
    whole = small(48)
    assert STALL < Loop(whole, films.CYAN).ratio() < JUMP
    assert Loop(whole[:-6], films.CYAN).ratio() > 3
    assert Loop(np.concatenate([whole, whole[:1]]), films.CYAN).ratio() < STALL
    still = np.repeat(whole[:1], 24, axis=0)
    assert Loop(still, films.CYAN).ratio() == 1, "what does not move has no seam"


def test_a_seam_that_has_only_moved_still_shows() -> None:
    moved = small(48)[:-6]
    moved[-1] = moved[0]
    assert Loop(moved, films.CYAN).ratio() < STALL
    assert Loop(moved, films.CYAN).ratio(kept=len(moved) - 1) > 3


def test_a_cut_keeps_most_of_the_film() -> None:
    loop = small(48)[:-6]
    cut = choose(loop, films.CYAN)
    assert len(loop) * 3 / 4 <= cut.kept < len(loop)
    assert (cut.extra, cut.gains) == (None, NO_GAINS)


def test_a_change_of_light_sets_in_slowly_and_is_whole_at_the_end() -> None:
    shares = [part((2.0, 1.0, 1.0), number, 48)[0] for number in range(48)]
    assert shares[:36] == [1.0] * 36
    assert shares[-1] == 2.0
    assert max(np.diff(shares)) < 0.2
