"""Delivers the tasks of the durable queue over HTTP."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from shared.adapters.embedded.queue import EmbeddedTasks
from shared.ports import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueConfig:
    """How a queue is served; times in seconds. `path` is below the dispatcher's base URL."""

    name: str
    path: str
    concurrency: int = 8
    rate_per_second: float | None = None
    group: str | None = None
    max_attempts: int | None = None
    min_backoff: float = 0.1
    max_backoff: float = 60.0
    dispatch_deadline: float = 600.0


class Dispatcher:
    """`groups` gives each group's total concurrency."""

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
        raise NotImplementedError

    def start(self) -> None:
        """Raises FolderInUse when another stack runs on the folder."""
        raise NotImplementedError

    def stop(self, timeout: float = 10.0) -> None:
        raise NotImplementedError
