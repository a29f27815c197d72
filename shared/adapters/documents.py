"""What every Documents adapter refuses in the same way, so that nothing fails on one of them only.

The limits are Firestore's. Malformed paths, batches and queries are programming errors: ValueError.
"""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from shared.errors import BadRequest
from shared.model.indexes import Index
from shared.ports import Json, Query, Write

_MAX_WRITES = 500
_MAX_BYTES = 1_048_576
_MAX_SEGMENT = 1_500  # bytes
_RESERVED = re.compile(r"__.*__", re.DOTALL)

Key = tuple[str, frozenset[str], str]
"""What a query must have in common with a declared index."""


def split(path: str) -> tuple[str, str]:
    """A document's collection and id."""
    segments = path.split("/")
    if len(segments) % 2 or not all(_is_segment(segment) for segment in segments):
        raise ValueError(f"not the path of a document: {path!r}")
    return "/".join(segments[:-1]), segments[-1]


def kind_of(collection: str) -> str:
    """The last segment of a collection's path, by which indexes are declared."""
    segments = collection.split("/")
    if len(segments) % 2 == 0 or not all(_is_segment(segment) for segment in segments):
        raise ValueError(f"not the path of a collection: {collection!r}")
    return segments[-1]


def require_batch(writes: Sequence[Write]) -> None:
    if len(writes) > _MAX_WRITES:
        raise ValueError(f"{len(writes)} writes in one batch; at most {_MAX_WRITES} fit")
    if len({write.path for write in writes}) < len(writes):
        raise ValueError("a batch may write each path only once")


def require_page(limit: int, offset: int) -> None:
    if limit < 1 or offset < 0:
        raise ValueError("a page has a limit of at least 1 and no negative offset")


def to_json(data: Json) -> str:
    """ValueError or TypeError for what is not JSON, BadRequest for what is too large."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    if len(text.encode()) > _MAX_BYTES:
        raise too_large()
    return text


def too_large() -> BadRequest:
    return BadRequest("a document may have at most 1 MiB")


def key_of(kind: str, equals: Iterable[str], order: str) -> Key:
    return kind, frozenset(equals), order


def undeclared(query: Query) -> ValueError:
    missing = Index(kind_of(query.collection), tuple(sorted(query.equals)), query.order)
    return ValueError(f"this query has no index; declare {missing!r} in shared.model.indexes")


def identity(query: Query) -> tuple[Any, ...]:
    """What a cursor of this query is bound to."""
    equals = tuple(sorted(query.equals.items()))
    return query.collection, equals, query.order, query.descending, query.at_most


def _is_segment(text: str) -> bool:
    return (
        text not in ("", ".", "..")
        and "\0" not in text
        and not (text.startswith("__") and _RESERVED.fullmatch(text))
        and len(text.encode()) <= _MAX_SEGMENT
    )
