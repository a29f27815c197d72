"""Stills and films through the provider protocols."""

import subprocess
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from numpy.typing import NDArray

from shared.errors import PermanentError, TransientError
from shared.providers.base import Framing, ImageRequest, Picture, Refused, Scene, VideoRequest
from shared.providers.offline import film
from shared.providers.offline.artist import OfflineArtist, true_alpha, true_film_alpha
from shared.providers.offline.raster import composite

FOX = Scene("A friendly orange fox mascot wearing a blue scarf", "waving", "waving hello")
KEY = (0, 200, 70)
SIZE = 128
CODEC = 5.0
"""Mean error of 8-bit channels that chroma at a quarter of so few pixels explains."""


def quiet(share: float) -> None:
    assert 0 <= share <= 1


def request(scene: Scene | None = FOX, **other: object) -> VideoRequest:
    settings: dict[str, object] = {
        "prompt": "",
        "scene": scene,
        "still": Path("still.png"),
        "seed": 3,
        "duration": 1.0,
        "loop": True,
        "background": KEY,
        "size": SIZE,
    }
    return VideoRequest(**(settings | other))  # type: ignore[arg-type]


def frames(path: Path) -> NDArray[np.uint8]:
    """Every frame of a film, decoded by the encoder's own library: (n, SIZE, SIZE, 3)."""
    words = (
        f"-loglevel error -i {path} -vf scale=in_color_matrix=bt709 -f rawvideo -pix_fmt rgb24 -"
    )
    run = subprocess.run([get_ffmpeg_exe(), *words.split()], capture_output=True, check=True)
    return np.frombuffer(run.stdout, np.uint8).reshape(-1, SIZE, SIZE, 3)


def drawn(asked: ImageRequest, folder: Path) -> Picture:
    made = OfflineArtist().generate(asked, folder, quiet)
    assert isinstance(made, Picture)
    return made


def difference(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    return float(np.abs(first.astype(int) - second).mean())


def test_a_still_is_the_true_figure_on_its_background(tmp_path: Path) -> None:
    asked = ImageRequest("", FOX, seed=3, size=256)
    made = drawn(asked, tmp_path)
    assert made.background is not None
    stored = cv2.imread(str(made.path), cv2.IMREAD_UNCHANGED)
    assert stored is not None
    pixels = cv2.cvtColor(stored, cv2.COLOR_BGR2RGB)
    assert pixels.shape == (256, 256, 3)
    assert np.array_equal(pixels, composite(true_alpha(FOX, 3, 256), made.background))
    assert tuple(pixels[0, 0]) == made.background
    assert made.metadata["not_drawn"] == []
    assert made.metadata["drawn"]["species"] == "fox"
    assert made.metadata["drawn"]["accessories"] == ["scarf"]


def test_a_still_says_what_it_lacks(tmp_path: Path) -> None:
    asked = ImageRequest("", Scene("a fox with a red umbrella", "juggling"), seed=1, size=64)
    made = drawn(asked, tmp_path)
    assert made.metadata["not_drawn"] == ["umbrella", "juggling"]


def test_an_edit_changes_the_still_and_lists_what_it_cannot_do(tmp_path: Path) -> None:
    scene = replace(FOX, edits=("make the scarf red", "add an umbrella"))
    made = drawn(ImageRequest("", scene, 3, 64, edited=tmp_path / "old.png"), tmp_path)
    assert made.metadata["not_drawn"] == ["umbrella"]
    assert made.metadata["drawn"]["accessories"] == ["scarf"]


def test_a_picture_that_nobody_described_cannot_be_edited(tmp_path: Path) -> None:
    asked = ImageRequest("", Scene(" ", "", edits=("make it red",)), 3, 64, edited=tmp_path / "a")
    assert OfflineArtist().generate(asked, tmp_path, quiet) == Refused(
        "The offline artist can only edit pictures that it drew itself."
    )
    assert list(tmp_path.iterdir()) == []


def test_a_logo_stands_on_its_background(tmp_path: Path) -> None:
    made = drawn(ImageRequest("", FOX, 3, 128, Framing.LOGO), tmp_path)
    stored = cv2.imread(str(made.path), cv2.IMREAD_UNCHANGED)
    assert stored is not None and made.background is not None
    assert np.array_equal(
        cv2.cvtColor(stored, cv2.COLOR_BGR2RGB),
        composite(true_alpha(FOX, 3, 128, Framing.LOGO), made.background),
    )
    assert made.parameters["framing"] == "logo"


def test_a_film_shows_the_edited_character(tmp_path: Path) -> None:
    scene = replace(FOX, edits=("turn the fur purple",))
    film = frames(OfflineArtist().submit(request(scene), tmp_path, quiet).path)
    assert difference(film[0], composite(true_alpha(scene, 3, SIZE), KEY)) < CODEC
    assert difference(film[0], composite(true_alpha(FOX, 3, SIZE), KEY)) > 2 * CODEC


@pytest.mark.parametrize(("duration", "fps", "count"), [(1.0, 24, 24), (1.3, 10, 13), (2.0, 7, 14)])
def test_a_film_has_exactly_its_frames(
    tmp_path: Path, duration: float, fps: int, count: int
) -> None:
    made = OfflineArtist().submit(request(duration=duration, fps=fps), tmp_path, quiet)
    assert frames(made.path).shape == (count, SIZE, SIZE, 3)


def test_a_loop_starts_as_the_still_and_closes(tmp_path: Path) -> None:
    made = OfflineArtist().submit(request(duration=2.0), tmp_path, quiet)
    film = frames(made.path)
    still = composite(true_alpha(FOX, 3, SIZE), KEY)
    assert difference(film[0], still) < CODEC
    steps = [difference(a, b) for a, b in pairwise(film)]
    assert difference(film[-1], film[0]) > 0.65 * float(np.mean(steps)), "a frame is shown twice"
    assert difference(film[-1], film[0]) < 1.3 * max(steps)
    assert max(steps) > 0.5
    key = film[:, 2, 2].astype(int)
    assert np.abs(key - KEY).max() <= 4


def test_frames_match_their_true_alpha(tmp_path: Path) -> None:
    asked = request()
    film = frames(OfflineArtist().submit(asked, tmp_path, quiet).path)
    for index in (0, 9, 23):
        truth = composite(true_film_alpha(asked, index), KEY)
        assert difference(film[index], truth) < CODEC


def test_a_film_played_once_comes_to_rest(tmp_path: Path) -> None:
    asked = request(Scene("a cat", "jumping"), loop=False, duration=2.0)
    film = frames(OfflineArtist().submit(asked, tmp_path, quiet).path)
    assert difference(film[0], film[-1]) < CODEC / 2
    assert max(difference(film[0], frame) for frame in film) > 2 * CODEC


def test_a_film_that_ends_elsewhere_ends_in_that_still(tmp_path: Path) -> None:
    end = Scene(FOX.character, "sitting")
    asked = request(duration=2.0, loop=False, end_scene=end)
    film = frames(OfflineArtist().submit(asked, tmp_path, quiet).path)
    assert difference(film[0], composite(true_alpha(FOX, 3, SIZE), KEY)) < CODEC
    assert difference(film[-1], composite(true_alpha(end, 3, SIZE), KEY)) < CODEC
    assert difference(film[0], film[-1]) > 8


def test_motion_words_move_a_still_in_another_pose(tmp_path: Path) -> None:
    scene = Scene("a bear", "standing", "waving hello")
    film = frames(OfflineArtist().submit(request(scene, duration=3.0), tmp_path, quiet).path)
    waving = composite(true_alpha(Scene("a bear", "waving"), 3, SIZE), KEY)
    standing = composite(true_alpha(scene, 3, SIZE), KEY)
    assert difference(film[0], standing) < CODEC < difference(film[36], standing)
    assert difference(film[36], waving) < difference(film[36], standing)


def test_an_uploaded_still_becomes_a_puppet(tmp_path: Path) -> None:
    rgba = true_alpha(Scene("a robot", ""), 1, 200)
    still = tmp_path / "upload.png"
    cv2.imwrite(str(still), cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGRA))
    film = frames(
        OfflineArtist().submit(request(None, still=still, duration=2.0), tmp_path, quiet).path
    )
    assert film.shape == (48, SIZE, SIZE, 3)
    steps = [difference(a, b) for a, b in pairwise(film)]
    assert difference(film[-1], film[0]) < 1.3 * max(steps)
    assert max(steps) > 0.5
    for edge in (film[:, :3], film[:, -3:], film[:, :, :3], film[:, :, -3:]):
        assert np.abs(edge.astype(int) - KEY).max() <= 8


class StopError(Exception):
    """What a cancelled job raises from its progress."""


def test_progress_that_raises_leaves_no_process_and_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []

    class Spy(subprocess.Popen[bytes]):
        def __init__(self, *args: object, **kwargs: object) -> None:
            super().__init__(*args, **kwargs)  # type: ignore[call-overload]
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Spy)

    def stop(share: float) -> None:
        if share > 0.2:
            raise StopError

    with pytest.raises(StopError):
        OfflineArtist().submit(request(duration=3.0), tmp_path, stop)
    assert len(started) >= 2
    assert all(process.returncode is not None for process in started)
    assert list(tmp_path.iterdir()) == []


def test_an_encoder_that_fails_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(TransientError, match="encoder"):
        film.encode(
            [np.zeros((SIZE, SIZE, 3), np.uint8)] * 3,
            tmp_path / "missing" / "film.mp4",
            size=SIZE,
            fps=24,
            count=3,
            timeout=30,
            progress=quiet,
        )


def test_what_is_never_possible_says_so(tmp_path: Path) -> None:
    artist = OfflineArtist()
    with pytest.raises(PermanentError):
        artist.poll("anything", request(), tmp_path, quiet)
    with pytest.raises(PermanentError):
        artist.submit(request(duration=90.0), tmp_path, quiet)
    with pytest.raises(PermanentError):
        artist.submit(request(None, still=tmp_path / "nowhere.png"), tmp_path, quiet)
