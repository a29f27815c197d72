"""What the video step makes of a film that somebody else made."""

from pathlib import Path

import pytest
from PIL import Image

from functions.steps.video import mended
from shared.providers.base import Film, Scene, VideoRequest
from shared.providers.offline.artist import true_alpha
from tests.media import films


@pytest.fixture
def request_(tmp_path: Path) -> VideoRequest:
    """A loop of a second from one still."""
    still = tmp_path / "still.png"
    Image.fromarray(true_alpha(Scene(films.FOX, "waving hello"), 7, films.SIZE)).save(still)
    return VideoRequest("", None, still, 7, 1, loop=True, background=films.CYAN)


def test_a_loop_is_told_its_seam_and_mended(request_: VideoRequest, tmp_path: Path) -> None:
    path = films.film(tmp_path, "sitting", "breathes", 2)
    good = mended(request_, Film(path, "model", metadata={"by": "model"}), tmp_path)
    assert good.path == path
    assert good.metadata["by"] == "model"
    assert good.metadata["seam"]["repaired"] is False

    cut = films.encoded(tmp_path / "cut.mp4", films.frames(path)[:-6])
    bad = mended(request_, Film(cut, "model"), tmp_path)
    assert bad.path != cut
    seam = bad.metadata["seam"]
    assert seam["repaired"] is True
    assert seam["ratio"] < 2 < seam["before"]


def test_a_transition_is_told_its_ends_and_another_film_nothing(
    request_: VideoRequest, tmp_path: Path
) -> None:
    film = Film(films.film(tmp_path, "waving hello", "waves", 1), "model")
    once = VideoRequest("", None, request_.still, 7, 1, loop=False, background=films.CYAN)
    assert mended(once, film, tmp_path).metadata == {}
    there = VideoRequest(
        "", None, once.still, 7, 1, loop=False, background=films.CYAN, end_still=once.still
    )
    ends = mended(there, film, tmp_path).metadata["ends"]
    assert ends["first"] < 8
    assert set(ends) == {"first", "last", "before", "repaired"}
