"""A durable queue in SQLite."""

from shared.adapters.embedded.database import Database
from shared.ports import Clock, Task


class EmbeddedTasks:
    """The Tasks port; `announce` is what EmbeddedBlobs wants as its `announce`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        raise NotImplementedError

    def enqueue(self, task: Task) -> bool:
        raise NotImplementedError
