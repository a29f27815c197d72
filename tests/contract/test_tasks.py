"""What every implementation of the Tasks port does, seen from the function that is called."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from shared.model.queues import queue_id
from shared.ports import Task, Tasks
from tests.contract.receiver import Answer, Receiver
from tests.contract.world import QUEUE, WORK_PATH


def enqueue(tasks: Tasks, name: str, **payload: object) -> bool:
    return tasks.enqueue(Task(QUEUE, name, payload))


def names(receiver: Receiver, count: int) -> list[str]:
    deliveries = receiver.wait_for(WORK_PATH, count)
    return [delivery.headers["X-CloudTasks-TaskName"] for delivery in deliveries]


def test_the_payload_arrives_intact(tasks: Tasks, receiver: Receiver) -> None:
    payload = {"job": "ż 🦊", "list": [1, None, True, 0.5], "nested": {"a": {}}}
    assert enqueue(tasks, "a", **payload) is True
    [delivery] = receiver.wait_for(WORK_PATH, 1)
    assert delivery.payload == payload


def test_headers_tell_the_function_what_it_got(tasks: Tasks, receiver: Receiver) -> None:
    enqueue(tasks, "a")
    [delivery] = receiver.wait_for(WORK_PATH, 1)
    assert delivery.headers["Content-Type"] == "application/json"
    assert delivery.headers["Authorization"].startswith("Bearer ")
    assert delivery.headers["X-CloudTasks-QueueName"] in (QUEUE, queue_id(QUEUE))
    assert delivery.headers["X-CloudTasks-TaskName"] == "a"
    assert delivery.headers["X-CloudTasks-TaskRetryCount"] == "0"
    assert delivery.headers["X-CloudTasks-TaskExecutionCount"] == "0"
    eta = float(delivery.headers["X-CloudTasks-TaskETA"])
    assert abs(eta - delivery.at.timestamp()) < 5


def test_a_name_is_used_once(tasks: Tasks, receiver: Receiver) -> None:
    release = threading.Event()
    receiver.answer(WORK_PATH, Answer(during=lambda: release.wait(10)))
    assert enqueue(tasks, "a", n=1) is True
    assert enqueue(tasks, "a", n=2) is False  # waiting, or being delivered
    receiver.wait_for(WORK_PATH, 1)
    assert enqueue(tasks, "a", n=3) is False  # being delivered
    release.set()
    enqueue(tasks, "b")
    receiver.wait_for(WORK_PATH, 2)
    assert enqueue(tasks, "a", n=4) is False  # done
    enqueue(tasks, "c")
    assert sorted(names(receiver, 3)) == ["a", "b", "c"]


@pytest.mark.parametrize("status", [500, 503, 404, 302])
def test_a_failed_delivery_comes_again(tasks: Tasks, receiver: Receiver, status: int) -> None:
    receiver.answer(WORK_PATH, Answer(status), Answer(status))
    enqueue(tasks, "a", n=1)
    deliveries = receiver.wait_for(WORK_PATH, 3)
    retries = [delivery.headers["X-CloudTasks-TaskRetryCount"] for delivery in deliveries]
    assert retries == ["0", "1", "2"]
    assert [delivery.payload for delivery in deliveries] == [{"n": 1}] * 3
    enqueue(tasks, "b")
    assert names(receiver, 4) == ["a", "a", "a", "b"]  # 200 was the end of it


def test_a_failing_task_does_not_hold_up_others(tasks: Tasks, receiver: Receiver) -> None:
    receiver.answer(WORK_PATH, Answer(500), Answer(200))
    enqueue(tasks, "a")
    receiver.wait_for(WORK_PATH, 1)
    enqueue(tasks, "b")
    assert sorted(names(receiver, 3)) == ["a", "a", "b"]


def test_a_task_waits_for_its_time(tasks: Tasks, receiver: Receiver) -> None:
    not_before = datetime.now(UTC) + timedelta(seconds=0.4)
    tasks.enqueue(Task(QUEUE, "later", {}, not_before))
    enqueue(tasks, "now")
    assert names(receiver, 2) == ["now", "later"]
    assert receiver.deliveries(WORK_PATH)[1].at >= not_before


def test_a_time_in_the_past_is_now(tasks: Tasks, receiver: Receiver) -> None:
    tasks.enqueue(Task(QUEUE, "a", {}, datetime(2001, 1, 1, tzinfo=UTC)))
    receiver.wait_for(WORK_PATH, 1)


def test_a_scheduled_name_is_used_too(tasks: Tasks) -> None:
    tasks.enqueue(Task(QUEUE, "a", {}, datetime.now(UTC) + timedelta(hours=1)))
    assert enqueue(tasks, "a") is False


def test_a_function_may_enqueue_the_next_task(tasks: Tasks, receiver: Receiver) -> None:
    receiver.answer(WORK_PATH, Answer(during=lambda: enqueue(tasks, "b")))
    enqueue(tasks, "a")
    assert names(receiver, 2) == ["a", "b"]


def test_deliveries_run_side_by_side(tasks: Tasks, receiver: Receiver) -> None:
    together = threading.Barrier(4)
    receiver.default = Answer(during=lambda: together.wait(10))
    for n in range(4):
        enqueue(tasks, str(n))
    assert sorted(names(receiver, 4)) == ["0", "1", "2", "3"]


def test_of_many_tasks_each_arrives(tasks: Tasks, receiver: Receiver) -> None:
    for n in range(200):
        enqueue(tasks, str(n))
    assert set(names(receiver, 200)) == {str(n) for n in range(200)}
