"""How often a key may ask: exact on one instance, and never more than the limit on several."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from shared.errors import Conflict
from shared.ports import Document, Documents, Write
from shared.services.keys import Principal
from shared.services.limits import SHARE, Allowance, Limiter
from tests.graph.fakes import START, FakeClock
from tests.services.world import World

WHO = Principal("workspace", (), "key")
MINUTE = START.replace(second=0)


class Counted:
    """Documents that count what is asked of them, and may take their time."""

    def __init__(self, documents: Documents, *, seconds: float = 0) -> None:
        self._documents = documents
        self._seconds = seconds
        self.reads = self.writes = self.conflicts = 0

    def get(self, path: str) -> Document | None:
        self.reads += 1
        found = self._documents.get(path)
        if self._seconds:
            time.sleep(self._seconds)
        return found

    def commit(self, writes: Sequence[Write]) -> str:
        self.writes += 1
        try:
            return self._documents.commit(writes)
        except Conflict:
            self.conflicts += 1
            raise


def instance(
    world: World,
    *,
    per_minute: int = 0,
    per_hour: int = 0,
    clock: FakeClock | None = None,
    documents: object = None,
    max_subjects: int = 100,
) -> Limiter:
    return Limiter(
        documents or world.ports.documents,  # type: ignore[arg-type]
        clock or world.clock,
        per_minute=per_minute,
        per_hour=per_hour,
        max_subjects=max_subjects,
    )


def ask(limiter: Limiter, who: Principal = WHO) -> Allowance:
    allowance = limiter.take(who)
    assert allowance
    return allowance


def granted(limiter: Limiter, times: int, who: Principal = WHO) -> int:
    return sum(ask(limiter, who).granted for _ in range(times))


@pytest.mark.parametrize("limit", [1, 2, 7, 60, 1000])
def test_one_instance_counts_exactly(world: World, limit: int) -> None:
    limiter = instance(world, per_minute=limit)
    told = [ask(limiter) for _ in range(limit + 3)]
    assert [one.granted for one in told] == [True] * limit + [False] * 3
    assert [one.remaining for one in told] == [*range(limit - 1, -1, -1), 0, 0, 0]
    assert {one.limit for one in told} == {limit}


def test_the_next_window_begins_anew(world: World) -> None:
    limiter = instance(world, per_minute=5)
    assert granted(limiter, 9) == 5
    refused = ask(limiter)
    end = MINUTE + timedelta(minutes=1)
    assert refused.reset == end.timestamp()
    assert refused.retry_after == 55
    world.clock.advance(timedelta(seconds=refused.retry_after - 1))
    assert not ask(limiter).granted
    world.clock.advance(timedelta(seconds=1))
    assert granted(limiter, 9) == 5


def test_the_hour_counts_on_while_minutes_pass(world: World) -> None:
    limiter = instance(world, per_minute=10, per_hour=25)
    found = []
    for _ in range(4):
        found.append(granted(limiter, 12))
        world.clock.advance(timedelta(minutes=1))
    assert found == [10, 10, 5, 0]
    refused = ask(limiter)
    assert (refused.limit, refused.remaining) == (25, 0)
    hour = START.replace(minute=0, second=0) + timedelta(hours=1)
    assert refused.reset == hour.timestamp()
    world.clock.advance(timedelta(hours=1))
    assert granted(limiter, 12) == 10, "what a refused minute did not use is not lost"


def test_the_window_that_ends_first_in_requests_is_told(world: World) -> None:
    limiter = instance(world, per_minute=60, per_hour=100)
    assert (ask(limiter).limit, ask(limiter).remaining) == (60, 58)
    granted(limiter, 58)
    world.clock.advance(timedelta(minutes=1))
    assert (ask(limiter).limit, ask(limiter).remaining) == (100, 38)


def test_no_limit_is_no_limit_and_costs_nothing(world: World) -> None:
    documents = Counted(world.ports.documents)
    limiter = instance(world, documents=documents)
    assert [limiter.take(WHO) for _ in range(100)] == [None] * 100
    assert documents.reads == documents.writes == 0


def test_keys_are_counted_apart(world: World) -> None:
    limiter = instance(world, per_minute=3)
    for subject in ("one", "other"):
        assert granted(limiter, 5, Principal("workspace", (), subject)) == 3
    assert granted(limiter, 5, Principal("elsewhere", (), "one")) == 3


@pytest.mark.parametrize(("instances", "limit"), [(2, 60), (3, 60), (5, 1000), (2, 7), (4, 2)])
def test_instances_share_a_limit(world: World, instances: int, limit: int) -> None:
    """Together they give out all of it when all of them are asked, however unevenly."""
    limiters = [instance(world, per_minute=limit) for _ in range(instances)]
    found = 0
    for turn in range(limit * 3):
        found += ask(limiters[turn * turn % instances]).granted
    found += sum(granted(limiter, limit) for limiter in limiters)
    assert found == limit


@pytest.mark.parametrize("limit", [10, 60, 1000])
def test_what_an_idle_instance_holds_is_little(world: World, limit: int) -> None:
    busy, idle = (instance(world, per_minute=limit) for _ in range(2))
    # The worst case: it stops just when it has taken the most.
    used = granted(idle, limit // 4 or 1)
    found = used + granted(busy, 2 * limit)
    assert limit - max(1, limit // SHARE) < found <= limit


def test_an_hour_is_not_hoarded_minute_by_minute(world: World) -> None:
    idle = instance(world, per_minute=60, per_hour=1000)
    used = 0
    for _ in range(10):
        used += granted(idle, 50)
        world.clock.advance(timedelta(minutes=1))
    busy = instance(world, per_hour=1000)
    assert 1000 - 1000 // SHARE <= used + granted(busy, 1000) <= 1000


def test_who_asks_once_holds_nothing(world: World) -> None:
    for _ in range(20):
        assert ask(instance(world, per_minute=60)).granted
    assert granted(instance(world, per_minute=60), 99) == 40


@pytest.mark.parametrize("per_minute", [60, 100_000])
def test_most_requests_touch_no_document(world: World, per_minute: int) -> None:
    documents = Counted(world.ports.documents)
    limiter = instance(world, documents=documents, per_minute=per_minute, per_hour=10**7)
    asked = min(per_minute, 5_000)
    granted(limiter, asked)
    assert documents.writes == documents.reads <= asked * 0.6
    assert per_minute == 60 or documents.writes < 40
    before = documents.reads, documents.writes
    if per_minute == 60:
        assert granted(limiter, 100) == 0
        assert (documents.reads, documents.writes) == before, "a refusal is free"


def test_threads_of_several_instances_take_no_more_than_the_limit(world: World) -> None:
    limit = 300
    documents = Counted(world.ports.documents, seconds=0.001)
    limiters = [instance(world, documents=documents, per_minute=limit) for _ in range(4)]
    start = threading.Barrier(16)

    def run(number: int) -> int:
        start.wait(10)
        return granted(limiters[number % 4], 60)

    with ThreadPoolExecutor(16) as pool:
        found = sum(pool.map(run, range(16)))
    # An instance that was done early may hold a few yet.
    assert found + sum(granted(limiter, limit) for limiter in limiters) == limit
    assert documents.conflicts, "they did meet"


def test_clocks_that_differ_a_little_do_not_double_a_limit(world: World) -> None:
    ahead, behind = FakeClock(MINUTE + timedelta(seconds=60)), FakeClock(MINUTE)
    behind.advance(timedelta(seconds=59))
    limiters = [instance(world, per_minute=20, clock=clock) for clock in (ahead, behind)]
    assert sum(granted(limiter, 30) for limiter in limiters * 2) == 20


def test_a_clock_that_is_behind_costs_nothing(world: World) -> None:
    ahead, behind = FakeClock(MINUTE + timedelta(seconds=60)), FakeClock(MINUTE)
    granted(instance(world, per_minute=1000, clock=ahead), 1)
    documents = Counted(world.ports.documents)
    assert granted(instance(world, per_minute=1000, clock=behind, documents=documents), 500) == 500
    assert documents.writes < 25


def test_a_clock_that_was_wrong_is_not_believed_for_long(world: World) -> None:
    wrong = FakeClock(START + timedelta(days=400))
    assert granted(instance(world, per_minute=5, clock=wrong), 9) == 5
    assert granted(instance(world, per_minute=5), 9) == 5


def test_memory_is_bounded(world: World) -> None:
    limiter = instance(world, per_minute=60, max_subjects=10)
    for number in range(50):
        ask(limiter, Principal("workspace", (), str(number)))
    assert len(limiter._accounts) == 10
    assert ask(limiter, Principal("workspace", (), "0")).remaining == 58, "the store remembers"
