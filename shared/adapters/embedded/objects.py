"""The rows of objects in SQLite: what is stored under which name, and in which file."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from shared.adapters.embedded.contents import Content
from shared.adapters.embedded.database import Reader, Transaction
from shared.errors import Conflict
from shared.ports import Blob, Bucket

_COLUMNS = (
    "bucket, name, generation, size, etag, content_type, cache_control, metadata, updated_at, file"
)
_BY_NAME = "WHERE bucket = ? AND name = ?"
_AFTER_ANY_NAME = "\U0010ffff"  # not printable, so no name contains it


@dataclass(frozen=True, slots=True)
class Row:
    """An object and the file of its content."""

    blob: Blob
    file: str


@dataclass(frozen=True, slots=True)
class Attributes:
    """What is said of an object when it is written."""

    content_type: str
    cache_control: str
    metadata: Mapping[str, str]


def find(reader: Reader, bucket: Bucket, name: str) -> Row | None:
    row = reader.execute(
        f"SELECT {_COLUMNS} FROM objects {_BY_NAME}",  # noqa: S608
        (bucket, name),
    ).fetchone()
    return _row(row) if row else None


def expect(row: Row | None, if_generation: int | None) -> None:
    """Raises Conflict unless the object is at that generation (0: absent; None: any)."""
    generation = row.blob.generation if row else 0
    if if_generation is not None and generation != if_generation:
        raise Conflict(f"the object is at generation {generation}, not {if_generation}")


def write(
    transaction: Transaction,
    bucket: Bucket,
    name: str,
    content: Content,
    attributes: Attributes,
    now: datetime,
) -> Blob:
    """Make `content` the object of that name, in a new generation."""
    blob = Blob(
        bucket=bucket,
        name=name,
        generation=transaction.next_number(),
        size=content.size,
        etag=content.digest,
        content_type=attributes.content_type,
        cache_control=attributes.cache_control,
        metadata=dict(attributes.metadata),
        updated_at=now,
    )
    transaction.execute(
        f"INSERT OR REPLACE INTO objects ({_COLUMNS}) "  # noqa: S608
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            bucket,
            name,
            blob.generation,
            blob.size,
            blob.etag,
            blob.content_type,
            blob.cache_control,
            json.dumps(blob.metadata),
            _text(now),
            content.file,
        ),
    )
    return blob


def remove(transaction: Transaction, bucket: Bucket, name: str) -> None:
    transaction.execute(f"DELETE FROM objects {_BY_NAME}", (bucket, name))  # noqa: S608


def is_shared(reader: Reader, file: str) -> bool:
    """Whether any object refers to the file."""
    return bool(reader.execute("SELECT 1 FROM objects WHERE file = ? LIMIT 1", (file,)).fetchall())


def by_name(reader: Reader, bucket: Bucket, prefix: str, after: str, limit: int) -> list[Blob]:
    """The objects whose names start with `prefix` and come after `after`."""
    rows = reader.execute(
        f"SELECT {_COLUMNS} FROM objects WHERE bucket = ? AND name > ? "  # noqa: S608
        "AND name >= ? AND name < ? ORDER BY name LIMIT ?",
        (bucket, after, prefix, prefix + _AFTER_ANY_NAME, limit),
    )
    return [_row(row).blob for row in rows]


def older_than(
    reader: Reader, bucket: Bucket, limit: datetime, count: int
) -> list[tuple[str, str]]:
    """The names and files of up to `count` objects last written before `limit`."""
    return reader.execute(
        "SELECT name, file FROM objects WHERE bucket = ? AND updated_at < ? LIMIT ?",
        (bucket, _text(limit), count),
    ).fetchall()


def _row(row: tuple[Any, ...]) -> Row:
    bucket, name, generation, size, etag, content_type, cache_control, metadata, updated, file = row
    blob = Blob(
        bucket=Bucket(bucket),
        name=name,
        generation=generation,
        size=size,
        etag=etag,
        content_type=content_type,
        cache_control=cache_control,
        metadata=json.loads(metadata),
        updated_at=datetime.fromisoformat(updated),
    )
    return Row(blob, file)


def _text(instant: datetime) -> str:
    """A time such that the order of texts is the order of times."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")
