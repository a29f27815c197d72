"""How the stacks of one machine start, and say in one sentence why they cannot."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from shared import disk
from shared.adapters.embedded.folder import FolderError
from shared.errors import MascotryError, StorageFull

REFUSED: Final = 2
"""The exit code of a command that cannot start, as of one that is called wrongly."""
LAST_PORT: Final = 65_535


class StartError(Exception):
    """The stack cannot start; the message is the sentence for the terminal."""


@contextmanager
def explained() -> Iterator[None]:
    """Turn what keeps a stack from starting into a StartError."""
    try:
        yield
    except (MascotryError, FolderError) as error:
        raise StartError(str(error)) from error
    except OSError as error:
        if disk.is_full(error):
            raise StartError(StorageFull().message) from error
        place = f"{error.filename} cannot be used" if error.filename else "A file cannot be used"
        raise StartError(f"{place} ({error.strerror}).") from error


def listening(port: int) -> socket.socket:
    """A socket of this machine that takes connections; 0 takes a free port."""
    if not 0 <= port <= LAST_PORT:
        raise StartError(f"There is no port {port}; take one from 0 (any) to {LAST_PORT}.")
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise StartError(
            f"Port {port} cannot be used ({error.strerror}); try PORT=8081."
        ) from error
    return listener


def refuse(reason: object) -> int:
    """Say why nothing was started; the exit code."""
    print(reason, file=sys.stderr)
    return REFUSED


def sign_in(url: str, key: Path) -> str:
    """The command that opens the studio signed in. The key goes from its file to the browser, and
    stays there, since what is behind # is sent to no server; it is never printed."""
    return f'python3 -m webbrowser "{url}/#key=$(cat {key})"'
