"""Calls of Cloud Storage's client: what is repeated, and what its faults are in our words."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import requests
import urllib3
from google.api_core import exceptions
from google.api_core.retry import Retry
from google.auth.exceptions import GoogleAuthError, TransportError
from google.cloud.storage.exceptions import (  # type: ignore[import-untyped]
    DataCorruption,
    InvalidResponse,
)

from shared.errors import Busy, Conflict, MascotryError, NotFound
from shared.ports import Bucket

PATIENCE = 90.0
"""Seconds in which a request is repeated."""

_TRANSIENT_STATUS = (408, 429, 500, 502, 503, 504)
_TRANSIENT = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    urllib3.exceptions.HTTPError,
    ConnectionError,
)

# What a request is not repeated for, but the whole may be.
_TRY_LATER = (exceptions.RetryError, exceptions.Aborted, DataCorruption)

_log = logging.getLogger(__name__)


def repeating(failures: list[Exception] | None = None) -> Retry:
    """Repeats while that may help; `failures` then says that an answer may have got lost."""

    def failed(error: Exception) -> None:
        if failures is not None:
            failures.append(error)
        if isinstance(error, InvalidResponse):
            error.response.close()  # which nobody has read, and nobody else would close

    return Retry(
        predicate=_is_transient, initial=0.2, maximum=10.0, timeout=PATIENCE, on_error=failed
    )


def _is_transient(error: BaseException) -> bool:
    if isinstance(error, InvalidResponse):
        return error.response.status_code in _TRANSIENT_STATUS
    if isinstance(error, exceptions.GoogleAPICallError):
        return error.code in _TRANSIENT_STATUS
    return isinstance(error, (*_TRANSIENT, TransportError))


@contextmanager
def faults(doing: str, bucket: Bucket, name: str) -> Iterator[None]:
    """Tell of the client's faults in our words.

    Theirs hold addresses that anybody could upload to, so they go no further than here.
    """
    try:
        yield
    except exceptions.PreconditionFailed:
        raise changed(bucket, name) from None
    except exceptions.NotFound:
        raise absent(bucket, name) from None
    except (
        exceptions.GoogleAPIError,
        GoogleAuthError,
        InvalidResponse,
        DataCorruption,
        *_TRANSIENT,
    ) as error:
        told = {**about(bucket, name), "doing": doing, "reason": _reason(error)}
        if _is_transient(error) or isinstance(error, _TRY_LATER):
            _log.warning("the store is out of reach", extra=told)
            raise Busy("The store is out of reach; try again.") from None
        _log.error("the store refuses", extra=told)
        raise MascotryError(f"The store refuses to {doing} an object.") from None


def _reason(error: Exception) -> str:
    """What was wrong, without the address that was asked."""
    said = str(error) if isinstance(error, GoogleAuthError) else ""
    if isinstance(error, exceptions.GoogleAPICallError) and error.response is not None:
        said = error.response.text
    return f"{type(error).__name__} {said[:500]}".strip()


def about(bucket: Bucket, name: str) -> dict[str, str]:
    return {"bucket": bucket.value, "object": name}


def absent(bucket: Bucket, name: str) -> NotFound:
    return NotFound(f"there is no {name!r} in {bucket}")


def contended() -> Busy:
    return Busy("The object changes too often; try again.")


def changed(bucket: Bucket, name: str) -> Conflict:
    return Conflict(f"{name!r} in {bucket} is at another generation")
