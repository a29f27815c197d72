"""Opaque cursors: a position, bound to the query that gave it."""

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from shared.errors import BadRequest


def encode_cursor(query: object, position: list[Any]) -> str:
    """Text that `decode_cursor` turns back into `position`, for the same `query` only.

    `query` is anything whose repr tells it apart; `position` is JSON.
    """
    text = json.dumps([_digest(query, position), position])
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(query: object, cursor: str) -> list[Any]:
    """The position in a cursor. Raises BadRequest (field "cursor") when `query` did not give it."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        digest, position = json.loads(urlsafe_b64decode(padded.encode("ascii")))
    except (ValueError, TypeError, RecursionError):
        digest, position = None, None
    if not isinstance(position, list) or digest != _digest(query, position):
        raise BadRequest("the cursor does not belong to this list; start without", field="cursor")
    return position


def _digest(query: object, position: list[Any]) -> str:
    return hashlib.sha256(repr((query, position)).encode()).hexdigest()[:16]
