"""What an implementation under contract is given, and what it must do with it.

Tasks of the queue "work" are delivered to `/work` of the receiver, storage events to `/events/`.
Retries of a failed delivery start after about 50 ms.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tests.contract.receiver import Receiver

P = TypeVar("P")

QUEUE = "work"
WORK_PATH = "/work"
EVENTS_PATH = "/events/"


@dataclass(frozen=True)
class Place:
    """Where a port is opened. Nothing is there yet, and nobody else uses it."""

    folder: Path
    fixture: Callable[[str], Any]
    """Gives a fixture by its name, made only now: an emulator is started by the first to ask."""

    @property
    def receiver(self) -> Receiver:
        receiver: Receiver = self.fixture("receiver")
        return receiver


Implementation = Callable[[Place], AbstractContextManager[P]]
"""Opens one port on an empty store, and closes everything at the end."""
