"""The test server keeps to what Google's reference says of Cloud Tasks."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from google.api_core.exceptions import (
    AlreadyExists,
    InvalidArgument,
    NotFound,
)
from google.auth import jwt as untyped
from google.cloud import tasks_v2

from infra.emulators.dispatch import exhausted, interval
from infra.emulators.identity import Issuer
from infra.emulators.tasks import queue
from shared.adapters.system import SystemClock
from shared.model.queues import BY_NAME
from shared.ports import Task
from tests.adapters.cloud import ACCOUNT, PARENT, Cloud, open_cloud
from tests.adapters.stack import Gauge, wait_until
from tests.contract.receiver import Answer, Receiver

jwt: Any = untyped
GET = tasks_v2.HttpMethod.GET
QUEUE = f"{PARENT}/queues/mascotry-q"
AT_ONCE = tasks_v2.RetryConfig(min_backoff=timedelta(microseconds=1))


@pytest.fixture
def cloud(receiver: Receiver) -> Iterator[Cloud]:
    with open_cloud(receiver.url + "/{function}") as cloud:
        yield cloud


def enqueue(cloud: Cloud, count: int, name: str = "q") -> None:
    for n in range(count):
        assert cloud.tasks.enqueue(Task(name, str(n), {"n": n}))


def answered(cloud: Cloud, times: int, name: str = "0") -> tasks_v2.Task:
    """The waiting task, once it was answered so often."""
    found: list[tasks_v2.Task] = []

    def reached() -> bool:
        task = cloud.stored("q", name)
        assert task is not None
        found.append(task)
        return task.response_count == times

    wait_until(reached)
    return found[-1]


def gone(cloud: Cloud, name: str = "0") -> None:
    wait_until(lambda: cloud.stored("q", name) is None)


# --- rules, as Google's reference has them -------------------------------------------------------


def test_intervals_double_and_then_grow_evenly() -> None:
    retries = tasks_v2.RetryConfig(
        min_backoff=timedelta(seconds=10), max_backoff=timedelta(seconds=300), max_doublings=3
    )
    waits = [interval(retries, attempts).total_seconds() for attempts in range(1, 9)]
    assert waits == [10, 20, 40, 80, 160, 240, 300, 300]


@pytest.mark.parametrize(
    ("attempts", "minutes", "over"),
    [(-1, 0, False), (3, 0, True), (4, 0, False), (-1, 60, True), (-1, 61, False), (3, 61, False)],
)
def test_a_task_is_given_up_when_every_limit_is_reached(
    attempts: int, minutes: int, over: bool
) -> None:
    retries = tasks_v2.RetryConfig(
        max_attempts=attempts, max_retry_duration=timedelta(minutes=minutes)
    )
    assert exhausted(retries, 3, timedelta(hours=1)) is over


def test_our_queues_are_made_of_our_facts(cloud: Cloud) -> None:
    made = cloud.server.create(queue(PARENT, BY_NAME["webhook"]))
    again = cloud.client.get_queue(name=f"{PARENT}/queues/mascotry-webhook")
    assert again == made
    assert again.rate_limits.max_concurrent_dispatches == BY_NAME["webhook"].max_concurrent
    assert again.rate_limits.max_burst_size >= BY_NAME["webhook"].max_per_second
    with pytest.raises(AlreadyExists):
        cloud.create("webhook")


@pytest.mark.parametrize(
    "changes",
    [
        {"name": f"{QUEUE}/tasks/a b"},
        {"name": f"{PARENT}/queues/other/tasks/a"},
        {"dispatch_deadline": timedelta(seconds=14)},
        {"dispatch_deadline": timedelta(minutes=31)},
        {"schedule_time": timedelta(days=31)},
        {"http_request": {"url": "ftp://x"}},
        {"http_request": {"url": "http://x", "http_method": GET, "body": b"x"}},
        {"http_request": {"url": "http://x", "body": b"x" * 1_100_000}},
        {"http_request": {"url": "http://x", "oidc_token": {"audience": "a"}}},
    ],
)
def test_what_the_real_one_refuses_is_refused(cloud: Cloud, changes: dict[str, Any]) -> None:
    cloud.create("q")
    if "schedule_time" in changes:
        changes = {"schedule_time": cloud.clock.now() + changes["schedule_time"]}
    plain = tasks_v2.Task(http_request={"url": "http://127.0.0.1:9"})
    cloud.client.create_task(parent=QUEUE, task=plain)
    with pytest.raises(InvalidArgument):
        cloud.client.create_task(parent=QUEUE, task=tasks_v2.Task(plain, **changes))


def test_a_queue_that_nobody_made(cloud: Cloud) -> None:
    plain = tasks_v2.Task(http_request={"url": "http://127.0.0.1:9"})
    with pytest.raises(NotFound):
        cloud.client.create_task(parent=QUEUE, task=plain)
    with pytest.raises(NotFound):
        cloud.client.get_queue(name=QUEUE)


# --- names ---------------------------------------------------------------------------------------


def test_a_name_stays_used_for_a_day_after_the_task(cloud: Cloud, receiver: Receiver) -> None:
    cloud.create("q")
    enqueue(cloud, 1)
    gone(cloud)
    cloud.later(24 * 3600 - 1)
    assert cloud.tasks.enqueue(Task("q", "0", {})) is False
    cloud.later(1)
    assert cloud.tasks.enqueue(Task("q", "0", {})) is True
    receiver.wait_for("/q", 2)


def test_what_is_deleted_does_not_come(cloud: Cloud, receiver: Receiver) -> None:
    cloud.create("q")
    due = cloud.clock.now() + timedelta(seconds=1)
    for name in "abc":
        cloud.tasks.enqueue(Task("q", name, {}, due))
    cloud.client.delete_task(name=f"{QUEUE}/tasks/a")
    assert cloud.tasks.enqueue(Task("q", "a", {})) is False
    listed = cloud.client.list_tasks(parent=QUEUE)
    assert [task.name for task in listed] == [f"{QUEUE}/tasks/b", f"{QUEUE}/tasks/c"]
    assert [task.http_request.body for task in listed] == [b"", b""]  # the basic view has none
    cloud.client.purge_queue(name=QUEUE)
    cloud.later(1)
    cloud.tasks.enqueue(Task("q", "d", {}))
    [delivery] = receiver.wait_for("/q", 1)
    assert delivery.headers["X-CloudTasks-TaskName"] == "d"


# --- dispatching ---------------------------------------------------------------------------------


def test_a_request_carries_a_token_for_its_function(cloud: Cloud, receiver: Receiver) -> None:
    cloud.create("q")
    enqueue(cloud, 1)
    [delivery] = receiver.wait_for("/q", 1)
    certificates = httpx.get(cloud.server.issuer.url)
    assert certificates.headers["Cache-Control"] == "public, max-age=3600"
    token = delivery.headers["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, certificates.json(), verify=False)
    assert claims["iss"] == "https://accounts.google.com"
    assert claims["aud"] == f"{receiver.url}/q"
    assert (claims["email"], claims["email_verified"]) == (ACCOUNT, True)
    assert claims["exp"] - claims["iat"] == 3600


def test_an_issuer_signs_in_earnest() -> None:
    issuer, stranger = Issuer(SystemClock()), Issuer(SystemClock())
    token = issuer.token("https://a.example", ACCOUNT)
    assert jwt.decode(token, issuer.certificates, audience="https://a.example")
    [certificate] = stranger.certificates.values()
    with pytest.raises(ValueError, match="signature"):
        jwt.decode(token, certificate)


def test_a_queue_keeps_to_its_rate(cloud: Cloud, receiver: Receiver) -> None:
    cloud.create("q", limits=tasks_v2.RateLimits(max_dispatches_per_second=2))
    cloud.create("other")
    enqueue(cloud, 4)
    for step, expected in enumerate((2, 3, 4)):  # the bucket holds two
        receiver.wait_for("/q", expected)
        # The clock stands still, and a whole other delivery goes by.
        cloud.tasks.enqueue(Task("other", f"other-{step}", {}))
        receiver.wait_for("/other", step + 1)
        assert len(receiver.deliveries("/q")) == expected
        cloud.later(0.5)


def test_a_queue_keeps_to_its_concurrency(cloud: Cloud, receiver: Receiver) -> None:
    gauge = Gauge(together=2)
    receiver.default = Answer(during=gauge)
    cloud.create("q", limits=tasks_v2.RateLimits(max_concurrent_dispatches=2))
    enqueue(cloud, 12)
    receiver.wait_for("/q", 12)
    assert gauge.most == 2


def test_a_full_queue_does_not_hold_up_others(cloud: Cloud, receiver: Receiver) -> None:
    release = threading.Event()
    receiver.answer("/q", Answer(during=lambda: release.wait(10)))
    cloud.create("q", limits=tasks_v2.RateLimits(max_concurrent_dispatches=1))
    cloud.create("other")
    enqueue(cloud, 2)
    enqueue(cloud, 2, "other")
    receiver.wait_for("/other", 2)
    assert len(receiver.wait_for("/q", 1)) == 1
    release.set()
    receiver.wait_for("/q", 2)


# --- retries -------------------------------------------------------------------------------------


def test_a_retry_tells_of_what_was_before(cloud: Cloud, receiver: Receiver) -> None:
    receiver.answer("/q", Answer(404), Answer(500), Answer(200))
    cloud.create("q", retries=AT_ONCE)
    enqueue(cloud, 1)
    for attempt in (1, 2):
        answered(cloud, attempt)
        cloud.later(1)
    deliveries = receiver.wait_for("/q", 3)

    def told(header: str) -> list[str | None]:
        return [delivery.headers.get(f"X-CloudTasks-{header}") for delivery in deliveries]

    assert told("QueueName") == ["mascotry-q"] * 3
    assert told("TaskRetryCount") == ["0", "1", "2"]
    assert told("TaskExecutionCount") == ["0", "1", "1"]  # what was answered with 5xx is no run
    assert told("TaskPreviousResponse") == [None, "404", "500"]
    assert told("TaskRetryReason")[0] is None
    assert all(told("TaskRetryReason")[1:])
    assert float(told("TaskETA")[2] or 0) > float(told("TaskETA")[0] or 0)
    assert deliveries[0].headers["User-Agent"] == "Google-Cloud-Tasks"


@pytest.mark.parametrize(("retry_after", "seconds"), [("7", 7), ("1", 3), ("soon", 3)])
def test_a_function_may_ask_for_more_time(
    cloud: Cloud, receiver: Receiver, retry_after: str, seconds: int
) -> None:
    receiver.answer("/q", Answer(503, {"Retry-After": retry_after}))
    cloud.create("q", retries=tasks_v2.RetryConfig(min_backoff=timedelta(seconds=3)))
    enqueue(cloud, 1)
    waiting = answered(cloud, 1)
    assert waiting.schedule_time == cloud.clock.now() + timedelta(seconds=seconds)


def test_a_task_is_given_up_after_its_last_attempt(cloud: Cloud, receiver: Receiver) -> None:
    receiver.default = Answer(500)
    cloud.create("q", retries=tasks_v2.RetryConfig(max_attempts=2))
    enqueue(cloud, 1)
    answered(cloud, 1)
    cloud.later(1)
    gone(cloud)
    assert len(receiver.deliveries("/q")) == 2
    assert cloud.tasks.enqueue(Task("q", "0", {})) is False


def test_a_function_that_hangs_is_cut_off_and_asked_again(receiver: Receiver) -> None:
    release = threading.Event()
    receiver.answer("/q", Answer(during=lambda: release.wait(60)))
    with open_cloud(receiver.url + "/{function}", haste=6000) as cloud:  # 0.1 s of ten minutes
        cloud.create("q", retries=AT_ONCE)
        enqueue(cloud, 1)
        receiver.wait_for("/q", 1)

        def cut_off() -> bool:
            task = cloud.stored("q", "0")
            return task is not None and task.schedule_time > task.create_time

        wait_until(cut_off)
        release.set()
        task = cloud.stored("q", "0")
        assert task is not None
        assert (task.dispatch_count, task.response_count) == (1, 0)


def test_a_function_that_is_not_there_is_asked_again(cloud: Cloud, receiver: Receiver) -> None:
    cloud.create("q", retries=AT_ONCE)
    elsewhere = tasks_v2.Task(name=f"{QUEUE}/tasks/0", http_request={"url": "http://127.0.0.1:9"})
    cloud.client.create_task(parent=QUEUE, task=elsewhere)

    def tried() -> bool:
        task = cloud.stored("q", "0")
        return task is not None and task.schedule_time > task.create_time

    wait_until(tried)
    task = cloud.stored("q", "0")
    assert task is not None
    assert (task.dispatch_count, task.response_count) == (1, 0)
