"""The SQLite file that everything embedded shares: documents, objects' rows and the queue."""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.adapters.embedded import folder as data_folder
from shared.adapters.embedded import schema
from shared.adapters.embedded.folder import FolderError
from shared.errors import StorageFull

_FILE = "mascotry.sqlite3"
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

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

        Raises FolderError for a folder that cannot be written, a damaged or empty file beside
        contents that it should know, and one that another version of Mascotry wrote.
        """
        data_folder.prepare(folder)
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
        with self._refusing():
            self._writer = self._connect()
        try:
            with self._refusing():
                self._writer.execute("PRAGMA journal_mode = WAL").fetchall()
                self._create_tables()
        except BaseException:
            self._writer.close()
            raise

    def check(self) -> None:
        """Read the whole file. FolderError when it is damaged: else only the requests that need a
        damaged page would fail, and whoever starts the stack would not know."""
        with self._refusing(), self.read_once() as connection:
            [(found,)] = connection.execute("PRAGMA quick_check(1)")
            if found != "ok":
                raise self._damaged()

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

        StorageFull when the disk has no room for it. Not reentrant. What `Transaction.after_commit`
        was given runs when others may write again.
        """
        with self._writing:
            self._writer.execute("BEGIN IMMEDIATE")
            transaction = Transaction(self._writer)
            try:
                yield transaction
                self._writer.execute("COMMIT")
            except BaseException as error:
                is_full = _code(error) == sqlite3.SQLITE_FULL  # and may have rolled back by itself
                is_open = self._writer.in_transaction
                if is_open:
                    self._writer.execute("ROLLBACK")
                if is_open or is_full:
                    _call(transaction.when_rolled_back)
                if is_full:
                    raise StorageFull from error
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
                raise FolderError(
                    f"{self._path} was written by another version of Mascotry (its schema is "
                    f"{version}, this one knows {schema.VERSION}); start that version, or set "
                    "MASCOTRY_HOME to another folder."
                )
            if data_folder.has_contents(self.folder):
                raise FolderError(
                    f"{self._path} is empty or missing, though {self.folder / data_folder.CONTENTS}"
                    " has files that it should know; put it back from a backup, or set"
                    " MASCOTRY_HOME to another folder."
                )
            for statement in schema.TABLES:
                transaction.execute(statement)
            transaction.execute(f"PRAGMA user_version = {schema.VERSION}")

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        """Say what is wrong with the file as a FolderError."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            if _code(error) in _DAMAGED:
                raise self._damaged() from error
            if _code(error) == sqlite3.SQLITE_FULL:
                raise data_folder.full(self.folder) from error
            raise FolderError(f"{self._path} cannot be used ({error}).") from error
        except StorageFull as error:
            raise data_folder.full(self.folder) from error

    def _damaged(self) -> FolderError:
        return FolderError(
            f"{self._path} is damaged; put it back from a backup, rescue what is in it by "
            f"`sqlite3 {self._path} .recover`, or set MASCOTRY_HOME to another folder."
        )


def _code(error: BaseException) -> int:
    """SQLite's primary result code of a fault; 0 for one that is not SQLite's."""
    code = error.sqlite_errorcode if isinstance(error, sqlite3.Error) else 0
    return code & 0xFF


def _call(callbacks: list[Callable[[], None]]) -> None:
    for callback in callbacks:
        callback()
