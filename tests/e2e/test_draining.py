"""A server that is told to end lets go of whoever waits: streams end with `reconnect`, long polls
are answered, and the process is gone well before Cloud Run's ten seconds are over."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.server import ROOT, Server
from tests.e2e.test_functions_framework import answer, serve

CLOUD_RUN_GRACE = 10.0
FELIX = {"name": "Felix", "description": "A friendly orange fox mascot"}
WAVE = {"type": "image", "name": "Wave", "image_prompt": "waving hello"}


class Listener(threading.Thread):
    """Reads what an address sends, in a thread, until its end."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        super().__init__(daemon=True)
        self._url, self._headers = url, headers
        self.began = threading.Event()
        self.text = ""
        self.fault: Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            with httpx.stream("GET", self._url, headers=self._headers, timeout=60) as response:
                for part in response.iter_text():
                    self.text += part
                    self.began.set()
        except httpx.HTTPError as fault:
            self.fault = fault

    def events(self) -> list[dict[str, str]]:
        """The events of a stream that has ended as it should."""
        self.join(timeout=60)
        assert self.fault is None
        blocks = [block.splitlines() for block in self.text.split("\n\n")]
        return [dict(line.split(": ", 1) for line in block) for block in blocks if len(block) > 1]


@contextmanager
def as_in_the_image(target: str, home: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The entry point as the image's CMD starts it; its address once it answers."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [Path(sys.executable).with_name("functions-framework"), "--source", "functions/main.py"],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "MASCOTRY_HOME": str(home),
            "FUNCTION_TARGET": target,
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "THREADS": "200",
        },
    )
    url = f"http://127.0.0.1:{port}"
    try:
        answer(httpx.Request("GET", f"{url}/v1/jobs/x?wait=true"))
        yield url, process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def headers(tmp_path: Path) -> dict[str, str]:
    """What a client of the embedded database in `tmp_path` sends along."""
    made = subprocess.run(
        [sys.executable, "-m", "infra.key", "--name", "Test"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "MASCOTRY_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    return {"Authorization": f"Bearer {made.stdout.strip()}"}


@pytest.fixture
def job(tmp_path: Path, headers: dict[str, str]) -> str:
    """The path of a job that nobody works on."""
    with serve("api", tmp_path) as api, serve("ingest", tmp_path) as ingest:

        def post(url: str, body: Any) -> Any:
            response = answer(httpx.Request("POST", url, json=body, headers=headers))
            assert response.is_success, response.text
            return response.json()["data"]

        project = post(f"{api}/v1/projects", {"name": "App"})["id"]
        collection = post(f"{ingest}/v1/collections", {**FELIX, "project_id": project})["id"]
        begun = post(f"{api}/v1/collections/{collection}/generate", WAVE)
    return f"/v1/jobs/{begun['job_id']}"


def test_who_waits_is_let_go(tmp_path: Path, headers: dict[str, str], job: str) -> None:
    with as_in_the_image("events", tmp_path) as (url, process):
        stream = Listener(f"{url}{job}/events?timeout=120", headers)
        poll = Listener(f"{url}{job}?wait=true&timeout=60", headers)
        assert stream.began.wait(60)
        time.sleep(1)  # the poll is under way, too: it says nothing before its end
        process.send_signal(signal.SIGTERM)
        told_at = time.monotonic()
        assert process.wait(timeout=60) == 0
        took = time.monotonic() - told_at
    first, *_, last = stream.events()
    assert last["event"] == "reconnect"
    assert (last["id"], last["data"]) == (first["id"], first["data"])
    poll.join(timeout=60)
    assert poll.fault is None
    assert '"status":"pending"' in poll.text
    assert took < CLOUD_RUN_GRACE


def test_the_embedded_stack_ends_while_somebody_listens(tmp_path: Path) -> None:
    server = Server(tmp_path / "home")
    server.start()
    collection = server.collection()
    film = {"type": "animation", "animation_prompt": "waves"}
    begun = server.generate(collection, **WAVE | film)
    url = f"{server.http.base_url}/v1/jobs/{begun['job_id']}/events"
    stream = Listener(url, dict(server.http.headers))
    assert stream.began.wait(60)
    told_at = time.monotonic()
    server.stop()
    took = time.monotonic() - told_at
    assert stream.events()[-1]["event"] == "reconnect"
    assert took < CLOUD_RUN_GRACE
