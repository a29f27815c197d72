"""The code that people copy: its facts are the player's and the encoder's."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from shared.config import ROOT
from tests.browser import player_films, player_site
from tests.browser.player_site import Site

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
    embed = (STUDIO / "app" / "embed.js").read_text()
    films = re.findall(r'\["([\w.-]+)", "', embed)
    stills = dict(re.findall(r'"([\w-]+\.\w+)": "([\w.-]+)"', embed))
    assert sorted([*films, *stills.values()]) == [path.name for path in SNIPPETS]
    assert stills.keys() < {*films}


@pytest.mark.parametrize("path", SNIPPETS, ids=lambda path: path.name)
def test_the_studio_knows_every_value(path: Path) -> None:
    item = (STUDIO / "app" / "views" / "item.js").read_text()
    embed = (STUDIO / "app" / "embed.js").read_text()
    [values] = re.findall(r"values\(version\) \{.*?\n  \}", item, re.S)
    [sets] = re.findall(r"function sourceSets.*?\n\}", embed, re.S)
    used = set(NAMES.findall(path.read_text()))
    assert used & {"hevc", "stacked", "webms", "still"}
    assert all(re.search(rf"\b{name}:", values + sets) for name in used)


@pytest.mark.parametrize("path", SNIPPETS, ids=lambda path: path.name)
def test_what_we_could_not_run_says_so(path: Path) -> None:
    said = PROMISED in " ".join(path.read_text().replace("\n//", "").split())
    assert said == (path.name not in {"web.html", "react.jsx"})


def test_android_unstacks_as_the_player_does() -> None:
    assert shader(FOLDER / "Mascot.kt") == shader(STUDIO / "mascot-stacked.js")


@pytest.fixture
def site() -> Iterator[Site]:
    """With the studio's own code for what is copied."""
    with player_site.serve() as site:
        for path in (STUDIO / "app").glob("*.js"):
            site.put(f"/{path.name}", path.read_bytes())
        for path in SNIPPETS:
            site.put(f"/snippets/{path.name}", path.read_bytes())
        yield site


def copied(page: Page, site: Site, urls: dict[str, str]) -> dict[str, str]:
    """What the studio offers by the name of the platform, for the files of a pose by their keys."""
    site.put("/studio.html", '<!doctype html><title>The studio</title><p id="announcer">')
    page.goto(site.url("/studio.html"))
    page.evaluate(
        """async ([urls, label, player]) => {
          const { embed, sourceSets } = await import("/embed.js");
          const url = (key) => urls[key] ?? "";
          const [webm, hevc, stacked] = ["webm", "hevc", "stacked_video"].map(url);
          const still = url("transparent_image");
          const api = location.origin + "/v1";
          const values = { webm, hevc, stacked, still, label, api, player, ...sourceSets(urls) };
          document.body.append(embed(values));
        }""",
        [urls, "Felix, waving", site.url("/mascot-player.js")],
    )
    page.get_by_text("Put it into your app").click()
    code = page.locator(".embed code")
    found: dict[str, str] = {}
    for platform in ["Web", "React", "iOS", "Android", "React Native", "Flutter"]:
        page.get_by_role("radio", name=platform, exact=True).check()
        expect(code).not_to_have_text(list(found.values())[-1] if found else "")
        found[platform] = code.inner_text()
    return found


def test_the_page_that_is_copied_loads_what_it_shows(
    page: Page, site: Site, tmp_path: Path
) -> None:
    """The film in the smallest size that is enough, and the still so, too."""
    kinds = {"webm": "webm", "hevc": "mov", "stacked_video": "mp4"}
    files = {"transparent_image": ("png", player_films.still((30, 160, 60)))}
    for kind, extension in kinds.items():
        name = kind.removesuffix("_video")
        files[kind] = (extension, player_films.film(tmp_path, name, (220, 30, 40)))
    urls = {
        f"{kind}{suffix}": site.put(f"/{kind}{suffix}.{extension}", content)
        for kind, (extension, content) in files.items()
        for suffix in ("", "_256", "_128", "_1024")
    }
    code = copied(page, site, urls)
    assert len(code["Web"].splitlines()) <= 5
    site.put("/page.html", code["Web"])
    site.asked.clear()
    page.goto(site.url("/page.html"))
    page.wait_for_function("document.querySelector('mascot-player').format === 'webm'")
    assert page.get_by_role("img", name="Felix, waving").is_visible()
    asked = {path for path in site.asked if path.endswith((*kinds.values(), "png"))}
    assert asked == {"/webm_256.webm", "/transparent_image_256.png"}
    for platform, key in {"iOS": "hevc", "Android": "stacked_video"}.items():
        assert f'"{urls[key]}"' in code[platform]


def test_a_pose_without_a_film_is_copied_as_a_picture(page: Page, site: Site) -> None:
    still = site.put("/still.png", player_films.still((30, 160, 60)))
    code = copied(page, site, {"transparent_image": still})
    for text in code.values():
        assert still in text
        assert NAMES.findall(text) == []
        assert not re.search(r"hevc|webm|stacked|AVPlayer|ExoPlayer|WebView|\"\"|''[^']", text)
    site.put("/page.html", code["Web"])
    page.goto(site.url("/page.html"))
    page.wait_for_function("document.querySelector('mascot-player').format === 'still'")
    assert page.get_by_role("img", name="Felix, waving").is_visible()


def test_nothing_is_copied_of_a_pose_without_files(page: Page, site: Site) -> None:
    page.goto(site.put("/studio.html", "<!doctype html><title>The studio</title>"))
    nothing = """async () => {
      const values = { webm: "", hevc: "", stacked: "", still: "" };
      return (await import("/embed.js")).embed(values);
    }"""
    assert page.evaluate(nothing) is None
