"""Bounded pools of threads, one for each kind of request, so that no kind takes the threads of
another (a bulkhead)."""

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Final, TypeVar

R = TypeVar("R")
_Work = Callable[[], None]

_log: Final = logging.getLogger("shared.server")


class Pool:
    """At most `threads` threads, which start when they are first needed, for at most `requests`
    requests at a time.

    The threads are daemons: a process that ends does not wait for what they do.
    """

    def __init__(self, name: str, *, threads: int, requests: int, pace: float = 0.0) -> None:
        """`pace` is in seconds: only one request begins in so long."""
        self.name = name
        self._pace, self._turn = pace, asyncio.Lock()
        self._threads, self._requests = threads, requests
        self._started = self._open = 0
        self._guard = threading.Lock()
        self._idle = threading.Semaphore(0)
        self._inbox: SimpleQueue[_Work] = SimpleQueue()

    def enter(self) -> bool:
        """Take the place of one request, if there is one left."""
        with self._guard:
            if self._open >= self._requests:
                return False
            self._open += 1
            return True

    async def turn(self) -> None:
        """Wait until the request may begin, after those that came before."""
        if self._pace:
            async with self._turn:
                await asyncio.sleep(self._pace)

    def leave(self) -> None:
        """Give that place back."""
        with self._guard:
            self._open -= 1

    async def run(self, function: Callable[[], R]) -> R:
        """What `function` returns or raises in one of the threads.

        When this is cancelled, `function` still runs to its end.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()

        def settle(value: R | None, error: BaseException | None) -> None:
            if future.cancelled():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(value)  # type: ignore[arg-type]

        def work() -> None:
            value, error = None, None
            try:
                value = function()
            except BaseException as raised:
                error = raised
            with suppress(RuntimeError):  # the loop is closed: the process ends
                loop.call_soon_threadsafe(settle, value, error)

        self._submit(work)
        return await future

    def _submit(self, work: _Work) -> None:
        self._inbox.put(work)
        if self._idle.acquire(blocking=False):
            return
        with self._guard:
            if self._started >= self._threads:
                return
            self._started += 1
            name = f"{self.name}-{self._started}"
        threading.Thread(target=self._serve, name=name, daemon=True).start()

    def _serve(self) -> None:
        while True:
            self._inbox.get()()
            self._idle.release()
