"""Real browsers, one for each file of tests, with a fresh context for each test.

They end with their file: other tests count the processes that theirs has started.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from tests import emulators

HOW_TO_GET = "On Debian and Ubuntu: apt-get install chromium firefox-esr xvfb"
SWITCHES = (
    *("--no-sandbox", "--no-first-run", "--disable-sync", "--disable-component-update"),
    *("--disable-background-networking", "--disable-quic"),
    # It asks for updates even so. Whatever it wants to reach, it finds nobody but this machine.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    # WebGL without a graphics card, and films that play without a click as on a page that is muted.
    *("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"),
)


PREFERENCES: dict[str, str | float | bool] = {
    "webgl.force-enabled": True,
    "media.autoplay.default": 0,
    # A name that no resolver knows: whatever it wants to reach, it finds nobody but this machine.
    "network.proxy.type": 1,
    "network.proxy.socks": "nobody.invalid",
    "network.proxy.socks_port": 1,
    "network.proxy.no_proxies_on": "localhost, 127.0.0.1",
    "app.update.enabled": False,
    "toolkit.telemetry.server": "",
}
"""Of Firefox, for the same as `SWITCHES`."""


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as found:
        yield found


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    path = _require("Chromium", "chromium")
    browser = playwright.chromium.launch(executable_path=path, args=[*SWITCHES])
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def firefox(playwright: Playwright) -> Iterator[Browser]:
    """The Firefox that people have, which speaks WebDriver BiDi, and not a build of Playwright's.

    It finds WebGL only where there is a display, even if it shows no window there.
    """
    path = _require("Firefox", "firefox-esr")
    with _display(_require("Xvfb", "Xvfb")) as display:
        browser = playwright.firefox.launch(
            channel="moz-firefox",
            executable_path=path,
            firefox_user_prefs=PREFERENCES,
            env={**os.environ, "DISPLAY": display},
        )
        yield browser
        browser.close()


def _require(name: str, program: str) -> Path:
    found = shutil.which(program)
    return emulators.require(name, Path(found) if found else None, HOW_TO_GET, comes_with="")


@contextmanager
def _display(xvfb: Path) -> Iterator[str]:
    """A display of memory alone, of the first number that is free."""
    command = [str(xvfb), "-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield f":{process.stdout.readline().strip()}"
        finally:
            process.terminate()


@pytest.fixture(scope="module", params=["chromium"])
def browser(request: pytest.FixtureRequest) -> Browser:
    """Chromium, unless a test says `in_both_engines`."""
    found: Browser = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser of somebody who was never here, on a desktop."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
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
