"""Typed reading of stored entities, with the faults that a client should see."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from shared.errors import BadRequest, Conflict, NotFound, PreconditionFailed
from shared.model.base import Entity
from shared.ports import Document, Documents, Page, Query, Write

E = TypeVar("E", bound=Entity)

MAX_LIMIT = 100
MAX_OFFSET = 1_000
MAX_TOTAL = 10_000


def read(documents: Documents, kind: type[E], path: str) -> tuple[E, str]:
    """An entity and its version; NotFound when it is absent."""
    document = documents.get(path)
    if document is None:
        raise NotFound(f"There is no such {kind.__name__.lower()}.")
    return kind.load(document.data), document.version


def require_version(version: str, if_match: str | None) -> None:
    """PreconditionFailed unless a client has seen this version, if it says what it has seen."""
    if if_match is not None and if_match != version:
        raise PreconditionFailed("It was changed meanwhile; read it again, then decide.")


def create(documents: Documents, path: str, writes: Sequence[Write]) -> None:
    """Commit the writes that create the document at `path`, whose id is new.

    That it is there already can only mean that the same request was cut off after it had come this
    far, and is repeated with the same ids; then there is nothing left to do.
    """
    try:
        documents.commit(writes)
    except Conflict:
        if documents.get(path) is None:
            raise


def every(documents: Documents, query: Query, *, at_once: int) -> Iterator[Document]:
    """All that a query finds, `at_once` of them in memory.

    What is moved back in the order meanwhile is met again, so who does that reads all first.
    """
    cursor: str | None = None
    while True:
        found = documents.query(query, limit=at_once, cursor=cursor)
        yield from found.results
        cursor = found.next_cursor
        if cursor is None:
            return


def existing(documents: Documents, paths: Iterable[str]) -> set[str]:
    """Those of the paths that have a document."""
    return {document.path for document in documents.get_many(sorted(paths)) if document}


def require_all(documents: Documents, paths: Sequence[str], what: str) -> None:
    """NotFound unless all of these documents exist: a deleted ancestor hides its subtree."""
    if any(document is None for document in documents.get_many(paths)):
        raise NotFound(f"There is no such {what}.")


def page(
    documents: Documents, query: Query, *, limit: int, offset: int, cursor: str | None
) -> tuple[Page[Document], int]:
    """One page of a list, and the total (counted to 10,000; not at all when the page tells it)."""
    if not 1 <= limit <= MAX_LIMIT:
        raise BadRequest(f"must be between 1 and {MAX_LIMIT}", field="limit")
    if not 0 <= offset <= MAX_OFFSET:
        raise BadRequest(
            f"must be between 0 and {MAX_OFFSET}; continue with the cursor beyond", field="offset"
        )
    if offset and cursor:
        raise BadRequest("give offset or cursor, not both", field="cursor")
    results = documents.query(query, limit=limit, offset=offset, cursor=cursor)
    is_known = results.next_cursor is None and not cursor and (results.results or not offset)
    if is_known:
        return results, min(offset + len(results.results), MAX_TOTAL)
    return results, documents.count(query, up_to=MAX_TOTAL)
