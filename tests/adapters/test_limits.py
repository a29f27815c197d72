from datetime import UTC, datetime, timedelta

import pytest

from shared.adapters.embedded.limits import Limits, QueueConfig

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_backoff_doubles_between_its_bounds() -> None:
    queue = QueueConfig(name="q", path="/", min_backoff=0.5, max_backoff=3.0)
    assert [queue.backoff(attempts) for attempts in (1, 2, 3, 4, 5000)] == [0.5, 1, 2, 3, 3]


def test_attempts_are_not_limited_unless_told() -> None:
    assert not QueueConfig(name="q", path="/").exhausted(10**6)
    limited = QueueConfig(name="q", path="/", max_attempts=3)
    assert [limited.exhausted(attempts) for attempts in (2, 3, 4)] == [False, True, True]


def test_concurrency() -> None:
    queue = QueueConfig(name="q", path="/", concurrency=2)
    limits = Limits([queue], {})
    assert [limits.take(queue, NOW) for _ in range(3)] == [True, True, False]
    assert (limits.running, limits.room(queue)) == (2, 0)
    limits.release(queue)
    assert (limits.running, limits.room(queue)) == (1, 1)
    assert limits.take(queue, NOW)


def test_a_group_is_shared() -> None:
    first = QueueConfig(name="a", path="/", concurrency=8, group="media")
    second = QueueConfig(name="b", path="/", concurrency=1, group="media")
    other = QueueConfig(name="c", path="/")
    limits = Limits([first, second, other], {"media": 3})
    assert limits.take(second, NOW)
    assert not limits.take(second, NOW)  # its own limit still holds
    assert limits.take(first, NOW)
    assert limits.take(first, NOW)
    assert not limits.take(first, NOW)
    assert limits.take(other, NOW)
    limits.release(second)
    assert limits.take(first, NOW)


def test_a_group_needs_a_limit() -> None:
    with pytest.raises(ValueError, match="media"):
        Limits([QueueConfig(name="a", path="/", group="media")], {})


def test_a_rate_spaces_the_starts() -> None:
    queue = QueueConfig(name="q", path="/", rate_per_second=4)
    limits = Limits([queue], {})
    assert limits.take(queue, NOW)
    assert limits.opens(queue, NOW) == after(0.25)
    assert not limits.take(queue, after(0.2))
    assert limits.take(queue, after(0.25))
    assert limits.take(queue, after(9))
    assert not limits.take(queue, after(9))  # an idle time is not made up for


def test_a_clock_that_was_set_back_does_not_block_a_queue() -> None:
    queue = QueueConfig(name="q", path="/", rate_per_second=1)
    limits = Limits([queue], {})
    limits.take(queue, after(3600))
    assert limits.opens(queue, NOW) == after(1)
