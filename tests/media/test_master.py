"""Films backwards."""

from pathlib import Path

import numpy as np
import pytest

from shared.errors import PermanentError
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
