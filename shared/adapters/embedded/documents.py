"""Documents as JSON in one SQLite table, with a partial expression index per declared index."""

import json
import re
from collections.abc import Sequence
from itertools import chain
from sqlite3 import IntegrityError
from typing import Any

from shared.adapters.cursor import decode_cursor, encode_cursor
from shared.adapters.documents import (
    identity,
    key_of,
    kind_of,
    require_batch,
    require_page,
    split,
    to_json,
    undeclared,
)
from shared.adapters.embedded.database import Database, Transaction
from shared.errors import Conflict
from shared.model.indexes import INDEXES, Index
from shared.ports import (
    Create,
    Delete,
    Document,
    Increment,
    Json,
    Page,
    Put,
    Query,
    Replace,
    Update,
    Write,
)

_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PREFIX = "documents_of_"

_MAX_KEYS = 100  # of one statement; SQLite takes 500

_SELECT = "SELECT collection, id, version, data FROM documents WHERE collection = ? AND id = ?"
_INSERT = "INSERT INTO documents (collection, id, kind, version, data) VALUES (?, ?, ?, ?, ?)"
_UPSERT = f"{_INSERT} ON CONFLICT DO UPDATE SET version = excluded.version, data = excluded.data"


class EmbeddedDocuments:
    """The Documents port on SQLite.

    Malformed paths, undeclared queries and values that are not JSON are programming errors:
    ValueError or TypeError. A document over 1 MiB is a BadRequest.
    """

    def __init__(self, database: Database, *, indexes: Sequence[Index] = INDEXES) -> None:
        """Creates the declared indexes that are missing and drops those no longer declared."""
        self._database = database
        self._names = {key_of(i.collection, i.equals, i.order): index_name(i) for i in indexes}
        with database.write() as transaction:
            _declare(transaction, indexes)

    def get(self, path: str) -> Document | None:
        with self._database.read_once() as connection:
            row = connection.execute(_SELECT, split(path)).fetchone()
        return _document(path, row[2:] if row else None)

    def get_many(self, paths: Sequence[str]) -> list[Document | None]:
        keys = [split(path) for path in paths]
        found: dict[tuple[str, str], tuple[int, str]] = {}
        # A single statement is one instant by itself, and much quicker than a transaction.
        alone = len(keys) <= _MAX_KEYS
        with self._database.read_once() if alone else self._database.read() as connection:
            for begin in range(0, len(keys), _MAX_KEYS):
                some = keys[begin : begin + _MAX_KEYS]
                statement = " UNION ALL ".join([_SELECT] * len(some))
                for collection, id_, *row in connection.execute(statement, list(chain(*some))):
                    found[collection, id_] = (row[0], row[1])
        return [_document(path, found.get(key)) for path, key in zip(paths, keys, strict=True)]

    def commit(self, writes: Sequence[Write]) -> str:
        require_batch(writes)
        if not writes:
            return ""
        # What can be checked and serialised without the lock is, because all writers share it.
        prepared = [(write, *split(write.path), _serialised(write)) for write in writes]
        with self._database.write() as transaction:
            version = transaction.next_number()
            for write, collection, id_, data in prepared:
                _perform(transaction, version, write, collection, id_, data)
        return str(version)

    def query(
        self, query: Query, *, limit: int, offset: int = 0, cursor: str | None = None
    ) -> Page[Document]:
        require_page(limit, offset)
        source, condition, parameters = self._selection(query)
        order, direction = _value(query.order), "DESC" if query.descending else "ASC"
        if cursor is not None:
            # The first comparison lets SQLite seek to the place, the second settles ties.
            beyond = "<" if query.descending else ">"
            value, id_ = decode_cursor(identity(query), cursor)
            condition += f" AND {order} {beyond}= ? AND ({order} {beyond} ? OR id {beyond} ?)"
            parameters += [value, value, id_]
        statement = (
            f"SELECT id, version, data, {order} FROM {source} WHERE {condition} "  # noqa: S608
            f"ORDER BY {order} {direction}, id {direction} LIMIT ? OFFSET ?"
        )
        with self._database.read_once() as connection:
            rows = connection.execute(statement, [*parameters, limit + 1, offset]).fetchall()
        documents = [
            Document(f"{query.collection}/{id_}", str(version), json.loads(data))
            for id_, version, data, _ in rows[:limit]
        ]
        more = len(rows) > limit
        last = [rows[limit - 1][3], rows[limit - 1][0]] if more else []
        return Page(documents, encode_cursor(identity(query), last) if more else None)

    def count(self, query: Query, *, up_to: int) -> int:
        source, condition, parameters = self._selection(query)
        statement = (
            "SELECT count(*) FROM "  # noqa: S608
            f"(SELECT 1 FROM {source} WHERE {condition} LIMIT ?)"
        )
        with self._database.read() as connection:
            [(count,)] = connection.execute(statement, [*parameters, up_to])
        return int(count)

    def _selection(self, query: Query) -> tuple[str, str, list[Any]]:
        """The table with the index to use, the condition, and the parameters of the condition."""
        kind = kind_of(query.collection)
        name = self._names.get(key_of(kind, query.equals, query.order))
        if name is None:
            raise undeclared(query)
        order = _value(query.order)
        # `kind` is written out, not bound, so that SQLite can prove that the partial index covers.
        conditions = [f"kind = '{kind}'", "collection = ?", f"{order} IS NOT NULL"]
        parameters: list[Any] = [query.collection]
        for field, value in query.equals.items():
            conditions.append(f"{_value(field)} = ?")
            parameters.append(value)
            # To SQLite true is 1; to JSON it is not.
            if isinstance(value, bool):
                conditions.append(f"json_type(data, '$.{field}') IN ('true', 'false')")
            elif isinstance(value, int):
                conditions.append(f"json_type(data, '$.{field}') NOT IN ('true', 'false')")
        if query.at_most is not None:
            conditions.append(f"{order} <= ?")
            parameters.append(query.at_most)
            if isinstance(query.at_most, str):
                conditions.append(f"{order} >= ''")  # in SQLite every number is below every text
        return f"documents INDEXED BY {name}", " AND ".join(conditions), parameters


def _document(path: str, row: tuple[int, str] | None) -> Document | None:
    return None if row is None else Document(path, str(row[0]), json.loads(row[1]))


def index_name(index: Index) -> str:
    """The name of a declared index in SQLite."""
    return _PREFIX + "__".join([index.collection, *sorted(index.equals), index.order])


def _declare(transaction: Transaction, indexes: Sequence[Index]) -> None:
    wanted = {index_name(index): index for index in indexes}
    present = {
        name
        for (name,) in transaction.execute("SELECT name FROM sqlite_master WHERE type = 'index'")
        if name.startswith(_PREFIX)
    }
    for name in present - wanted.keys():
        transaction.execute(f"DROP INDEX {name}")
    for name in wanted.keys() - present:
        index = wanted[name]
        fields = ", ".join(_value(field) for field in (*sorted(index.equals), index.order))
        # Partial, so that a write pays only for the indexes of its own kind.
        transaction.execute(
            f"CREATE INDEX {name} ON documents (collection, {fields}, id) "
            f"WHERE kind = '{kind_of(index.collection)}'"
        )


def _perform(
    transaction: Transaction, version: int, write: Write, collection: str, id_: str, data: str
) -> None:
    match write:
        case Create():
            try:
                transaction.execute(_INSERT, (collection, id_, kind_of(collection), version, data))
            except IntegrityError:
                raise Conflict(f"{write.path} exists already") from None
        case Replace():
            changed = transaction.execute(
                "UPDATE documents SET version = ?, data = ? "
                "WHERE collection = ? AND id = ? AND version = ?",
                (version, data, collection, id_, write.version),
            ).rowcount
            if not changed:
                raise Conflict(f"{write.path} is no longer what was read")
        case Put():
            transaction.execute(_UPSERT, (collection, id_, kind_of(collection), version, data))
        case Update():
            row = transaction.execute(
                "SELECT data FROM documents WHERE collection = ? AND id = ?", (collection, id_)
            ).fetchone()
            if row is None:
                raise Conflict(f"{write.path} does not exist")
            transaction.execute(
                "UPDATE documents SET version = ?, data = ? WHERE collection = ? AND id = ?",
                (version, to_json({**json.loads(row[0]), **write.data}), collection, id_),
            )
        case Delete(version=expected):
            deleted = transaction.execute(
                "DELETE FROM documents "
                "WHERE collection = ? AND id = ? AND (? IS NULL OR version = ?)",
                (collection, id_, expected, expected),
            ).rowcount
            if expected is not None and not deleted:
                raise Conflict(f"{write.path} is no longer what was read")
        case Increment(field=field, by=by):
            row = transaction.execute(
                "SELECT data FROM documents WHERE collection = ? AND id = ?", (collection, id_)
            ).fetchone()
            value: Json = json.loads(row[0]) if row else {}
            value[field] = value.get(field, 0) + by
            transaction.execute(
                _UPSERT, (collection, id_, kind_of(collection), version, to_json(value))
            )


def _serialised(write: Write) -> str:
    return to_json(write.data) if isinstance(write, Create | Replace | Put | Update) else ""


def _value(field: str) -> str:
    """The SQL expression of a top-level field."""
    if not _FIELD.fullmatch(field):
        raise ValueError(f"not the name of a field: {field!r}")
    return f"json_extract(data, '$.{field}')"
