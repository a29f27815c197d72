"""Every entry point starts with the real `functions-framework` command, and answers."""

import ast
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from infra import gateway
from tests.e2e.server import ROOT

PUBLIC = ("api", "events", "ingest")
PRIVATE = (*gateway.TASK_TARGETS, gateway.DECODER)
START_SECONDS = 60
TOKEN = "a token for tests"

PLACEHOLDER_EVENT = {
    "bucket": "assets",
    "name": "someone/else.png",
    "generation": "1",
    "metadata": {"placeholder": "true"},
}


@contextmanager
def serve(target: str, home: Path, signature: str = "http") -> Iterator[str]:
    """The entry point in a process of its own; gives its address once it answers."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = Path(sys.executable).with_name("functions-framework")
    options = ["--source", "functions/main.py", "--target", target, "--signature-type", signature]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "MASCOTRY_HOME": str(home),
        "MASCOTRY_TASK_TOKEN": TOKEN,
    }
    process = subprocess.Popen(
        [command, *options, "--host", "127.0.0.1", "--port", str(port)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def answer(request: httpx.Request) -> httpx.Response:
    """The first answer of a server that may still be starting."""
    deadline = time.monotonic() + START_SECONDS
    with httpx.Client(timeout=30) as client:
        while True:
            try:
                return client.send(request)
            except httpx.ConnectError:
                assert time.monotonic() < deadline, f"{request.url} never answered"
                time.sleep(0.1)


def test_public_functions_ask_for_a_key(tmp_path: Path) -> None:
    paths = {"api": "/v1/projects", "events": "/v1/jobs/x?wait=true", "ingest": "/v1/upload"}
    with ExitStack() as running:
        urls = {name: running.enter_context(serve(name, tmp_path)) for name in PUBLIC}
        for name, url in urls.items():
            method = "POST" if name == "ingest" else "GET"
            response = answer(httpx.Request(method, url + paths[name]))
            assert response.status_code == 401, name
            assert response.json()["error"]["code"] == "unauthorized"


def test_step_functions_refuse_strangers(tmp_path: Path) -> None:
    with ExitStack() as running:
        urls = {name: running.enter_context(serve(name, tmp_path)) for name in PRIVATE}
        for name, url in urls.items():
            response = answer(httpx.Request("POST", url, json={}))
            assert response.status_code == 401, name


def test_the_storage_trigger_takes_cloud_events(tmp_path: Path) -> None:
    headers = {
        "ce-id": "1",
        "ce-specversion": "1.0",
        "ce-type": "google.cloud.storage.object.v1.finalized",
        "ce-source": "//storage.googleapis.com/projects/_/buckets/assets",
        "ce-subject": "objects/someone/else.png",
        "Authorization": f"Bearer {TOKEN}",
    }
    with serve(gateway.STORAGE_TRIGGER, tmp_path, "cloudevent") as url:
        event = httpx.Request("POST", f"{url}/", json=PLACEHOLDER_EVENT, headers=headers)
        assert answer(event).status_code == 200
        event.headers["Authorization"] = "Bearer stranger"
        assert answer(event).status_code == 401


def test_no_entry_point_is_left_out() -> None:
    module = ast.parse(gateway.SOURCE.read_text())
    entry_points = {
        node.name
        for node in module.body
        if isinstance(node, ast.FunctionDef) and node.decorator_list
    }
    assert entry_points == {*PUBLIC, *PRIVATE, gateway.STORAGE_TRIGGER}
