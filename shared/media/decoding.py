"""How many pixels of untrusted pictures one process decodes at the same time.

A picture within the limit for uploads takes hundreds of megabytes while it is decoded. Requests
that run side by side would multiply that, so each waits for its share of one budget. Memory that a
thread has freed does not return to the system by itself (glibc keeps it for that thread), so it is
returned here.
"""

import ctypes
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from shared.errors import Busy

MAX_PIXELS: Final = 40_000_000
"""The largest picture that is accepted, in pixels."""
MAX_WAIT_SECONDS: Final = 100.0
"""How long a picture waits for others: seven of the largest take less on one core."""


RETRY_SECONDS: Final = 10
"""After which a picture that found no room may come again."""


class Gate:
    """Admits pictures in the order of their arrival, up to `budget` pixels at once."""

    def __init__(self, budget: int, max_wait: float) -> None:
        """`max_wait` is in seconds."""
        self._budget, self._max_wait = budget, max_wait
        self._admitted = 0
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def admit(self, pixels: int) -> Iterator[None]:
        """Hold room for a picture within the context; one beyond the whole budget is alone there.

        Raises `Busy` when there is no room in time. A thread that holds room must not ask for more.
        """
        room = min(pixels, self._budget)
        self._enter(room)
        try:
            yield
        finally:
            with self._changed:
                self._admitted -= room
                self._changed.notify_all()
            _return_freed_memory()

    def _enter(self, room: int) -> None:
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            try:
                if not self._changed.wait_for(lambda: self._is_next(ticket, room), self._max_wait):
                    raise Busy(
                        "Many pictures are being decoded; try again in a moment.",
                        retry_after=RETRY_SECONDS,
                    )
                self._admitted += room
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()

    def _is_next(self, ticket: object, room: int) -> bool:
        # Only the first: a large picture would wait for ever behind small ones that keep coming.
        return self._waiting[0] is ticket and self._admitted + room <= self._budget


def _trimmer() -> Callable[[int], int] | None:
    """The C library's `malloc_trim`, where there is one (glibc)."""
    trim: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return trim


_trim: Final = _trimmer()


def _return_freed_memory() -> None:
    if _trim:
        _trim(0)


GATE: Final = Gate(MAX_PIXELS, MAX_WAIT_SECONDS)
"""Of this process."""
