"""The SQLite file that everything embedded shares: documents, objects' rows and the queue."""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.adapters.embedded import schema

_FILE = "mascotry.sqlite3"

# synchronous=NORMAL: the log is synced at checkpoints, not at commits. A killed process loses
# nothing, because its writes are with the kernel; a power cut may lose the last moments, but never
# tears a transaction. In return a commit costs microseconds.
_PRAGMAS = (
    "PRAGMA synchronous = NORMAL",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA mmap_size = 268435456",
)


class Transaction:
    """A write transaction that is under way; see `Database.write`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.execute = connection.execute
        self.when_committed: list[Callable[[], None]] = []
        self.when_rolled_back: list[Callable[[], None]] = []

    def next_number(self) -> int:
        """The next number of the database's only sequence; later is greater, in all of time."""
        [(value,)] = self.execute("UPDATE sequence SET value = value + 1 RETURNING value")
        return int(value)

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call `callback` once the transaction is durable; never when it rolls back."""
        self.when_committed.append(callback)

    def after_rollback(self, callback: Callable[[], None]) -> None:
        """Call `callback` once nothing of the transaction can come to be."""
        self.when_rolled_back.append(callback)


Reader = sqlite3.Connection | Transaction


class Database:
    """The file `mascotry.sqlite3` in a folder that only its owner can enter.

    One connection writes and any number read, one for each thread that reads at the moment; every
    method may be called from any thread. Close it when done.
    """

    def __init__(self, folder: Path) -> None:
        """Open or create the file; `folder` is created with mode 0700 when it is missing.

        Raises RuntimeError when a newer version of Mascotry wrote the file.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder = folder
        self._path = folder / _FILE
        # A folder that was there before may be open to others; the file and its log are not.
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        self._idle: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        self._closed = False
        # Writers wait here, in turn and without polling. SQLite's own lock, which sleeps between
        # its attempts, is left for other processes.
        self._writing = threading.Lock()
        self._writer = self._connect()
        try:
            self._writer.execute("PRAGMA journal_mode = WAL").fetchall()
            self._create_tables()
        except BaseException:
            self._writer.close()
            raise

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one instant of the database for as long as the block runs."""
        with self.read_once() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("COMMIT")

    @contextmanager
    def read_once(self) -> Iterator[sqlite3.Connection]:
        """A connection for a single statement, which sees one instant by itself."""
        connection = self._borrow()
        try:
            yield connection
        finally:
            self._give_back(connection)

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """A transaction: everything in the block is written, or, when it raises, nothing.

        Not reentrant. What `Transaction.after_commit` was given runs when others may write again.
        """
        with self._writing:
            self._writer.execute("BEGIN IMMEDIATE")
            transaction = Transaction(self._writer)
            try:
                yield transaction
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                    _call(transaction.when_rolled_back)
                raise
        _call(transaction.when_committed)

    def close(self) -> None:
        """Close all connections, after the transaction that is being written."""
        with self._writing, self._guard:
            self._closed = True
            while self._idle:
                self._idle.pop().close()
            self._writer.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path,
            timeout=30,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
        )
        for pragma in _PRAGMAS:
            connection.execute(pragma).fetchall()
        return connection

    def _borrow(self) -> sqlite3.Connection:
        with self._guard:
            if self._closed:
                raise sqlite3.ProgrammingError("the database is closed")
            if self._idle:
                return self._idle.pop()
        return self._connect()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._guard:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()

    def _create_tables(self) -> None:
        with self.write() as transaction:
            [(version,)] = transaction.execute("PRAGMA user_version")
            if version == schema.VERSION:
                return
            if version != 0:
                raise RuntimeError(
                    f"{self._path} was written by another version of Mascotry "
                    f"(its schema is {version}, this one knows {schema.VERSION})"
                )
            for statement in schema.TABLES:
                transaction.execute(statement)
            transaction.execute(f"PRAGMA user_version = {schema.VERSION}")


def _call(callbacks: list[Callable[[], None]]) -> None:
    for callback in callbacks:
        callback()
