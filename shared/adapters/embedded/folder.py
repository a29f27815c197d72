"""The data folder of the embedded stack, and why it may be unusable."""

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from shared import disk

CONTENTS: Final = "objects"
"""The folder of the contents of objects, in the data folder."""

_ELSEWHERE = "set MASCOTRY_HOME to a folder that can be written"


class FolderError(RuntimeError):
    """The data folder cannot be served; the message says why, and what would help."""


def prepare(folder: Path) -> None:
    """Create the folder with mode 0700 if it is missing, and write to it once. FolderError."""
    probe = folder / f".probe-{os.getpid()}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with probe.open("wb") as stream:
            stream.write(bytes(4096))
        probe.unlink()
    except OSError as error:
        with suppress(OSError):
            probe.unlink(missing_ok=True)
        if disk.is_full(error):
            raise full(folder) from error
        raise FolderError(_reason(folder, error)) from error


def full(folder: Path) -> FolderError:
    return FolderError(f"The disk of {folder} is full; free some space, then start again.")


def has_contents(folder: Path) -> bool:
    """Whether contents of objects lie in the data folder."""
    return any((folder / CONTENTS).glob("*/*"))


def _reason(folder: Path, error: OSError) -> str:
    if error.errno in (errno.EEXIST, errno.ENOTDIR):
        return f"{folder} is not a folder; {_ELSEWHERE}."
    return f"{folder} cannot be written ({error.strerror}); {_ELSEWHERE}."
