"""The code that people copy: its facts are the player's and the encoder's."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page

from shared.config import ROOT
from tests.browser import player_films, player_site

FOLDER = ROOT / "docs" / "snippets"
STUDIO = ROOT / "functions" / "studio"
SNIPPETS = sorted(FOLDER.iterdir())
NAMES = re.compile(r"\{\{(\w+)\}\}")
PROMISED = "not yet run on a device by its authors"


def shader(path: Path) -> str:
    """What is done with the two halves of a frame, whatever a frame is read by."""
    [found] = re.findall(r"void main\(\) \{\n  float upper.*?\n\}", path.read_text(), re.S)
    return str(found)


def test_the_studio_offers_all_of_them() -> None:
    offered = re.findall(r'\["([\w.-]+)", "', (STUDIO / "app" / "embed.js").read_text())
    assert sorted(offered) == [path.name for path in SNIPPETS]


@pytest.mark.parametrize("path", SNIPPETS, ids=lambda path: path.name)
def test_the_studio_knows_every_value(path: Path) -> None:
    item = (STUDIO / "app" / "views" / "item.js").read_text()
    [values] = re.findall(r"values\(version\) \{.*?\n  \}", item, re.S)
    used = set(NAMES.findall(path.read_text()))
    assert used & {"hevc", "stacked", "webm"}
    assert all(re.search(rf"\b{name}:", values) for name in used)


@pytest.mark.parametrize("name", ["Mascot.swift", "Mascot.kt", "react-native.jsx", "mascot.dart"])
def test_what_we_could_not_run_says_so(name: str) -> None:
    assert PROMISED in " ".join((FOLDER / name).read_text().replace("\n//", "").split())


def test_android_unstacks_as_the_player_does() -> None:
    assert shader(FOLDER / "Mascot.kt") == shader(STUDIO / "mascot-stacked.js")


def test_the_page_that_is_copied_plays(page: Page, tmp_path: Path) -> None:
    with player_site.serve() as site:
        values = {"player": site.url("/mascot-player.js"), "label": "Felix, waving"}
        for kind, extension in {"webm": "webm", "hevc": "mov", "stacked": "mp4"}.items():
            values[kind] = site.url(f"/film.{extension}")
            site.put(f"/film.{extension}", player_films.film(tmp_path, kind, (220, 30, 40)))
        values["still"] = site.url("/still.png")
        site.put("/still.png", player_films.still((30, 160, 60)))
        copied = (FOLDER / "web.html").read_text()
        assert len(copied.splitlines()) <= 5
        filled = NAMES.sub(lambda match: values[match[1]], copied)
        site.put("/page.html", filled.encode())
        page.goto(site.url("/page.html"))
        page.wait_for_function(
            "['webm', 'hevc'].includes(document.querySelector('mascot-player').format)"
        )
        assert page.get_by_role("img", name="Felix, waving").is_visible()
