"""The embedded ports on one folder, with a clock that stands still until it is told."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shared.adapters.embedded.blobs import EmbeddedBlobs
from shared.adapters.embedded.database import Database
from shared.adapters.embedded.dispatcher import Dispatcher, QueueConfig
from shared.adapters.embedded.documents import EmbeddedDocuments
from shared.adapters.embedded.queue import EmbeddedTasks

TOKEN = "the-dispatcher-token"


class FakeClock:
    def __init__(self) -> None:
        self._now = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


@dataclass(frozen=True)
class TaskRow:
    state: str
    attempts: int
    due: datetime


@dataclass(frozen=True)
class Stack:
    folder: Path
    clock: FakeClock
    database: Database
    documents: EmbeddedDocuments
    blobs: EmbeddedBlobs
    tasks: EmbeddedTasks

    def task(self, queue: str, name: str) -> TaskRow | None:
        with self.database.read() as connection:
            row = connection.execute(
                "SELECT state, attempts, due FROM tasks WHERE queue = ? AND name = ?",
                (queue, name),
            ).fetchone()
        return row and TaskRow(row[0], row[1], datetime.fromtimestamp(row[2] / 1e6, UTC))

    def files(self) -> set[str]:
        return {path.name for path in (self.folder / "objects").glob("*/*")}

    def statements(self, action: Callable[[], object]) -> list[str]:
        """The SQL that `action` reads with, its parameters filled in."""
        seen: list[str] = []
        with self.database.read() as connection:
            connection.set_trace_callback(seen.append)
        action()  # borrows the same connection: it is the only idle one
        with self.database.read() as connection:
            connection.set_trace_callback(None)
        return [statement for statement in seen if statement.startswith("SELECT")]

    def steps(self, action: Callable[[], object]) -> int:
        """How many instructions SQLite's machine runs for what `action` reads."""
        count = 0

        def step() -> int:
            nonlocal count
            count += 1
            return 0

        with self.database.read() as connection:
            connection.set_progress_handler(step, 1)
        action()
        with self.database.read() as connection:
            connection.set_progress_handler(None, 1)
        return count


@contextmanager
def open_stack(folder: Path) -> Iterator[Stack]:
    clock = FakeClock()
    database = Database(folder)
    try:
        tasks = EmbeddedTasks(database, clock)
        blobs = EmbeddedBlobs(
            database,
            base_url="http://mascotry.test",
            announce=tasks.announce,
            clock=clock,
            secret=b"a secret for tests",
        )
        yield Stack(folder, clock, database, EmbeddedDocuments(database), blobs, tasks)
    finally:
        database.close()


@contextmanager
def dispatching(
    stack: Stack, queues: Sequence[QueueConfig], url: str, **groups: int
) -> Iterator[Dispatcher]:
    dispatcher = Dispatcher(
        stack.tasks, queues, base_url=url, token=TOKEN, clock=stack.clock, groups=groups
    )
    dispatcher.start()
    try:
        yield dispatcher
    finally:
        dispatcher.stop()


def wait_until(condition: Callable[[], bool]) -> None:
    """Fails when the condition has not come true within ten seconds."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.002)


class Gauge:
    """How many deliveries run at once; each stays until `together` of them do."""

    def __init__(self, together: int) -> None:
        self.most = 0
        self._running = 0
        self._lock = threading.Lock()
        self._meet = threading.Barrier(together)

    def __call__(self) -> None:
        with self._lock:
            self._running += 1
            self.most = max(self.most, self._running)
        self._meet.wait(10)
        with self._lock:
            self._running -= 1
