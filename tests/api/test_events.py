"""Server-sent events of a job."""

import json
import time
from typing import Any

import pytest

from functions import draining
from functions.api import jobs
from shared.services import jobs as jobs_service
from tests.api.client import function
from tests.services.world import Tenant, World


def listen(key: str, path: str, last: str = "") -> tuple[Any, list[dict[str, str]]]:
    """The response, and its events as their fields."""
    headers = {"Authorization": f"Bearer {key}", **({"Last-Event-ID": last} if last else {})}
    response = function("events").get(path, headers=headers)
    if response.status_code != 200:
        return response, []
    blocks = [block.splitlines() for block in response.text.split("\n\n") if block]
    events = [
        dict(line.split(": ", 1) for line in block)
        for block in blocks
        if not block[0].startswith((":", "retry"))
    ]
    return response, events


@pytest.fixture
def path(world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> str:
    """The events of a film; whoever waits for the next one lets a task be done."""
    monkeypatch.setattr(draining, "pause", lambda seconds: not world.deliver_next())
    return f"/v1/jobs/{world.generate(tenant).job.id}/events"


def test_each_change_is_an_event_until_the_end(tenant: Tenant, path: str) -> None:
    response, events = listen(tenant.key, path)
    assert response.mimetype == "text/event-stream"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.text.startswith("retry: ")
    assert [event["event"] for event in events][:2] == ["pending", "processing"]
    assert events[-1]["event"] == "completed"
    assert len({event["id"] for event in events}) == len(events)
    done = [
        sum(step["progress"] for step in json.loads(event["data"])["steps"]) for event in events
    ]
    assert done == sorted(done)
    assert json.loads(events[-1]["data"])["urls"]


def test_who_comes_back_misses_nothing_and_hears_nothing_twice(tenant: Tenant, path: str) -> None:
    _, events = listen(tenant.key, path)
    _, again = listen(tenant.key, path, last=events[-1]["id"])
    assert again == []
    _, caught_up = listen(tenant.key, path, last=events[2]["id"])
    assert caught_up == events[-1:]


@pytest.fixture
def ending(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was told to end."""
    monkeypatch.setattr(draining, "_begun", True)


@pytest.mark.usefixtures("ending")
def test_a_server_that_ends_sends_who_listens_elsewhere(world: World, tenant: Tenant) -> None:
    job_id = world.generate(tenant).job.id
    _, events = listen(tenant.key, f"/v1/jobs/{job_id}/events")
    assert [event["event"] for event in events] == ["pending", "reconnect"]
    assert events[0]["id"] == events[1]["id"]
    assert events[0]["data"] == events[1]["data"]
    _, known = listen(tenant.key, f"/v1/jobs/{job_id}/events", last=events[1]["id"])
    assert known == events[1:]


@pytest.mark.usefixtures("ending")
def test_a_job_that_is_done_needs_nobody_to_come_back(world: World, tenant: Tenant) -> None:
    job_id = world.generate(tenant).job.id
    world.drain()
    _, events = listen(tenant.key, f"/v1/jobs/{job_id}/events")
    assert [event["event"] for event in events] == ["completed"]


@pytest.mark.usefixtures("ending")
def test_a_server_that_ends_answers_who_waits(world: World, tenant: Tenant) -> None:
    response = function("events").get(
        f"/v1/jobs/{world.generate(tenant).job.id}?wait=true&timeout=60",
        headers={"Authorization": f"Bearer {tenant.key}"},
    )
    assert response.get_json()["data"]["status"] == "pending"


def test_nobody_waits_for_a_client_that_is_gone(world: World, tenant: Tenant) -> None:
    begun = time.monotonic()
    response = function("events").get(
        f"/v1/jobs/{world.generate(tenant).job.id}?wait=true&timeout=60",
        headers={"Authorization": f"Bearer {tenant.key}"},
        environ_overrides={draining.CLIENT_GONE: lambda: True},
    )
    assert response.get_json()["data"]["status"] == "pending"
    assert time.monotonic() - begun < jobs_service.MAX_WAIT / 2


def test_what_is_wrong_is_said_before_the_stream(world: World, tenant: Tenant, path: str) -> None:
    assert listen(world.tenant("Other").key, path)[0].status_code == 404
    response = function("events").get(
        f"{path}?timeout=0", headers={"Authorization": f"Bearer {tenant.key}"}
    )
    assert response.status_code == 400
    assert response.get_json()["error"]["field"] == "timeout"


def test_who_listens_hears_that_somebody_is_there(
    world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A comment at most, when nothing is new: between two of them nothing is sent."""
    looks = iter((False, False, True))
    monkeypatch.setattr(draining, "pause", lambda seconds: next(looks))
    path = f"/v1/jobs/{world.generate(tenant).job.id}/events"
    quiet, _ = listen(tenant.key, path)
    assert ": still here" not in quiet.text
    looks = iter((False, False, True))
    monkeypatch.setattr(jobs, "HEARTBEAT", 0.0)
    chatty, _ = listen(tenant.key, path)
    assert chatty.text.count(": still here\n\n") == 2
