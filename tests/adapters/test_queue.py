from datetime import timedelta

from shared.adapters.embedded.events import event_headers
from shared.ports import Task
from tests.adapters.stack import Stack


def enqueue(stack: Stack, name: str) -> bool:
    return stack.tasks.enqueue(Task("q", name, {"n": 1}))


def test_names_are_remembered_for_a_day_after_they_were_settled(stack: Stack) -> None:
    enqueue(stack, "a")
    enqueue(stack, "waiting")
    stack.clock.advance(30 * 3600)
    [claim] = stack.tasks.claim([("q", "a")])
    stack.tasks.settle(claim)
    stack.clock.advance(24 * 3600 - 1)
    assert stack.tasks.prune() == 0
    assert enqueue(stack, "a") is False
    stack.clock.advance(2)
    assert stack.tasks.prune() == 1
    assert enqueue(stack, "waiting") is False
    assert enqueue(stack, "a") is True


def test_a_claim_counts_attempts_and_keeps_the_first_time(stack: Stack) -> None:
    enqueue(stack, "a")
    first_tried = stack.clock.now()
    [claim] = stack.tasks.claim([("q", "a")])
    assert (claim.attempts, claim.responses, claim.payload) == (0, 0, {"n": 1})
    stack.clock.advance(60)
    stack.tasks.retry(claim, due=stack.clock.now(), answered=True)
    [claim] = stack.tasks.claim([("q", "a")])
    assert (claim.attempts, claim.responses, claim.tried) == (1, 1, first_tried)
    stack.tasks.retry(claim, due=stack.clock.now(), answered=False)
    [claim] = stack.tasks.claim([("q", "a")])
    assert (claim.attempts, claim.responses, claim.tried) == (2, 1, first_tried)


def test_what_comes_first_is_due_first(stack: Stack) -> None:
    now = stack.clock.now()
    for name, seconds in (("c", 3), ("a", 1), ("b", 2)):
        stack.tasks.enqueue(Task("q", name, {}, now + timedelta(seconds=seconds)))
    stack.tasks.enqueue(Task("other", "d", {}))
    upcoming = stack.tasks.upcoming("q", 2)
    assert upcoming == [("a", now + timedelta(seconds=1)), ("b", now + timedelta(seconds=2))]


def test_looking_for_work_costs_the_same_among_many(stack: Stack) -> None:
    def look() -> None:
        assert len(stack.tasks.upcoming("q", 4)) == 4

    for n in range(20):
        enqueue(stack, f"few-{n}")
    few = stack.steps(look)
    with stack.database.write() as transaction:
        transaction.execute(
            "WITH RECURSIVE numbers(n) AS "
            "(SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 20000) "
            "INSERT INTO tasks (queue, name, state, payload, due) "
            "SELECT 'q', 'many-' || n, iif(n % 2, 'waiting', 'done'), '{}', n FROM numbers"
        )
    assert stack.steps(look) == few


def test_the_subject_of_an_event_is_plain_ascii() -> None:
    resource = {"bucket": "assets", "name": 'a+(b) "fox"/100%/żółw.png', "updated": "now"}
    subject = event_headers("id", resource)["ce-subject"]
    assert subject == "objects/a+(b)%20%22fox%22/100%25/%C5%BC%C3%B3%C5%82w.png"
