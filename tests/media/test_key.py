"""The keyer against the truth, on what a codec leaves of a film and on small synthetic frames."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from shared.media import Rgb
from shared.media.ffmpeg import Frame
from shared.media.key import (
    CANDIDATES,
    WORN,
    FilmKeyer,
    Glass,
    Wardrobe,
    choose_key,
    estimate_background,
    key_still,
    learn,
    measure_ground,
    palette,
)
from shared.media.key.colour import yuv
from shared.media.key.refinement import Refine, Surroundings, features, refined
from tests.media import character
from tests.media.conftest import SIZE, Clip, Filmed
from tests.media.measures import Errors, alpha_error, errors

LINE: Rgb = (60, 40, 50)
FUR: Rgb = (226, 122, 50)
NOBODY = Wardrobe()
FOX = Wardrobe((LINE, FUR))


def ground(colour: Rgb) -> NDArray[np.float32]:
    return yuv(np.array(colour))


def keyed(clip: Clip, wardrobe: Wardrobe | None = None, refine: Refine = refined) -> list[Frame]:
    worn = wardrobe or learn([(clip.true[0], None)])
    keyer = FilmKeyer(measure_ground(clip.raw)[1], worn, refine)
    return [keyer.matte(frame) for frame in clip.raw]


def unrefined(seen: Surroundings) -> NDArray[np.float32]:
    """Each pixel's alpha as if it were alone."""
    return seen.alone


def matted(
    picture: Frame, background: Rgb, wardrobe: Wardrobe = NOBODY, refine: Refine = refined
) -> Frame:
    return FilmKeyer(ground(background), wardrobe, refine).matte(character.raw(picture))


def disc(background: Rgb, inner: Rgb, tail: bool = False) -> Frame:
    """A dark ring round a patch of `inner` on `background`; `tail` breaks the ring open."""
    picture = np.full((96, 96, 3), background, np.uint8)
    cv2.circle(picture, (48, 48), 30, LINE, -1, cv2.LINE_AA)
    cv2.circle(picture, (48, 48), 14, inner, -1, cv2.LINE_AA)
    if tail:
        picture[44:52, 48:] = background
    return picture


def mixed(colour: Rgb, alpha: NDArray[np.float64], background: Rgb) -> Frame:
    """A colour over another by a plane of alpha, 0 to 1."""
    share = alpha[..., None]
    return np.rint(np.array(colour) * share + np.array(background) * (1 - share)).astype(np.uint8)


@pytest.mark.parametrize(
    ("background", "bound"),
    [
        (character.GREEN, Errors(alpha=0.35, holes=4, leaks=4, colour=14)),
        (character.GREY, Errors(alpha=0.38, holes=24, leaks=4, colour=12)),
    ],
)
def test_alpha_and_edges_come_back_from_a_film(
    filmed: Filmed, background: Rgb, bound: Errors
) -> None:
    clip = filmed(background)
    found = errors(keyed(clip), clip.true)
    assert found.alpha <= bound.alpha
    assert found.holes <= bound.holes
    assert found.leaks <= bound.leaks
    assert found.colour <= bound.colour


@pytest.mark.parametrize("background", [character.GREEN, (170, 255, 170), character.MAGENTA])
def test_what_lies_around_a_pixel_mends_what_the_codec_did_to_it(
    filmed: Filmed, background: Rgb
) -> None:
    """On a character that was drawn by another hand than those that the network learned from."""
    clip = filmed(background)
    alone, found = (errors(keyed(clip, refine=how), clip.true) for how in (unrefined, refined))
    assert found.alpha <= 0.97 * alone.alpha
    assert found.holes <= 0.6 * alone.holes


def test_what_is_seen_around_a_pixel_is_the_same_on_every_key() -> None:
    """It is told in shares of the way from the ground to the figure, not in colours."""
    blurred = cv2.GaussianBlur(np.pad(np.ones((12, 12), np.float32), 6), (0, 0), 1.0)
    alpha = np.asarray(blurred, np.float32)
    found = []
    for key in ((90, 255, 255), (255, 150, 255)):
        way = ground(LINE) - ground(key)
        shown = np.rint(ground(key) + alpha[..., None] * way).astype(np.uint8)
        everywhere = np.arange(alpha.size)
        surroundings = Surroundings(
            box=np.s_[:, :],
            pixels=np.dstack([shown, shown[..., 0]]),
            ground=ground(key),
            alpha=alpha,
            depth=alpha,
            unknown=everywhere,
            figure=np.tile(way, (alpha.size, 1)),
            from_sure=np.zeros(alpha.size, np.float32),
            is_glass=np.zeros(alpha.size, np.bool_),
        )
        found.append(features(surroundings)[:43])
    middle = found[0][:, 12 * 24 + 12]
    assert middle.min() > 0.9
    assert np.abs(found[0] - found[1]).max() <= 0.03


def test_the_key_that_is_chosen_is_at_least_as_good(filmed: Filmed) -> None:
    clip = filmed(character.GREEN)
    chosen = filmed(choose_key(learn([(clip.true[0], None)])))
    ours, greens = (errors(keyed(c), c.true) for c in (chosen, clip))
    assert ours.alpha <= greens.alpha
    assert ours.leaks <= 8


def test_an_enclosed_gap_is_opened_with_a_palette_and_kept_without(filmed: Filmed) -> None:
    clip = filmed(character.GREY)
    gap = (round(0.67 * SIZE), round(0.3 * SIZE))
    assert clip.true[0][gap][3] == 0
    assert [frame[gap][3] for frame in keyed(clip)] == [0] * len(clip.frames)
    assert [frame[gap][3] for frame in keyed(clip, NOBODY)] == [255] * len(clip.frames)


def test_an_enclosed_part_that_wears_the_keys_colour_is_kept() -> None:
    background = (255, 255, 255)
    worn: Rgb = (250, 250, 248)
    for patch in (
        matted(disc(background, worn), background, Wardrobe((LINE, worn))),
        key_still(disc(background, worn), background, opens_gaps=True),
    ):
        assert np.abs(patch[48, 48].astype(int) - (*worn, 255)).max() <= 2
        assert patch[4, 4, 3] == 0


def test_an_enclosed_part_near_the_keys_colour_is_no_gap() -> None:
    """A bead that is 40 levels off the key; a gap shows the key itself."""
    bead, key = (24, 176, 94), (0, 200, 70)
    assert matted(disc(key, bead), key, FOX)[40:57, 40:57, 3].min() == 255
    small = disc(key, LINE)
    cv2.circle(small, (48, 48), 5, bead, -1, cv2.LINE_AA)
    assert matted(small, key, FOX)[44:53, 44:53, 3].min() == 255
    assert matted(disc(key, key), key, FOX)[42:55, 42:55, 3].max() == 0


@pytest.mark.parametrize(("bead", "is_gap"), [(None, True), ((20, 186, 86), False)])
def test_a_gap_may_be_as_far_from_the_key_as_nothing_else_is(
    bead: Rgb | None, is_gap: bool
) -> None:
    """A codec leaves no pure key in a small one; half way to what is worn, it might be that."""
    key = (0, 200, 70)
    wardrobe = Wardrobe((LINE, FUR), small=(bead,) if bead else ())
    found = matted(disc(key, (12, 191, 80)), key, wardrobe)[44:53, 44:53, 3]
    assert (found.max() == 0) if is_gap else (found.min() == 255)


def test_a_part_near_the_keys_colour_that_touches_the_outside_is_lost() -> None:
    """The limit of connectivity, which is why the key is chosen away from the palette."""
    background = (255, 255, 255)
    assert matted(disc(background, background, tail=True), background)[48, 48, 3] == 0


def test_a_glint_of_the_keys_colour_is_no_gap() -> None:
    picture = disc((0, 200, 70), LINE)
    picture[48:51, 48:51] = (0, 200, 70)
    assert matted(picture, (0, 200, 70), FOX)[48:51, 48:51, 3].min() >= 128


@pytest.mark.parametrize(
    ("background", "width", "wears", "is_open"),
    [
        (character.GREEN, 2, (LINE, FUR), True),
        (character.GREEN, 24, (LINE, FUR), False),
        (character.GREEN, 2, (), False),
        (character.GREY, 2, (LINE, (250, 240, 226)), False),
    ],
    ids=["gap", "a part like a gem", "nothing known", "an edge between dark and light"],
)
def test_a_narrow_gap_that_the_film_has_tinted_is_opened(
    background: Rgb, width: int, wears: tuple[Rgb, ...], is_open: bool
) -> None:
    """Chroma at half resolution leaves no pure key in it, so its shape must tell it from a part."""
    picture = np.full((96, 96, 3), background, np.uint8)
    picture[8:88, 8:88] = LINE
    picture[30:60, 40 : 40 + width] = np.add(background, (30, -30, 20))
    alpha = matted(picture, background, Wardrobe(wears))[45, 40 : 40 + width, 3]
    assert (alpha.max() < 160) if is_open else (alpha.min() == 255)


@pytest.mark.parametrize(("refine", "off"), [(unrefined, 0.08), (refined, 0.2)])
def test_a_whisker_thinner_than_a_pixel_has_its_share_of_alpha(refine: Refine, off: float) -> None:
    """Nothing near it is all of its colour. Surroundings make more of it, since codecs make less;
    here there was none."""
    key = (90, 255, 255)
    alpha = np.zeros((96, 96))
    alpha[30:70, 20:50] = 1
    alpha[50, 50:90] = 0.6
    true = np.where(np.arange(96) < 50, 1.0, alpha)
    picture = mixed(LINE, alpha, key)
    found = matted(picture, key, FOX, refine)[..., 3] / 255
    assert np.abs(found[50, 54:86] - true[50, 54:86]).mean() <= off
    assert found[46:49, 56:86].max() <= 0.1
    assert found[52:55, 56:86].max() <= 0.1


def test_a_soft_edge_fades_as_it_does() -> None:
    key = (90, 255, 255)
    alpha = np.asarray(cv2.GaussianBlur(np.pad(np.ones((40, 40)), 28), (0, 0), 2.5), np.float64)
    found = matted(mixed(LINE, alpha, key), key, FOX)
    assert np.abs(found[..., 3] / 255 - alpha).mean() * 255 <= 1.2
    assert np.abs(found[..., 3] / 255 - alpha).max() <= 0.08


def winged(background: Rgb) -> tuple[Frame, NDArray[np.float64]]:
    """A body with an outline, and a wing of which one sees half; the truth of alpha."""
    alpha = np.zeros((256, 256))
    alpha[60:110, 120:220] = 0.5
    picture = mixed((220, 236, 255), alpha, background)
    alpha[40:200, 40:120] = 1
    picture[40:200, 40:120] = LINE
    picture[46:194, 46:114] = FUR
    return picture, alpha


def test_a_wing_is_seen_through_in_a_still_and_in_a_film_of_it() -> None:
    """The still's guess is made certain by the second background."""
    behind, key = (20, 70, 255), (0, 200, 70)
    still, alpha = winged(behind)
    cut = key_still(still, behind, opens_gaps=True)
    wing = np.s_[64:106, 128:216]
    # Less could not be of any colour that exists.
    assert np.abs(cut[wing][..., 3] / 255 - 0.5).max() <= 0.06
    wardrobe = learn([(cut, behind)])
    assert [pane.behind for pane in wardrobe.glass] == [behind]
    found = matted(winged(key)[0], key, wardrobe)
    assert np.abs(found[wing][..., 3] / 255 - 0.5).max() <= 0.02
    assert np.abs(found[wing][..., :3].astype(int) - (220, 236, 255)).max() <= 12
    assert alpha_error(found, np.rint(alpha * 255).astype(np.uint8)) <= 0.6


@pytest.mark.parametrize(("refine", "off"), [(unrefined, 1), (refined, 2)])
def test_thin_glass_is_as_thin_as_it_is(refine: Refine, off: float) -> None:
    """What is taken away of edges against noise would be an even error over all of it."""
    key, glass = (0, 200, 70), (220, 236, 255)
    alpha = np.zeros((256, 256))
    alpha[60:200, 120:220] = 0.3
    picture = mixed(glass, alpha, key)
    picture[40:220, 40:120] = LINE
    found = matted(picture, key, Wardrobe((LINE,), glass=(Glass(glass, 0.3),)), refine)
    assert abs(found[70:190, 130:210, 3].mean() - 0.3 * 255) <= off


def test_without_a_wardrobe_nothing_is_seen_through() -> None:
    picture, _ = winged((0, 200, 70))
    assert matted(picture, (0, 200, 70))[64:106, 128:216, 3].min() == 255


def test_a_gem_inside_the_figure_is_no_glass() -> None:
    """It could be light glass before the key, but glass is open to the outside."""
    key = (20, 70, 255)
    picture = np.full((256, 256, 3), key, np.uint8)
    cv2.circle(picture, (128, 128), 100, LINE, -1)
    cv2.circle(picture, (128, 128), 40, (120, 153, 255), -1)
    assert key_still(picture, key, opens_gaps=True)[128, 128].tolist() == [120, 153, 255, 255]


def test_who_wears_the_keys_hue_has_no_glass() -> None:
    """A lilac belly that is open to the outside, of somebody blue before a blue key."""
    key = (20, 70, 255)
    picture = np.full((256, 256, 3), key, np.uint8)
    picture[40:200, 60:200] = (124, 108, 240)
    picture[140:200, 80:180] = (174, 172, 250)
    assert key_still(picture, key, opens_gaps=True)[170, 130].tolist() == [174, 172, 250, 255]


def test_still_edges_do_not_flicker() -> None:
    """A codec's noise is averaged over frames."""
    still = character.over(character.draw(0, 256), character.GREEN)
    dice = np.random.default_rng(3)
    noisy = [
        np.clip(still + dice.normal(0, 3, still.shape), 0, 255).astype(np.uint8) for _ in range(8)
    ]
    raws = [character.raw(picture) for picture in noisy]
    keyer = FilmKeyer(measure_ground(raws)[1], FOX)
    steady = np.stack([keyer.matte(frame)[..., 3] for frame in raws]).astype(np.int16)
    each = [FilmKeyer(measure_ground(raws)[1], FOX).matte(frame)[..., 3] for frame in raws]
    alone = np.stack(each).astype(np.int16)
    edge = (alone > 0).any(axis=0) & (alone < 255).any(axis=0)
    assert edge.sum() > 500
    jumps, before = (np.abs(np.diff(a, axis=0))[2:, edge].mean() for a in (steady, alone))
    assert jumps <= 0.6 * before


def test_an_edge_that_moves_leaves_no_ghost() -> None:
    """Each frame of a moving figure is keyed as if it were alone."""
    frames = []
    for step in range(6):
        picture = np.full((96, 96, 3), character.GREEN, np.uint8)
        cv2.circle(picture, (30 + 4 * step, 48), 18, LINE, -1, cv2.LINE_AA)
        frames.append(character.raw(picture))
    keyer = FilmKeyer(ground(character.GREEN), FOX)
    together = [keyer.matte(frame) for frame in frames]
    for found, frame in zip(together, frames, strict=True):
        alone = FilmKeyer(ground(character.GREEN), FOX).matte(frame)
        assert alpha_error(found, alone) <= 0.05
        assert np.abs(found[..., 3].astype(int) - alone[..., 3]).max() <= 40


def test_noise_at_the_border_is_background() -> None:
    screen = (40, 200, 70)
    dice = np.random.default_rng(5)
    picture = np.full((96, 96, 3), screen, np.uint8)
    cv2.circle(picture, (48, 48), 24, LINE, -1, cv2.LINE_AA)
    picture = np.clip(picture + dice.normal(0, 4, picture.shape), 0, 255).astype(np.uint8)
    raw = character.raw(picture)
    measured, level = measure_ground([raw])
    assert measured.is_flat
    assert np.abs(level - ground(screen)).max() <= 0.6
    alpha = FilmKeyer(level, FOX).matte(raw)[..., 3]
    assert max(alpha[:16].max(), alpha[-16:].max()) <= 4
    assert alpha[40:56, 40:56].min() == 255


def test_the_colour_under_alpha_0_is_that_of_the_edge(filmed: Filmed) -> None:
    """So neither scaling nor chroma subsampling fetches green."""
    clip = filmed(character.GREEN)
    for frame in keyed(clip):
        clear = frame[..., 3] == 0
        near = cv2.dilate((frame[..., 3] > 0).astype(np.uint8), np.ones((9, 9))) > 0
        red, green, blue = frame[clear & near][:, :3].astype(int).T
        assert (green > np.maximum(red, blue) + 90).mean() < 0.003


def test_each_edges_colour_goes_on_beside_it() -> None:
    picture = np.full((96, 96, 3), character.GREEN, np.uint8)
    picture[30:66, 30:48] = (200, 40, 40)
    picture[30:66, 48:66] = (40, 40, 200)
    matte = matted(picture, character.GREEN)
    assert np.abs(matte[48, 24].astype(int) - (200, 40, 40, 0)).max() <= 3
    assert np.abs(matte[48, 71].astype(int) - (40, 40, 200, 0)).max() <= 3
    # Beyond, one colour everywhere costs an encoder nothing.
    assert (matte[:16, :, :] == matte[0, 0]).all()


def test_a_frame_without_a_figure_is_empty() -> None:
    empty = matted(np.full((40, 50, 3), (0, 200, 70), np.uint8), (0, 200, 70), FOX)
    assert empty.shape == (40, 50, 4)
    assert empty[..., 3].max() == 0


def test_a_figure_too_thin_to_have_an_inside_is_found() -> None:
    picture = np.full((64, 64, 3), (200, 200, 200), np.uint8)
    picture[10:50, 30:32] = (20, 20, 20)
    for wardrobe in (NOBODY, Wardrobe(((20, 20, 20),))):
        matte = matted(picture, (200, 200, 200), wardrobe)
        assert matte[30, 30:32, 3].min() > 200
        assert matte[30, :26, 3].max() == 0


def test_a_figure_cut_by_the_frame_reaches_the_frame() -> None:
    picture = np.full((64, 64, 3), (0, 200, 70), np.uint8)
    picture[32:, 20:44] = (200, 60, 60)
    matte = matted(picture, (0, 200, 70))
    assert np.abs(matte[63, 30].astype(int) - (200, 60, 60, 255)).max() <= 3


@pytest.mark.parametrize("worn", CANDIDATES)
def test_the_key_keeps_away_from_what_the_character_wears(worn: Rgb) -> None:
    chosen = choose_key(Wardrobe((worn, (40, 30, 40))))
    assert chosen in CANDIDATES
    assert float(np.linalg.norm(np.subtract(chosen, worn))) > WORN


def test_the_key_keeps_away_from_a_dark_outline() -> None:
    chosen = np.array(choose_key(Wardrobe(((20, 20, 24), (240, 240, 240)))))
    assert chosen @ [0.2126, 0.7152, 0.0722] > 120


def test_the_key_differs_from_thin_light_parts_of_the_silhouette() -> None:
    """A few white whiskers count, where all the rest is dark."""
    colours: tuple[Rgb, ...] = ((20, 20, 24), (250, 245, 240), (240, 150, 170))
    rim = ((colours[0], 0.95), (colours[1], 0.05))
    contrasts = [
        np.linalg.norm((ground(choose_key(worn)) - ground(colours[1])) * [1, 0.4, 0.4])
        for worn in (Wardrobe(colours, rim), Wardrobe(colours, rim[:1]))
    ]
    assert contrasts[0] > 50 > contrasts[1]


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
    chosen = choose_key(Wardrobe(tuple(frog)))
    assert float(np.linalg.norm(np.subtract(frog, chosen), axis=1).min()) > WORN
    assert choose_key(Wardrobe((*CANDIDATES, (20, 20, 20)))) in CANDIDATES


def test_no_palette_asks_for_the_first_candidate() -> None:
    assert choose_key(NOBODY) == CANDIDATES[0]


def test_the_palette_has_the_main_colours_by_share() -> None:
    rgba = np.zeros((100, 100, 4), np.uint8)
    rgba[:60] = (226, 122, 50, 255)
    rgba[60:90] = (250, 240, 226, 255)
    rgba[90] = (1, 2, 3, 128)
    rgba[95, :10] = (0, 0, 255, 255)
    (fur, most), (cream, rest) = palette(rgba, least=0.004)
    assert (fur, cream) == ((226, 122, 50), (250, 240, 226))
    assert most == pytest.approx(0.666, abs=0.002)
    assert rest == pytest.approx(0.333, abs=0.002)
    assert palette(rgba, most=1) == palette(rgba)[:1]


def test_the_palette_of_nothing_is_empty() -> None:
    assert palette(np.zeros((8, 8, 4), np.uint8)) == []
    assert learn([(np.zeros((64, 64, 4), np.uint8), None)]) == NOBODY


def test_a_wardrobe_tells_the_silhouettes_colours_and_the_glass() -> None:
    rgba = np.zeros((200, 200, 4), np.uint8)
    rgba[40:160, 40:160] = (*LINE, 255)
    rgba[50:150, 50:150] = (*FUR, 255)
    rgba[60:100, 160:195] = (220, 236, 255, 128)
    found = learn([(rgba, (20, 70, 255))])
    assert set(found.colours) == {LINE, FUR}
    assert [colour for colour, _ in found.rim] == [LINE]
    assert found.glass == (Glass((220, 236, 255), 128 / 255, (20, 70, 255)),)
    assert found.small == ()


def test_the_key_keeps_away_from_a_bead_and_a_bead_from_being_a_gap() -> None:
    """It is too small for the palette, and overlaid so that it is no wider than a blurred gap."""
    rgba = np.zeros((400, 400, 4), np.uint8)
    rgba[50:350, 50:350] = (*LINE, 255)
    rgba[60:340, 60:340] = (*FUR, 255)
    plain = choose_key(learn([(rgba, None)]))
    bead = (plain[0] // 2 + 60, plain[1] - 36, plain[2] - 36)
    rgba[200:212, 200:212] = (*bead, 255)
    wardrobe = learn([(rgba, None)])
    assert bead not in wardrobe.colours
    assert bead in wardrobe.small
    assert choose_key(wardrobe) != plain
    picture = rgba[:200, :200, :3].copy()
    picture[rgba[:200, :200, 3] == 0] = plain
    picture[130:160, 130:134] = bead
    assert matted(picture, plain, wardrobe)[145, 130:134, 3].min() == 255


def test_the_background_is_measured_as_the_codec_left_it(filmed: Filmed) -> None:
    clip = filmed(character.GREEN)
    for measured in (estimate_background(clip.frames), measure_ground(clip.raw)[0]):
        assert measured.is_flat
        assert np.abs(np.subtract(measured.colour, character.GREEN)).max() <= 4


def test_a_gradient_is_not_flat_and_a_cropped_figure_does_not_matter() -> None:
    ramp = np.linspace(60, 220, 200).astype(np.uint8)
    shaded = np.dstack([np.tile(ramp, (200, 1))] * 3)
    assert not estimate_background([shaded]).is_flat
    assert not measure_ground([character.raw(shaded)])[0].is_flat
    cropped = np.full((200, 200, 3), (0, 200, 70), np.uint8)
    cropped[150:, 80:120] = (200, 60, 60)
    assert estimate_background([cropped]) == estimate_background([cropped[:100]])
    measured, level = measure_ground([character.raw(cropped)])
    assert measured.is_flat
    assert np.abs(level - ground((0, 200, 70))).max() <= 0.6
