"""How many deliveries may run at once, and how fast they may start."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueConfig:
    """How a queue is served; all times in seconds.

    `path` is the function's, below the dispatcher's base URL. Queues of one `group` share a total
    concurrency. Without `max_attempts` a task is retried for 24 hours.
    """

    name: str
    path: str
    concurrency: int = 8
    rate_per_second: float | None = None
    group: str | None = None
    max_attempts: int | None = None
    min_backoff: float = 0.1
    max_backoff: float = 60.0
    dispatch_deadline: float = 600.0

    def exhausted(self, attempts: int) -> bool:
        """Whether a task has had all the attempts that the queue allows."""
        return self.max_attempts is not None and attempts >= self.max_attempts

    def backoff(self, attempts: int) -> float:
        """Seconds to wait after the given number of failed attempts."""
        doublings = min(attempts - 1, 30)  # far beyond any bound, short of overflow
        return float(min(self.max_backoff, self.min_backoff * 2**doublings))


class Limits:
    """Counts what is running. Not thread-safe: its owner holds a lock."""

    def __init__(self, queues: Sequence[QueueConfig], groups: Mapping[str, int]) -> None:
        """`groups` gives the total concurrency of each group. ValueError when one is missing."""
        missing = {queue.group for queue in queues if queue.group} - groups.keys()
        if missing:
            raise ValueError(f"no concurrency for the groups {sorted(missing)}")
        self._groups = groups
        self._by_queue: Counter[str] = Counter()
        self._by_group: Counter[str] = Counter()
        self._opens: dict[str, datetime] = {}

    @property
    def running(self) -> int:
        return self._by_queue.total()

    def room(self, queue: QueueConfig) -> int:
        """How many deliveries of the queue could start now, were it not for its rate."""
        room = queue.concurrency - self._by_queue[queue.name]
        if queue.group:
            room = min(room, self._groups[queue.group] - self._by_group[queue.group])
        return room

    def opens(self, queue: QueueConfig, now: datetime) -> datetime:
        """When the queue's rate lets the next delivery start; in the past if it may at once."""
        opens = self._opens.get(queue.name, now)
        # Never further off than one interval, even if the clock was set back in the meantime.
        return min(opens, now + _interval(queue))

    def take(self, queue: QueueConfig, now: datetime) -> bool:
        """Start a delivery if there is room and the rate allows it."""
        if self.room(queue) < 1 or self.opens(queue, now) > now:
            return False
        self._by_queue[queue.name] += 1
        if queue.group:
            self._by_group[queue.group] += 1
        self._opens[queue.name] = now + _interval(queue)
        return True

    def release(self, queue: QueueConfig) -> None:
        """A delivery has ended."""
        self._by_queue[queue.name] -= 1
        if queue.group:
            self._by_group[queue.group] -= 1


def _interval(queue: QueueConfig) -> timedelta:
    return timedelta(seconds=1 / queue.rate_per_second if queue.rate_per_second else 0)
