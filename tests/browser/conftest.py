"""A real Chromium, one for each file of tests, with a fresh context for each test.

It ends with its file: other tests count the processes that theirs has started.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests import emulators

HOW_TO_GET = "On Debian and Ubuntu: apt-get install chromium"
SWITCHES = (
    *("--no-sandbox", "--no-first-run", "--disable-sync", "--disable-component-update"),
    *("--disable-background-networking", "--disable-quic"),
    # It asks for updates even so. Whatever it wants to reach, it finds nobody but this machine.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    # WebGL without a graphics card, and films that play without a click as on a page that is muted.
    *("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"),
)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    found = shutil.which("chromium")
    path = emulators.require("Chromium", Path(found) if found else None, HOW_TO_GET, comes_with="")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*SWITCHES])
        yield browser
        browser.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser of somebody who was never here, on a desktop."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(60_000)
    yield context
    # What a page asked for at the last moment would fail in the next test.
    for page in context.pages:
        page.unroute_all(behavior="ignoreErrors")
    context.unroute_all(behavior="ignoreErrors")
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()
