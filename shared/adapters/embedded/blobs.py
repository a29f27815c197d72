"""Objects as files, with their rows in SQLite."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from shared.adapters.embedded.database import Database
from shared.ports import Clock


class EmbeddedBlobs:
    """The Blobs port; files under `{database.folder}/objects`."""

    def __init__(
        self,
        database: Database,
        *,
        base_url: str | Callable[[], str],
        announce: Callable[..., Any],  # EmbeddedTasks.announce
        clock: Clock,
        secret: bytes,
    ) -> None:
        raise NotImplementedError

    def collect_garbage(self, older_than: timedelta = timedelta(minutes=10)) -> int:
        """Call once at start, before the dispatcher starts."""
        raise NotImplementedError

    def purge_work(self, older_than: timedelta) -> int:
        """Expire WORK; the sweeper calls it."""
        raise NotImplementedError

    def verify_upload(
        self, name: str, *, content_type: str, expires_at: datetime, signature: str
    ) -> None:
        raise NotImplementedError
