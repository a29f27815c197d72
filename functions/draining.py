"""A process that was told to end answers at once whatever only waits.

Cloud Run sends SIGTERM and kills ten seconds later. gunicorn waits for open requests up to thirty,
so a stream of events would keep it until it is killed, and with it whatever else was under way.
"""

import signal
import threading
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any, Final

CLIENT_GONE: Final = "mascotry.client_gone"
"""The key of a request's WSGI environment under which a server that can tell puts a function:
whether the client has closed the connection."""

# A handler of signals interrupts the main thread anywhere, also in `pause`: the lock of a Condition
# is reentrant, that of an Event is not.
_changed = threading.Condition()
_begun = False
_waiting = 0


def pause(seconds: float) -> bool:
    """Wait so long, or until the process is told to end; whether it was."""
    global _waiting
    with _changed:
        _waiting += 1
        try:
            return _changed.wait_for(begun, seconds)
        finally:
            _waiting -= 1


def pause_for(environ: Mapping[str, Any]) -> Callable[[float], bool]:
    """A `pause` for one request: true also when nobody is there any more to take the answer."""
    gone: Callable[[], bool] = environ.get(CLIENT_GONE, lambda: False)
    return lambda seconds: pause(seconds) or gone()


def begun() -> bool:
    """Whether the process was told to end."""
    return _begun


def begin() -> bool:
    """Let all that wait go on, now and from now on; whether there is anybody who waits."""
    global _begun
    with _changed:
        _begun = True
        _changed.notify_all()
        return _waiting > 0


def heed_gunicorn() -> None:
    """Begin at SIGTERM in each worker that a gunicorn of this process starts from now on.

    A worker sets its handlers of signals after it was forked, and handlers are set in the main
    thread, which runs no request. So this takes gunicorn's own hook for a worker that is ready,
    whose default it changes: functions-framework lets nobody set it.
    """
    try:
        from gunicorn.config import PostWorkerInit
    except ImportError:  # as on Windows, where functions-framework does without
        return
    PostWorkerInit.default = staticmethod(_chain)


def _chain(worker: object) -> None:
    """Begin at SIGTERM, in front of what the server does then."""
    before: Any = signal.getsignal(signal.SIGTERM)

    def end(number: int, frame: FrameType | None) -> None:
        begin()
        before(number, frame)

    signal.signal(signal.SIGTERM, end)
    signal.siginterrupt(signal.SIGTERM, False)  # as gunicorn has it; `signal` resets it
