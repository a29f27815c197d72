"""Those who follow a job take up all the places that there are for them, and the queue's deliveries
go on: they have threads of their own."""

import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.server import Server

PLACES = 6
PATIENCE = 60.0
STACK = f"""
import sys
from infra import gateway, local
gateway.MAX_WAITING = {PLACES}
queues = local.queues
local.queues = lambda cores: [queue for queue in queues(cores) if queue.name != "video"]
del sys.argv[1]  # the name of the module
local.main()
"""
"""A stack in which few may wait at the same time, and no film is ever made."""
WAVE = {"image_prompt": "waving"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path / "home", python=(sys.executable, "-c", STACK))
    running.start()
    yield running
    running.stop()


def follow(server: Server, path: str) -> socket.socket:
    base = server.http.base_url
    connection = socket.create_connection((base.host, base.port or 80), timeout=PATIENCE)
    connection.sendall(
        f"GET /v1{path} HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: {server.http.headers['Authorization']}\r\n\r\n".encode()
    )
    return connection


def is_full(server: Server, job: str) -> bool:
    """Whether there is no place left for one more who waits."""
    response = server.http.get(f"/v1{job}?wait=true&timeout=0")
    assert response.status_code in (200, 503), response.text
    return response.status_code == 503


def completed(server: Server, job_id: str) -> None:
    """Read the job until it is done, without waiting for it."""
    deadline = time.monotonic() + PATIENCE
    while (status := server.get(f"/jobs/{job_id}")["status"]) != "completed":
        assert time.monotonic() < deadline, status
        time.sleep(0.05)


def test_jobs_are_done_while_followers_take_every_place(server: Server) -> None:
    collection = server.collection()
    film = server.generate(
        collection, type="animation", name="Film", animation_prompt="waves", **WAVE
    )
    job = f"/jobs/{film['job_id']}"
    for how in ("/events?timeout=300", "?wait=true&timeout=60"):
        with ExitStack() as followers:
            deadline = time.monotonic() + PATIENCE
            while not is_full(server, job):
                assert time.monotonic() < deadline
                followers.enter_context(follow(server, job + how))
            image = server.generate(collection, type="image", name=f"Still {how[0]}", **WAVE)
            completed(server, image["job_id"])
            assert is_full(server, job)
        deadline = time.monotonic() + PATIENCE
        while is_full(server, job):  # those who have gone give their places back
            assert time.monotonic() < deadline
            time.sleep(0.05)
