"""What Cloud Tasks does with a task that it has accepted: when, how often and by what request.

The rules are those of the public reference of `google.cloud.tasks.v2`: a token bucket and a bound
on what runs at once for each queue, intervals that double and then grow evenly, names that stay
used after the task is gone. Everything is in memory.
"""

import logging
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from typing import Any

from google.cloud import tasks_v2
from urllib3 import PoolManager, Timeout
from urllib3.exceptions import HTTPError

from infra.emulators.identity import Issuer
from shared.adapters.embedded.delivery import Outcome
from shared.model.retry_after import seconds_until
from shared.ports import Clock

TOMBSTONE = timedelta(hours=24)
"""How long the name of a task that is done or deleted stays used."""
_CONNECTIONS = 256
_LONGEST_WAIT = 60.0  # seconds; bounds what a change of the wall clock can do

_log = logging.getLogger(__name__)


def short(name: str) -> str:
    """The last part of a resource's name, which is what requests carry."""
    return name.rsplit("/", 1)[1]


def interval(retries: tasks_v2.RetryConfig, attempts: int) -> timedelta:
    """The wait after so many attempts: doubled `max_doublings` times, then longer by the same each
    time."""
    doubled = min(attempts - 1, retries.max_doublings)
    steps = attempts - 1 - doubled
    grown: timedelta = retries.min_backoff * 2**doubled * (1 + steps)
    longest: timedelta = retries.max_backoff
    return min(grown, longest)


def exhausted(retries: tasks_v2.RetryConfig, attempts: int, age: timedelta) -> bool:
    """Whether a task is given up: when each limit that is set is reached, and one is set."""
    reached = []
    if retries.max_attempts > 0:
        reached.append(attempts >= retries.max_attempts)
    if retries.max_retry_duration > timedelta():
        reached.append(age >= retries.max_retry_duration)
    return bool(reached) and all(reached)


@dataclass(slots=True)
class Held:
    """A task in a queue. `executions` counts the answers but for those of 500 and above."""

    task: tasks_v2.Task
    due: datetime
    tried: datetime | None = None
    attempts: int = 0
    responses: int = 0
    executions: int = 0
    previous: Outcome | None = None
    running: bool = False


@dataclass(slots=True)
class Line:
    """A queue: its tasks, the names that are used, and how many may start now."""

    queue: tasks_v2.Queue
    tokens: float
    refilled: datetime
    tasks: dict[str, Held] = field(default_factory=dict)
    used: dict[str, datetime] = field(default_factory=dict)
    schedule: list[tuple[datetime, int, str]] = field(default_factory=list)
    running: int = 0
    _count: int = 0

    def put(self, held: Held) -> None:
        """Schedule a task for when it is due."""
        self._count += 1
        heappush(self.schedule, (held.due, self._count, held.task.name))

    def next(self) -> Held | None:
        """The waiting task that is due first; forgets entries that hold no longer."""
        while self.schedule:
            due, _, name = self.schedule[0]
            held = self.tasks.get(name)
            if held is not None and not held.running and held.due == due:
                return held
            heappop(self.schedule)
        return None

    def opens(self, now: datetime) -> datetime | None:
        """When the next dispatch may start by the rate; None while too many are running."""
        limits = self.queue.rate_limits
        if self.running >= limits.max_concurrent_dispatches:
            return None
        gained = (now - self.refilled).total_seconds() * limits.max_dispatches_per_second
        self.tokens = min(limits.max_burst_size, self.tokens + max(0.0, gained))
        self.refilled = now
        missing = max(0.0, 1 - self.tokens)
        # Up to a whole microsecond, lest it be asked again when the clock still shows the same.
        wait = math.ceil(missing / limits.max_dispatches_per_second * 1e6)
        return now + timedelta(microseconds=wait)

    def is_used(self, name: str, now: datetime) -> bool:
        """Whether a task may not be called that: there is one, or was one not long ago."""
        while self.used and next(iter(self.used.values())) <= now:  # they stand in this order
            self.used.pop(next(iter(self.used)))
        return name in self.tasks or name in self.used

    def remove(self, name: str, now: datetime) -> None:
        """A task is done, deleted or given up; its name stays used."""
        if self.tasks.pop(name, None) is not None:
            self.used[name] = now + TOMBSTONE


class Dispatch:
    """Serves the queues: one thread decides, and each request has a thread of its own."""

    def __init__(
        self, clock: Clock, issuer: Issuer, *, haste: float, caller: str | None = None
    ) -> None:
        """`caller` is the address that requests come from."""
        self._clock = clock
        self._issuer = issuer
        self._haste = haste
        self._lines: dict[str, Line] = {}
        self._changed = threading.Condition()
        self._awake = self._stopping = False
        # Trying again is the queue's business; so a redirect is an answer like any other.
        source: dict[str, Any] = {"source_address": (caller, 0)} if caller else {}
        self._pool = PoolManager(maxsize=_CONNECTIONS, retries=False, **source)
        self._thread = threading.Thread(target=self._decide, name="cloud-tasks", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """Start nothing more, and wait up to `timeout` seconds for what is under way."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
            self._changed.wait_for(
                lambda: not any(x.running for x in self._lines.values()), timeout
            )
        self._thread.join()
        self._pool.clear()

    def wake(self) -> None:
        """Look again at what is due, now; for a clock that was set by hand."""
        with self._changed:
            self._awake = True
            self._changed.notify_all()

    @contextmanager
    def lines(self) -> Iterator[dict[str, Line]]:
        """The queues by name, to read and to change while nobody else does."""
        with self._changed:
            yield self._lines
            self._awake = True
            self._changed.notify_all()

    # --- deciding --------------------------------------------------------------------------------

    def _decide(self) -> None:
        with self._changed:
            while not self._stopping:
                self._awake = False
                wait = min(
                    (self._start_due(x) for x in self._lines.values()), default=_LONGEST_WAIT
                )
                self._changed.wait_for(
                    lambda: self._awake or self._stopping, min(wait, _LONGEST_WAIT)
                )

    def _start_due(self, line: Line) -> float:
        """Start what is due and allowed; the seconds until there may be more."""
        while (held := line.next()) is not None and (opens := line.opens(now := self._now())):
            start = max(held.due, opens)
            if start > now:
                return (start - now).total_seconds()
            held.running = True
            held.attempts += 1
            held.tried = held.tried or now
            line.tokens -= 1
            line.running += 1
            threading.Thread(target=self._deliver, args=(line, held), daemon=True).start()
        return _LONGEST_WAIT

    def _now(self) -> datetime:
        return self._clock.now()

    # --- delivering ------------------------------------------------------------------------------

    def _deliver(self, line: Line, held: Held) -> None:
        try:
            outcome = self._post(held)
        except Exception:
            _log.exception("a task could not be sent", extra={"task": held.task.name})
            outcome = Outcome(fault="INTERNAL")
        with self._changed:
            line.running -= 1
            held.running = False
            if line.tasks.get(held.task.name) is held:
                self._settle(line, held, outcome)
            self._awake = True
            self._changed.notify_all()

    def _settle(self, line: Line, held: Held, outcome: Outcome) -> None:
        now = self._now()
        held.previous = outcome
        held.responses += outcome.status is not None
        held.executions += outcome.status is not None and outcome.status < 500
        retries = line.queue.retry_config
        age = now - held.tried if held.tried else timedelta()
        if outcome.succeeded or exhausted(retries, held.attempts, age):
            line.remove(held.task.name, now)
            return
        wait = interval(retries, held.attempts)
        held.due = now + max(wait, timedelta(seconds=outcome.retry_after))
        line.put(held)

    def _post(self, held: Held) -> Outcome:
        """One attempt; a fault says what kept an answer from coming."""
        request = held.task.http_request
        try:
            response = self._pool.request(
                tasks_v2.HttpMethod(request.http_method).name,
                request.url,
                body=request.body,
                headers=self._headers(held),
                timeout=Timeout(total=held.task.dispatch_deadline.total_seconds() / self._haste),
            )
        except HTTPError as error:
            return Outcome(fault=type(error).__name__)
        asked = seconds_until(response.headers.get("Retry-After"), datetime.now(UTC))
        return Outcome(response.status, retry_after=asked or 0.0)

    def _headers(self, held: Held) -> dict[str, str]:
        request = held.task.http_request
        queue, _, name = held.task.name.partition("/tasks/")
        headers = {
            "Content-Type": "application/octet-stream",
            **request.headers,
            "User-Agent": "Google-Cloud-Tasks",
            "X-CloudTasks-QueueName": short(queue),
            "X-CloudTasks-TaskName": name,
            "X-CloudTasks-TaskRetryCount": str(held.attempts - 1),
            "X-CloudTasks-TaskExecutionCount": str(held.executions),
            "X-CloudTasks-TaskETA": f"{held.due.timestamp():.6f}",
        }
        if held.previous is not None:
            if held.previous.status is not None:
                headers["X-CloudTasks-TaskPreviousResponse"] = str(held.previous.status)
            reason = held.previous.fault or f"The worker answered {held.previous.status}"
            headers["X-CloudTasks-TaskRetryReason"] = reason
        if request.oidc_token.service_account_email:
            token = self._issuer.token(
                request.oidc_token.audience or request.url, request.oidc_token.service_account_email
            )
            headers["Authorization"] = f"Bearer {token}"
        return headers
