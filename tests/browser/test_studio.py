"""The studio in a real browser, against a real stack: what people see and do."""

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from PIL import Image
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    expect,
)

from tests.browser import player_site
from tests.browser.crowd import Crowd
from tests.browser.player_page import BEHIND, at, near, seen
from tests.browser.studio_page import PATIENCE, address, enter, key, until_played_as, visit
from tests.e2e.server import ROOT, Json, Server

BUDGET = 150_000
PHONE = {"width": 360, "height": 740}
SNIPPETS = {
    "Web": "web.html",
    "React": "react.jsx",
    "iOS": "Mascot.swift",
    "Android": "Mascot.kt",
    "React Native": "react-native.jsx",
    "Flutter": "mascot.dart",
}
STEADY = 0.01
"""The most that may shift: a share of the screen, times a share of the way over it."""
SHIFTS = """
  window.shifted = 0;
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput } of list.getEntries()) {
      if (!hadRecentInput) window.shifted += value;
    }
  }).observe({ type: "layout-shift", buffered: true });
"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

expect.set_options(timeout=60_000)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A stack on which credits run out; its first workspace has some."""
    server = Server(tmp_path_factory.mktemp("studio") / "home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MASCOTRY_METERED", "true")
        server.start()
    command(
        server, "infra.credits", "--workspace", server.get("/workspace")["id"], "--grant", "200"
    )
    yield server
    server.stop()


def command(server: Server, module: str, *arguments: str) -> str:
    environment = {**os.environ, "MASCOTRY_HOME": str(server.home), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
def drawn(stack: Server) -> Json:
    """A still with two versions, in a collection of its own."""
    collection = stack.collection("Felix")
    begun = stack.generate(collection, type="image", name="Wave", image_prompt="waving")
    stack.finished(begun["job_id"])
    again = stack.post(f"/assets/{begun['asset_ids']['image']}/regenerate", {})
    stack.finished(again["job_id"])
    return {**begun, "collection_id": collection["id"]}


@pytest.fixture(scope="module")
def moving(stack: Server) -> Json:
    """The job of a pose that moves: one that was made by hand before, or else a new one."""
    jobs = stack.get("/jobs", type="item_generation", status="completed")
    for job in jobs:
        if "webm" in job["urls"]:
            return dict(job)
    fields = {"name": "Nod", "image_prompt": "sitting", "animation_prompt": "nods", "duration": 1}
    begun = stack.generate(stack.collection(), type="animation", **fields)
    return stack.finished(begun["job_id"])


@dataclass
class Observed:
    """What a page asked for, and what it complained of."""

    requests: list[Request] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("request", lambda request: self.requests.append(request))
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)


@pytest.fixture
def observed(page: Page) -> Observed:
    found = Observed()
    found.watch(page)
    return found


def until_painted(page: Page, count: int) -> None:
    """Until there are so many tiles, and those on the screen have their pictures."""
    page.evaluate(
        """async (count) => {
          const on = (one) => one.getBoundingClientRect().top < innerHeight;
          const done = () => {
            const tiles = [...document.querySelectorAll(".tile img")];
            return tiles.length >= count && tiles.filter(on).every((one) => one.complete);
          };
          while (!done()) await new Promise(requestAnimationFrame);
        }""",
        count,
    )


def views(drawn: Json) -> dict[str, str]:
    mascot, item = drawn["collection_id"], drawn["item_id"]
    return {
        "home": "/",
        "poses": f"/mascots/{mascot}",
        "character": f"/mascots/{mascot}?tab=character",
        "canvases": f"/mascots/{mascot}?tab=canvases",
        "item": f"/items/{item}",
        "compare": f"/items/{item}/compare",
        "credits": "/credits",
        "nowhere": "/nowhere",
    }


# --- From nothing to a mascot --------------------------------------------------------------------


def test_from_words_to_a_film_on_disk(page: Page, observed: Observed, stack: Server) -> None:
    page.add_init_script(SHIFTS)
    enter(page, stack)
    assert page.url == f"{address(stack)}/"  # the key is out of the address at once
    page.get_by_label("What does it look like?").fill("an orange fox with a blue scarf")
    page.get_by_label("Seconds").fill("1")
    expect(page.locator(".price")).to_contain_text("6 credits")
    page.get_by_role("button", name="Create").click()

    expect(page.get_by_role("heading", name="Waving hello")).to_be_visible()
    graph = page.get_by_role("group", name="How it is made")
    expect(graph.get_by_role("button")).to_have_count(6)
    expect(graph.locator("[data-status=succeeded]")).to_have_count(6, timeout=PATIENCE)
    expect(page.get_by_role("heading", name="Version 1")).to_be_visible()

    player = page.locator(".stage mascot-player")
    expect(player).to_be_attached()
    until_played_as(page, "webm")
    link = page.get_by_role("link", name="Download waving-hello-webm.webm")
    with page.expect_download() as download:
        link.click()
    content = Path(download.value.path()).read_bytes()
    url = link.get_attribute("href")
    assert url
    assert content == stack.http.get(url).content
    assert content.startswith(b"\x1aE\xdf\xa3")  # EBML, which WebM is

    for request in observed.requests:
        assert urlsplit(request.url).netloc == urlsplit(address(stack)).netloc
        assert key(stack) not in request.url
    assert observed.complaints == []
    assert page.evaluate("shifted") < STEADY


def test_a_job_is_followed_where_no_stream_arrives(page: Page, stack: Server) -> None:
    """A proxy that keeps events back, or breaks them off, costs liveliness and nothing else."""
    collection = stack.collection("Mole")
    page.route("**/events", lambda route: route.abort())
    enter(page, stack)
    visit(page, f"/mascots/{collection['id']}")
    page.get_by_role("radio", name="Still").check()
    page.get_by_label("Pose", exact=True).fill("digging")
    expect(page.locator(".price")).to_contain_text("1 credit")
    page.get_by_role("button", name="Draw it").click()
    expect(page.get_by_role("heading", name="Version 1")).to_be_visible(timeout=PATIENCE)


def test_a_stream_is_taken_up_where_it_broke(page: Page, stack: Server) -> None:
    collection = stack.collection("Newt")
    seen: list[str | None] = []
    state: Json = {"id": "", "status": "processing", "steps": []}

    def broken(route: object) -> None:
        request = route.request  # type: ignore[attr-defined]
        seen.append(request.headers.get("last-event-id"))
        if len(seen) > 1:
            route.continue_()  # type: ignore[attr-defined]
            return
        whole = stack.get(f"/jobs/{request.url.split('/')[-2]}")
        body = f"id: first\nevent: processing\ndata: {json.dumps({**whole, **state})}\n\n"
        route.fulfill(body=body, content_type="text/event-stream")  # type: ignore[attr-defined]

    page.route("**/events", broken)
    begun = stack.generate(collection, type="image", name="Swim", image_prompt="swimming")
    state["id"], state["steps"] = begun["job_id"], stack.get(f"/jobs/{begun['job_id']}")["steps"]
    enter(page, stack)
    visit(page, f"/items/{begun['item_id']}")
    expect(page.get_by_role("heading", name="Version 1")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".node[data-status=succeeded]")).to_have_count(4, timeout=PATIENCE)
    assert seen[:2] == [None, "first"]


def test_a_server_that_ends_is_left_for_the_next_one(page: Page, stack: Server) -> None:
    """The event `reconnect`, then nobody for a moment: the stream goes on, without an error."""
    collection = stack.collection("Otter")
    seen: list[str | None] = []
    begun = stack.generate(collection, type="image", name="Float", image_prompt="floating")

    def restarting(route: object) -> None:
        request = route.request  # type: ignore[attr-defined]
        seen.append(request.headers.get("last-event-id"))
        if len(seen) in (2, 3):
            route.abort()  # type: ignore[attr-defined]
            return
        if len(seen) > 3:
            route.continue_()  # type: ignore[attr-defined]
            return
        whole = stack.get(f"/jobs/{begun['job_id']}")
        data = json.dumps({**whole, "status": "processing"})
        body = f"id: last\nevent: reconnect\ndata: {data}\n\n"
        route.fulfill(body=body, content_type="text/event-stream")  # type: ignore[attr-defined]

    page.route("**/events", restarting)
    enter(page, stack)
    visit(page, f"/items/{begun['item_id']}")
    expect(page.get_by_role("heading", name="Version 1")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".node[data-status=succeeded]")).to_have_count(4, timeout=PATIENCE)
    assert seen == [None, "last", "last", "last"]
    assert page.locator(".trouble, [role=alert]").filter(visible=True).count() == 0


# --- Much of it ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def crowd(stack: Server) -> Json:
    """A workspace in which a mascot was drawn before 300 jobs of another one with 300 poses; the
    mascots and the key."""
    begun = stack.generate(
        stack.collection("Hen"), type="image", name="Stand", image_prompt="standing"
    )
    stack.finished(begun["job_id"])
    secret = command(stack, "infra.key", "--name", "Crowd")
    headers = {"Authorization": f"Bearer {secret}"}
    with httpx.Client(base_url=address(stack), headers=headers, timeout=60) as http:
        workspace = http.get("/v1/workspace").json()["data"]["id"]
        project = http.post("/v1/projects", json={"name": "Crowd"}).json()["data"]["id"]
        old, many = (
            http.post("/v1/collections", json={"project_id": project, "name": name}).json()["data"]
            for name in ("Old", "Many")
        )
    seeded = Crowd(stack.home, workspace, begun["item_id"])
    seeded.settle(old, 1)
    seeded.settle(many, 300)
    seeded.close()
    return {"key": secret, "old": old["id"], "many": many["id"]}


def test_what_was_drawn_long_ago_is_shown(page: Page, stack: Server, crowd: Json) -> None:
    """Whatever was made since: the pages read what counts, and a page of it at a time."""
    enter(page, stack, crowd["key"])
    expect(page.locator(".tile img")).to_have_count(2)
    visit(page, f"/mascots/{crowd['old']}")
    expect(page.locator(".tile img")).to_have_count(1)

    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    visit(page, f"/mascots/{crowd['many']}")
    expect(page.locator(".tile img")).to_have_count(24)
    assert len([url for url in asked if "/v1/" in url]) <= 6
    expect(page.locator(".tile-name").first).to_have_text("Pose 299")
    page.get_by_role("button", name="Show more").click()
    expect(page.locator(".tile img")).to_have_count(48)
    expect(page.locator(".tile").nth(24)).to_be_focused()
    until_painted(page, 24)


def test_how_soon_much_is_shown(page: Page, stack: Server, crowd: Json) -> None:
    """The time is told, and decides nothing."""
    enter(page, stack, crowd["key"])
    page.goto(f"{address(stack)}/#/mascots/{crowd['many']}")
    page.reload()
    until_painted(page, 24)
    first = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
    painted, filled = page.evaluate(f"[{first}, performance.now()]")
    told = f"300 poses: first paint {painted:.0f} ms, the tiles {filled:.0f} ms"
    print(told)  # noqa: T201 - for those who look with -s


def test_a_mascot_is_found_by_its_name(page: Page, stack: Server) -> None:
    secret = command(stack, "infra.key", "--name", "Search")
    headers = {"Authorization": f"Bearer {secret}"}
    with httpx.Client(base_url=address(stack), headers=headers, timeout=60) as http:
        project = http.post("/v1/projects", json={"name": "Many"}).json()["data"]["id"]
        for name in ("Old", *(f"Extra {number}" for number in range(30))):
            body = {"project_id": project, "name": name}
            http.post("/v1/collections", json=body).raise_for_status()
    enter(page, stack, secret)
    expect(page.locator(".tile")).to_have_count(24)
    page.get_by_label("Find a mascot by name").fill("old")
    expect(page.locator(".tile-name")).to_have_text(["Old"])
    page.get_by_label("Find a mascot by name").fill("nobody")
    expect(page.get_by_text("No mascot has this name")).to_be_visible()
    page.get_by_label("Find a mascot by name").fill("")
    expect(page.locator(".tile")).to_have_count(24)


# --- Canvases ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def canvas(stack: Server) -> Json:
    """Two states and the ways between them, of which all is made."""
    collection = stack.collection("Robin")
    begun = stack.generate(collection, type="image", name="Perch", image_prompt="sitting")
    stack.finished(begun["job_id"])
    still = begun["asset_ids"]["transparent_image"]
    parts = {
        "name": "Pet",
        "inputs": [
            {"name": "hello", "type": "trigger"},
            {"name": "busy", "type": "boolean"},
            {"name": "mood", "type": "number"},
        ],
        "nodes": [{"id": name, "name": name.title(), "asset_id": still} for name in ("idle", "up")],
        "edges": [
            {
                "id": "greet",
                "source": "idle",
                "target": "up",
                "conditions": [{"input": "hello"}],
                "description": "hops",
            },
            {"id": "calm", "source": "up", "target": "idle", "reverse": "greet"},
        ],
    }
    made: Json = stack.post(f"/collections/{collection['id']}/canvases", parts)
    return {**made, "path": f"/mascots/{collection['id']}?tab=canvases"}


def test_a_canvas_is_edited_made_and_shipped(
    context: BrowserContext, stack: Server, canvas: Json
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    enter(page, stack)
    visit(page, canvas["path"])
    path = f"/collections/{canvas['collection_id']}/canvases/{canvas['id']}"

    page.get_by_role("button", name="Rename", exact=True).last.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Companion")
    dialog.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", name="Companion")).to_be_visible()

    page.get_by_text("When it moves").click()
    expect(page.locator(".ways li").nth(0)).to_contain_text("When hello fires")
    page.get_by_role("button", name="Edit Idle → Up").click()
    dialog.get_by_role("button", name="Add a condition").click()
    added = dialog.locator(".condition").nth(1)
    added.get_by_label("Input").select_option("mood")
    added.get_by_label("Comparison").select_option(">=")
    added.get_by_label("Number").fill("3")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    edges = {edge["id"]: edge for edge in stack.get(path)["edges"]}
    assert edges["greet"]["conditions"] == [
        {"input": "hello", "op": "==", "value": True},
        {"input": "mood", "op": ">=", "value": 3},
    ]

    page.get_by_role("button", name="Make it all").or_(
        page.get_by_role("button", name="Make the rest")
    ).click()
    dialog.get_by_label("Seconds of each film").fill("1")
    expect(dialog.locator(".price")).to_contain_text("5 credits")
    with page.expect_request("**/generate-all") as asked:
        dialog.get_by_role("button", name="Begin").click()
    assert asked.value.post_data_json == {"duration": 1, "max_credits": 5}
    expect(page.get_by_text("Complete", exact=True)).to_be_visible(timeout=2 * PATIENCE)

    inputs = page.get_by_role("group", name="Inputs")
    expect(inputs.get_by_role("button", name="hello")).to_be_visible()
    expect(inputs.get_by_role("button", name="busy")).to_be_visible()
    inputs.get_by_label("mood").fill("4")
    inputs.get_by_label("mood").blur()
    inputs.get_by_role("button", name="hello").click()
    expect(page.locator(".canvas-node").nth(1)).to_have_class("canvas-node current")

    page.get_by_text("Put it into your app").click()
    page.get_by_role("button", name="Copy").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert 'config="companion.json"' in copied
    assert 'mascot.trigger("hello");' in copied
    with page.expect_download() as download:
        page.get_by_role("link", name="companion.json").click()
    shipped = json.loads(Path(download.value.path()).read_text())
    assert [edge["id"] for edge in shipped["edges"]] == ["greet", "calm"]

    visit(page, f"/mascots/{canvas['collection_id']}")
    expect(page.locator(".tile-name")).to_have_text(["Perch"])  # no films between states

    visit(page, canvas["path"])
    page.get_by_role("button", name="Delete", exact=True).last.click()
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Let it react")).to_be_visible()


# --- Versions ------------------------------------------------------------------------------------


def test_a_version_is_judged_and_another_is_made(
    page: Page, observed: Observed, stack: Server
) -> None:
    begun = stack.generate(
        stack.collection("Owl"), type="image", name="Sit", image_prompt="sitting"
    )
    stack.finished(begun["job_id"])
    enter(page, stack)
    visit(page, f"/items/{begun['item_id']}")

    fault = {"error": {"code": "internal", "message": "A file was not judged."}}
    page.route(
        f"**/assets/{begun['asset_ids']['image']}",
        lambda route: route.fulfill(status=500, json=fault),
        times=1,
    )
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("alert").filter(has_text="all but 1 of 2 files")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_attribute("aria-pressed", "false")
    observed.complaints.clear()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("button", name="Approve")).to_have_attribute("aria-pressed", "true")
    reviews = {asset["review"] for asset in stack.get(f"/items/{begun['item_id']}/assets")}
    assert reviews == {"approved"}

    page.locator(".node").filter(has_text="Draw").click()
    page.get_by_role("button", name="Make this and what follows anew").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 credit")
    dialog.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("heading", name="Version 2")).to_be_visible(timeout=PATIENCE)

    page.get_by_role("button", name="Reject").click()
    expect(page.locator(".version").filter(has_text="Version 2")).to_contain_text("Rejected")
    page.get_by_role("link", name="Compare").click()
    expect(page.get_by_role("heading", name="Side by side")).to_be_visible()
    expect(page.locator(".compare-ground img")).to_have_count(8)
    assert observed.complaints == []


def test_the_style_card_is_locked(page: Page, stack: Server, drawn: Json) -> None:
    enter(page, stack)
    visit(page, views(drawn)["character"])
    expect(page.locator(".swatch").first).to_contain_text(re.compile(r"#[0-9a-f]{6}"))
    expect(page.locator(".drift").first).to_be_visible()
    page.get_by_role("button", name="Lock").click()
    expect(page.get_by_role("button", name="Locked")).to_be_visible()
    assert stack.get(f"/collections/{drawn['collection_id']}/style-card")["locked"]


def test_a_reference_is_dropped(page: Page, stack: Server, drawn: Json) -> None:
    collection = stack.collection("Hare")
    enter(page, stack)
    visit(page, f"/mascots/{collection['id']}?tab=character")
    dropped = page.evaluate_handle(
        """async (url) => {
          const picture = await (await fetch(url)).blob();
          const dropped = new DataTransfer();
          dropped.items.add(new File([picture], "hare.png", { type: "image/png" }));
          return dropped;
        }""",
        drawn["urls"]["image"],
    )
    place = page.locator(".dropzone")
    place.dispatch_event("dragover", {"dataTransfer": dropped})
    expect(place).to_have_class("dropzone over")
    place.dispatch_event("drop", {"dataTransfer": dropped})
    expect(place).to_have_class("dropzone")
    expect(page.get_by_alt_text("Reference 1")).to_be_visible()
    config = stack.get(f"/collections/{collection['id']}")["config"]
    assert len(config["reference_asset_ids"]) == 1


def test_photos_are_made_smaller_before_they_are_sent(page: Page, stack: Server) -> None:
    """To four megapixels, upright, with their alpha; seen at once, each with how much is sent."""
    enter(page, stack)
    made = page.evaluate(
        """async () => {
          const { shrink, fit } = await import("/app/shrink.js");
          const draw = async (width, height, type) => {
            const canvas = Object.assign(document.createElement("canvas"), { width, height });
            const context = canvas.getContext("2d");
            context.fillStyle = "#f00";
            context.fillRect(0, 0, width / 2, height);
            const blob = await new Promise((resolve) => canvas.toBlob(resolve, type));
            return new File([blob], "photo", { type });
          };
          const turned = async (file) => { // EXIF says: turn it by 90 degrees
            const bytes = new Uint8Array(await file.arrayBuffer());
            const text = [..."Exif"].map((one) => one.charCodeAt(0));
            const tiff = [0x4d, 0x4d, 0, 42, 0, 0, 0, 8];
            const turn = [0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0];
            const app1 = [...text, 0, 0, ...tiff, ...turn];
            const head = [0xff, 0xe1, 0, app1.length + 2, ...app1];
            const whole = [bytes.slice(0, 2), new Uint8Array(head), bytes.slice(2)];
            return new File(whole, "photo.jpg", { type: file.type });
          };
          const seen = async (file) => {
            const picture = await createImageBitmap(file);
            const canvas = new OffscreenCanvas(picture.width, picture.height);
            const context = canvas.getContext("2d");
            context.drawImage(picture, 0, 0);
            const [x, y] = [picture.width - 8, 8];
            const corner = [...context.getImageData(x, y, 1, 1).data];
            return { size: [picture.width, picture.height], type: file.type, corner };
          };
          const small = await draw(40, 30, "image/png");
          return {
            png: await seen(await shrink(await draw(4000, 3000, "image/png"))),
            jpeg: await seen(await shrink(await turned(await draw(4000, 3000, "image/jpeg")))),
            same: (await shrink(small)) === small,
            fit: fit(4000, 3000),
          };
        }"""
    )
    assert made["fit"] == [2309, 1732]
    assert made["png"] == {"size": [2309, 1732], "type": "image/png", "corner": [0, 0, 0, 0]}
    assert made["jpeg"]["size"] == [1732, 2309]  # the red half, left before, is on top
    assert made["jpeg"]["corner"][0] > 240
    assert made["same"]

    held: list[object] = []
    released: list[bool] = []

    def hold(route: object) -> None:
        if released:
            route.continue_()  # type: ignore[attr-defined]
        else:
            held.append(route)

    page.route("**/v1/upload", hold)
    files = [{"name": f"{n}.png", "mimeType": "image/png", "buffer": photo(n)} for n in range(3)]
    page.locator("input[type=file]").first.set_input_files(files)  # type: ignore[arg-type]
    expect(page.locator(".references .waiting img")).to_have_count(3)
    expect(page.get_by_label("Sending 0.png")).to_be_visible()
    released.append(True)
    for route in held:
        route.continue_()  # type: ignore[attr-defined]
    expect(page.get_by_alt_text("Reference 3")).to_be_visible()
    expect(page.locator(".references .waiting")).to_have_count(0)


def photo(number: int) -> bytes:
    picture = Image.new("RGB", (300, 200), (60 * number, 90, 120))
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()


# --- On other pages ---


def source_set(best: Json, kind: str) -> str:
    """All sizes of a kind of file, the full one first."""
    widths = sorted(int(key[len(kind) + 1 :]) for key in best if re.fullmatch(rf"{kind}_\d+", key))
    sizes = [f"{best[f'{kind}_{width}']['url']} {width}w" for width in widths]
    return ", ".join([best[kind]["url"], *sizes])


def test_code_that_is_copied(context: BrowserContext, stack: Server, moving: Json) -> None:
    """It is the snippet with the pose's addresses, and the one for the web plays on any page."""
    path = f"/items/{moving['item_id']}"
    stack.http.patch(f"/v1{path}", json={"name": 'A "big" <b>$wave'}).raise_for_status()
    mascot = stack.get(f"/collections/{stack.get(path)['collection_id']}")["name"]
    best = stack.get(f"{path}/best")
    kinds = {
        "webm": "webm",
        "hevc": "hevc",
        "stacked": "stacked_video",
        "still": "transparent_image",
    }
    values = {
        **{name: best[kind]["url"] for name, kind in kinds.items()},
        **{f"{name}s": source_set(best, kind) for name, kind in kinds.items()},
        "label": f"{mascot}, A ’big’ b wave",
        "api": f"{address(stack)}/v1",
        "player": f"{address(stack)}/mascot-player.js",
    }
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    enter(page, stack)
    visit(page, path)
    page.get_by_text("Put it into your app").click()
    copied = {}
    for platform, file in SNIPPETS.items():
        page.get_by_role("radio", name=platform, exact=True).check()
        code = (ROOT / "docs" / "snippets" / file).read_text()
        copied[file] = re.sub(r"\{\{(\w+)\}\}", lambda match: values[match[1]], code)
        expect(page.locator(".embed code")).to_have_text(copied[file], use_inner_text=True)
        page.locator(".embed-code button").click()
        page.evaluate(
            """async (code) => {
              while ((await navigator.clipboard.readText()) !== code) {
                await new Promise(requestAnimationFrame);
              }
            }""",
            copied[file],
        )

    with player_site.serve() as site:
        site.files.clear()
        style = f"<style>body {{ margin: 0; background: rgb{BEHIND} }}</style>"
        page.goto(site.put("/page.html", copied["web.html"] + style))
        player = "document.querySelector('mascot-player')"
        page.wait_for_function(f"{player}.format === 'webm' && !{player}.paused")
        shown = seen(page)
        assert near(at(shown, (1 / 24, 1 / 24)), BEHIND, 3)
        assert not near(at(shown, (1 / 2, 1 / 2)), BEHIND, 60)


# --- What goes wrong -----------------------------------------------------------------------------


def test_a_key_that_opens_nothing(page: Page, stack: Server) -> None:
    page.goto(address(stack))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Your key")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Your key").fill("msk_nobody")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".field-fault")).to_be_visible()
    expect(page.get_by_label("Your key")).to_be_focused()
    page.get_by_label("Your key").fill(key(stack))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Describe a mascot")).to_be_visible()
    assert page.evaluate("localStorage.getItem('mascotry.key')") is None
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Your key")).to_be_visible()
    assert page.evaluate("sessionStorage.getItem('mascotry.key')") is None


def test_another_tab_goes_on_with_the_key(context: BrowserContext, stack: Server) -> None:
    """As when a link is opened with Ctrl; and who signs out does so everywhere."""
    page = context.new_page()
    enter(page, stack)
    other = context.new_page()
    other.goto(f"{address(stack)}/#/credits")
    expect(other.get_by_role("heading", name="Credits", exact=True)).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(other.get_by_label("Your key")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Your key")).to_be_visible()


def test_what_is_said_is_what_is_done(page: Page, stack: Server, drawn: Json) -> None:
    enter(page, stack)
    visit(page, views(drawn)["poses"])
    page.get_by_role("radio", name="Import").check()
    expect(page.get_by_role("button", name="Import it")).to_be_visible()
    visit(page, views(drawn)["item"])
    expect(page.get_by_text("Apps get this version.")).to_be_visible()
    link = page.locator("a.download").first
    shown = link.inner_text().replace("\n", " ")
    assert "Download " in shown
    assert link.get_attribute("aria-label") is None  # what is seen is part of the name
    page.get_by_text("Likeness").click()
    expect(page.locator(".bars dd").first).to_contain_text(re.compile("% (alike|too far off)"))
    visit(page, views(drawn)["character"])
    shares = page.locator(".swatch-share").all_inner_texts()
    assert shares
    assert all(float(share.removesuffix(" %")) >= 1 for share in shares)


def test_a_link_from_elsewhere_signs_nobody_in(context: BrowserContext, stack: Server) -> None:
    """Only on this machine does a link do so; who was sent one is asked."""
    page = context.new_page()

    def through(route: object) -> None:
        url = route.request.url.replace("http://studio.example", address(stack))  # type: ignore[attr-defined]
        route.fulfill(response=context.request.get(url))  # type: ignore[attr-defined]

    context.route("http://studio.example/**", through)
    page.goto(f"http://studio.example/#key={key(stack)}")
    expect(page.get_by_text("only if you trust")).to_be_visible()
    assert page.url == "http://studio.example/"
    assert page.evaluate("sessionStorage.length") == 0


def test_too_few_credits(page: Page, stack: Server) -> None:
    poor = command(stack, "infra.key", "--name", "Poor")
    enter(page, stack, poor)
    expect(page.get_by_text("Nobody lives here yet")).to_be_visible()
    page.get_by_label("What does it look like?").fill("a green frog")
    page.get_by_label("Seconds").fill("1")
    page.get_by_role("button", name="Create").click()
    fault = page.locator(".form-fault")
    expect(fault).to_contain_text("credits")
    fault.get_by_role("link", name="credits").click()
    expect(page.get_by_role("heading", name="Credits", exact=True)).to_be_visible()
    visit(page, "/")
    expect(page.get_by_text("Nobody lives here yet")).to_be_visible()  # no mascot without a pose
    page.get_by_label("What does it look like?").fill("a green frog")
    page.get_by_role("button", name="Create").click()
    expect(fault).to_contain_text("credits")  # it is made anew, not looked for


def test_a_refusal_leaves_nothing_behind(page: Page, stack: Server) -> None:
    enter(page, stack)
    before = len(stack.get("/collections", limit="100"))
    page.get_by_label("What does it look like?").fill("a green frog")
    page.get_by_label("Seconds").fill("99")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_label("Seconds")).to_have_attribute("aria-invalid", "true")
    assert len(stack.get("/collections", limit="100")) == before


def test_what_cannot_be_drawn_is_told_before_it_is_paid(page: Page, stack: Server) -> None:
    enter(page, stack)
    before = len(stack.get("/collections", limit="100"))
    page.get_by_label("What does it look like?").fill("a purple flurb")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_text("it leaves out: flurb.")).to_be_visible()
    assert len(stack.get("/collections", limit="100")) == before
    page.get_by_role("button", name="Create").click()
    page.wait_for_url("**/#/items/*")


def test_an_edited_still_says_that_its_film_is_of_another(page: Page, stack: Server) -> None:
    collection = stack.collection("Edited", animation_sizes=[])
    made = {"type": "animation", "name": "Wave", "image_prompt": "waving hello"}
    begun = stack.generate(collection, **made, animation_prompt="waves happily", duration=1)
    first = stack.finished(begun["job_id"])
    still = first["asset_ids"]["transparent_image"]
    edit = {"type": "edit", "edit_instructions": "make the scarf red"}
    edited = stack.generate(collection, **edit, source_image_asset_id=still)
    assert edited["item_id"] == begun["item_id"]
    stack.finished(edited["job_id"])
    enter(page, stack)
    visit(page, f"#/items/{begun['item_id']}")
    page.get_by_role("button", name="Version 2").click()
    expect(page.get_by_text("The film is still of version 1")).to_contain_text("10 credits for 2 s")
    page.get_by_role("button", name="Pin").click()
    expect(page.get_by_text("Apps get this version.")).to_be_visible()


def test_a_tab_that_was_closed_leaves_nothing_behind(
    context: BrowserContext, stack: Server
) -> None:
    secret = command(stack, "infra.key", "--name", "Closed")
    page = context.new_page()
    asks = re.compile('"dry_run":true')
    page.route(  # it never arrives
        "**/generate",
        lambda route: route.continue_() if asks.search(route.request.post_data or "") else None,
    )
    enter(page, stack, secret)
    page.get_by_label("What does it look like?").fill("a green frog")
    with page.expect_request(
        lambda one: one.url.endswith("/generate") and "dry" not in str(one.post_data)
    ):
        page.get_by_role("button", name="Create").click()
    page.close()
    page = context.new_page()
    enter(page, stack, secret)
    expect(page.get_by_text("Nobody lives here yet")).to_be_visible()


def test_a_write_that_takes_long_is_asked_for_again(page: Page, stack: Server) -> None:
    """By the same name, so that it is done once."""
    enter(page, stack)
    names: list[str] = []

    def slow(route: object) -> None:
        names.append(route.request.headers["idempotency-key"])  # type: ignore[attr-defined]
        if len(names) == 1:
            return  # the first one is still at work
        fault = {"error": {"code": "conflict", "message": "The first one is still at work."}}
        if len(names) == 2:
            route.fulfill(status=409, json=fault)  # type: ignore[attr-defined]
        else:
            route.fulfill(json={"data": {"id": "made"}})  # type: ignore[attr-defined]

    page.route("**/v1/projects", slow)
    made = page.evaluate(
        """async () => {
          const { Api } = await import("/app/api.js");
          return new Api("key", "/v1", 300).post("/projects", { name: "Slow" });
        }"""
    )
    assert made == {"id": "made"}
    assert len(names) == 3
    assert len(set(names)) == 1


def test_a_fault_is_shown_at_its_field(page: Page, stack: Server) -> None:
    enter(page, stack)
    page.get_by_label("What does it look like?").fill("a green frog")
    page.get_by_label("Seconds").fill("99")
    page.get_by_role("button", name="Create").click()
    seconds = page.get_by_label("Seconds")
    expect(seconds).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("Must be at most 10.")).to_be_visible()
    expect(seconds).to_be_focused()


@pytest.mark.parametrize("viewport", [PHONE, {"width": 1280, "height": 400}])
def test_what_is_wrong_is_led_to(page: Page, stack: Server, viewport: Json) -> None:
    """Wherever it is told: below what was pressed, above it, or in what is folded."""
    page.set_viewport_size(viewport)  # type: ignore[arg-type]
    enter(page, stack)
    faults = [{"code": "internal", "message": "It broke"}, {"field": "name", "message": "is taken"}]

    def refuse(route: object) -> None:
        if route.request.method == "POST":  # type: ignore[attr-defined]
            route.fulfill(status=400, json={"error": faults[0]})  # type: ignore[attr-defined]
        else:
            route.continue_()  # type: ignore[attr-defined]

    page.route("**/v1/collections", refuse)
    page.get_by_label("What does it look like?").fill("a green frog")
    page.get_by_role("button", name="Create").click()
    fault = page.locator(".composer > .form-fault")
    expect(fault).to_be_focused()
    expect(fault).to_be_in_viewport(ratio=1)
    faults.pop(0)
    page.get_by_role("button", name="Create").click()
    name = page.get_by_label("Name", exact=True)
    expect(name).to_be_focused()
    expect(page.get_by_text("Is taken.")).to_be_in_viewport(ratio=1)


def test_a_server_that_is_away(page: Page, stack: Server) -> None:
    enter(page, stack)
    page.route("**/v1/credits/history", lambda route: route.abort())
    page.clock.install()
    page.evaluate("location.hash = '/credits'")
    away = page.get_by_text("The server cannot be reached")
    while not away.is_visible():
        page.clock.fast_forward(1000)  # it is asked again, later each time
    page.clock.resume()
    page.unroute("**/v1/credits/history")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="History")).to_be_visible()


def test_words_are_never_read_as_html(page: Page, observed: Observed, stack: Server) -> None:
    evil = "<img src=x onerror=\"document.title='owned'\">"
    collection = stack.collection(evil, description=evil)
    enter(page, stack)
    expect(page.locator(".tile-name").filter(has_text=evil)).to_be_visible()
    visit(page, f"/mascots/{collection['id']}")
    expect(page.get_by_role("heading", name=evil)).to_be_visible()
    assert page.title() == f"{evil} – Mascotry"
    refused = page.evaluate(
        """() => {
          try {
            document.body.innerHTML = "<b>x</b>";
            return false;
          } catch (error) {
            return error instanceof TypeError;
          }
        }"""
    )
    assert refused
    assert not [text for text in observed.complaints if "TrustedHTML" not in text]


# --- For everybody -------------------------------------------------------------------------------


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_nothing_that_axe_objects_to(
    chromium: Browser, stack: Server, drawn: Json, colours: str
) -> None:
    context = chromium.new_context(color_scheme=colours, bypass_csp=True)  # type: ignore[arg-type]
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto(address(stack))
    expect(page.get_by_label("Your key")).to_be_visible()
    audit(page, "sign in")
    enter(page, stack)
    for name, path in views(drawn).items():
        visit(page, path)
        audit(page, name)
    context.close()


def audit(page: Page, name: str) -> None:
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"


def test_a_phone_needs_no_sideways_scrolling(chromium: Browser, stack: Server, drawn: Json) -> None:
    context = chromium.new_context(viewport=PHONE)  # type: ignore[arg-type]
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.add_init_script(SHIFTS)
    enter(page, stack)
    for name, path in views(drawn).items():
        visit(page, path)
        root = "document.documentElement"
        assert page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth"), name
    assert page.evaluate("shifted") < STEADY
    visit(page, views(drawn)["credits"])
    lines = page.evaluate(
        """() => {
          const cell = document.querySelector("td.number");
          cell.textContent = "+123,456";
          const text = document.createRange();
          text.selectNodeContents(cell);
          return text.getClientRects().length;
        }"""
    )
    assert lines == 1  # a number is read in one piece
    context.close()


def test_the_keyboard_reaches_the_content(page: Page, stack: Server) -> None:
    enter(page, stack)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    expect(page.get_by_role("heading", name="Describe a mascot")).to_be_visible()


def test_colours_are_the_systems_until_they_are_chosen(page: Page, stack: Server) -> None:
    page.emulate_media(color_scheme="dark")
    enter(page, stack)
    page.emulate_media(color_scheme="light")
    page.get_by_role("button", name="Dark colours").click()
    page.reload()
    page.emulate_media(color_scheme="dark")
    page.emulate_media(color_scheme="light")
    expect(page.get_by_role("button", name="Light colours")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).colorScheme") == "dark"


def test_who_wants_less_motion_sees_a_still(chromium: Browser, stack: Server, moving: Json) -> None:
    context = chromium.new_context(reduced_motion="reduce")
    context.set_default_timeout(60_000)
    page = context.new_page()
    enter(page, stack)
    visit(page, f"/items/{moving['item_id']}")
    until_played_as(page, "still")
    page.get_by_role("button", name="Play").click()
    until_played_as(page, "webm")
    context.close()


def test_the_first_load_is_small(page: Page, stack: Server) -> None:
    sizes: dict[str, Callable[[], bytes]] = {}
    page.on("response", lambda response: sizes.update({response.url: response.body}))
    enter(page, stack)
    kinds = (".js", ".css", "/")
    loaded = {url: len(body()) for url, body in [*sizes.items()] if url.endswith(kinds)}
    assert any(url.endswith("/app/main.js") for url in loaded)
    assert sum(loaded.values()) < BUDGET, loaded
