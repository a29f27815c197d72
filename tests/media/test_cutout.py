"""Cutting stills out: by key, by their own alpha, by the network; and what cannot be cut."""

import socket
from pathlib import Path
from typing import NoReturn

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from shared.config import ROOT
from shared.errors import BadRequest, PermanentError
from shared.media import Rgb
from shared.media.cutout import WEIGHTS, cut_out
from shared.media.ffmpeg import Frame
from tests.media import character
from tests.media.measures import alpha_error, errors

SIDE = 1024
MODELS = ROOT / ".models"


@pytest.fixture(scope="module")
def still() -> NDArray[np.float32]:
    return character.draw(0.2, SIDE)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "still.png"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "cutout.png"


def gradient(premultiplied: NDArray[np.float32]) -> Frame:
    """The character in front of a sky that pales downwards."""
    height, width = premultiplied.shape[:2]
    y = np.tile(np.linspace(0, 1, height)[:, None], (1, width))
    sky = np.dstack([90 + 140 * y, 140 + 100 * y, 220 + 20 * y])
    shown = premultiplied[..., :3] + (1 - premultiplied[..., 3:] / 255) * sky
    return shown.round().clip(0, 255).astype(np.uint8)


def opened(path: Path) -> Frame:
    with Image.open(path) as image:
        assert (image.format, image.mode) == ("PNG", "RGBA")
        return np.asarray(image)


def enclosed(still: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where the background shows through gaps that the character encloses."""
    clear = character.straight(still)[..., 3] < 255
    _, labels = cv2.connectedComponents(clear.astype(np.uint8), connectivity=4)
    gaps: NDArray[np.bool_] = clear & (labels != labels[0, 0])
    return gaps


def error(target: Path, still: NDArray[np.float32]) -> float:
    """The alpha error but for enclosed gaps, which stay shut on neutral backgrounds."""
    found, true = opened(target)[..., 3], character.straight(still)[..., 3]
    gap = enclosed(still)
    return alpha_error(np.where(gap, 0, found).astype(np.uint8), np.where(gap, 0, true))


@pytest.mark.parametrize("background", [character.GREY, character.GREEN, (255, 150, 255)])
def test_a_known_background_is_keyed_exactly(
    still: NDArray[np.float32], source: Path, target: Path, background: Rgb
) -> None:
    Image.fromarray(character.over(still, background)).save(source)
    report = cut_out(source, target, background, MODELS)
    assert (report.method, report.background) == ("key", background)
    assert (report.width, report.height) == (SIDE, SIDE)
    assert error(target, still) <= 0.35
    assert report.as_dict()["coverage"] == pytest.approx(
        opened(target)[..., 3].mean() / 255, abs=1e-3
    )


@pytest.mark.parametrize("told", [None, (255, 0, 0)])
def test_a_flat_background_is_found_whatever_was_told(
    still: NDArray[np.float32], source: Path, target: Path, told: Rgb | None
) -> None:
    Image.fromarray(character.over(still, character.GREY)).save(source)
    report = cut_out(source, target, told, MODELS)
    assert (report.method, report.background) == ("key", character.GREY)
    assert error(target, still) <= 0.6


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("background", [character.GREEN, character.MAGENTA])
def test_enclosed_gaps_are_opened_on_a_vivid_background(
    still: NDArray[np.float32], source: Path, target: Path, background: Rgb, told: bool
) -> None:
    Image.fromarray(character.over(still, background)).save(source)
    cut_out(source, target, background if told else None, MODELS)
    assert alpha_error(opened(target), character.straight(still)) <= 0.3


@pytest.mark.parametrize("background", [character.WHITE, character.GREY])
def test_enclosed_neutral_colours_are_kept(source: Path, target: Path, background: Rgb) -> None:
    """A glint in an eye and a gap under an arm look the same: eyes without white are worse."""
    picture = np.full((200, 200, 3), background, np.uint8)
    cv2.circle(picture, (100, 100), 80, (50, 30, 40), -1)
    cv2.circle(picture, (80, 100), 30, background, -1)
    Image.fromarray(picture).save(source)
    cut_out(source, target, background, MODELS)
    assert opened(target)[100, 80].tolist() == [*background, 255]


@pytest.mark.parametrize(("shade", "alpha"), [((20, 190, 90), 255), ((200, 60, 60), 0)])
def test_enclosed_key_colour_is_kept_by_who_wears_its_shades(
    source: Path, target: Path, shade: Rgb, alpha: int
) -> None:
    picture = np.full((200, 200, 3), character.GREEN, np.uint8)
    cv2.circle(picture, (100, 100), 80, (50, 30, 40), -1)
    cv2.circle(picture, (80, 100), 30, character.GREEN, -1)
    cv2.circle(picture, (140, 100), 25, shade, -1)
    Image.fromarray(picture).save(source)
    cut_out(source, target, character.GREEN, MODELS)
    assert opened(target)[100, 80, 3] == alpha
    assert opened(target)[100, 140].tolist() == [*shade, 255]


def test_a_flat_background_survives_jpeg(
    still: NDArray[np.float32], source: Path, target: Path
) -> None:
    Image.fromarray(character.over(still, character.GREY)).save(source, "JPEG", quality=85)
    assert cut_out(source, target, None, MODELS).method == "key"
    assert error(target, still) <= 0.8


def test_a_picture_with_alpha_passes_as_it_is(
    still: NDArray[np.float32], source: Path, target: Path
) -> None:
    rgba = character.straight(still)
    Image.fromarray(rgba).save(source)
    report = cut_out(source, target, None, MODELS)
    assert (report.method, report.background) == ("alpha", None)
    assert np.array_equal(opened(target), rgba)


def test_alpha_that_hides_nothing_is_no_cut_out(
    still: NDArray[np.float32], source: Path, target: Path
) -> None:
    opaque = np.dstack(
        [character.over(still, character.GREY), np.full((SIDE, SIDE), 255, np.uint8)]
    )
    opaque[0, 0, 3] = 250
    Image.fromarray(opaque).save(source)
    assert cut_out(source, target, None, MODELS).method == "key"


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> NoReturn:
        raise AssertionError("the network was asked for")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.usefixtures("offline")
@pytest.mark.skipif(
    not (MODELS / WEIGHTS).is_file(), reason="NO WEIGHTS: run `python -m infra.weights`"
)
def test_a_gradient_goes_through_the_network(
    still: NDArray[np.float32], source: Path, target: Path
) -> None:
    Image.fromarray(gradient(still)).save(source)
    report = cut_out(source, target, None, MODELS)
    assert (report.method, report.background) == ("rembg", None)
    found, true = opened(target), character.straight(still)
    measured = errors([found], [true])
    # The network loses the thin tail and the whiskers; what it finds has clean edges.
    assert measured.alpha <= 2
    assert measured.colour <= 6
    seen, is_there = found[..., 3] > 127, true[..., 3] > 127
    assert (seen & is_there).sum() / (seen | is_there).sum() >= 0.92


@pytest.mark.usefixtures("offline")
def test_absent_weights_are_said_and_never_downloaded(
    still: NDArray[np.float32], source: Path, target: Path, tmp_path: Path
) -> None:
    Image.fromarray(gradient(still)).save(source)
    for _ in range(2):
        with pytest.raises(PermanentError) as failure:
            cut_out(source, target, None, tmp_path / "models")
        assert failure.value.reason == "weights_missing"
        assert "make install" in failure.value.message
    assert not target.exists()
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize("content", ["nothing", "a speck", "transparent"])
def test_an_empty_cut_out_is_refused(source: Path, target: Path, content: str) -> None:
    pixels = np.full((256, 256, 4), (*character.GREY, 255), np.uint8)
    if content == "a speck":
        pixels[100:104, 100:104, :3] = 20
    if content == "transparent":
        pixels[..., 3] = 0
    Image.fromarray(pixels).save(source)
    with pytest.raises(PermanentError) as failure:
        cut_out(source, target, None, MODELS)
    assert failure.value.reason == "cutout_empty"
    assert not target.exists()


def test_a_cut_out_that_takes_nothing_away_is_refused(source: Path, target: Path) -> None:
    pixels = np.full((256, 256, 4), (200, 60, 60, 255), np.uint8)
    pixels[:2, :2, 3] = 0
    Image.fromarray(pixels).save(source)
    with pytest.raises(PermanentError) as failure:
        cut_out(source, target, None, MODELS)
    assert failure.value.reason == "cutout_empty"


def test_what_is_no_picture_is_the_askers_mistake(source: Path, target: Path) -> None:
    source.write_text("text")
    with pytest.raises(BadRequest):
        cut_out(source, target, None, MODELS)
