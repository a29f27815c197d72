"""What Eventarc does with a finalized object: it tells a function, at least once, and again until
the function has taken it."""

import itertools
import json
import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any

from urllib3 import PoolManager, Timeout
from urllib3.exceptions import HTTPError

from shared.adapters.embedded.events import event_headers
from shared.ports import Json

ACK_SECONDS = 10.0
"""A delivery that is not answered within this time is repeated, though the function may still be at
work: Eventarc's push subscriptions have Pub/Sub's default deadline, see
https://cloud.google.com/pubsub/docs/lease-management."""
_WORKERS = 8

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Event:
    """One finalized object. An event that comes twice has the same id."""

    id: str
    resource: Json


class Eventarc:
    """Posts the objects of some buckets to `url`. When it ends it forgets what was not delivered.

    A function that answers anything but 2xx, or nothing within `timeout` seconds, is told again,
    after `backoff` seconds, doubled each time up to `longest`. `authorization` gives the header of
    each delivery; `copies` is how often each event comes, as may happen with the real one at any
    time. Deliveries come from the address `caller`.
    """

    def __init__(
        self,
        url: str,
        buckets: Collection[str],
        *,
        authorization: Callable[[], str] | None = None,
        copies: int = 1,
        backoff: float = 0.05,
        longest: float = 10.0,
        timeout: float = ACK_SECONDS,
        caller: str | None = None,
    ) -> None:
        self._url = url
        self._buckets = frozenset(buckets)
        self._authorization = authorization
        self._copies = copies
        self._backoff = backoff
        self._longest = longest
        source: dict[str, Any] = {"source_address": (caller, 0)} if caller else {}
        self._http = PoolManager(
            maxsize=_WORKERS, retries=False, timeout=Timeout(connect=5, read=timeout), **source
        )
        self._changed = threading.Condition()
        self._numbers = itertools.count(1)
        self._due: list[tuple[float, int, Event, float]] = []
        self._held: list[Event] | None = None
        self._under_way = 0
        self._stopped = False
        self._workers = [
            threading.Thread(target=self._work, name="eventarc", daemon=True)
            for _ in range(_WORKERS)
        ]

    def start(self) -> None:
        for worker in self._workers:
            worker.start()

    def stop(self) -> None:
        """End, after the deliveries that are under way."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        for worker in self._workers:
            worker.join()
        self._http.clear()

    def announce(self, resource: Json) -> None:
        """Tell of a finalized object, if it is in one of the buckets."""
        if resource["bucket"] not in self._buckets:
            return
        with self._changed:
            event = Event(str(10**15 + next(self._numbers)), resource)
            if self._held is not None:
                self._held.append(event)
            else:
                for _ in range(self._copies):
                    self._put(event, self._backoff, 0)

    def hold(self) -> None:
        """Keep what comes from now on."""
        with self._changed:
            self._held = self._held or []

    def release(self, arrange: Callable[[Sequence[Event]], Sequence[Event]] = list) -> None:
        """Deliver what was kept, in the order and as often as `arrange` says, one by one."""
        with self._changed:
            held, self._held = self._held or [], None
        for event in arrange(held):
            with self._changed:
                self._put(event, self._backoff, 0)
            self.drain()

    def drain(self) -> None:
        """Wait until everything was taken that is not held."""
        with self._changed:
            self._changed.wait_for(lambda: not self._due and not self._under_way)

    def _put(self, event: Event, backoff: float, delay: float) -> None:
        heappush(self._due, (time.monotonic() + delay, next(self._numbers), event, backoff))
        self._changed.notify_all()

    def _work(self) -> None:
        while (due := self._next()) is not None:
            event, backoff = due
            taken = self._deliver(event)
            with self._changed:
                self._under_way -= 1
                if not taken:
                    self._put(event, min(2 * backoff, self._longest), backoff)
                self._changed.notify_all()

    def _next(self) -> tuple[Event, float] | None:
        """Wait for an event that is due; None at the end."""
        with self._changed:
            while not self._stopped:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    _, _, event, backoff = heappop(self._due)
                    self._under_way += 1
                    return event, backoff
                self._changed.wait(wait)
        return None

    def _deliver(self, event: Event) -> bool:
        headers = event_headers(event.id, event.resource)
        headers |= {"ce-bucket": event.resource["bucket"], "Content-Type": "application/json"}
        if self._authorization:
            headers["Authorization"] = self._authorization()
        try:
            answer = self._http.request(
                "POST", self._url, body=json.dumps(event.resource).encode(), headers=headers
            )
        except HTTPError as error:
            _log.warning("an event found nobody", extra={"reason": type(error).__name__})
            return False
        return 200 <= answer.status < 300
