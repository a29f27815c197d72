"""Films backwards."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shared.errors import PermanentError
from shared.media import alpha, foreign, master
from shared.media.master import reverse
from shared.media.probe import probe_film
from shared.media.verify import verify_film
from tests.media import character, films


def test_a_film_is_turned_round_frame_by_frame(tmp_path: Path) -> None:
    source, target = films.film(tmp_path, "waving hello", "waves", 1), tmp_path / "back.mp4"
    shares: list[float] = []
    reverse(source, target, shares.append)
    verify_film(target, None, (films.SIZE, films.SIZE), 24, 24, alpha_expected=False)
    assert probe_film(target).fps == probe_film(source).fps
    pictures = zip(films.frames(source)[::-1], films.frames(target), strict=True)
    errors = [np.square(a.astype(float) - b).mean() for a, b in pictures]
    assert 10 * np.log10(255**2 / max(errors)) > 44
    assert (len(shares), shares[-1]) == (24, 1.0)
    # Players would guess by the size what is not told.
    assert {films.told_colours(source), films.told_colours(target)} == {films.COLOURS}
    assert {path.name for path in tmp_path.iterdir()} == {source.name, target.name}


def test_a_film_that_is_turned_round_keeps_its_alpha(tmp_path: Path) -> None:
    frames = []
    for number in range(6):
        frame = np.zeros((48, 64, 4), np.uint8)
        frame[10:30, 4 + 8 * number : 14 + 8 * number] = (240, 120, 20, 255)
        frame[36:] = (40, 90, 200, 128)
        frames.append(Image.fromarray(frame))
    animation, source, target = (tmp_path / name for name in ("x.png", "film.mp4", "back.mp4"))
    frames[0].save(animation, save_all=True, append_images=frames[1:], duration=100)
    taken = foreign.take_in(animation, source)
    shares: list[float] = []
    master.reverse(source, target, shares.append)
    assert probe_film(target) == taken.master
    with alpha.read(source, taken.master) as there, alpha.read(target, taken.master) as back:
        pictures = list(zip(list(there)[::-1], back, strict=True))
    for one, other in pictures:
        assert np.abs(one.astype(int) - other)[..., 3].max() < 12
        assert np.abs(one.astype(int) - other)[..., :3].mean() < 2
    verify_film(target, None, (64, 48), 6, 10, alpha_expected=False)
    assert films.told_colours(target) == films.COLOURS
    assert (shares, shares[-1]) == (sorted(shares), 1.0)
    assert set(tmp_path.iterdir()) == {animation, source, target}


def test_what_goes_wrong_leaves_nothing(tmp_path: Path) -> None:
    def cancel(share: float) -> None:
        raise InterruptedError

    source = films.encoded(tmp_path / "film.mp4", [np.zeros((64, 64, 3), np.uint8)] * 3)
    with pytest.raises(InterruptedError):
        reverse(source, tmp_path / "back.mp4", cancel)
    assert list(tmp_path.iterdir()) == [source]


def test_a_cut_off_film_is_refused(tmp_path: Path) -> None:
    source = character.film(tmp_path / "film.mp4", [np.zeros((64, 64, 3), np.uint8)] * 48)
    source.write_bytes(source.read_bytes()[:-200])
    with pytest.raises(PermanentError):
        reverse(source, tmp_path / "back.mp4")
    assert list(tmp_path.iterdir()) == [source]
