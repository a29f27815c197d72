"""The story of a newcomer, from a few words to a mascot on a page of their own."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser import player_site
from tests.browser.player_page import BEHIND, at, near, seen
from tests.browser.studio_page import PATIENCE, enter, until_played_as, visit
from tests.e2e.server import Json, Server


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("story") / "home")
    server.start()
    yield server
    server.stop()


@pytest.mark.timeout(600)
def test_the_story_of_a_newcomer(page: Page, stack: Server) -> None:
    enter(page, stack)
    page.get_by_label("What does it look like?").fill("an orange fox with a blue scarf")
    page.get_by_label("Let it move").uncheck()
    page.get_by_role("button", name="Create").click()
    until_served(page, 1)
    item = page.url.rpartition("/items/")[2]

    page.get_by_role("button", name="Change it…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What is to be changed?").fill("make the scarf red")
    agreed(page, "Edit")
    until_served(page, 2)

    page.get_by_role("button", name="Animate it…").click()
    dialog.get_by_label("How does it move?").fill("waves happily")
    dialog.get_by_label("Seconds").fill("1")
    agreed(page, "Animate")
    until_served(page, 3)
    until_played_as(page, "webm")

    page.get_by_text("Put it into your app").click()
    code = page.locator(".embed code")
    expect(code).to_contain_text("<mascot-player")
    page.locator(".embed-code button").click()
    expect(page.locator("#announcer")).to_have_text("Copied")
    copied = code.inner_text()

    canvas = with_a_canvas(stack, item)
    visit(page, f"/mascots/{canvas['collection_id']}?tab=canvases")
    page.get_by_role("button", name="Make it all").or_(
        page.get_by_role("button", name="Make the rest")
    ).click()
    dialog.get_by_label("Seconds of each film").fill("1")
    expect(dialog.locator(".price")).to_contain_text("5 credits")
    dialog.get_by_role("button", name="Begin").click()
    expect(page.get_by_text("Complete", exact=True)).to_be_visible(timeout=2 * PATIENCE)
    page.get_by_role("group", name="Inputs").get_by_role("button", name="hello").click()
    expect(page.locator(".canvas-node").nth(1)).to_have_class("canvas-node current")

    with player_site.serve() as site:
        site.files.clear()
        style = f"<style>body {{ margin: 0; background: rgb{BEHIND} }}</style>"
        page.goto(site.put("/page.html", copied + style))
        player = "document.querySelector('mascot-player')"
        page.wait_for_function(f"{player}?.format === 'webm' && !{player}.paused")
        shown = seen(page)
        assert near(at(shown, (1 / 24, 1 / 24)), BEHIND, 3)
        assert not near(at(shown, (1 / 2, 1 / 2)), BEHIND, 60)


def until_served(page: Page, version: int) -> None:
    """Until a version is drawn, and apps get it."""
    expect(page.get_by_role("heading", name=f"Version {version}")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("Apps get this version.")).to_be_visible(timeout=PATIENCE)


def agreed(page: Page, action: str) -> None:
    """Ask for the price, and agree to it."""
    submit = page.get_by_role("dialog").locator("[type=submit]")
    submit.click()
    expect(submit).to_contain_text(f"{action} for")
    submit.click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def with_a_canvas(stack: Server, item: str) -> Json:
    """Two states that show the still, and a way between them that is to be made."""
    still = stack.get(f"/items/{item}/best")["transparent_image"]["asset_id"]
    parts = {
        "name": "Pet",
        "inputs": [{"name": "hello", "type": "trigger"}],
        "nodes": [{"id": name, "name": name.title(), "asset_id": still} for name in ("idle", "up")],
        "edges": [
            {
                "id": "greet",
                "source": "idle",
                "target": "up",
                "conditions": [{"input": "hello"}],
                "description": "hops",
            }
        ],
    }
    collection = stack.get(f"/items/{item}")["collection_id"]
    made: Json = stack.post(f"/collections/{collection}/canvases", parts)
    return made
