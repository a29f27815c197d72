"""A queue as Cloud Tasks keeps it: in order, so many at once, so many begun in a second."""

import heapq
from collections import deque
from dataclasses import dataclass, field

from shared.model.queues import Queue

BURST: float = 5.0
"""A queue that was idle may begin a fifth of a second's dispatches at once."""


@dataclass(frozen=True, slots=True)
class Part:
    """A whole number in the place of a fraction of a limit, and by what to stretch times for it, so
    that as much is done: 3.4 at once for 10 s each are 3 at once for 8.8 s."""

    whole: int
    stretch: float

    @classmethod
    def of(cls, limit: float, slices: float) -> "Part":
        share = limit / slices
        whole = max(1, round(share))
        return cls(whole, whole / share)


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
    """One of so many equal `slices` of a queue, with its tasks and what was seen of it. Times are
    in seconds.

    `ages` holds for every step that was begun when it became due, and how long it then waited.
    """

    queue: Queue
    slices: float = 1.0
    room: Part = field(init=False)
    rate: float = field(init=False)
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

    def __post_init__(self) -> None:
        self.room = Part.of(self.queue.max_concurrent, self.slices)
        self.rate = self.queue.max_per_second / self.slices

    def until_token(self, now: float) -> float:
        """Seconds until one more may begin."""
        filled = self._tokens + (now - self._filled_at) * self.rate
        self._tokens = min(filled, max(1.0, self.rate / BURST))
        self._filled_at = now
        return 0.0 if self._tokens > 1 - 1e-9 else (1 - self._tokens) / self.rate

    def has_room(self) -> bool:
        return self.under_way < self.room.whole

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
    """One of so many equal slices of a provider's limit of requests a minute, as a window that
    moves along."""

    __slots__ = ("_limit", "_times", "_window")

    def __init__(self, per_minute: float | None, slices: float = 1.0) -> None:
        part = None if per_minute is None else Part.of(per_minute, slices)
        self._limit = part.whole if part else None
        self._window = 60 * part.stretch if part else 0.0
        self._times: deque[float] = deque()

    def takes(self, now: float) -> bool:
        """Whether a request is answered, and not with 429; such a one does not count."""
        if self._limit is None:
            return True
        while self._times and self._times[0] <= now - self._window:
            self._times.popleft()
        if len(self._times) >= self._limit:
            return False
        self._times.append(now)
        return True


class Makers:
    """One of so many equal slices of the films that a provider makes at once. None: any number."""

    __slots__ = ("_free", "_stretch")

    def __init__(self, at_once: int | None, slices: float = 1.0) -> None:
        part = None if at_once is None else Part.of(at_once, slices)
        self._free = [0.0] * part.whole if part else []
        self._stretch = part.stretch if part else 1.0

    def make(self, now: float, seconds: float) -> tuple[float, float]:
        """When a film that is ordered now is begun, and when it is there."""
        if not self._free:
            return now, now + seconds
        begun = max(now, heapq.heappop(self._free))
        heapq.heappush(self._free, begun + seconds * self._stretch)
        return begun, begun + seconds * self._stretch
