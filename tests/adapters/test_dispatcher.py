import logging
import threading
from collections.abc import Sequence
from datetime import timedelta

import pytest

from shared.adapters.embedded.dispatcher import Dispatcher, FolderInUseError, QueueConfig
from shared.adapters.embedded.queue import Claim
from shared.errors import StorageFull
from shared.ports import Task
from tests.adapters.stack import TOKEN, Gauge, Stack, dispatching, wait_until
from tests.contract.receiver import Answer, Receiver


def queue(name: str = "q", **options: object) -> QueueConfig:
    return QueueConfig(name=name, path=f"/{name}", **options)  # type: ignore[arg-type]


def enqueue(stack: Stack, count: int, name: str = "q") -> None:
    for n in range(count):
        stack.tasks.enqueue(Task(name, str(n), {"n": n}))


def wait_for_state(stack: Stack, state: str, name: str = "0", of: str = "q") -> None:
    def reached() -> bool:
        row = stack.task(of, name)
        return row is not None and row.state == state

    wait_until(reached)


# --- limits --------------------------------------------------------------------------------------


def test_a_queue_keeps_to_its_concurrency(stack: Stack, receiver: Receiver) -> None:
    gauge = Gauge(together=2)
    receiver.default = Answer(during=gauge)
    enqueue(stack, 12)
    with dispatching(stack, [queue(concurrency=2)], receiver.url):
        receiver.wait_for("/q", 12)
    assert gauge.most == 2


def test_a_group_keeps_to_its_concurrency(stack: Stack, receiver: Receiver) -> None:
    gauge = Gauge(together=3)
    receiver.default = Answer(during=gauge)
    queues = [queue("a", concurrency=8, group="media"), queue("b", concurrency=8, group="media")]
    for name in ("a", "b"):
        enqueue(stack, 9, name)
    with dispatching(stack, queues, receiver.url, media=3):
        receiver.wait_for("/a", 9)
        receiver.wait_for("/b", 9)
    assert gauge.most == 3


def test_a_backlog_does_not_starve_the_rest_of_its_group(stack: Stack, receiver: Receiver) -> None:
    queues = [queue("a", group="media"), queue("b", group="media")]
    for n in range(6):
        stack.tasks.enqueue(Task("ab"[n % 2], str(n), {"n": n}))
        stack.clock.advance(0.001)
    with dispatching(stack, queues, receiver.url, media=1):
        arrived = receiver.wait_for("/a", 3) + receiver.wait_for("/b", 3)
    order = [d.payload["n"] for d in sorted(arrived, key=lambda d: d.at)]
    assert order == list(range(6))


def test_a_queue_keeps_to_its_rate(stack: Stack, receiver: Receiver) -> None:
    enqueue(stack, 3)
    with dispatching(
        stack, [queue(rate_per_second=10), queue("other")], receiver.url
    ) as dispatcher:
        for expected in (1, 2, 3):
            receiver.wait_for("/q", expected)
            # The clock stands still, and a whole other delivery goes by.
            stack.tasks.enqueue(Task("other", f"other-{expected}", {}))
            receiver.wait_for("/other", expected)
            assert len(receiver.deliveries("/q")) == expected
            stack.clock.advance(0.1)
            dispatcher.wake()


def test_a_full_queue_does_not_hold_up_others(stack: Stack, receiver: Receiver) -> None:
    release = threading.Event()
    receiver.answer("/q", Answer(during=lambda: release.wait(10)))
    enqueue(stack, 2)
    enqueue(stack, 2, "other")
    with dispatching(stack, [queue(concurrency=1), queue("other")], receiver.url):
        receiver.wait_for("/other", 2)
        assert len(receiver.wait_for("/q", 1)) == 1
        release.set()
        receiver.wait_for("/q", 2)


# --- retries -------------------------------------------------------------------------------------


def test_retries_back_off(stack: Stack, receiver: Receiver) -> None:
    receiver.default = Answer(500)
    enqueue(stack, 1)
    with dispatching(stack, [queue(min_backoff=1.0, max_backoff=3.0)], receiver.url) as dispatcher:
        for attempt, seconds in enumerate((1, 2, 3, 3), 1):
            receiver.wait_for("/q", attempt)
            wait_for_state(stack, "waiting")
            row = stack.task("q", "0")
            assert row is not None
            assert row.attempts == attempt
            assert row.due == stack.clock.now() + timedelta(seconds=seconds)
            stack.clock.advance(seconds)
            dispatcher.wake()


@pytest.mark.parametrize(
    ("value", "seconds"), [("7", 7), ("0", 1), ("soon", 1), ("Wed, 21 Oct 2015 07:28:00 GMT", 1)]
)
def test_a_function_may_say_when_to_come_back(
    stack: Stack, receiver: Receiver, value: str, seconds: int
) -> None:
    receiver.answer("/q", Answer(503, {"Retry-After": value}))
    enqueue(stack, 1)
    with dispatching(stack, [queue(min_backoff=1.0)], receiver.url):
        receiver.wait_for("/q", 1)
        wait_for_state(stack, "waiting")
    row = stack.task("q", "0")
    assert row is not None
    assert row.due == stack.clock.now() + timedelta(seconds=seconds)


def test_a_task_is_given_up_after_its_last_attempt(
    stack: Stack, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.default = Answer(500)
    enqueue(stack, 1)
    with dispatching(stack, [queue(max_attempts=2, min_backoff=0.0)], receiver.url):
        wait_for_state(stack, "dead")
    assert len(receiver.deliveries("/q")) == 2
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.message == "a task was given up"
    details = vars(record)
    assert (details["queue"], details["task"]) == ("q", "0")
    assert (details["attempts"], details["status"]) == (2, 500)
    assert stack.tasks.enqueue(Task("q", "0", {})) is False


def test_a_task_is_given_up_after_a_day_of_retries(stack: Stack, receiver: Receiver) -> None:
    receiver.default = Answer(500)
    not_before = stack.clock.now() + timedelta(hours=48)
    stack.tasks.enqueue(Task("q", "0", {}, not_before))
    with dispatching(stack, [queue(max_backoff=1.0)], receiver.url) as dispatcher:
        stack.clock.advance(48 * 3600)
        dispatcher.wake()
        receiver.wait_for("/q", 1)
        wait_for_state(stack, "waiting")  # what counts is the time since the first attempt
        stack.clock.advance(24 * 3600 + 1)
        dispatcher.wake()
        wait_for_state(stack, "dead")


def test_failures_are_logged_and_the_token_never_is(
    stack: Stack, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    receiver.answer("/q", Answer(500), Answer(503))
    enqueue(stack, 1)
    with dispatching(stack, [queue(min_backoff=0.0)], receiver.url):
        wait_for_state(stack, "done")
    ours = [record for record in caplog.records if record.name.startswith("shared.")]
    assert [record.levelname for record in ours] == ["WARNING", "INFO"]
    assert [vars(record)["status"] for record in ours] == [500, 503]
    assert receiver.deliveries("/q")[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert not any(TOKEN in str(vars(record)) for record in caplog.records)


def test_a_function_that_is_not_there_is_tried_again(stack: Stack, receiver: Receiver) -> None:
    urls = ["http://127.0.0.1:9", receiver.url]  # nobody listens on port 9
    enqueue(stack, 1)
    dispatcher = Dispatcher(
        stack.tasks,
        [queue(min_backoff=0.0)],
        base_url=lambda: urls.pop(0),
        token=TOKEN,
        clock=stack.clock,
    )
    dispatcher.start()
    try:
        [delivery] = receiver.wait_for("/q", 1)
    finally:
        dispatcher.stop()
    assert delivery.headers["X-CloudTasks-TaskRetryCount"] == "1"
    assert delivery.headers["X-CloudTasks-TaskExecutionCount"] == "0"


def test_a_redirect_is_a_failure(stack: Stack, receiver: Receiver) -> None:
    receiver.answer("/q", Answer(307, {"Location": "/elsewhere"}))
    enqueue(stack, 1)
    with dispatching(stack, [queue(min_backoff=0.0)], receiver.url):
        receiver.wait_for("/q", 2)
    assert receiver.deliveries("/elsewhere") == []


def test_a_function_that_hangs_is_given_up(stack: Stack, receiver: Receiver) -> None:
    release = threading.Event()
    receiver.answer("/q", Answer(during=lambda: release.wait(10)))
    enqueue(stack, 1)
    with dispatching(stack, [queue(dispatch_deadline=0.05, min_backoff=0.0)], receiver.url):
        receiver.wait_for("/q", 2)
        release.set()
        wait_for_state(stack, "done")


def test_a_queue_that_nobody_serves_is_logged(
    stack: Stack, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    with dispatching(stack, [queue()], receiver.url):
        stack.tasks.enqueue(Task("typo", "0", {}))
    [record] = caplog.records
    assert (record.levelname, vars(record)["queue"]) == ("ERROR", "typo")


def test_a_fault_of_the_store_does_not_end_the_dispatcher(
    stack: Stack, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = [ZeroDivisionError(), ZeroDivisionError()]
    claim = stack.tasks.claim

    def claim_later(tasks: Sequence[tuple[str, str]]) -> object:
        if faults:
            raise faults.pop()
        return claim(tasks)

    monkeypatch.setattr(stack.tasks, "claim", claim_later)
    monkeypatch.setattr("shared.adapters.embedded.dispatcher._AFTER_FAULT", 0.01)
    enqueue(stack, 3)
    with dispatching(stack, [queue(concurrency=1)], receiver.url):
        receiver.wait_for("/q", 3)
    assert not faults


def test_a_full_disk_does_not_lose_what_came_of_a_delivery(
    stack: Stack, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle, faults = stack.tasks.settle, [StorageFull(), StorageFull()]

    def settle_later(claim: Claim, *, dead: bool = False) -> None:
        if faults:
            raise faults.pop()
        settle(claim, dead=dead)

    monkeypatch.setattr(stack.tasks, "settle", settle_later)
    monkeypatch.setattr("shared.adapters.embedded.dispatcher._AFTER_FAULT", 0.01)
    enqueue(stack, 1)
    with dispatching(stack, [queue()], receiver.url):
        wait_for_state(stack, "done")
    assert not faults
    assert len(receiver.deliveries("/q")) == 1


# --- start and stop ------------------------------------------------------------------------------


def test_a_backlog_is_delivered_after_a_restart(stack: Stack, receiver: Receiver) -> None:
    enqueue(stack, 50)
    stack.tasks.claim([("q", "0"), ("q", "1")])  # an earlier process got no further
    with dispatching(stack, [queue()], receiver.url):
        deliveries = receiver.wait_for("/q", 50)
    assert {delivery.payload["n"] for delivery in deliveries} == set(range(50))
    retries = {d.payload["n"]: d.headers["X-CloudTasks-TaskRetryCount"] for d in deliveries}
    assert (retries[0], retries[1], retries[2]) == ("1", "1", "0")


def test_stop_waits_for_what_is_being_delivered(stack: Stack, receiver: Receiver) -> None:
    stopping = threading.Event()
    receiver.answer("/q", Answer(during=lambda: stopping.wait(10)))
    enqueue(stack, 2)
    with dispatching(stack, [queue(concurrency=1)], receiver.url) as dispatcher:
        receiver.wait_for("/q", 1)
        stopper = threading.Thread(target=dispatcher.stop)
        stopper.start()
        stopping.set()
        stopper.join()
        states = [row and row.state for row in (stack.task("q", "0"), stack.task("q", "1"))]
    assert states == ["done", "waiting"]


def test_stop_does_not_wait_for_ever(stack: Stack, receiver: Receiver) -> None:
    release = threading.Event()
    receiver.answer("/q", Answer(during=lambda: release.wait(10)))
    enqueue(stack, 1)
    with dispatching(stack, [queue()], receiver.url) as dispatcher:
        receiver.wait_for("/q", 1)
        dispatcher.stop(timeout=0.01)
        row = stack.task("q", "0")
        assert row is not None
        assert row.state == "claimed"
        with dispatching(stack, [queue()], receiver.url):
            receiver.wait_for("/q", 2)
        release.set()


def test_a_folder_has_one_dispatcher(stack: Stack, receiver: Receiver) -> None:
    other = Dispatcher(
        stack.tasks, [queue()], base_url=receiver.url, token=TOKEN, clock=stack.clock
    )
    with dispatching(stack, [queue()], receiver.url):
        with pytest.raises(FolderInUseError, match="in use by another Mascotry") as caught:
            other.start()
        assert "MASCOTRY_HOME" in str(caught.value)
        other.stop()
    with dispatching(stack, [queue()], receiver.url):
        enqueue(stack, 1)
        receiver.wait_for("/q", 1)
