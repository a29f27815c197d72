"""Real processes killed at random while they work, again and again; then everything must be right.

    python -m tests.e2e.torture --jobs 200 --seed 7

Jobs are asked for with idempotency keys, and asked for again when the answer was lost, as a careful
client does. What must hold at the end is what the simulation demands: every job finished, every
asset once and with its own bytes, credits kept equal to what was made, every webhook delivered, and
nothing left over.
"""

import argparse
import hashlib
import json
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

from tests.e2e.server import Json, Server
from tests.e2e.store import Store

REQUESTS: tuple[Json, ...] = (
    {"type": "image", "image_prompt": "waving"},
    {"type": "image", "image_prompt": "sitting", "sizes": [64]},
    {"type": "logo"},
    {"type": "image", "image_prompt": "dancing", "sizes": [128, 64]},
)
FILM: Json = {
    "type": "animation",
    "image_prompt": "waving",
    "animation_prompt": "waves",
    "duration": 1,
}
FILMS_EVERY = 20
"""A film takes as long as ten stills."""
SHORTEST, LONGEST = 1.0, 6.0
"""Seconds that a process may live while jobs are asked for."""
GROWTH = 1.4
"""Once all are asked for, each process may live so many times longer than the one before: a step
that takes longer than a life would never come to its end."""
PATIENCE = 600.0
"""Seconds after the last kill in which everything has to come to its end."""


class Endpoint:
    """Takes webhooks, and remembers which it was told of which job, in which order."""

    def __init__(self) -> None:
        told: dict[str, list[str]] = {}
        self.told = told

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                told.setdefault(event["job_id"], []).append(event["event"])
                self.send_response(204)
                self.end_headers()

            def log_message(self, *arguments: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def torture(home: Path, jobs: int, seed: int) -> Counter[str]:
    """Do it; what happened how often. AssertionError says what is not as it must be."""
    dice, met = random.Random(seed), Counter[str]()
    endpoint, server = Endpoint(), Server(home)
    with _loopback():
        server.start()
        try:
            server.post("/webhooks", {"url": endpoint.url, "events": ["job.completed"]})
            collection = server.collection()
            ids: list[str] = []
            while len(ids) < jobs:
                with _killed_in_time(server, dice.uniform(SHORTEST, LONGEST), met):
                    _ask(server, collection, ids, jobs)
            life = LONGEST
            while not _all_finished(server, ids):
                assert life < PATIENCE, "the jobs never come to their end"
                with _killed_in_time(server, dice.uniform(life / 2, life), met):
                    _wait(server, ids, life)
                life *= GROWTH
            _check(server, ids, endpoint)
        finally:
            server.stop()
            endpoint.close()
    met["jobs"] = len(ids)
    return met


@contextmanager
def _loopback() -> Iterator[None]:
    """Let the processes send webhooks to this machine."""
    name = "MASCOTRY_WEBHOOK_LOOPBACK"
    before = os.environ.get(name)
    os.environ[name] = "true"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


@contextmanager
def _killed_in_time(server: Server, seconds: float, met: Counter[str]) -> Iterator[None]:
    """Kill the process after a while, whatever it is doing, and start another."""
    killer = threading.Timer(seconds, server.sigkill)
    killer.start()
    try:
        yield
    except httpx.TransportError:
        met["answers lost"] += 1
    killer.cancel()  # what was waited for may have come first
    server.kill()
    server.start()
    met["kills"] += 1


def _ask(server: Server, collection: Json, ids: list[str], jobs: int) -> None:
    """Ask for one job after the other, until there are enough or the process dies."""
    while len(ids) < jobs:
        number = len(ids)
        is_film = number % FILMS_EVERY == FILMS_EVERY - 1
        wanted = FILM if is_film else REQUESTS[number % len(REQUESTS)]
        body = {"name": f"Pose {number}", **wanted}
        path = f"/v1/collections/{collection['id']}/generate"
        response = server.http.post(path, json=body, headers={"Idempotency-Key": f"pose-{number}"})
        if response.status_code == 409:  # the worker that had it died; its lease must run out
            time.sleep(1)
            return
        assert response.status_code == 202, response.text
        ids.append(response.json()["data"]["job_id"])


def _wait(server: Server, ids: list[str], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not _all_finished(server, ids):
        time.sleep(0.2)


def _all_finished(server: Server, ids: list[str]) -> bool:
    store = Store(server.home)
    return all(store.job(id_)["status"] in ("completed", "failed") for id_ in ids)


def _check(server: Server, ids: list[str], endpoint: Endpoint) -> None:
    store = Store(server.home)
    assert len(set(ids)) == len(ids)
    deadline = time.monotonic() + PATIENCE
    while store.count("due") or len(endpoint.told) < len(ids):
        assert time.monotonic() < deadline, (store.count("due"), len(endpoint.told))
        time.sleep(0.5)
    public, spent = set(), 0
    for id_ in ids:
        job = server.get(f"/jobs/{id_}")
        assert job["status"] == "completed", job.get("error")
        spent += job["cost_credits"]
        assets = server.get(f"/items/{job['item_id']}/assets", limit="100")
        assert len(assets) == len({*job["asset_ids"].values()})
        assert {asset["id"] for asset in assets} == {*job["asset_ids"].values()}
        for asset in assets:
            assert asset["status"] == "ready"
            content = server.http.get(asset["url"]).content
            assert hashlib.sha256(content).hexdigest() == asset["content"]["sha256"]
            urls = (asset["url"], *asset["sibling_urls"].values())
            public |= {url.split("/cdn/")[1] for url in urls}
    assert store.count("jobs") == len(ids), "a job was begun twice"
    assert set(store.public_objects()) == public
    assert all(told == ["job.completed"] * len(told) for told in endpoint.told.values())
    assert set(endpoint.told) == set(ids)
    credits_ = server.get("/credits")
    assert credits_["held"] == 0, credits_
    history = _history(server)
    kept = -sum(entry["amount"] for entry in history if entry["kind"] == "capture")
    assert abs(kept) == spent, (kept, spent)
    assert not list((server.home / "tmp").iterdir()), "a killed step left its folder behind"


def _history(server: Server) -> list[Json]:
    entries: list[Json] = []
    cursor: dict[str, str] = {}
    while True:
        answer = server.http.get("/v1/credits/history", params={"limit": "100", **cursor}).json()
        entries += answer["data"]
        if not answer["meta"]["pagination"]["next_cursor"]:
            return entries
        cursor = {"cursor": answer["meta"]["pagination"]["next_cursor"]}


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.e2e.torture")
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    arguments = parser.parse_args()
    started = time.monotonic()
    sys.stdout.write(f"seed {arguments.seed}\n")
    with tempfile.TemporaryDirectory(prefix="mascotry-torture-") as folder:
        met = torture(Path(folder) / "home", arguments.jobs, arguments.seed)
    counts = ", ".join(f"{count} {what}" for what, count in sorted(met.items()))
    sys.stdout.write(f"All is right after {time.monotonic() - started:.0f} s: {counts}.\n")


if __name__ == "__main__":
    main()
