"""A queue as Cloud Tasks keeps it: in order, so many at once, so many begun in a second."""

from collections import deque
from dataclasses import dataclass, field

from shared.model.queues import Queue

BURST: float = 5.0
"""A queue that was idle may begin a fifth of a second's dispatches at once."""


@dataclass(slots=True)
class Task:
    """One delivery of a step of a job; `refused` counts how often it was answered with 503."""

    job: int
    step: int
    attempt: int
    delivery: int
    refused: int = 0


@dataclass(slots=True)
class Line:
    """A queue with its tasks, and what was seen of it. Times are in seconds.

    `ages` holds for every step that was begun when it became due, and how long it then waited.
    """

    queue: Queue
    waiting: deque[Task] = field(default_factory=deque)
    under_way: int = 0
    alarm: bool = False
    """Whether somebody is to look again when there is a token."""
    ages: list[tuple[float, float]] = field(default_factory=list)
    instances: int = 0
    dispatched: int = 0
    in_vain: int = 0
    """Deliveries that were dropped, refused or only repeated what was done."""
    busy: float = 0.0
    """Seconds of all deliveries together."""
    _tokens: float = 1.0
    _filled_at: float = 0.0

    def until_token(self, now: float) -> float:
        """Seconds until one more may begin."""
        rate = self.queue.max_per_second
        filled = self._tokens + (now - self._filled_at) * rate
        self._tokens = min(filled, max(1.0, rate / BURST))
        self._filled_at = now
        return 0.0 if self._tokens > 1 - 1e-9 else (1 - self._tokens) / rate

    def has_room(self) -> bool:
        return self.under_way < self.queue.max_concurrent

    def begin(self) -> Task:
        """Take the next task. There must be one, with a token and room."""
        self._tokens -= 1
        self.under_way += 1
        self.dispatched += 1
        return self.waiting.popleft()

    def warm(self) -> bool:
        """Whether there is an instance for the delivery that has just begun; if not, one starts.
        The media functions take one request at a time, so an instance is a delivery."""
        if self.under_way <= self.instances:
            return True
        self.instances = self.under_way
        return False


class Meter:
    """A provider's limit of requests a minute, as a window that moves along."""

    __slots__ = ("_limit", "_times")

    def __init__(self, per_minute: float | None) -> None:
        self._limit = per_minute
        self._times: deque[float] = deque()

    def takes(self, now: float) -> bool:
        """Whether a request is answered, and not with 429; such a one does not count."""
        if self._limit is None:
            return True
        while self._times and self._times[0] <= now - 60:
            self._times.popleft()
        if len(self._times) >= self._limit:
            return False
        self._times.append(now)
        return True
