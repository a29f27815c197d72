"""What the adapter asks of Cloud Tasks; `tests/contract` has what comes of it."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any, cast

import pytest
from google.api_core import exceptions
from google.api_core.retry import Retry, if_exception_type
from google.auth.exceptions import RefreshError
from google.cloud import tasks_v2

from functions import composition
from shared.adapters.gcp import tasks as adapter
from shared.adapters.gcp.tasks import CloudTasks
from shared.config import read
from shared.errors import Busy, MascotryError
from shared.model.queues import BY_NAME
from shared.ports import Task
from tests.adapters.cloud import ACCOUNT, FUNCTIONS, PARENT, PROJECT, REGION, Cloud, open_cloud

LATER = timedelta(hours=1)
QUEUE = "style_card"


@pytest.fixture(scope="module")
def running() -> Iterator[Cloud]:
    with open_cloud() as cloud:
        cloud.create(QUEUE)
        yield cloud


@pytest.fixture
def cloud(running: Cloud) -> Cloud:
    """Nothing is dispatched: every task of these tests is for later."""
    queue = f"projects/{PROJECT}/locations/{REGION}/queues/mascotry-style-card"
    running.client.purge_queue(name=queue)
    return running


def test_what_a_task_asks_for(cloud: Cloud) -> None:
    due = cloud.clock.now() + LATER
    name = "f" * 64
    assert cloud.tasks.enqueue(Task(QUEUE, name, {"fox": "🦊"}, due))
    stored = cloud.stored(QUEUE, name)
    assert stored is not None
    request = stored.http_request
    assert request.url == "https://style-card-x.a.run.app"
    assert request.http_method == tasks_v2.HttpMethod.POST
    assert json.loads(request.body) == {"fox": "🦊"}
    assert request.headers["Content-Type"] == "application/json"
    assert request.oidc_token.service_account_email == ACCOUNT
    assert request.oidc_token.audience == "https://style-card-x.a.run.app"
    assert stored.schedule_time == due
    deadline: Any = stored.dispatch_deadline
    assert deadline == timedelta(seconds=BY_NAME[QUEUE].dispatch_deadline)


@pytest.mark.parametrize("name", ["a/b", "ż", "x" * 501, ""])
def test_a_name_that_cloud_tasks_does_not_take_is_hashed(cloud: Cloud, name: str) -> None:
    task = Task(QUEUE, name, {}, cloud.clock.now() + LATER)
    assert cloud.tasks.enqueue(task) is True
    assert cloud.tasks.enqueue(task) is False


def test_a_payload_has_a_limit(cloud: Cloud) -> None:
    room = adapter.MAX_PAYLOAD_BYTES - len('{"a":""}')
    due = cloud.clock.now() + LATER
    assert cloud.tasks.enqueue(Task(QUEUE, "large", {"a": "x" * room}, due))
    with pytest.raises(ValueError, match="payload must have at most 1,000,000 bytes"):
        cloud.tasks.enqueue(Task(QUEUE, "larger", {"a": "x" * (room + 1)}, due))


def test_a_time_has_a_limit(cloud: Cloud) -> None:
    furthest = cloud.clock.now() + timedelta(days=30)
    assert cloud.tasks.enqueue(Task(QUEUE, "far", {}, furthest))
    with pytest.raises(ValueError, match="not_before must be at most 30 days ahead"):
        cloud.tasks.enqueue(Task(QUEUE, "farther", {}, furthest + timedelta(seconds=1)))


def test_functions_must_have_addresses_of_their_own() -> None:
    with pytest.raises(ValueError, match=r"\{function\}"):
        CloudTasks("p", "r", functions_url="https://x.example", account="a", endpoint="x:1")


def test_queues_of_another_generation(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a function enqueues after its queues were deleted and made again."""
    queue = f"{PARENT}/queues/mascotry-style-card-2"
    cloud.client.create_queue(parent=PARENT, queue=tasks_v2.Queue(name=queue))
    chosen = read(
        {
            "MASCOTRY_PROJECT": PROJECT,
            "MASCOTRY_REGION": REGION,
            "MASCOTRY_FUNCTIONS_URL": FUNCTIONS,
            "MASCOTRY_TASKS_ACCOUNT": ACCOUNT,
            "MASCOTRY_TASKS_ENDPOINT": cloud.server.address,
            "MASCOTRY_QUEUE_GENERATION": "2",
        }
    )
    monkeypatch.setattr(composition, "settings", lambda: chosen)
    with closing(cast(CloudTasks, composition._cloud_tasks())) as tasks:
        assert tasks.enqueue(Task(QUEUE, "a", {}, cloud.clock.now() + LATER))
    [stored] = cloud.client.list_tasks(parent=queue)
    assert stored.name.endswith("/a")
    assert cloud.stored(QUEUE, "a") is None


# --- faults --------------------------------------------------------------------------------------


def test_a_queue_that_is_not_there_is_told_in_the_log(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(MascotryError, match="the log says why") as caught:
        cloud.tasks.enqueue(Task("typo", "a", {}))
    assert not caught.value.retryable
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "Queue does not exist" in vars(record)["reason"]
    assert vars(record)["queue"] == "typo"


def test_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    brief = Retry(predicate=if_exception_type(exceptions.ServiceUnavailable), timeout=0.2)
    monkeypatch.setattr(adapter, "_RETRY", brief)
    nobody = CloudTasks(
        "p", "r", functions_url="https://{function}.x", account="a", endpoint="127.0.0.1:9"
    )
    with pytest.raises(Busy, match="out of reach"):
        nobody.enqueue(Task(QUEUE, "a", {}))
    nobody.close()


@pytest.mark.parametrize(
    ("fault", "retryable"),
    [
        (exceptions.ResourceExhausted, True),
        (exceptions.DeadlineExceeded, True),
        (exceptions.InternalServerError, True),
        (RefreshError, True),
        (exceptions.PermissionDenied, False),
        (exceptions.InvalidArgument, False),
    ],
)
def test_what_may_pass_asks_to_come_again(
    cloud: Cloud,
    monkeypatch: pytest.MonkeyPatch,
    fault: Callable[[str], Exception],
    retryable: bool,
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise fault("said Google")

    monkeypatch.setattr(cloud.tasks._client, "create_task", fail)
    with pytest.raises(MascotryError) as caught:
        cloud.tasks.enqueue(Task(QUEUE, "a", {}))
    assert caught.value.retryable is retryable
