"""Every moving format shows the colours of the still, in the browsers that people have.

ffmpeg obeys all tags of a file and converts exactly. Browsers do neither, so only they can tell.
"""

import time
from collections.abc import Iterator
from typing import Final

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from shared.media.ffmpeg import Frame
from shared.media.formats import FORMATS, HEVC, SPRITE_SHEET, STACKED_VIDEO, WEBM, Format
from tests.browser.player_films import encoded, png
from tests.browser.player_page import picture
from tests.browser.player_site import Site, serve

COLOURS: Final = np.array(
    [
        [(63, 174, 74), (220, 47, 53), (30, 80, 200), (250, 200, 30)],
        [(240, 130, 40), (120, 60, 20), (250, 250, 250), (20, 20, 24)],
        [(0, 160, 170), (150, 60, 180), (255, 170, 190), (128, 128, 128)],
        [(0, 210, 230), (210, 20, 20), (30, 200, 30), (40, 40, 220)],
    ]
)
PATCH: Final = 32
TOLERANCE: Final = 3
"""Levels that the codec, 8 bits of YUV and a browser's quick conversion may cost together."""
PATIENCE_SECONDS: Final = 30
# Only Apple's players decode HEVC with alpha; a sheet is the same WebP as the animated one.
SHOWN: Final = [found for found in FORMATS.values() if found not in (HEVC, SPRITE_SHEET)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("colours")
    with serve() as site:
        for shown in SHOWN:
            site.put(f"/{shown.name}.{shown.extension}", encoded(folder, shown, figure(), 24))
        yield site


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: shown.name)
@pytest.mark.parametrize("engine", ["chromium", "firefox"])
def test_a_film_has_the_stills_colours(
    engine: str, shown: Format, site: Site, request: pytest.FixtureRequest
) -> None:
    browser: Browser = request.getfixturevalue(engine)
    page = browser.new_page(viewport={"width": 200, "height": 200})
    try:
        off = differences(page, site, element(shown, f"/{shown.name}.{shown.extension}"))
    finally:
        page.close()
    assert np.abs(off).max() <= TOLERANCE, off.tolist()


@pytest.mark.parametrize("engine", ["chromium", "firefox"])
def test_the_still_is_read_back_as_it_is(
    engine: str, site: Site, request: pytest.FixtureRequest
) -> None:
    """What the other test takes for granted: a screenshot changes nothing."""
    browser: Browser = request.getfixturevalue(engine)
    site.put("/still.png", png(figure()))
    page = browser.new_page(viewport={"width": 200, "height": 200})
    try:
        assert not differences(page, site, '<img src="/still.png">').any()
    finally:
        page.close()


def figure() -> Frame:
    """Patches of flat colours on clear ground, as straight RGBA."""
    found = np.zeros((5 * PATCH, 5 * PATCH, 4), np.uint8)
    middle = slice(PATCH // 2, -(PATCH // 2))
    found[middle, middle, :3] = COLOURS.repeat(PATCH, axis=0).repeat(PATCH, axis=1)
    found[middle, middle, 3] = 255
    return found


def element(shown: Format, path: str) -> str:
    """What shows a file of the format on a page."""
    if shown is STACKED_VIDEO:
        width = f"width: {5 * PATCH}px"
        return f'<mascot-player stacked="{path}" style="{width}"></mascot-player>'
    tag = "video muted autoplay loop" if shown is WEBM else "img"
    return f'<{tag} src="{path}">'


def differences(page: Page, site: Site, element: str) -> Frame:
    """How far the middle of each patch is from its colour, in levels, once it is shown."""
    site.put(
        "/page.html",
        "<!doctype html><title>A page</title>"
        "<style>body { margin: 0 } img, video { display: block }</style>"
        f'<script type="module" src="/mascot-player.js"></script>{element}',
    )
    page.goto(site.url("/page.html"))
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        seen = picture(page.screenshot())[PATCH : 5 * PATCH : PATCH, PATCH : 5 * PATCH : PATCH]
        off: Frame = seen.astype(int) - COLOURS
        if np.abs(off).max() <= TOLERANCE or time.monotonic() > deadline:
            return off
        page.wait_for_timeout(200)
