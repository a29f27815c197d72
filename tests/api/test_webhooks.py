"""/v1/webhooks, as a client meets it."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from functions import composition
from shared import config
from shared.ports import Task
from shared.services.webhooks import outbox, sender
from shared.services.webhooks.sender import Answer
from tests.api.client import Client, function
from tests.graph.jobs import IMAGE
from tests.services.endpoint import serve
from tests.services.world import Tenant, World

URL = "https://93.184.216.34/hook"
BODY = {"url": URL, "events": ["job.completed", "job.failed"]}


def test_an_endpoint_from_beginning_to_end(api: Client) -> None:
    made = api.post("/v1/webhooks", **BODY)
    assert made.status == 201
    webhook = made.data
    secret = webhook.pop("secret")
    assert secret.startswith("whsec_")
    assert webhook == {
        "id": webhook["id"],
        "created_at": "2026-01-02T03:04:05.000000Z",
        "updated_at": "2026-01-02T03:04:05.000000Z",
        **BODY,
        "enabled": True,
    }
    path = f"/v1/webhooks/{webhook['id']}"
    assert api.get(path).data == webhook, "without its secret"
    assert api.get("/v1/webhooks").data == [webhook]
    changed = api.patch(path, events=["job.failed", "job.failed"], enabled=False, url=f"{URL}/2")
    assert changed.data == {
        **webhook,
        "url": f"{URL}/2",
        "events": ["job.failed"],
        "enabled": False,
    }
    rotated = api.post(f"{path}/rotate-secret").data
    assert rotated.pop("secret") not in (secret, None)
    assert rotated == changed.data
    assert api.post(f"{path}/ping").error["code"] == "conflict"
    assert api.delete(path).data == {"id": webhook["id"], "deleted": True}
    assert api.get(path).status == api.delete(path).status == 404
    assert api.get("/v1/webhooks").data == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"events": ["job.completed"]}, "url"),
        ({"url": URL}, "events"),
        ({"url": URL, "events": []}, "events"),
        ({"url": URL, "events": ["job.begun"]}, "events[0]"),
        ({"url": URL, "events": ["ping"]}, "events[0]"),
        ({**BODY, "secret": "mine"}, "secret"),
        ({**BODY, "url": ""}, "url"),
        ({**BODY, "url": f"{URL} and more"}, "url"),
        ({**BODY, "url": f"{URL}\r\nX: y"}, "url"),
        ({**BODY, "url": URL + "x" * 2048}, "url"),
        ({**BODY, "url": "http://93.184.216.34/hook"}, "url"),
        ({**BODY, "url": "https://127.0.0.1/hook"}, "url"),
        ({**BODY, "url": "https://169.254.169.254/latest/meta-data/"}, "url"),
        ({**BODY, "url": "https://10.1.2.3/"}, "url"),
        ({**BODY, "url": "file:///etc/passwd"}, "url"),
    ],
)
def test_what_is_no_endpoint(api: Client, body: dict[str, Any], field: str) -> None:
    refused = api.post("/v1/webhooks", **body)
    assert refused.status == 400
    assert refused.error["field"] == field
    assert api.get("/v1/webhooks").data == []
    if field == "url" and "url" in body:
        path = f"/v1/webhooks/{api.post('/v1/webhooks', **BODY).data['id']}"
        assert api.patch(path, url=body["url"]).error["field"] == "url"
        assert api.get(path).data["url"] == URL


@pytest.mark.parametrize("field", ["url", "events", "enabled"])
def test_what_cannot_be_unset(api: Client, field: str) -> None:
    path = f"/v1/webhooks/{api.post('/v1/webhooks', **BODY).data['id']}"
    assert api.patch(path, **{field: None}).error["field"] == field


def test_the_record_of_deliveries(api: Client, tenant: Tenant, world: World) -> None:
    answers = [Answer(500, "It answered 500.", "oh no", milliseconds=12), Answer(200)]

    def post(url: str, body: str, headers: Mapping[str, str], *, loopback: bool) -> Answer:
        del url, body, headers, loopback
        return answers.pop(0)

    world.post = post
    path = f"/v1/webhooks/{api.post('/v1/webhooks', **BODY).data['id']}/deliveries"
    assert api.get(path).data == []
    job = world.generate(tenant, IMAGE).job
    while len(answers) > 1:
        world.deliver_next()
    [pending] = api.get(path).data
    assert (pending["status"], pending["event"]) == ("pending", "job.completed")
    assert pending["job_id"] == job.id
    assert pending["next_attempt_at"] > pending["updated_at"]
    [attempt] = pending["attempts"]
    at = attempt.pop("at")
    assert at == pending["updated_at"]
    assert attempt == {
        "http_status": 500,
        "duration_ms": 12,
        "error": "It answered 500.",
        "response": "oh no",
    }
    world.drain()
    [delivered] = api.get(path).data
    assert (delivered["status"], delivered["next_attempt_at"]) == ("delivered", None)
    assert [one["http_status"] for one in delivered["attempts"]] == [500, 200]

    answers += [Answer(204), Answer(200)]
    replayed = api.post(f"{path}/{delivered['id']}/replay")
    assert (replayed.status, replayed.data["status"]) == (202, "pending")
    ping = api.post(path.replace("/deliveries", "/ping"))
    assert (ping.status, ping.data["event"], ping.data["job_id"]) == (202, "ping", None)
    world.drain()
    assert {one["id"]: len(one["attempts"]) for one in api.get(path).data} == {
        delivered["id"]: 3,
        ping.data["id"]: 1,
    }
    first = api.get(path, limit=1)
    second = api.get(path, limit=1, cursor=first.pagination["next_cursor"])
    assert [one["id"] for one in (*first.data, *second.data)] == [ping.data["id"], delivered["id"]]
    assert first.pagination["total"] == 2


def test_the_function_that_delivers(
    world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the queue's task to a server of the client's own."""
    monkeypatch.setenv("MASCOTRY_WEBHOOK_LOOPBACK", "true")
    config.settings.cache_clear()
    tasks: list[Task] = []
    monkeypatch.setattr(world.ports.tasks, "enqueue", tasks.append)
    api = Client("api", tenant.key)
    token = {"Authorization": f"Bearer {composition.task_token(config.settings())}"}
    with serve() as endpoint:
        webhook = api.post("/v1/webhooks", url=endpoint.url, events=["job.failed"]).data
        ping = api.post(f"/v1/webhooks/{webhook['id']}/ping").data
        [task] = tasks
        assert task.queue == outbox.QUEUE
        deliver = function("webhook")
        assert deliver.post("/", json=task.payload).status_code == 401
        assert endpoint.messages == []
        for _ in range(2):
            assert deliver.post("/", json=task.payload, headers=token).status_code == 204
        [message] = endpoint.messages
    assert json.loads(message.body) == {
        "event": "ping",
        "webhook_id": webhook["id"],
        "timestamp": ping["created_at"],
    }
    [told] = api.get(f"/v1/webhooks/{webhook['id']}/deliveries").data
    assert told["status"] == "delivered"
    assert sender.SECONDS == 10
