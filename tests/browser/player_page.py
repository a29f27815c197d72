"""Somebody's page with a player on it: what it shows, and what it tells."""

from io import BytesIO
from typing import Any, Final

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from shared.media.ffmpeg import Frame
from tests.browser.player_site import Site

BEHIND: Final = (40, 90, 200)
"""The colour of the page."""
SIDE: Final = 192
"""Of the player on the page, in CSS pixels."""

in_both_engines: Final = pytest.mark.parametrize("browser", ["chromium", "firefox"], indirect=True)
"""For what the browser has a part in: films, frames, events, observers. Firefox takes three times
as long, so what is only the player's own doing, or needs Chromium's protocol, runs in Chromium.
Firefox can't be told by WebDriver BiDi to want less motion, and knows no layout shifts."""


def visit(
    page: Page,
    site: Site,
    attributes: str,
    *,
    before: str = "",
    around: str = "",
    style: str = f"width: {SIDE}px",
    module: str = "/mascot-player.js",
) -> None:
    """Go to a page with a player. `before` runs when the module is there and no player is yet."""
    site.put(
        "/page.html",
        f"""<!doctype html><title>A page</title>
        <style>body {{ margin: 0; background: rgb{BEHIND} }} mascot-player {{ {style} }}</style>
        {around}
        <template><mascot-player {attributes}></mascot-player></template>
        <script type="module">
          import {{ detect }} from "{module}";
          window.told = [];
          window.player = document.querySelector("template").content.firstChild.cloneNode(true);
          {before}
          const names = "ready play pause refused error ended statechange";
          for (const name of names.split(" ")) {{
            player.addEventListener(name, (event) => told.push({{ name, ...event.detail }}));
          }}
          document.body.append(player);
        </script>""",
    )
    page.goto(site.url("/page.html"))
    page.wait_for_function("window.player?.isConnected")


def ready(page: Page) -> str:
    """Wait until the mascot is there; tells how it is shown."""
    wait(page, "told.some(({ name }) => name === 'ready')")
    return str(page.evaluate("player.format"))


def wait(page: Page, condition: str) -> None:
    """Until something holds. A bounded wait that says what the player told, if it never does."""
    try:
        page.wait_for_function(condition)
    except Exception as error:
        raise AssertionError(f"never: {condition}; told {page.evaluate('told')}") from error


def told(page: Page, name: str) -> list[dict[str, Any]]:
    return list(page.evaluate("name => told.filter((one) => one.name === name)", name))


def seen(page: Page) -> Frame:
    """What is on the screen where the player is, as RGB."""
    return picture(page.locator("mascot-player").last.screenshot(animations="allow"))


def picture(png: bytes) -> Frame:
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
    """A colour of half alpha, as it is seen on the page."""
    red, green, blue = (round((a + b) / 2) for a, b in zip(colour, BEHIND, strict=True))
    return red, green, blue
