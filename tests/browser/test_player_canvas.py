"""A canvas on somebody's page: which films are played when, and that nothing flashes between."""

import json
import os
from base64 import b64decode
from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final

import numpy as np
import pytest
from playwright.sync_api import Page

from shared.media import Rgb
from tests.browser import player_films, player_site
from tests.browser.player_films import SOLID
from tests.browser.player_page import (
    BEHIND,
    SIDE,
    at,
    in_both_engines,
    near,
    picture,
    ready,
    told,
    visit,
    wait,
)
from tests.browser.player_site import Site

Films = dict[str, bytes]
Json = dict[str, Any]

COLOURS: Final[dict[str, Rgb]] = {
    "idle-loop": (230, 40, 40),
    "happy-loop": (40, 190, 60),
    "deep-loop": (250, 210, 40),
    "to-happy": (240, 130, 30),
    "to-idle": (170, 60, 170),
    "to-deep": (250, 150, 180),
    "from-deep": (120, 80, 40),
    "poked": (30, 180, 170),
    "clicked": (240, 240, 240),
    "calm-down": (20, 20, 20),
}
STILL: Final = (140, 140, 140)
EXTENSIONS: Final = {"webm": "webm", "stacked": "mp4"}


def when(name: str, op: str = "==", value: Any = True) -> Json:
    return {"input": name, "op": op, "value": value}


def edge(id_: str, source: str, target: str, *conditions: Json, **more: Any) -> Json:
    videos = {kind: f"{id_}.{extension}" for kind, extension in EXTENSIONS.items()}
    found = {"id": id_, "source": source, "target": target, "conditions": [*conditions]}
    return {**found, "isLoop": source == target, "videos": videos, **more}


CANVAS: Final[Json] = {
    "version": "2.0",
    "name": "Felix",
    "initialNode": "idle",
    "autoPlay": True,
    "nodes": [
        {"id": id_, "name": id_.title(), "transparentThumbnailUrl": "still.png"}
        for id_ in ("idle", "happy", "deep", "wow")
    ],
    "edges": [
        edge("idle-loop", "idle", "idle"),
        edge("happy-loop", "happy", "happy"),
        edge("deep-loop", "deep", "deep"),
        edge("to-happy", "idle", "happy", when("happy")),
        edge("to-idle", "happy", "idle", when("happy", "!=", True), speed=2),
        edge("to-deep", "idle", "deep", when("depth", "gte", 3), priority=5),
        edge("from-deep", "deep", "idle", when("depth", "<", 3), priority=-1),
        edge("poked", "idle", "idle", when("poke"), priority=1),
        edge("clicked", "*", "wow", when("clicked"), priority=9, speed=0.5),
        edge("calm-down", "wow", "idle"),
    ],
    "inputs": [
        {"name": "happy", "type": "boolean", "default": False},
        {"name": "depth", "type": "number", "default": 0},
        {"name": "poke", "type": "trigger", "default": False},
        {"name": "clicked", "type": "trigger", "default": False, "system": True},
    ],
}

WITNESS = """
  window.ends = []; // of films: a pixel of what was seen, and how fast it was played
  const pixel = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  window.look = (shown, width, height) => {
    pixel.drawImage(shown, width / 3, height / 4, 1, 1, 0, 0, 1, 1);
    return [...pixel.getImageData(0, 0, 1, 1).data];
  };
  const create = Document.prototype.createElement;
  Document.prototype.createElement = function (...given) {
    const made = create.apply(this, given);
    made.addEventListener("ended", () => {
      if (made.src.startsWith("data:")) return;
      ends.push([look(made, made.videoWidth, made.videoHeight), made.playbackRate]);
    });
    return made;
  };
"""


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Films:
    folder = tmp_path_factory.mktemp("films")
    return {
        f"/{id_}.{extension}": player_films.film(folder, kind, colour, frames=4)
        for id_, colour in COLOURS.items()
        for kind, extension in EXTENSIONS.items()
    }


@pytest.fixture
def site(films: Films) -> Iterator[Site]:
    with player_site.serve() as site:
        site.files.update(films)
        site.put("/still.png", player_films.still(STILL))
        site.put("/canvas.json", json.dumps({"data": CANVAS}))
        yield site


def only(kind: str) -> str:
    """JavaScript that makes this a browser of one format, whatever it says."""
    shown = {name: json.dumps(name == kind) for name in ("hevc", "webm", "stacked")}
    return "".join(f"detect.{name} = async () => {answer};" for name, answer in shown.items())


def passed(page: Page) -> list[str]:
    return [change["edge"] for change in told(page, "statechange")]


def until_passed(page: Page, *edges: str) -> None:
    """Until these were the edges since the start, and the last state has come to rest."""
    text = json.dumps([*edges])
    changes = "told.filter(({ name }) => name === 'statechange').map(({ edge }) => edge)"
    wait(page, f"JSON.stringify({changes}) === JSON.stringify({text})")


def named(pixel: list[int]) -> str:
    return min(COLOURS, key=lambda id_: float(np.abs(np.subtract(pixel[:3], COLOURS[id_])).sum()))


@pytest.mark.parametrize(
    ("kind", "browser"),
    # Firefox without a graphics card sometimes stops showing frames of a stacked film, and then of
    # the page, for longer than a test waits.
    [("webm", "chromium"), ("stacked", "chromium"), ("webm", "firefox")],
    indirect=["browser"],
)
def test_every_edge_is_taken_when_its_conditions_hold(page: Page, site: Site, kind: str) -> None:
    page.add_init_script(WITNESS)
    visit(page, site, 'config="canvas.json"', before=only(kind))
    assert ready(page) == kind
    assert page.evaluate("player.state") == "idle"

    page.evaluate("player.setInput('happy', true)")
    until_passed(page, "to-happy")
    page.evaluate("player.trigger('poke')")  # leads nowhere from here, and is not kept
    page.evaluate("player.setInput('happy', false)")
    until_passed(page, "to-happy", "to-idle")
    # Of two that could be taken at the loop's seam, it is the one of the higher priority.
    page.evaluate("player.setInput('happy', true); player.setInput('depth', 3)")
    until_passed(page, "to-happy", "to-idle", "to-deep")
    page.evaluate("player.setInput('happy', false); player.setInput('depth', 2.5)")
    until_passed(page, "to-happy", "to-idle", "to-deep", "from-deep")
    page.evaluate("player.trigger('poke')")
    until_passed(page, "to-happy", "to-idle", "to-deep", "from-deep", "poked")
    page.evaluate("player.setInput('happy', true)")
    until_passed(page, "to-happy", "to-idle", "to-deep", "from-deep", "poked", "to-happy")
    page.locator("mascot-player").click()
    whole = ["to-happy", "to-idle", "to-deep", "from-deep", "poked", "to-happy", "clicked"]
    whole += ["calm-down", "to-happy"]
    until_passed(page, *whole)

    assert page.evaluate("player.state") == "happy"
    assert told(page, "error") == []
    assert told(page, "statechange")[6] == {
        "name": "statechange",
        "edge": "clicked",
        "from": "happy",
        "to": "wow",
    }
    ends = [(named(pixel), rate) for pixel, rate in page.evaluate("ends")]
    # A busy browser may tell an end once more; the player takes it once, as its states say.
    films = [end for end, _ in groupby(end for end in ends if not end[0].endswith("-loop"))]
    rates = {one["id"]: one.get("speed", 1) for one in CANVAS["edges"]}
    assert films == [(id_, rates[id_]) for id_ in whole]


@in_both_engines
def test_a_loop_is_played_to_its_seam_unless_somebody_waits(page: Page, site: Site) -> None:
    page.add_init_script(WITNESS)
    visit(page, site, 'config="canvas.json"', before=only("webm"))
    ready(page)
    page.evaluate("player.setInput('happy', true)")
    until_passed(page, "to-happy")
    assert [named(pixel) for pixel, _ in page.evaluate("ends")] == ["idle-loop", "to-happy"]
    page.evaluate("player.setInput('happy', false)")
    until_passed(page, "to-happy", "to-idle")
    page.evaluate("ends.length = 0; player.trigger('poke')")
    until_passed(page, "to-happy", "to-idle", "poked")
    assert [named(pixel) for pixel, _ in page.evaluate("ends")] == ["poked"]


@in_both_engines
def test_the_keyboard_does_what_a_click_does(page: Page, site: Site) -> None:
    visit(page, site, 'config="canvas.json"', before=only("webm"))
    ready(page)
    button = page.get_by_role("button", name="Felix")
    assert button.count() == 1
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement === player")
    page.keyboard.press("Enter")
    until_passed(page, "clicked", "calm-down")
    page.keyboard.press("Space")
    until_passed(page, "clicked", "calm-down", "clicked", "calm-down")
    page.keyboard.press("a")
    page.evaluate("player.setInput('happy', true)")
    until_passed(page, *["clicked", "calm-down"] * 2, "to-happy")


@in_both_engines
def test_the_player_counts_and_feels_the_pointer(page: Page, site: Site) -> None:
    """And takes a canvas as an object, from a page that did not wait for the module."""
    canvas = {
        **CANVAS,
        "edges": [
            edge("idle-loop", "idle", "idle"),
            edge("happy-loop", "happy", "happy"),
            edge("deep-loop", "deep", "deep"),
            edge("to-happy", "idle", "happy", when("loopCount", ">=", 2)),
            edge("clicked", "happy", "wow", when("hovered")),
            edge("calm-down", "wow", "deep", when("hovered", "neq", True)),
            edge("from-deep", "deep", "idle", when("nodeTime", ">", 0.1)),
        ],
        "inputs": [
            {"name": "hovered", "type": "boolean", "system": True},
            {"name": "loopCount", "type": "number", "system": True},
            {"name": "nodeTime", "type": "number", "system": True},
        ],
    }
    before = f"player.config = {json.dumps(canvas)};"
    visit(page, site, "", before=only("webm") + before)
    until_passed(page, "to-happy")
    page.mouse.move(SIDE / 2, SIDE / 2)
    until_passed(page, "to-happy", "clicked")
    page.mouse.move(SIDE * 2, SIDE * 2)
    wait(page, "told.some(({ edge }) => edge === 'from-deep')")
    assert passed(page)[:4] == ["to-happy", "clicked", "calm-down", "from-deep"]
    assert page.get_by_role("img", name="Felix").get_attribute("tabindex") == "0"


def test_a_wrong_input_is_an_error_that_names_the_right_ones(page: Page, site: Site) -> None:
    visit(page, site, 'config="canvas.json"', before=only("webm"))
    ready(page)
    attempt = "call => { try { player.setInput(...call) } catch (error) { return `${error}` } }"
    assert page.evaluate(attempt, ["happier", True]) == (
        'RangeError: The canvas has no input "happier"; it has happy, depth, poke, clicked.'
    )
    assert page.evaluate(attempt, ["depth", True]) == (
        'TypeError: The input "depth" takes a number.'
    )


@pytest.mark.parametrize("kind", EXTENSIONS)
def test_a_canvas_without_films_goes_from_still_to_still(page: Page, site: Site, kind: str) -> None:
    for name in [name for name in site.files if name.endswith(EXTENSIONS[kind])]:
        del site.files[name]
    visit(page, site, 'config="canvas.json"', before=only(kind))
    assert ready(page) == "still"
    page.evaluate("player.setInput('happy', true)")
    until_passed(page, "to-happy")
    page.evaluate("player.trigger('clicked')")  # a ring of states that ends where it began
    until_passed(page, "to-happy", "clicked", "calm-down", "to-happy")
    page.evaluate("player.setInput('happy', false); player.setInput('depth', 3)")
    until_passed(page, "to-happy", "clicked", "calm-down", "to-happy", "to-idle", "to-deep")
    assert {error["format"] for error in told(page, "error")} == {kind}


def test_states_that_lead_round_for_ever_are_gone_through_once(page: Page, site: Site) -> None:
    edges = [edge("there", "idle", "happy", videos={}), edge("back", "happy", "idle", videos={})]
    before = f"player.config = {json.dumps({**CANVAS, 'edges': edges})};"
    visit(page, site, "", before=before)
    assert ready(page) == "still"
    assert passed(page) == ["there", "back"]


def test_who_wants_less_motion_on_the_way_is_told_of_its_end(page: Page, site: Site) -> None:
    visit(page, site, 'config="canvas.json"', before=only("webm"))
    ready(page)
    page.evaluate("player.pause(); player.trigger('poke')")  # so that it stays on the way
    assert passed(page) == []
    page.emulate_media(reduced_motion="reduce")
    until_passed(page, "poked")
    assert page.evaluate("player.state") == "idle"
    wait(page, "player.format === 'still'")


def test_a_page_of_another_origin_gets_all_that_the_player_needs(page: Page, site: Site) -> None:
    with player_site.serve() as host:
        for name in player_site.MODULES:
            del site.files[f"/{name}"]
        module = host.url("/mascot-player.js")
        visit(page, site, 'config="canvas.json"', before=only("stacked"), module=module)
        assert ready(page) == "stacked"
        assert {*host.asked} == {f"/{name}" for name in player_site.MODULES}


@pytest.mark.parametrize("kind", EXTENSIONS)
def test_nothing_flashes_when_films_change(page: Page, site: Site, kind: str) -> None:
    """What the compositor shows, frame by frame, and what the page itself sees before each one."""
    page.set_viewport_size({"width": SIDE, "height": SIDE})
    page.add_init_script(WITNESS)
    visit(page, site, 'config="canvas.json"', before=only(kind))
    ready(page)
    page.evaluate("new Promise((on) => requestAnimationFrame(() => requestAnimationFrame(on)))")
    shots: list[bytes] = []
    screen = page.context.new_cdp_session(page)

    def shot(frame: Json) -> None:
        shots.append(b64decode(frame["data"]))
        screen.send("Page.screencastFrameAck", {"sessionId": frame["sessionId"]})

    screen.on("Page.screencastFrame", shot)
    screen.send("Page.startScreencast", {"format": "png", "everyNthFrame": 1})
    page.evaluate(
        """() => {
          window.layers = [];
          const count = () => {
            const shown = [...player.shadowRoot.children].filter(
              (one) => !one.hidden && getComputedStyle(one).opacity === "1",
            );
            layers.push(shown.length);
            requestAnimationFrame(count);
          };
          count();
        }"""
    )
    for times in range(1, 4):
        page.evaluate("player.setInput('happy', true)")
        until_passed(page, *["to-happy", "to-idle"] * (times - 1), "to-happy")
        page.evaluate("player.setInput('happy', false)")
        until_passed(page, *["to-happy", "to-idle"] * times)
    screen.send("Page.stopScreencast")

    assert {*page.evaluate("layers")} == {1}
    colours = [at(picture(shot), SOLID) for shot in shots]
    assert len(colours) > 1
    assert not [colour for colour in colours if near(colour, BEHIND, 60)]
    assert not [colour for colour in colours if near(colour, STILL, 30)]


# --- What it costs, and what stops it ------------------------------------------------------------

OBJECT_URLS = """
  window.held = new Set(); // object URLs that were not revoked
  window.made = 0;
  const { createObjectURL, revokeObjectURL } = URL;
  URL.createObjectURL = (blob) => {
    const url = createObjectURL(blob);
    made++;
    held.add(url);
    return url;
  };
  URL.revokeObjectURL = (url) => held.delete(url) && revokeObjectURL(url);
"""
KEPT: Final = 16
CHANGES: Final = 300 if "MASCOTRY_LONG" in os.environ else 60


@pytest.mark.parametrize("states", [3, 20])
def test_films_that_were_fetched_are_shared_or_let_go(
    page: Page, site: Site, films: Films, states: int
) -> None:
    """Each is fetched once while the canvas has few of them, and the oldest is let go of else."""
    rounds = [
        edge(f"e{n}", f"s{n}", f"s{(n + 1) % states}", when("go"), speed=16) for n in range(states)
    ]
    for one in rounds:
        site.put(f"/{one['id']}.webm", films["/poked.webm"])
    canvas = {
        "version": "2.0",
        "nodes": [{"id": f"s{n}", "stillUrl": "still.png"} for n in range(states)],
        "edges": rounds,
        "inputs": [{"name": "go", "type": "trigger"}],
    }
    page.add_init_script(OBJECT_URLS)
    before = f"""{only("webm")} player.config = {json.dumps(canvas)};
      window.changes = window.most = 0;
      const go = () => setTimeout(() => player.trigger("go"));
      player.addEventListener("ready", go);
      player.addEventListener("statechange", () => {{
        most = Math.max(most, held.size);
        if (++changes < {CHANGES}) go();
      }});"""
    visit(page, site, "", before=before)
    wait(page, f"changes === {CHANGES}")
    assert told(page, "error") == []
    assert page.evaluate("most") == min(states, KEPT)
    if states <= KEPT:
        assert page.evaluate("made") == states
    page.evaluate("player.remove()")
    wait(page, "held.size === 0")


QUICK = """
  // Time passes quickly for what waits.
  const wait = setTimeout;
  window.waiting = new Set();
  window.setTimeout = (call, time) => {
    const timer = wait(() => call(waiting.delete(timer)), time / 8);
    waiting.add(timer);
    return timer;
  };
  const stop = clearTimeout;
  window.clearTimeout = (timer) => stop(timer, waiting.delete(timer));
"""
NEVER_ENDED = """
  // A browser that never says that a film has ended.
  Object.defineProperty(HTMLMediaElement.prototype, "onended", {
    get() { return this.call ?? null; },
    set(call) { this.call = call; },
  });
"""


@in_both_engines
def test_a_film_that_never_says_that_it_has_ended(page: Page, site: Site) -> None:
    page.add_init_script(QUICK + NEVER_ENDED)
    visit(page, site, 'config="canvas.json"', before=only("webm"))
    ready(page)
    page.evaluate("player.setInput('happy', true)")
    until_passed(page, "to-happy")
    page.evaluate("player.setInput('happy', false)")
    until_passed(page, "to-happy", "to-idle")
    # Whoever stops a film on its way, or leaves the page, has not ended it.
    page.evaluate("player.trigger('poke')")
    wait(page, "player.shadowRoot.querySelector('video').src && waiting.size === 1")
    page.evaluate("player.pause()")
    assert page.evaluate("waiting.size") == 0
    page.wait_for_timeout(1500)
    assert passed(page) == ["to-happy", "to-idle"]
    page.evaluate("player.play()")
    until_passed(page, "to-happy", "to-idle", "poked")
    page.evaluate("player.remove()")
    assert page.evaluate("waiting.size") == 0
    assert told(page, "error") == []


def test_an_end_counts_once_though_what_comes_next_is_slow(page: Page, site: Site) -> None:
    site.delays["/happy-loop.webm"] = 3
    page.add_init_script(QUICK)
    visit(page, site, 'config="canvas.json"', before=only("webm"))
    ready(page)
    page.evaluate("player.setInput('happy', true)")
    wait(page, "player.state === 'happy'")
    wait(page, "player.shadowRoot.querySelector('video').src.endsWith('happy-loop.webm')")
    page.wait_for_timeout(500)
    assert passed(page) == ["to-happy"]
    assert site.asked.count("/happy-loop.webm") == 1
    assert told(page, "error") == []
