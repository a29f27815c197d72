"""Processes that die between two effects."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from shared.ports import Ports

EFFECTS = frozenset({"commit", "put", "copy", "delete", "forget", "enqueue"})


class Crash(BaseException):
    """The process ends here: no handler of exceptions may notice."""


def crash() -> None:
    raise Crash


class Fuse:
    """Counts effects, and does something in front of the n-th.

    What comes after an effect and before the next one changes nothing that lasts, so crashing in
    front of every effect, of which acknowledging a task is one, is crashing everywhere.
    """

    def __init__(self, actions: Mapping[int, Callable[[], None]]) -> None:
        self._actions = actions
        self._burnt = 0

    def burn(self) -> None:
        self._burnt += 1
        if self._burnt in self._actions:
            self._actions[self._burnt]()

    def reached(self, number: int) -> bool:
        """Whether there were that many effects."""
        return self._burnt >= number

    def ports(self, ports: Ports) -> Ports:
        """The same ports, with a fuse in front of every effect."""
        documents: Any = _Fused(ports.documents, self)
        blobs: Any = _Fused(ports.blobs, self)
        tasks: Any = _Fused(ports.tasks, self)
        return replace(ports, documents=documents, blobs=blobs, tasks=tasks)


class _Fused:
    def __init__(self, port: Any, fuse: Fuse) -> None:
        self._port = port
        self._fuse = fuse

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] = getattr(self._port, name)
        if name not in EFFECTS:
            return method

        def fused(*arguments: Any, **keywords: Any) -> Any:
            self._fuse.burn()
            return method(*arguments, **keywords)

        return fused
