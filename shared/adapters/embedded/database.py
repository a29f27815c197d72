"""The SQLite file that everything embedded shares."""

from pathlib import Path


class Database:
    """`{folder}/mascotry.sqlite3`; close it when done. Safe to use from any thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError
