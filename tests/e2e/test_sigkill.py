"""The process is killed during each kind of step; started again, it finishes what it had begun."""

import hashlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx

from shared.model.job import StepKind
from tests.e2e.server import Json, Server
from tests.e2e.store import Store
from tests.e2e.torture import torture

ANIMATION = {
    "type": "animation",
    "name": "Wave",
    "image_prompt": "waving hello",
    "animation_prompt": "waves happily",
    "duration": 1,
}
KILLED_DURING_ANIMATION = (
    StepKind.IMAGE,
    StepKind.CUTOUT,
    StepKind.VALIDATE,
    StepKind.STYLE_CARD,
    StepKind.VIDEO,
    StepKind.TRANSCODE,
)
TRIES = 5
WATCH_SECONDS = 90


def kill_during(server: Server, job_id: str, kind: StepKind) -> bool:
    """Kill the server while a step of the kind runs; False when the step was too quick for us.

    The server is running again afterwards.
    """
    store = Store(server.home)

    def running() -> list[str]:
        steps = store.job(job_id)["steps"].items()
        return [
            step_id
            for step_id, step in steps
            if step["kind"] == kind.value and step["status"] == "running"
        ]

    deadline = time.monotonic() + WATCH_SECONDS
    while not running():
        assert time.monotonic() < deadline, f"{kind} never ran: {store.job(job_id)}"
        if store.job(job_id)["status"] in ("completed", "failed"):
            return False
    server.kill()
    was_running = bool(running())
    server.start()
    return was_running


def kill_once_begun(
    server: Server, kind: StepKind, request: Callable[[], object]
) -> tuple[str, bool]:
    """Kill the server while a step of the kind runs that the request leads to.

    Looks from before the request on: a short step may be over before its answer arrives. The job's
    id, and False when the step was too quick for us; the server is running again afterwards.
    """
    store = Store(server.home)
    before = store.steps(kind)
    deadline = time.monotonic() + WATCH_SECONDS
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(request)
        while True:
            begun = {job: status for job, status in store.steps(kind).items() if job not in before}
            if set(begun.values()) & {"running", "completed", "failed"}:
                break
            assert time.monotonic() < deadline, f"{kind} never ran"
        server.sigkill()
        with suppress(httpx.TransportError):
            answer.result()
    server.kill()
    (job_id,) = begun
    was_running = store.steps(kind)[job_id] == "running"
    server.start()
    return job_id, was_running


def assert_whole(server: Server, job: Json, expected_keys: set[str]) -> None:
    """Every asset is there exactly once: as a document, as an object, and as the same bytes."""
    assert job["status"] == "completed", job
    assert set(job["urls"]) == expected_keys
    assets = server.get(f"/items/{job['item_id']}/assets", limit="100")
    assert {asset["id"] for asset in assets} == {*job["asset_ids"].values()}
    assert len(assets) == len({*job["asset_ids"].values()})
    for asset in assets:
        assert asset["status"] == "ready"
        response = server.http.get(asset["url"])
        assert hashlib.sha256(response.content).hexdigest() == asset["content"]["sha256"]
        assert "immutable" in response.headers["cache-control"]
    paths = [url.split("/cdn/")[1] for url in job["urls"].values()]
    assert Store(server.home).public_objects() == sorted(paths)
    best = server.get(f"/items/{job['item_id']}/best")
    assert {key: found["asset_id"] for key, found in best.items()} == job["asset_ids"]
    settled_by = time.monotonic() + WATCH_SECONDS
    while Store(server.home).count("due"):  # a completed job has one more thing to do
        assert time.monotonic() < settled_by
    for key, found in best.items():
        assert server.http.get(found["url"]).content == server.http.get(job["urls"][key]).content
    assert not list((server.home / "tmp").iterdir()), "a killed step left its folder behind"


def until_killed(attempt: Callable[[], bool]) -> None:
    """Repeat what may have been too quick to be caught in the act."""
    assert any(attempt() for _ in range(TRIES)), "the step was never caught in the act"


def test_an_animation_survives_a_kill_during_each_of_its_steps(server: Server) -> None:
    collection = server.collection(animation_sizes=[128])
    job_id = server.generate(collection, **ANIMATION)["job_id"]

    killed = [kind for kind in KILLED_DURING_ANIMATION if kill_during(server, job_id, kind)]

    job = server.finished(job_id)
    films = {"webm", "hevc", "stacked_video"}
    variants = {f"{film}_128" for film in films}
    stills = {"image", "transparent_image", "transparent_image_webp"}
    assert_whole(server, job, stills | {"video"} | films | variants)
    assert killed == list(KILLED_DURING_ANIMATION)
    attempts = {step["id"]: step["attempt"] for step in job["steps"]}
    assert all(attempts[step] >= 2 for step in ("image", "cutout", "video"))


def test_size_variants_survive_a_kill_during_resize(server: Server) -> None:
    def attempt() -> bool:
        request = {"type": "image", "name": "Wave", "image_prompt": "waving", "sizes": [512, 256]}
        collection = server.collection()
        job_id, was_killed = kill_once_begun(
            server, StepKind.RESIZE, lambda: server.generate(collection, **request)
        )
        job = server.finished(job_id)
        cutouts = ("transparent_image", "transparent_image_webp")
        keys = {f"{cutout}{size}" for cutout in cutouts for size in ("", "_512", "_256")}
        assert_whole(server, job, {"image", *keys})
        if not was_killed:
            deletion = server.delete(f"/collections/{collection['id']}")
            assert server.finished(deletion["job_id"])["status"] == "completed"
        return was_killed

    until_killed(attempt)


def test_a_way_back_survives_a_kill(server: Server) -> None:
    collection = server.collection()
    film = server.finished(server.generate(collection, **ANIMATION)["job_id"])

    def attempt() -> bool:
        path = f"/assets/{film['asset_ids']['video']}/reverse"
        job_id, was_killed = kill_once_begun(
            server, StepKind.REVERSE, lambda: server.post(path, {})
        )
        job = server.finished(job_id)
        assert job["status"] == "completed", job
        for key, asset_id in job["asset_ids"].items():
            asset = server.get(f"/assets/{asset_id}")
            content = server.http.get(job["urls"][key]).content
            assert hashlib.sha256(content).hexdigest() == asset["content"]["sha256"]
        return was_killed

    until_killed(attempt)


def test_a_deletion_survives_a_kill(server: Server) -> None:
    def attempt() -> bool:
        collection = server.collection()
        for number in range(40):
            items = f"/collections/{collection['id']}/items"
            server.post(items, {"type": "image", "name": f"Pose {number}"})
        job = server.generate(collection, type="image", name="Wave", image_prompt="waving")
        server.finished(job["job_id"])
        path = f"/projects/{collection['project_id']}"
        deletion, was_killed = kill_once_begun(server, StepKind.PURGE, lambda: server.delete(path))
        assert server.finished(deletion)["status"] == "completed"
        store = Store(server.home)
        assert store.public_objects() == []
        kinds = ("projects", "collections", "items", "assets", "links", "slugs", "due")
        assert {kind: store.count(kind) for kind in kinds} == dict.fromkeys(kinds, 0)
        return was_killed

    until_killed(attempt)


def test_no_kind_of_step_is_left_out() -> None:
    tested = {*KILLED_DURING_ANIMATION, StepKind.REVERSE, StepKind.RESIZE, StepKind.PURGE}
    # In test_imports.py, and in tests/services.
    elsewhere = {StepKind.INTAKE, StepKind.SIZES, StepKind.CANVAS}
    assert tested | elsewhere | {StepKind.NOOP} == set(StepKind)


def test_a_restart_keeps_the_key_that_was_issued(server: Server) -> None:
    server.kill()
    server.start()
    assert server.http.get("/v1/projects").status_code == 200


def test_whatever_is_killed_when(tmp_path: Path) -> None:
    """Ten jobs; `make torture` does two hundred."""
    met = torture(tmp_path / "home", jobs=10, seed=3)
    assert met["kills"] >= 3
