"""Serving a WSGI application on one machine, from its start until a signal ends it."""

import os
import socket
import sys
from types import FrameType
from typing import Final
from wsgiref.types import WSGIApplication

from functions import draining
from infra import heads
from infra.gateway import Pools
from infra.server import Server
from infra.wsgi import Threaded

GRACE_SECONDS: Final = 1
"""How long the last words to those who wait may take."""
SWITCH_SECONDS: Final = 0.001
"""How long a thread that computes in Python may keep the others waiting each time. A short request
takes the interpreter some twenty times; Python's own 5 ms would add up while a step is at work."""

_serving: Final[list[Server]] = []


def serve(application: WSGIApplication, listener: socket.socket) -> None:
    """Serve until `end` or an interrupt."""
    sys.setswitchinterval(SWITCH_SECONDS)
    pools = Pools(os.cpu_count() or 1)
    server = Server(Threaded(application, pools.of, heads.body_limit), grace=GRACE_SECONDS)
    _serving.append(server)
    try:
        server.run(sockets=[listener])
    finally:
        _serving.remove(server)


def end(number: int, frame: FrameType | None) -> None:
    """End what `serve` does, as a handler of signals. Who waits, as those do who follow a job, is
    answered, and requests under way have a moment; a second signal ends the process at once."""
    if _serving and not draining.begun():
        draining.begin()
        _serving[-1].should_exit = True
    else:
        raise SystemExit(0)
