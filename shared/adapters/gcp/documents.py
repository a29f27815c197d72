"""The Documents port on Firestore: compare-and-set by `update_time`, and never a transaction."""

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from operator import attrgetter
from typing import Any, Final

import grpc
from google.api_core.exceptions import (
    Aborted,
    AlreadyExists,
    Cancelled,
    FailedPrecondition,
    GoogleAPICallError,
    InternalServerError,
    InvalidArgument,
    NotFound,
    ResourceExhausted,
    RetryError,
    ServerError,
    ServiceUnavailable,
)
from google.api_core.retry import Retry, if_exception_type
from google.auth.exceptions import GoogleAuthError
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport

from shared.adapters.cursor import decode_cursor, encode_cursor
from shared.adapters.documents import (
    identity,
    key_of,
    kind_of,
    require_batch,
    require_page,
    split,
    too_large,
    undeclared,
)
from shared.adapters.gcp.messages import bears, document, query_message, version_of, write_message
from shared.adapters.gcp.values import Value, encode
from shared.errors import Busy, Conflict, MascotryError
from shared.model.indexes import INDEXES, Index
from shared.ports import (
    Delete,
    Document,
    Page,
    Query,
    Replace,
    Write,
)

SECONDS: Final = 10.0
"""For one call, all its repetitions together."""
_COUNT: Final = "count"
_NEARLY_TOO_LARGE: Final = 1_000_000  # bytes; what counts is a little more than the message
_EMULATOR: Final = "FIRESTORE_EMULATOR_HOST"  # Google's name for it, which all its clients honour
_OPTIONS: Final = [
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
]
_REFUSED: Final = (AlreadyExists, FailedPrecondition, NotFound)
_NOT_DONE: Final = (Aborted, ResourceExhausted)
"""After these nothing was written, whoever asks."""
_TRANSIENT: Final = (ServerError, *_NOT_DONE, Cancelled, RetryError, GoogleAuthError)
_NOT_READ: Final = (ServiceUnavailable, InternalServerError, *_NOT_DONE)

_log = logging.getLogger(__name__)


class FirestoreDocuments:
    """The Documents port on Firestore, by Google's own client. May be used from any thread.

    Malformed paths, undeclared queries and values that are not JSON are programming errors:
    ValueError or TypeError. A document over 1 MiB is a BadRequest. Busy means that the database is
    out of reach or did not answer in time; of a commit, that it may or may not have happened, as
    after a crash.
    """

    def __init__(
        self,
        project: str,
        database: str = "(default)",
        *,
        emulator: str | None = None,
        indexes: Sequence[Index] = INDEXES,
    ) -> None:
        """`emulator` is the host and port of one; by default that of `FIRESTORE_EMULATOR_HOST`."""
        self._database = f"projects/{project}/databases/{database}"
        self._root = f"{self._database}/documents"
        self._indexes = {key_of(i.collection, i.equals, i.order) for i in indexes}
        emulator = emulator or os.environ.get(_EMULATOR)
        self._api = FirestoreClient(transport=_transport(emulator))
        self._metadata = [("google-cloud-resource-prefix", self._database)]
        if emulator:
            self._metadata.append(("authorization", "Bearer owner"))

    def close(self) -> None:
        """Let go of the connection."""
        self._api.transport.close()  # type: ignore[no-untyped-call]

    def get(self, path: str) -> Document | None:
        split(path)
        request = types.GetDocumentRequest(name=self._name(path))

        def answer() -> Document | None:
            try:
                found = self._api.get_document(
                    request, retry=None, timeout=SECONDS, metadata=self._metadata
                )
            except NotFound:
                return None
            return document(self._root, type(found).pb(found))

        # One answer is quicker to come by than a stream of one.
        with _told("get_document"):
            return _repeating(_NOT_READ)(answer)()

    def get_many(self, paths: Sequence[str]) -> list[Document | None]:
        for path in paths:
            split(path)
        found = self._found(paths)
        return [document(self._root, found[path]) if path in found else None for path in paths]

    def commit(self, writes: Sequence[Write]) -> str:
        require_batch(writes)
        if not writes:
            return ""
        mark = os.urandom(12)
        request = types.CommitRequest.wrap(
            types.CommitRequest.pb()(
                database=self._database,
                writes=[write_message(self._root, write, mark) for write in writes],
            )
        )
        with _told("commit"):
            version = self._accepted(writes, request) or self._done(writes, mark)
        if version is None:
            raise Busy("Whether it was written is not known; try again.")
        return version

    def query(
        self, query: Query, *, limit: int, offset: int = 0, cursor: str | None = None
    ) -> Page[Document]:
        require_page(limit, offset)
        structured = self._message(query)
        structured.limit.value = limit + 1
        structured.offset = offset
        if cursor is not None:
            value, id_ = decode_cursor(identity(query), cursor)
            name = self._name(f"{query.collection}/{id_}")
            structured.start_at.values.extend([encode(value), Value(reference_value=name)])
            structured.start_at.before = False
        request = types.RunQueryRequest.wrap(
            types.RunQueryRequest.pb()(
                parent=self._parent(query.collection), structured_query=structured
            )
        )
        answers = self._read(self._api.run_query, request)
        documents = [
            document(self._root, one.document) for one in answers if one.HasField("document")
        ]
        if len(documents) <= limit:
            return Page(documents, None)
        last = documents[limit - 1]
        position = [last.data[query.order], last.id]
        return Page(documents[:limit], encode_cursor(identity(query), position))

    def count(self, query: Query, *, up_to: int) -> int:
        counted = types.StructuredAggregationQuery.pb()(structured_query=self._message(query))
        if up_to < 1:
            return 0
        counted.aggregations.add(alias=_COUNT).count.up_to.value = up_to
        request = types.RunAggregationQueryRequest.wrap(
            types.RunAggregationQueryRequest.pb()(
                parent=self._parent(query.collection), structured_aggregation_query=counted
            )
        )
        [answer] = self._read(self._api.run_aggregation_query, request)
        return int(answer.result.aggregate_fields[_COUNT].integer_value)

    # --- reading ---------------------------------------------------------------------------------

    def _found(self, paths: Sequence[str]) -> dict[str, Any]:
        """Those of the documents that exist, as messages.

        They are read one by one, but none that came before has changed when the last one is read:
        so the protocol promises, and that is the one instant.
        """
        if not paths:
            return {}
        names = [self._name(path) for path in dict.fromkeys(paths)]
        request = types.BatchGetDocumentsRequest(database=self._database, documents=names)
        answers = self._read(self._api.batch_get_documents, request)
        found = [one.found for one in answers if one.HasField("found")]
        return {message.name.removeprefix(f"{self._root}/"): message for message in found}

    def _read(self, call: Callable[..., Iterable[Any]], request: Any) -> list[Any]:
        """All answers of a call, as bare messages. It begins again when it is cut off."""

        def answers() -> list[Any]:
            found = call(request, retry=None, timeout=SECONDS, metadata=self._metadata)
            return [type(one).pb(one) for one in found]

        with _told(call.__name__):
            return _repeating(_NOT_READ)(answers)()

    def _message(self, query: Query) -> Any:
        if key_of(kind_of(query.collection), query.equals, query.order) not in self._indexes:
            raise undeclared(query)
        return query_message(query)

    # --- writing ---------------------------------------------------------------------------------

    def _accepted(self, writes: Sequence[Write], request: types.CommitRequest) -> str | None:
        """Commit; None when the answer got lost. Raises Conflict when nothing was written."""
        lost = False

        def note(error: Exception) -> None:
            nonlocal lost
            lost = lost or not isinstance(error, _NOT_DONE)

        # What can happen only once may be asked for again: a version never comes back.
        again = (*_NOT_DONE, ServiceUnavailable) if _happens_once(writes) else _NOT_DONE
        try:
            answer = self._api.commit(
                request,
                retry=_repeating(again, on_error=note),
                timeout=SECONDS,
                metadata=self._metadata,
            )
        except _REFUSED as error:
            if lost:  # maybe by what we have written ourselves
                return None
            raise _conflict(writes) from error
        except RetryError as error:
            if lost:
                return None
            if isinstance(error.cause, Aborted):
                raise _conflict(writes) from error
            raise
        except InvalidArgument as error:
            largest = max(one.ByteSize() for one in types.CommitRequest.pb(request).writes)
            # An update may also be what was too much for a document.
            if largest > _NEARLY_TOO_LARGE or "size" in error.message:
                raise too_large() from error
            raise
        except ServerError as error:
            _log.warning("the answer to a commit got lost", extra=_details("commit", error))
            return None
        # One commit is one instant for all that it writes; what it deletes has none.
        results = types.CommitResponse.pb(answer).write_results
        return version_of(max((one.update_time for one in results), key=attrgetter("seconds")))

    def _done(self, writes: Sequence[Write], mark: bytes) -> str | None:
        """The version of a document that bears the mark; if none does, that says nothing: others
        may have written."""
        path = next((write.path for write in writes if not isinstance(write, Delete)), None)
        for message in self._found([path] if path else []).values():
            if bears(message, mark):
                return version_of(message.update_time)
        return None

    # --- names -----------------------------------------------------------------------------------

    def _name(self, path: str) -> str:
        return f"{self._root}/{path}"

    def _parent(self, collection: str) -> str:
        return self._name(collection).rsplit("/", 1)[0]


def _transport(emulator: str | None) -> FirestoreGrpcTransport:
    def secure(host: str, **chosen: Any) -> grpc.Channel:
        return FirestoreGrpcTransport.create_channel(host, **{**chosen, "options": _OPTIONS})

    channel = grpc.insecure_channel(emulator, options=_OPTIONS) if emulator else secure
    return FirestoreGrpcTransport(channel=channel)


def _repeating(
    faults: tuple[type[Exception], ...], on_error: Callable[[Exception], None] | None = None
) -> Retry:
    return Retry(
        if_exception_type(*faults),
        initial=0.05,
        maximum=1.0,
        multiplier=2.0,
        timeout=SECONDS,
        on_error=on_error,
    )


def _happens_once(writes: Sequence[Write]) -> bool:
    return any(
        isinstance(write, Replace) or (isinstance(write, Delete) and write.version is not None)
        for write in writes
    )


def _conflict(writes: Sequence[Write]) -> Conflict:
    if len(writes) == 1:
        return Conflict(f"{writes[0].path} is no longer what was read")
    return Conflict("a document of the batch is no longer what was read")


@contextmanager
def _told(call: str) -> Iterator[None]:
    """Faults of Google's client as ours; the log has what they said."""
    try:
        yield
    except _TRANSIENT as error:
        _log.warning("the database is out of reach", extra=_details(call, error))
        raise Busy("The database is out of reach; try again.") from error
    except GoogleAPICallError as error:
        _log.error("the database refuses a call", extra=_details(call, error))
        raise MascotryError("The database refuses a call; the log says why.") from error


def _details(call: str, error: Exception) -> dict[str, str]:
    return {"call": call, "reason": f"{type(error).__name__}: {error}"}
