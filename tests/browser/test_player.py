"""One mascot on somebody's page: how it is shown, and how it behaves."""

import gzip
import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import player_films, player_site
from tests.browser.player_films import EMPTY, HALF, SOLID
from tests.browser.player_page import (
    BEHIND,
    at,
    in_both_engines,
    mixed,
    near,
    ready,
    seen,
    told,
    visit,
    wait,
)
from tests.browser.player_site import Site

RED, GREEN = (220, 30, 40), (30, 160, 60)
BUDGETS = {"mascot-player.js": 8_000, "mascot-canvas.js": 4_100, "mascot-stacked.js": 1_800}
"""Bytes of the modules as they are served, compressed; their comments are served with them."""
BY_NAME = "detect.hevc = detect.webm = detect.stacked = async () => true;"

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


# --- In which format -----------------------------------------------------------------------------


@in_both_engines
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
    assert ("/mascot-stacked.js" in site.asked) == (shown == "stacked")
    assert "/mascot-canvas.js" not in site.asked


ALL = ("hevc", "webm", "stacked", "still")


@pytest.mark.parametrize("place", range(len(ALL)))
def test_what_a_browser_does_not_show_makes_way_for_the_next(
    page: Page, site: Site, cdn: Site, films: Films, place: int
) -> None:
    cdn.put(path("hevc"), films["webm"])  # for a browser that shows HEVC, which this one does not
    lacks = "".join(f"detect.{kind} = async () => false;" for kind in ALL[:place])
    visit(page, site, sources(cdn, *ALL), before=BY_NAME + lacks)
    assert ready(page) == ALL[place]
    assert told(page, "error") == []
    films_asked = {name for name in cdn.asked if name != path("still")}
    assert films_asked == ({path(ALL[place])} if place < 3 else set())


@pytest.mark.parametrize("content", [None, b"not a film"], ids=["missing", "garbage"])
@pytest.mark.parametrize("broken", [1, 2, 3])
def test_a_broken_film_makes_way_for_the_next(
    page: Page, site: Site, cdn: Site, films: Films, broken: int, content: bytes | None
) -> None:
    cdn.put(path("hevc"), films["webm"])
    for kind in ALL[:broken]:
        cdn.files.pop(path(kind))
        if content is not None:
            cdn.put(path(kind), content)
    visit(page, site, sources(cdn, *ALL), before=BY_NAME)
    assert ready(page) == ALL[broken]
    errors = told(page, "error")
    assert [error["format"] for error in errors] == [*ALL[:broken]]
    assert [error["url"] for error in errors] == [cdn.url(path(kind)) for kind in ALL[:broken]]
    assert all(error["message"] for error in errors)
    assert near(at(seen(page), SOLID), GREEN if ALL[broken] == "still" else RED)


@in_both_engines
def test_pixels_that_may_not_be_read_make_way_for_the_still(
    page: Page, site: Site, cdn: Site
) -> None:
    cdn.cors = False
    visit(page, site, sources(cdn, "stacked", "still"))
    assert ready(page) == "still"
    assert [error["format"] for error in told(page, "error")] == ["stacked"]


# --- When it moves -------------------------------------------------------------------------------


def test_who_wants_less_motion_sees_the_still(page: Page, site: Site, cdn: Site) -> None:
    page.emulate_media(reduced_motion="reduce")
    visit(page, site, sources(cdn, "webm", "still"))
    assert ready(page) == "still"
    assert page.evaluate("player.paused")
    assert near(at(seen(page), SOLID), GREEN)
    assert path("webm") not in cdn.asked

    page.emulate_media(reduced_motion="no-preference")
    wait(page, "player.format === 'webm' && !player.paused")
    page.emulate_media(reduced_motion="reduce")
    wait(page, "player.format === 'still' && player.paused")
    assert near(at(seen(page), SOLID), GREEN)


def test_who_wants_less_motion_is_overruled_where_it_matters(
    page: Page, site: Site, cdn: Site
) -> None:
    page.emulate_media(reduced_motion="reduce")
    visit(page, site, sources(cdn, "webm", "still") + ' motion="always"')
    assert ready(page) == "webm"
    wait(page, "!player.paused")


@in_both_engines
def test_what_is_far_from_the_screen_neither_loads_nor_plays(
    page: Page, site: Site, cdn: Site, films: Films
) -> None:
    """The one that is far away begins first, so it would have asked when the other is there."""
    far = {kind: cdn.put(f"/far{path(kind)}", films[kind]) for kind in ("webm", "still")}
    attributes = " ".join(f'{kind}="{url}"' for kind, url in far.items())
    around = f"""<div style="height: 5000px; position: absolute; width: 1px"></div>
      <mascot-player id="far" style="position: absolute; top: 4000px" {attributes}>
      </mascot-player>"""
    visit(
        page,
        site,
        sources(cdn, "webm", "still"),
        around=around,
        before="""window.other = document.querySelector("#far");
          window.heard = [];
          for (const name of ["play", "pause"]) {
            other.addEventListener(name, () => heard.push(name));
          }
        """,
    )
    assert ready(page) == "webm"
    assert not [name for name in cdn.asked if name.startswith("/far")]

    page.evaluate("scrollTo(0, 4000)")
    wait(page, "player.paused && !other.paused")
    assert path("webm") in cdn.asked
    assert page.evaluate("player.shadowRoot.querySelector('video').paused")
    page.evaluate("scrollTo(0, 0)")
    wait(page, "!player.paused && other.paused")
    assert [event["name"] for event in page.evaluate("told")] == ["play", "ready", "pause", "play"]
    assert page.evaluate("heard") == ["play", "pause"]


@in_both_engines
def test_pausing_and_playing(page: Page, site: Site, cdn: Site) -> None:
    visit(page, site, sources(cdn, "webm", "still"))
    ready(page)
    page.evaluate("player.pause()")
    assert page.evaluate("player.paused && player.shadowRoot.querySelector('video').paused")
    page.evaluate("player.play()")
    wait(page, "!player.paused && !player.shadowRoot.querySelector('video').paused")


@in_both_engines
def test_once_stays_at_the_last_frame(page: Page, site: Site, cdn: Site) -> None:
    visit(page, site, sources(cdn, "webm", "still") + " once")
    wait(page, "told.some(({ name }) => name === 'ended')")
    assert near(at(seen(page), SOLID), RED)
    assert page.evaluate("player.format") == "webm"
    assert len(told(page, "ended")) == 1


BUSY = {
    "late": "() => this.currentTime > 0.2 ? call() : requestAnimationFrame(first)",
    "never": "() => {}",
}
"""When a busy page hears of a film's first frame."""


@pytest.mark.parametrize("kind", ["webm", "stacked"])
@pytest.mark.parametrize("heard", BUSY)
def test_a_film_begins_at_its_beginning_on_a_busy_page(
    page: Page, site: Site, cdn: Site, heard: str, kind: str
) -> None:
    """And each of its frames is drawn once, however often it was played."""
    page.add_init_script(
        """window.expected = 0; // frames, each by one callback
        window.loops = 0;
        const { prototype } = HTMLVideoElement;
        const listen = prototype.requestVideoFrameCallback;
        prototype.requestVideoFrameCallback = function (call) {
          if (this.src.startsWith("data:")) return listen.call(this, call);
          if (this === window.film) {
            expected++;
            return listen.call(this, () => call(expected--));
          }
          window.film = this;
          this.addEventListener("seeking", () => loops++);
          const first = FIRST;
          listen.call(this, first);
        };""".replace("FIRST", BUSY[heard])
    )
    noted = "player.addEventListener('play', () => (window.begun = film.currentTime));"
    visit(page, site, sources(cdn, kind), before=BY_NAME + noted)
    assert ready(page) == kind
    assert page.evaluate("begun") == 0
    wait(page, "loops > 3")
    assert page.evaluate("expected") == (kind == "stacked")


def test_a_browser_that_plays_nothing_before_a_click(page: Page, site: Site, cdn: Site) -> None:
    """The still is seen, the page is told, and `play()` from a click tries again."""
    page.add_init_script(
        """const { prototype } = HTMLMediaElement;
        const play = prototype.play;
        window.strict = true;
        prototype.play = function () {
          if (!strict) return play.call(this);
          return Promise.reject(new DOMException("a click is needed", "NotAllowedError"));
        };"""
    )
    visit(page, site, sources(cdn, "webm", "still"), before=BY_NAME)
    assert ready(page) == "still"
    assert [one["message"] for one in told(page, "refused")] == ["a click is needed"]
    assert near(at(seen(page), SOLID), GREEN)

    page.evaluate("strict = false; player.play()")
    wait(page, "player.format === 'webm' && !player.paused")
    page.evaluate("player.pause(); strict = true; player.play()")
    wait(page, "told.filter(({ name }) => name === 'refused').length === 2 && player.paused")
    assert told(page, "error") == []
    assert near(at(seen(page), SOLID), RED)  # what was seen stays
    page.evaluate("strict = false; player.play()")
    wait(page, "!player.shadowRoot.querySelector('video').paused")


# --- In which size -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "ratio", "asked"),
    [(100, 1, "128"), (100, 2, "256"), (128, 2, "256"), (200, 2, "webm"), (129, 1, "256")],
)
def test_a_film_is_as_large_as_it_is_seen(
    chromium: Browser, site: Site, cdn: Site, films: Films, side: int, ratio: int, asked: str
) -> None:
    for width in (128, 256):
        cdn.put(f"/{width}.webm", films["webm"])
    urls = [
        cdn.url(path("webm")),
        *(f"{cdn.url(f'/{width}.webm')} {width}w" for width in (256, 128)),
    ]
    context = chromium.new_context(device_scale_factor=ratio)
    context.set_default_timeout(60_000)
    page = context.new_page()
    visit(page, site, f'webm="{", ".join(urls)}"', style=f"width: {side}px")
    assert ready(page) == "webm"
    assert {*cdn.asked} == {f"/{asked}.webm"}
    context.close()


@in_both_engines
def test_a_mascot_that_grows_becomes_finer(page: Page, site: Site, cdn: Site, films: Films) -> None:
    small = cdn.put("/128.webm", films["webm"])
    visit(page, site, f'webm="{cdn.url(path("webm"))}, {small} 128w"', style="width: 100px")
    ready(page)
    assert {*cdn.asked} == {"/128.webm"}
    page.evaluate("player.style.width = '300px'")
    wait(page, f"player.shadowRoot.querySelector('video').src === '{cdn.url(path('webm'))}'")


@pytest.mark.parametrize(
    ("kind", "style"),
    [
        *((kind, "") for kind in ("webm", "stacked", "still")),
        *(("webm", style) for style in ("width: 120px", "width: 50%", "height: 90px; width: 60px")),
    ],
)
def test_nothing_on_the_page_moves_when_the_mascot_comes(
    page: Page, site: Site, cdn: Site, style: str, kind: str
) -> None:
    visit(
        page,
        site,
        sources(cdn, kind),
        style=style,
        before="""window.shifts = [];
          new PerformanceObserver((list) => {
            shifts.push(...list.getEntries().map(({ value }) => value));
          }).observe({ type: "layout-shift", buffered: true });
          window.boxes = new Set();
          const below = document.createElement("p");
          below.textContent = "What comes after it";
          const measure = () => {
            boxes.add(JSON.stringify([player, below].map((one) => one.getBoundingClientRect())));
            requestAnimationFrame(measure);
          };
          queueMicrotask(() => {
            document.body.append(below);
            measure();
          });""",
    )
    assert ready(page) == kind
    assert page.evaluate(
        "new Promise((seen) => requestAnimationFrame(() => requestAnimationFrame(seen)))"
    )
    assert page.evaluate("shifts") == []
    assert page.evaluate("boxes.size") == 1
    if not style:
        assert page.evaluate("player.clientWidth") == 256 == page.evaluate("player.clientHeight")


# --- For everybody -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attributes", "role", "label", "hidden"),
    [
        ('alt="Felix, waving"', "img", "Felix, waving", None),
        ("", "img", "Mascot", None),
        ('alt=""', "img", None, "true"),
        ('alt="Felix" role="presentation" aria-label="Own"', "presentation", "Own", None),
    ],
)
def test_what_it_is_to_those_who_do_not_see_it(
    page: Page,
    site: Site,
    cdn: Site,
    attributes: str,
    role: str,
    label: str | None,
    hidden: str | None,
) -> None:
    visit(page, site, f"{sources(cdn, 'still')} {attributes}")
    ready(page)
    player = page.locator("mascot-player")
    assert player.get_attribute("role") == role
    assert player.get_attribute("aria-label") == label
    assert player.get_attribute("aria-hidden") == hidden
    assert player.get_attribute("tabindex") is None


@pytest.mark.parametrize("kind", ["webm", "stacked"])
def test_browsers_of_2022(page: Page, site: Site, cdn: Site, kind: str) -> None:
    """Safari 15.4 has neither style sheets that are constructed nor canvases off the screen."""
    page.add_init_script(
        """delete ShadowRoot.prototype.adoptedStyleSheets;
        delete HTMLVideoElement.prototype.requestVideoFrameCallback;
        window.CSSStyleSheet = class { constructor() { throw new TypeError("Illegal"); } };
        window.OffscreenCanvas = undefined;"""
    )
    visit(page, site, sources(cdn, kind, "still"), style="")
    assert ready(page) == kind
    assert page.evaluate("player.clientWidth") == 256
    assert near(at(seen(page), SOLID), RED)


# --- What is left of it --------------------------------------------------------------------------

WITNESS = """
  window.videos = [];
  window.contexts = new Set();
  const create = Document.prototype.createElement;
  Document.prototype.createElement = function (...given) {
    const made = create.apply(this, given);
    if (made instanceof HTMLVideoElement) videos.push(made);
    return made;
  };
  const give = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (...given) {
    const context = give.apply(this, given);
    if (context instanceof WebGLRenderingContext) contexts.add(context);
    return context;
  };
"""
AT_WORK = "videos.filter((one) => one.src || !one.paused || one.networkState !== 0).length"
HELD = "[...contexts].filter((one) => !one.isContextLost()).length"


@in_both_engines
@pytest.mark.parametrize("kind", ["webm", "stacked"])
def test_nothing_is_left_of_one_that_was_removed(
    page: Page, site: Site, cdn: Site, kind: str
) -> None:
    page.add_init_script(WITNESS)
    visit(page, site, sources(cdn, kind, "still"))
    assert ready(page) == kind
    assert page.evaluate(AT_WORK) == 1  # of those that were made, one of which held the sample
    page.evaluate("player.remove()")
    wait(page, f"{AT_WORK} === 0 && {HELD} === 0")
    assert page.evaluate("player.shadowRoot.querySelectorAll('video, canvas').length") == 0

    page.evaluate("told.length = 0; document.body.append(player)")
    assert ready(page) == kind
    assert near(at(seen(page), SOLID), RED)


@in_both_engines
def test_all_share_one_context(page: Page, site: Site, cdn: Site) -> None:
    page.add_init_script(WITNESS)
    twins = "".join(f"<mascot-player {sources(cdn, 'stacked')}></mascot-player>" for _ in range(3))
    visit(page, site, sources(cdn, "stacked"), around=twins)
    wait(page, "[...document.querySelectorAll('mascot-player')].every((one) => one.format)")
    assert page.evaluate("contexts.size") == 1
    page.evaluate("document.querySelector('mascot-player').remove()")
    assert page.evaluate(HELD) == 1
    assert near(at(seen(page), SOLID), RED)


def test_one_that_is_removed_while_it_loads(page: Page, site: Site, cdn: Site) -> None:
    page.add_init_script(WITNESS)
    visit(page, site, sources(cdn, "webm", "still"), before=BY_NAME)
    page.evaluate(
        """async () => {
          const begun = () => player.shadowRoot.querySelector("video");
          while (!begun()) await new Promise(requestAnimationFrame);
          told.length = 0;
          player.remove();
          await new Promise(requestAnimationFrame);
        }"""
    )
    wait(page, f"{AT_WORK} === 0")
    assert told(page, "error") == []


# --- What it costs -------------------------------------------------------------------------------

SCHEDULED = """
  window.scheduled = 0; // frames and timers that the page asked for, and frames it was called for
  for (const name of ["requestAnimationFrame", "setTimeout", "setInterval"]) {
    const own = window[name];
    window[name] = (...given) => own(...given, scheduled++);
  }
  const { prototype } = HTMLVideoElement;
  const listen = prototype.requestVideoFrameCallback;
  if (listen) {
    prototype.requestVideoFrameCallback = function (call) {
      return listen.call(this, (...given) => call(...given, scheduled++));
    };
  }
"""
OLD = "delete HTMLVideoElement.prototype.requestVideoFrameCallback;"
SCROLLED = ("scrollTo(0, 4000)", "scrollTo(0, 0)")
HIDDEN = tuple(
    f"""Object.defineProperty(document, "hidden", {{ value: {value}, configurable: true }});
    document.dispatchEvent(new Event("visibilitychange"));"""
    for value in ("true", "false")
)


@pytest.mark.parametrize(
    ("kind", "away"),
    [
        ("webm", SCROLLED),
        ("stacked", HIDDEN),
        ("stacked-2022", SCROLLED),
        ("canvas", HIDDEN),
    ],
)
def test_what_nobody_sees_asks_for_nothing(
    page: Page, site: Site, cdn: Site, kind: str, away: tuple[str, str]
) -> None:
    """No frame, no timer, no file; and it goes on when it is seen again."""
    page.add_init_script((OLD if kind == "stacked-2022" else "") + SCHEDULED)
    kind = kind.removesuffix("-2022")
    attributes = sources(cdn, "webm" if kind == "canvas" else kind)
    before = BY_NAME
    if kind == "canvas":
        edge = {
            "id": "loop",
            "source": "a",
            "target": "a",
            "videos": {"webm": cdn.url("/webm.webm")},
        }
        canvas = {"version": "2.0", "nodes": [{"id": "a"}], "edges": [edge]}
        before += f"player.config = {json.dumps(canvas)};"
    around = '<div style="height: 5000px; position: absolute; width: 1px"></div>'
    visit(page, site, attributes, around=around, before=before)
    ready(page)
    wait(page, "!player.paused")
    page.evaluate(away[0])
    wait(page, "player.paused")
    page.wait_for_timeout(300)  # for what was on its way
    asked = len(cdn.asked)
    page.evaluate("scheduled = 0")
    page.wait_for_timeout(700)
    assert page.evaluate("scheduled") == 0
    assert len(cdn.asked) == asked
    page.evaluate(away[1])
    wait(page, "!player.paused" + (" && scheduled > 3" if kind == "stacked" else ""))


@in_both_engines
def test_twenty_cost_no_more_than_each_alone(
    page: Page, site: Site, cdn: Site, films: Films
) -> None:
    """Of each mascot, its film and its still are loaded once, however long it is played."""
    kinds = ("webm", "still")
    urls = [
        {kind: cdn.put(f"/{number}{path(kind)}", films[kind]) for kind in kinds}
        for number in range(20)
    ]
    each = [" ".join(f'{kind}="{url}"' for kind, url in found.items()) for found in urls]
    others = "".join(f"<mascot-player {attributes}></mascot-player>" for attributes in each[1:])
    visit(page, site, each[0], around=others, style="width: 96px")
    every = "[...document.querySelectorAll('mascot-player')].every"
    wait(page, f"{every}((one) => one.format === 'webm' && !one.paused)")
    page.wait_for_timeout(1500)  # some loops
    served = sum(len(cdn.files[asked]) for asked in cdn.asked)
    assert served < 1.5 * 20 * sum(len(films[kind]) for kind in kinds)


# --- As it is served -----------------------------------------------------------------------------


def test_the_modules_are_small() -> None:
    sizes = {name: len(gzip.compress(content, 9)) for name, content in player_site.MODULES.items()}
    assert sizes.keys() == BUDGETS.keys()
    assert not {name: size for name, size in sizes.items() if size >= BUDGETS[name]}
