"""One mascot on somebody's page: how it is shown, and how it behaves."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from shared.media.ffmpeg import Frame
from tests.browser import player_films, player_site
from tests.browser.player_films import EMPTY, HALF, SOLID
from tests.browser.player_site import Site

RED, GREEN = (220, 30, 40), (30, 160, 60)
BEHIND = (40, 90, 200)
SIDE = 192
"""Of the player on the page, in CSS pixels."""

Films = dict[str, bytes]


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Films:
    """The red figure in each format, by the name of its attribute, and a green still."""
    folder = tmp_path_factory.mktemp("films")
    found = {kind: player_films.film(folder, kind, RED) for kind in player_films.NAMES}
    return {**found, "still": player_films.still(GREEN)}


@pytest.fixture
def cdn(films: Films) -> Iterator[Site]:
    with player_site.serve() as site:
        for kind, content in films.items():
            site.put(path(kind), content)
        yield site


@pytest.fixture
def site() -> Iterator[Site]:
    with player_site.serve() as site:
        yield site


def path(kind: str) -> str:
    extension = {"webm": "webm", "hevc": "mov", "stacked": "mp4", "still": "png"}[kind]
    return f"/{kind}.{extension}"


def sources(cdn: Site, *kinds: str) -> str:
    return " ".join(f'{kind}="{cdn.url(path(kind))}"' for kind in kinds)


def visit(page: Page, site: Site, attributes: str, *, before: str = "", around: str = "") -> None:
    """Go to a page with a player. `before` runs when the module is there and no player is yet."""
    site.put(
        "/page.html",
        f"""<!doctype html><title>A page</title>
        <style>body {{ margin: 0; background: rgb{BEHIND} }}
        mascot-player {{ width: {SIDE}px }}</style>
        {around}
        <template><mascot-player {attributes}></mascot-player></template>
        <script type="module">
          import {{ detect }} from "/mascot-player.js";
          window.told = [];
          {before}
          const player = document.querySelector("template").content.firstChild.cloneNode(true);
          for (const name of ["ready", "play", "pause", "error", "ended", "statechange"]) {{
            player.addEventListener(name, (event) => told.push({{ name, ...event.detail }}));
          }}
          window.player = player;
          document.body.append(player);
        </script>""",
    )
    page.goto(site.url("/page.html"))
    page.wait_for_function("window.player")


def ready(page: Page) -> str:
    """Wait until the mascot is there; tells how it is shown."""
    page.wait_for_function("told.some(({ name }) => name === 'ready')")
    return str(page.evaluate("player.format"))


def told(page: Page, name: str) -> list[dict[str, Any]]:
    return list(page.evaluate("name => told.filter((one) => one.name === name)", name))


def seen(page: Page) -> Frame:
    """What is on the screen where the player is, as RGB."""
    png = page.locator("mascot-player").screenshot(animations="allow")
    return np.asarray(Image.open(BytesIO(png)).convert("RGB"))


def at(shown: Frame, place: tuple[float, float]) -> tuple[int, int, int]:
    height, width = shown.shape[:2]
    red, green, blue = (
        int(value) for value in shown[int(place[1] * height), int(place[0] * width)]
    )
    return red, green, blue


def near(one: Any, other: Any, tolerance: int = 14) -> bool:
    return bool(np.abs(np.subtract(one, other)).max() <= tolerance)


def mixed(colour: Any) -> tuple[int, int, int]:
    red, green, blue = (round((a + b) / 2) for a, b in zip(colour, BEHIND, strict=True))
    return red, green, blue


@pytest.mark.parametrize(
    ("offered", "shown"),
    [
        (("hevc", "webm", "stacked", "still"), "webm"),
        (("hevc", "stacked", "still"), "stacked"),
        (("hevc", "still"), "still"),
    ],
)
def test_the_page_shines_through_in_the_best_format_of_this_browser(
    page: Page, site: Site, cdn: Site, offered: tuple[str, ...], shown: str
) -> None:
    visit(page, site, sources(cdn, *offered))
    assert ready(page) == shown
    picture = seen(page)
    colour = GREEN if shown == "still" else RED
    assert near(at(picture, SOLID), colour)
    assert near(at(picture, HALF), mixed(colour))
    assert near(at(picture, EMPTY), BEHIND, 3)
