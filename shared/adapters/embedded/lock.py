"""One stack per data folder."""

import fcntl
import os
from pathlib import Path

from shared.adapters.embedded.folder import FolderError

_FILE = "stack.lock"


class FolderInUseError(FolderError):
    """Another process serves this data folder."""


class FolderLock:
    """Held from construction to `release`, or until the process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        """Raises FolderInUseError when somebody else holds it."""
        self._descriptor = os.open(folder / _FILE, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._descriptor, 20).decode()
            os.close(self._descriptor)
            raise FolderInUseError(
                f"{folder} is in use by another Mascotry (process {holder}); "
                "stop that one, or set MASCOTRY_HOME to another folder."
            ) from None
        os.truncate(self._descriptor, 0)
        os.write(self._descriptor, str(os.getpid()).encode())

    def release(self) -> None:
        os.close(self._descriptor)
