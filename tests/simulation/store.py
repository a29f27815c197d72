"""The three ports in memory, with the contract that every implementation keeps.

Nothing here is random and nothing waits: who is interrupted, and where, is decided in front of the
ports (`tests.simulation.hub`).
"""

import hashlib
import json
import marshal
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from shared.adapters.cursor import decode_cursor, encode_cursor
from shared.adapters.embedded.events import EVENTS_QUEUE
from shared.errors import BadRequest, Conflict, NotFound
from shared.model.indexes import INDEXES, Index
from shared.ports import (
    MAX_UPLOAD,
    Blob,
    Bucket,
    Clock,
    Create,
    Delete,
    Document,
    Increment,
    Json,
    Page,
    Put,
    Query,
    Replace,
    SignedUpload,
    Task,
    Update,
    Write,
)

MAX_WRITES = 500
MAX_BYTES = 1_048_576
DECLARED = frozenset((i.collection, frozenset(i.equals), i.order) for i in INDEXES)


@dataclass(frozen=True, slots=True)
class Row:
    """A stored document: packed, so that nobody can change it, and open, to be searched."""

    version: str
    packed: bytes
    data: Json

    def document(self, path: str) -> Document:
        return Document(path, self.version, marshal.loads(self.packed))  # noqa: S302


class Documents:
    def __init__(self, watch: Callable[[Write], None] = lambda write: None) -> None:
        """`watch` is told of every write that has been committed."""
        self.rows: dict[str, dict[str, Row]] = {}
        """By collection, then by id."""
        self._watch = watch
        self._sequence = 0

    def get(self, path: str) -> Document | None:
        collection, id_ = _split(path)
        row = self.rows.get(collection, {}).get(id_)
        return row.document(path) if row else None

    def get_many(self, paths: Sequence[str]) -> list[Document | None]:
        return [self.get(path) for path in paths]

    def commit(self, writes: Sequence[Write]) -> str:
        if len(writes) > MAX_WRITES:
            raise ValueError(f"{len(writes)} writes in one batch; at most {MAX_WRITES} fit")
        if len({write.path for write in writes}) < len(writes):
            raise ValueError("a batch may write each path only once")
        after = [(write, *_split(write.path), self._after(write)) for write in writes]
        self._sequence += 1
        for write, collection, id_, data in after:
            if data is None:
                self.rows.get(collection, {}).pop(id_, None)
            else:
                self.rows.setdefault(collection, {})[id_] = Row(str(self._sequence), *data)
            self._watch(write)
        return str(self._sequence)

    def _after(self, write: Write) -> tuple[bytes, Json] | None:
        """What a write leaves behind, packed and open; Conflict when it may not be."""
        collection, id_ = _split(write.path)
        row = self.rows.get(collection, {}).get(id_)
        match write:
            case Create():
                if row:
                    raise Conflict(f"{write.path} exists already")
            case Replace(version=version):
                if row is None or row.version != version:
                    raise Conflict(f"{write.path} is no longer what was read")
            case Delete(version=expected):
                if expected is not None and (row is None or row.version != expected):
                    raise Conflict(f"{write.path} is no longer what was read")
                return None
            case Increment(field=field, by=by):
                data = row.data if row else {}
                return _serialised({**data, field: data.get(field, 0) + by})
            case Update():
                if row is None:
                    raise Conflict(f"{write.path} does not exist")
                return _serialised({**row.data, **write.data})
            case Put():
                pass
        return _serialised(write.data)

    def query(
        self, query: Query, *, limit: int, offset: int = 0, cursor: str | None = None
    ) -> Page[Document]:
        if limit < 1 or offset < 0:
            raise ValueError("a page has a limit of at least 1 and no negative offset")
        found = self._found(query)
        if cursor is not None:
            place = tuple(decode_cursor(_identity(query), cursor))
            found = [
                (key, row)
                for key, row in found
                if (key < place if query.descending else key > place)
            ]
        rows = found[offset : offset + limit]
        more = len(found) > offset + limit
        return Page(
            [row.document(f"{query.collection}/{id_}") for (_, id_), row in rows],
            encode_cursor(_identity(query), list(rows[-1][0])) if more else None,
        )

    def count(self, query: Query, *, up_to: int) -> int:
        return min(len(self._found(query)), up_to)

    def _found(self, query: Query) -> list[tuple[tuple[Any, str], Row]]:
        kind = query.collection.rsplit("/", 1)[-1]
        if (kind, frozenset(query.equals), query.order) not in DECLARED:
            missing = Index(kind, tuple(sorted(query.equals)), query.order)
            raise ValueError(f"no index; declare {missing!r} in shared.model.indexes")
        found = [
            ((row.data[query.order], id_), row)
            for id_, row in self.rows.get(query.collection, {}).items()
            if row.data.get(query.order) is not None
            and (query.at_most is None or _at_most(row.data[query.order], query.at_most))
            and all(_same(row.data.get(key), value) for key, value in query.equals.items())
        ]
        return sorted(found, key=lambda one: one[0], reverse=query.descending)


@dataclass(slots=True)
class Waiting:
    """A task until it is acknowledged."""

    task: Task
    due: datetime
    hands: int = 0
    """How many workers hold it."""


class Tasks:
    """What waits to be delivered, storage events included."""

    def __init__(self, clock: Clock) -> None:
        self.waiting: dict[tuple[str, str], Waiting] = {}
        """By queue and name, in the order in which they came."""
        self._names: set[tuple[str, str]] = set()
        self._clock = clock

    def enqueue(self, task: Task) -> bool:
        name = (task.queue, task.name)
        if name in self._names:
            return False
        self._names.add(name)
        json.dumps(task.payload)
        self.waiting[name] = Waiting(task, task.not_before or self._clock.now())
        return True


class Blobs:
    def __init__(self, clock: Clock, tasks: Tasks) -> None:
        self.objects: dict[tuple[Bucket, str], tuple[Blob, bytes]] = {}
        self._clock = clock
        self._tasks = tasks
        self._sequence = 0

    def put(
        self,
        bucket: Bucket,
        name: str,
        source: bytes | Path,
        *,
        content_type: str,
        cache_control: str = "private, no-store",
        metadata: Mapping[str, str] | None = None,
        if_generation: int | None = None,
    ) -> Blob:
        data = source if isinstance(source, bytes) else source.read_bytes()
        self._require((bucket, name), if_generation)
        return self._write(bucket, name, data, content_type, cache_control, metadata)

    def stat(self, bucket: Bucket, name: str) -> Blob | None:
        found = self.objects.get((bucket, name))
        return found[0] if found else None

    def read(self, bucket: Bucket, name: str, *, start: int = 0, end: int | None = None) -> bytes:
        return self._existing(bucket, name)[1][start:end]

    def download(self, bucket: Bucket, name: str, destination: Path) -> Blob:
        blob, data = self._existing(bucket, name)
        destination.write_bytes(data)
        return blob

    def copy(
        self,
        source: tuple[Bucket, str],
        target: tuple[Bucket, str],
        *,
        content_type: str,
        cache_control: str,
        metadata: Mapping[str, str] | None = None,
        if_generation: int | None = None,
    ) -> Blob:
        data = self._existing(*source)[1]
        self._require(target, if_generation)
        return self._write(*target, data, content_type, cache_control, metadata)

    def delete(self, bucket: Bucket, name: str, *, if_generation: int | None = None) -> bool:
        if (bucket, name) not in self.objects:
            return False
        self._require((bucket, name), if_generation)
        del self.objects[bucket, name]
        return True

    def forget(self, names: Sequence[str]) -> None:
        pass

    def list(
        self, bucket: Bucket, prefix: str, *, limit: int, cursor: str | None = None
    ) -> Page[Blob]:
        names = sorted(
            name
            for (where, name) in self.objects
            if where is bucket and name.startswith(prefix) and name > (cursor or "")
        )
        page = [self.objects[bucket, name][0] for name in names[:limit]]
        return Page(page, names[limit - 1] if len(names) > limit else None)

    def public_url(self, name: str) -> str:
        return f"http://cdn.test/{name}"

    def upload_url(
        self, name: str, *, content_type: str, expires_at: datetime, max_bytes: int = MAX_UPLOAD
    ) -> SignedUpload:
        raise NotImplementedError

    def _existing(self, bucket: Bucket, name: str) -> tuple[Blob, bytes]:
        found = self.objects.get((bucket, name))
        if found is None:
            raise NotFound(f"there is no {name!r} in {bucket}")
        return found

    def _require(self, target: tuple[Bucket, str], generation: int | None) -> None:
        found = self.objects.get(target)
        if generation is not None and generation != (found[0].generation if found else 0):
            raise Conflict(f"{target[1]} is no longer what was read")

    def _write(
        self,
        bucket: Bucket,
        name: str,
        data: bytes,
        content_type: str,
        cache_control: str,
        metadata: Mapping[str, str] | None,
    ) -> Blob:
        self._sequence += 1
        blob = Blob(
            bucket=bucket,
            name=name,
            generation=self._sequence,
            size=len(data),
            etag=hashlib.sha256(data).hexdigest(),
            content_type=content_type,
            cache_control=cache_control,
            metadata=dict(metadata or {}),
            updated_at=self._clock.now(),
        )
        self.objects[bucket, name] = (blob, data)
        if bucket is not Bucket.WORK:
            told = {
                "bucket": bucket.value,
                "name": name,
                "generation": str(blob.generation),
                "metadata": dict(metadata or {}),
            }
            self._tasks.enqueue(Task(EVENTS_QUEUE, f"{bucket}-{blob.generation}", told))
        return blob


def _serialised(data: Json) -> tuple[bytes, Json]:
    text = json.dumps(data, ensure_ascii=False, allow_nan=False)  # which refuses what is not JSON
    if len(text) > MAX_BYTES // 4 and len(text.encode()) > MAX_BYTES:
        raise BadRequest("a document may have at most 1 MiB")
    packed = marshal.dumps(data)
    return packed, marshal.loads(packed)  # noqa: S302


def _split(path: str) -> tuple[str, str]:
    collection, _, id_ = path.rpartition("/")
    segments: Iterable[str] = path.split("/")
    if path.count("/") % 2 == 0 or any(segment in ("", ".", "..") for segment in segments):
        raise ValueError(f"not the path of a document: {path!r}")
    return collection, id_


def _same(value: object, wanted: object) -> bool:
    return value == wanted and isinstance(value, bool) == isinstance(wanted, bool)


def _at_most(value: Any, limit: str | int) -> bool:
    return isinstance(value, str) == isinstance(limit, str) and bool(value <= limit)


def _identity(query: Query) -> tuple[Any, ...]:
    equals = tuple(sorted(query.equals.items()))
    return query.collection, equals, query.order, query.descending, query.at_most
