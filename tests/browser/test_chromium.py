"""What the other tests of this folder take for granted."""

from playwright.sync_api import Page


def test_chromium_draws_with_webgl_and_plays_vp9(page: Page) -> None:
    page.set_content("<canvas></canvas><video></video>")
    assert page.evaluate("!!document.querySelector('canvas').getContext('webgl')")
    assert page.evaluate(
        """document.querySelector("video").canPlayType('video/webm; codecs="vp9"') !== ''"""
    )
