"""The contents of objects: immutable files with random names."""

import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, BinaryIO

from shared import disk
from shared.errors import StorageFull

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Content:
    """A stored content: its file (relative), its size in bytes and its SHA-256 in hexadecimal."""

    file: str
    size: int
    digest: str


class Contents:
    """Files `xx/<random>` under one folder. Names of objects never reach the file system.

    A file is complete and synced before anything refers to it, and never changes after.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self._folder = folder

    def store(self, source: IO[bytes]) -> Content:
        """Read `source` to its end into a new file. A failure leaves no file; StorageFull."""
        name = secrets.token_hex(16)
        path = self._folder / name[:2] / name
        digest = hashlib.sha256()
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            with path.open("xb") as target:
                while chunk := source.read(_CHUNK):
                    digest.update(chunk)
                    target.write(chunk)
                target.flush()
                os.fsync(target.fileno())
                size = target.tell()
            _sync_folder(path.parent)
        except BaseException as error:
            path.unlink(missing_ok=True)
            if disk.is_full(error):
                raise StorageFull from error
            raise
        return Content(f"{name[:2]}/{name}", size, digest.hexdigest())

    def open(self, file: str) -> BinaryIO:
        """Raises FileNotFoundError when it has been removed."""
        return (self._folder / file).open("rb")

    def remove(self, file: str) -> None:
        (self._folder / file).unlink(missing_ok=True)

    def files(self, older_than: timedelta) -> Iterator[str]:
        """The files that were last written longer ago than this."""
        limit = time.time() - older_than.total_seconds()
        for path in self._folder.glob("*/*"):
            if path.stat().st_mtime < limit:
                yield f"{path.parent.name}/{path.name}"


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
