"""A durable queue in SQLite: what is waiting, what was tried, and which names were used."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from shared.adapters.embedded.database import Database, Transaction
from shared.adapters.embedded.events import EVENTS_QUEUE, event_name, object_resource
from shared.ports import Blob, Clock, Json, Task

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_REMEMBERED = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Claim:
    """A task in the hands of the dispatcher, which tried it first at `tried`.

    `attempts` counts those before this one, `responses` the answers that those got.
    """

    queue: str
    name: str
    payload: Json
    due: datetime
    tried: datetime
    attempts: int
    responses: int


class EmbeddedTasks:
    """The Tasks port on SQLite; a `Dispatcher` delivers what is enqueued here.

    Without a dispatcher tasks simply wait.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self._clock = clock
        self._listeners: list[Callable[[str], None]] = []

    def enqueue(self, task: Task) -> bool:
        with self.database.write() as transaction:
            return self._add(transaction, task)

    def announce(self, transaction: Transaction, blob: Blob) -> None:
        """Enqueue a finalized object's event as part of the transaction that writes the object."""
        self._add(transaction, Task(EVENTS_QUEUE, event_name(blob), object_resource(blob)))

    def listen(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with the queue's name whenever a task has been accepted."""
        self._listeners.append(listener)

    def _add(self, transaction: Transaction, task: Task) -> bool:
        added = transaction.execute(
            "INSERT INTO tasks (queue, name, state, payload, due) "
            "VALUES (?, ?, 'waiting', ?, ?) ON CONFLICT DO NOTHING",
            (
                task.queue,
                task.name,
                json.dumps(task.payload, ensure_ascii=False, separators=(",", ":")),
                _micros(task.not_before or self._clock.now()),
            ),
        ).rowcount
        if added:
            for listener in self._listeners:
                transaction.after_commit(partial(listener, task.queue))
        return bool(added)

    # --- for the dispatcher, which is the only one to claim and settle ---------------------------

    def recover(self) -> None:
        """Make due again what an earlier process had claimed when it ended."""
        with self.database.write() as transaction:
            transaction.execute("UPDATE tasks SET state = 'waiting' WHERE state = 'claimed'")

    def upcoming(self, queue: str, limit: int) -> list[tuple[str, datetime]]:
        """The names of the waiting tasks that are due first, and when."""
        with self.database.read() as connection:
            rows = connection.execute(
                "SELECT name, due FROM tasks WHERE state = 'waiting' AND queue = ? "
                "ORDER BY due LIMIT ?",
                (queue, limit),
            ).fetchall()
        return [(name, _instant(due)) for name, due in rows]

    def claim(self, tasks: Sequence[tuple[str, str]]) -> list[Claim]:
        """Claim waiting tasks, given as (queue, name), and count the attempt."""
        now = _micros(self._clock.now())
        with self.database.write() as transaction:
            rows = [
                transaction.execute(
                    "UPDATE tasks SET state = 'claimed', attempts = attempts + 1, "
                    "tried = coalesce(tried, ?) WHERE queue = ? AND name = ? "
                    "RETURNING queue, name, payload, due, tried, attempts - 1, responses",
                    (now, *task),
                ).fetchall()[0]
                for task in tasks
            ]
        return [
            Claim(
                queue,
                name,
                json.loads(payload),
                _instant(due),
                _instant(tried),
                attempts,
                answers,
            )
            for queue, name, payload, due, tried, attempts, answers in rows
        ]

    def settle(self, claim: Claim, *, dead: bool = False) -> None:
        """A task is done, or given up; its name stays used. The payload of a dead one is kept."""
        with self.database.write() as transaction:
            transaction.execute(
                "UPDATE tasks SET state = ?, settled = ?, payload = iif(?, payload, '') "
                "WHERE queue = ? AND name = ?",
                (
                    "dead" if dead else "done",
                    _micros(self._clock.now()),
                    dead,
                    claim.queue,
                    claim.name,
                ),
            )

    def retry(self, claim: Claim, *, due: datetime, answered: bool) -> None:
        """A task waits for its next attempt; `answered` says whether this one got a response."""
        with self.database.write() as transaction:
            transaction.execute(
                "UPDATE tasks SET state = 'waiting', due = ?, responses = responses + ? "
                "WHERE queue = ? AND name = ?",
                (_micros(due), answered, claim.queue, claim.name),
            )

    def prune(self) -> int:
        """Forget names that were settled more than 24 hours ago; how many."""
        limit = _micros(self._clock.now() - _REMEMBERED)
        with self.database.write() as transaction:
            return transaction.execute("DELETE FROM tasks WHERE settled < ?", (limit,)).rowcount


def _micros(instant: datetime) -> int:
    return (instant - _EPOCH) // _MICROSECOND


def _instant(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)
