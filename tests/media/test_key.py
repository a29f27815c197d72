"""The keyer against the truth, on what a codec leaves of a film."""

import cv2
import numpy as np
import pytest

from shared.media import Rgb, ffmpeg
from shared.media.ffmpeg import Frame
from shared.media.key import (
    CANDIDATES,
    FILM,
    STILL,
    WORN,
    Keyer,
    Tuning,
    choose_key,
    estimate_background,
    palette,
)
from tests.media import character
from tests.media.conftest import SIZE, Clip, Filmed
from tests.media.measures import Errors, errors


def colours(clip: Clip) -> list[Rgb]:
    return [colour for colour, _ in palette(clip.true[0])]


def keyed(clip: Clip, wears: list[Rgb]) -> list[Frame]:
    keyer = Keyer(estimate_background(clip.frames).colour, wears)
    return [keyer.matte(frame) for frame in clip.frames]


def disc(background: Rgb, inner: Rgb, tail: bool = False) -> Frame:
    """A dark ring round a patch of `inner` on `background`; `tail` breaks the ring open."""
    picture = np.full((96, 96, 3), background, np.uint8)
    cv2.circle(picture, (48, 48), 30, (60, 40, 50), -1, cv2.LINE_AA)
    cv2.circle(picture, (48, 48), 14, inner, -1, cv2.LINE_AA)
    if tail:
        picture[44:52, 48:] = background
    return picture


@pytest.mark.parametrize(
    ("background", "bound"),
    [
        (character.GREEN, Errors(alpha=0.6, holes=12, leaks=4, colour=17)),
        (character.GREY, Errors(alpha=0.5, holes=36, leaks=4, colour=14)),
    ],
)
def test_alpha_and_edges_come_back_from_a_film(
    filmed: Filmed, background: Rgb, bound: Errors
) -> None:
    clip = filmed(background)
    found = errors(keyed(clip, colours(clip)), clip.true)
    assert found.alpha <= bound.alpha
    assert found.holes <= bound.holes
    assert found.leaks <= bound.leaks
    assert found.colour <= bound.colour


def test_the_key_that_is_chosen_is_at_least_as_good(filmed: Filmed) -> None:
    clip = filmed(character.GREEN)
    wears = colours(clip)
    chosen = filmed(choose_key(wears))
    ours, greens = (errors(keyed(c, wears), c.true) for c in (chosen, clip))
    assert ours.alpha <= greens.alpha
    assert ours.leaks <= 4


def test_an_enclosed_gap_is_opened_with_a_palette_and_kept_without(filmed: Filmed) -> None:
    clip = filmed(character.GREY)
    gap = (round(0.67 * SIZE), round(0.3 * SIZE))
    assert clip.true[0][gap][3] == 0
    assert [frame[gap][3] for frame in keyed(clip, colours(clip))] == [0] * len(clip.frames)
    assert [frame[gap][3] for frame in keyed(clip, [])] == [255] * len(clip.frames)


@pytest.mark.parametrize("tuning", [FILM, STILL])
def test_an_enclosed_part_that_wears_the_keys_colour_is_kept(tuning: Tuning) -> None:
    background = (255, 255, 255)
    worn: list[Rgb] = [(60, 40, 50), (250, 250, 248)]
    patch = Keyer(background, worn, tuning).matte(disc(background, (250, 250, 248)))
    assert patch[48, 48].tolist() == [250, 250, 248, 255]
    assert patch[4, 4, 3] == 0


def test_a_part_near_the_keys_colour_that_touches_the_outside_is_lost() -> None:
    """The limit of connectivity, which is why the key is chosen away from the palette."""
    background = (255, 255, 255)
    open_patch = Keyer(background).matte(disc(background, background, tail=True))
    assert open_patch[48, 48, 3] == 0


def test_a_glint_of_the_keys_colour_is_no_gap() -> None:
    picture = disc((0, 200, 70), (60, 40, 50))
    picture[48:51, 48:51] = (0, 200, 70)
    matte = Keyer((0, 200, 70), [(60, 40, 50)]).matte(picture)
    assert matte[46:53, 46:53, 3].min() == 255


@pytest.mark.parametrize(
    ("background", "width", "wears", "is_open"),
    [
        (character.GREEN, 2, [(60, 40, 50), (226, 122, 50)], True),
        (character.GREEN, 24, [(60, 40, 50), (226, 122, 50)], False),
        (character.GREEN, 2, [], False),
        (character.GREY, 2, [(60, 40, 50), (250, 240, 226)], False),
    ],
    ids=["gap", "a part like a gem", "nothing known", "an edge between dark and light"],
)
def test_a_narrow_gap_that_the_film_has_tinted_is_opened(
    background: Rgb, width: int, wears: list[Rgb], is_open: bool
) -> None:
    """Chroma at half resolution leaves no pure key in it, so its shape must tell it from a part."""
    picture = np.full((96, 96, 3), background, np.uint8)
    picture[8:88, 8:88] = (60, 40, 50)
    tinted = np.add(background, (30, -30, 20))
    picture[30:60, 40 : 40 + width] = tinted
    assert np.linalg.norm(tinted - background) > FILM.near
    alpha = Keyer(background, wears).matte(picture)[45, 40 : 40 + width, 3]
    assert (alpha.max() < 128) if is_open else (alpha.min() == 255)


def test_still_edges_do_not_flicker(
    filmed: Filmed, tmp_path_factory: pytest.TempPathFactory
) -> None:
    still = character.over(character.draw(0, SIZE), character.GREEN)
    path = character.film(tmp_path_factory.mktemp("still") / "still.mp4", [still] * 6)
    with ffmpeg.read_frames(path, SIZE, SIZE) as decoded:
        frames = list(decoded)
    keyer = Keyer(estimate_background(frames).colour)
    alphas = np.stack([keyer.matte(frame)[..., 3] for frame in frames]).astype(np.int16)
    jumps = np.abs(np.diff(alphas, axis=0))
    edge = (alphas > 0).any(axis=0) & (alphas < 255).any(axis=0)
    assert edge.sum() > 1000
    assert jumps[:, edge].mean() <= 1.5
    assert (jumps > 64).sum(axis=(1, 2)).max() <= 4


def test_the_colour_under_alpha_0_is_that_of_the_edge(filmed: Filmed) -> None:
    """So neither scaling nor chroma subsampling fetches green."""
    clip = filmed(character.GREEN)
    for frame in keyed(clip, colours(clip)):
        clear = frame[..., 3] == 0
        near = cv2.dilate((frame[..., 3] > 0).astype(np.uint8), np.ones((9, 9))) > 0
        red, green, blue = frame[clear & near][:, :3].astype(int).T
        assert (green > np.maximum(red, blue) + 90).mean() < 0.002


def test_each_edges_colour_goes_on_beside_it() -> None:
    picture = np.full((96, 96, 3), character.GREEN, np.uint8)
    picture[30:66, 30:48] = (200, 40, 40)
    picture[30:66, 48:66] = (40, 40, 200)
    matte = Keyer(character.GREEN).matte(picture)
    assert matte[48, 24].tolist() == [200, 40, 40, 0]
    assert matte[48, 71].tolist() == [40, 40, 200, 0]
    # Beyond, one colour everywhere costs an encoder nothing.
    assert (matte[:16, :, :] == matte[0, 0]).all()
    assert np.abs(matte[0, 0].astype(int) - (120, 40, 120, 0)).max() <= 12


def test_a_frame_without_a_figure_is_empty() -> None:
    empty = Keyer((0, 200, 70)).matte(np.full((40, 50, 3), (0, 200, 70), np.uint8))
    assert empty.shape == (40, 50, 4)
    assert empty[..., 3].max() == 0


def test_a_figure_too_thin_to_have_an_inside_is_found() -> None:
    picture = np.full((64, 64, 3), (200, 200, 200), np.uint8)
    picture[10:50, 30:32] = (20, 20, 20)
    matte = Keyer((200, 200, 200)).matte(picture)
    assert matte[30, 30:32, 3].min() > 200
    assert matte[30, :26, 3].max() == 0


def test_a_figure_cut_by_the_frame_reaches_the_frame() -> None:
    picture = np.full((64, 64, 3), (0, 200, 70), np.uint8)
    picture[32:, 20:44] = (200, 60, 60)
    matte = Keyer((0, 200, 70)).matte(picture)
    assert matte[63, 30].tolist() == [200, 60, 60, 255]


@pytest.mark.parametrize("worn", CANDIDATES)
def test_the_key_keeps_away_from_what_the_character_wears(worn: Rgb) -> None:
    chosen = choose_key([worn, (40, 30, 40)])
    assert chosen in CANDIDATES
    assert float(np.linalg.norm(np.subtract(chosen, worn))) > WORN


def test_the_key_keeps_away_from_a_dark_outline() -> None:
    chosen = np.array(choose_key([(20, 20, 24), (240, 240, 240)]))
    assert chosen @ [0.2126, 0.7152, 0.0722] > 120


def test_a_worn_key_is_the_last_resort() -> None:
    """A frog: pale green keeps the widest distance in luma, but its gaps would stay shut."""
    frog: list[Rgb] = [
        (11, 36, 13),
        (63, 174, 74),
        (173, 202, 146),
        (255, 200, 58),
        (255, 125, 133),
    ]
    frog += [(233, 245, 184), (255, 255, 255), (124, 31, 45), (190, 154, 117), (219, 156, 19)]
    chosen = choose_key(frog)
    assert float(np.linalg.norm(np.subtract(frog, chosen), axis=1).min()) > WORN
    assert choose_key([*CANDIDATES, (20, 20, 20)]) in CANDIDATES


def test_no_palette_asks_for_the_first_candidate() -> None:
    assert choose_key([]) == CANDIDATES[0]


def test_the_palette_has_the_main_colours_by_share() -> None:
    rgba = np.zeros((100, 100, 4), np.uint8)
    rgba[:60] = (226, 122, 50, 255)
    rgba[60:90] = (250, 240, 226, 255)
    rgba[90] = (1, 2, 3, 128)
    rgba[95, :20] = (0, 0, 255, 255)
    (fur, most), (cream, rest) = palette(rgba)
    assert (fur, cream) == ((226, 122, 50), (250, 240, 226))
    assert most == pytest.approx(0.665, abs=0.002)
    assert rest == pytest.approx(0.333, abs=0.002)
    assert palette(rgba, most=1) == palette(rgba)[:1]


def test_the_palette_of_nothing_is_empty() -> None:
    assert palette(np.zeros((8, 8, 4), np.uint8)) == []


def test_the_background_is_measured_as_the_codec_left_it(filmed: Filmed) -> None:
    measured = estimate_background(filmed(character.GREEN).frames)
    assert measured.is_flat
    assert np.abs(np.subtract(measured.colour, character.GREEN)).max() <= 4


def test_a_gradient_is_not_flat_and_a_cropped_figure_does_not_matter() -> None:
    ramp = np.linspace(60, 220, 200).astype(np.uint8)
    assert not estimate_background([np.dstack([np.tile(ramp, (200, 1))] * 3)]).is_flat
    cropped = np.full((200, 200, 3), (0, 200, 70), np.uint8)
    cropped[150:, 80:120] = (200, 60, 60)
    assert estimate_background([cropped]).is_flat
    assert estimate_background([cropped]).colour == (0, 200, 70)
