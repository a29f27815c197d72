"""The studio as people come to it and go about in it."""

from typing import Final

from playwright.sync_api import Page, expect

from tests.e2e.server import Server

PATIENCE: Final = 120_000
"""Milliseconds for what is drawn and encoded meanwhile."""

expect.set_options(timeout=60_000)


def address(stack: Server) -> str:
    return str(stack.http.base_url).rstrip("/")


def key(stack: Server) -> str:
    return (stack.home / "dev-key").read_text().strip()


def enter(page: Page, stack: Server, secret: str | None = None) -> None:
    """Open the link that `make dev` prints."""
    page.goto(f"{address(stack)}/#key={secret or key(stack)}")
    expect(page.get_by_role("heading", name="Describe a mascot")).to_be_visible()


def visit(page: Page, path: str) -> None:
    """Another view, once it is there."""
    page.evaluate("path => { location.hash = path }", path)
    expect(page.locator("main:not([aria-busy]) h1")).to_be_visible()
    expect(page.locator(".skeleton")).to_have_count(0)


def until_played_as(page: Page, kind: str) -> None:
    """Until the player on the stage shows that format."""
    page.evaluate(
        """async (kind) => {
          const player = () => document.querySelector(".stage mascot-player"); // once it is there
          while (player()?.format !== kind) await new Promise(requestAnimationFrame);
        }""",
        kind,
    )
