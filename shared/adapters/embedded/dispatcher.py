"""Delivers the tasks of the durable queue: one thread decides, a pool of threads delivers."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from queue import SimpleQueue
from types import MappingProxyType

from shared.adapters.embedded.delivery import Courier, Outcome
from shared.adapters.embedded.limits import Limits, QueueConfig
from shared.adapters.embedded.lock import FolderInUseError, FolderLock
from shared.adapters.embedded.queue import Claim, EmbeddedTasks
from shared.errors import StorageFull
from shared.ports import Clock

__all__ = ["Dispatcher", "FolderInUseError", "QueueConfig"]

_log = logging.getLogger(__name__)

_MAX_RETRY_TIME = timedelta(hours=24)
_LONGEST_WAIT = timedelta(seconds=60)  # bounds what a change of the wall clock can do
_PRUNE_EVERY = timedelta(hours=1)
_AFTER_FAULT = 1.0
_AFTER_FULL = 5.0
_NOT_NOW = (429, 503)


class Dispatcher:
    """Posts each due task to its queue's function until that answers 2xx.

    There is one per data folder: it alone claims tasks, so at start it takes over whatever an
    earlier process had claimed. Killing the process at any moment loses no task.
    """

    def __init__(
        self,
        tasks: EmbeddedTasks,
        queues: Sequence[QueueConfig],
        *,
        base_url: str | Callable[[], str],
        token: str,
        clock: Clock,
        groups: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        """`groups` gives the total concurrency of each group that a queue names."""
        self._tasks = tasks
        self._queues = {queue.name: queue for queue in queues}
        self._clock = clock
        self._limits = Limits(queues, groups)
        self._courier = Courier(
            base_url, token, connections=sum(queue.concurrency for queue in queues)
        )
        # Guards the limits and the flags below. It may be held when the database is written, and
        # the database calls `_on_enqueued` only when its own lock is free: no deadlock.
        self._changed = threading.Condition()
        self._awake = self._stopping = self._abandoned = False
        self._inbox: SimpleQueue[Claim | None] = SimpleQueue()
        self._workers: list[threading.Thread] = []
        self._decider = threading.Thread(target=self._decide, name="dispatcher", daemon=True)
        self._lock: FolderLock | None = None
        self._prune_at = clock.now()
        tasks.listen(self._on_enqueued)

    def start(self) -> None:
        """Begin to deliver. Raises FolderInUseError when another stack serves the folder."""
        self._lock = FolderLock(self._tasks.database.folder)
        self._tasks.recover()
        self._decider.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Start nothing new and wait up to `timeout` seconds for what is being delivered.

        What has not ended by then is delivered again by the next dispatcher.
        """
        if self._lock is None:
            return
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._decider.join()
        with self._changed:
            drained = self._changed.wait_for(lambda: not self._limits.running, timeout)
            self._abandoned = not drained
        for _ in self._workers:
            self._inbox.put(None)
        if drained:
            for worker in self._workers:
                worker.join()
        self._courier.close()
        self._lock.release()
        self._lock = None

    def wake(self) -> None:
        """Look again at what is due, now; for a clock that was set by hand."""
        with self._changed:
            self._awake = True
            self._changed.notify_all()

    def _on_enqueued(self, queue: str) -> None:
        if queue not in self._queues:
            _log.error("a task was put in a queue that nobody serves", extra={"queue": queue})
        self.wake()

    # --- deciding --------------------------------------------------------------------------------

    def _decide(self) -> None:
        while True:
            with self._changed:
                if self._stopping:
                    return
                self._awake = False
            try:
                wait = self._dispatch_due()
            except StorageFull as error:
                _log.error("the dispatcher cannot claim tasks", extra={"reason": error.message})
                wait = _AFTER_FULL
            except Exception:
                _log.exception("the dispatcher could not read or claim tasks")
                wait = _AFTER_FAULT
            with self._changed:
                self._changed.wait_for(lambda: self._awake or self._stopping, wait)

    def _dispatch_due(self) -> float:
        """Hand out every task that is due and allowed; the seconds until there may be another."""
        now = self._clock.now()
        if now >= self._prune_at:
            self._tasks.prune()
            self._prune_at = now + _PRUNE_EVERY
        candidates = self._candidates()
        look_again = now + _LONGEST_WAIT
        chosen: list[tuple[str, str]] = []
        with self._changed:
            for due, queue, name in candidates:
                if due > now:
                    look_again = min(look_again, due)
                    break
                if self._limits.take(queue, now):
                    chosen.append((queue.name, name))
                elif self._limits.room(queue) > 0:
                    look_again = min(look_again, self._limits.opens(queue, now))
        if chosen:
            self._hand_out(chosen)
        return max(0.0, (look_again - self._clock.now()).total_seconds())

    def _candidates(self) -> list[tuple[datetime, QueueConfig, str]]:
        """The tasks to choose from, first due first, so that no queue of a group starves another.

        Of each queue one more than it has room for, which tells when to look again. A queue without
        room is left out: when a delivery ends, all this is done again.
        """
        with self._changed:
            rooms = [(queue, self._limits.room(queue)) for queue in self._queues.values()]
        return sorted(
            (
                (due, queue, name)
                for queue, room in rooms
                if room > 0
                for name, due in self._tasks.upcoming(queue.name, room + 1)
            ),
            key=lambda candidate: candidate[0],
        )

    def _hand_out(self, chosen: Sequence[tuple[str, str]]) -> None:
        try:
            claims = self._tasks.claim(chosen)
        except BaseException:
            with self._changed:
                for queue, _ in chosen:
                    self._limits.release(self._queues[queue])
            raise
        with self._changed:
            missing = self._limits.running - len(self._workers)
        for _ in range(missing):
            worker = threading.Thread(target=self._deliver, name="delivery", daemon=True)
            self._workers.append(worker)
            worker.start()
        for claim in claims:
            self._inbox.put(claim)

    # --- delivering ------------------------------------------------------------------------------

    def _deliver(self) -> None:
        while (claim := self._inbox.get()) is not None:
            queue = self._queues[claim.queue]
            try:
                outcome = self._courier.deliver(queue, claim)
                while not self._recorded(queue, claim, outcome):
                    time.sleep(_AFTER_FAULT)
            except Exception:
                _log.exception(
                    "a delivery failed here; the task comes back with the next start",
                    extra={"queue": claim.queue, "task": claim.name},
                )
            finally:
                with self._changed:
                    self._limits.release(queue)
                    self._awake = True
                    self._changed.notify_all()

    def _recorded(self, queue: QueueConfig, claim: Claim, outcome: Outcome) -> bool:
        """Whether it is written what came of a delivery, or need not be, as the next start delivers
        again; False while the disk is full."""
        with self._changed:
            if self._abandoned:
                return True
            try:
                self._record(queue, claim, outcome)
            except StorageFull:
                return self._stopping
        return True

    def _record(self, queue: QueueConfig, claim: Claim, outcome: Outcome) -> None:
        if outcome.succeeded:
            self._tasks.settle(claim)
            return
        now = self._clock.now()
        attempts = claim.attempts + 1
        details = {
            "queue": claim.queue,
            "task": claim.name,
            "attempts": attempts,
            "status": outcome.status,
            "fault": outcome.fault,
        }
        if queue.exhausted(attempts) or now - claim.tried > _MAX_RETRY_TIME:
            self._tasks.settle(claim, dead=True)
            _log.error("a task was given up", extra=details)
            return
        delay = max(queue.backoff(attempts), outcome.retry_after)
        self._tasks.retry(
            claim, due=now + timedelta(seconds=delay), answered=outcome.status is not None
        )
        level = logging.INFO if outcome.status in _NOT_NOW else logging.WARNING
        _log.log(level, "a delivery failed", extra={**details, "retry_in": delay})
