"""The body of a request on its way in, and what is answered to one that is not taken."""

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from wsgiref.types import WSGIApplication

from werkzeug.wrappers import Response

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

UNASKED: Final = 1 << 16
"""Bytes of a body that are received from anybody. For a longer one, the head is looked at first."""
UNWANTED_SECONDS: Final = 2.0
"""How long the rest of a refused body is read and thrown away. A connection that is closed while
the client sends is reset, and with it the answer may be lost."""


class Refused(Exception):
    """A request that the application does not get to see, with what is answered instead."""

    def __init__(self, answer: WSGIApplication) -> None:
        super().__init__()
        self.answer = answer


class Gone(Exception):
    """The client has closed the connection."""


@dataclass(slots=True)
class Body:
    """The body of a request, as far as it has come."""

    file: Any
    receive: Receive
    stated: int
    """How many bytes the head says that it has; 0 where it does not say."""
    size: int = 0
    more: bool = True

    async def received(self, limit: int) -> bool:
        """Receive up to so many bytes in all; whether that is the whole body."""
        while self.more and max(self.stated, self.size) <= limit:
            self.file.write(await self._next())
        return max(self.stated, self.size) <= limit

    async def thrown_away(self) -> None:
        """Receive the rest, for a moment, and keep nothing of it."""
        with suppress(Gone, TimeoutError):
            async with asyncio.timeout(UNWANTED_SECONDS):
                while self.more:
                    await self._next()

    async def _next(self) -> bytes:
        message = await self.receive()
        if message["type"] == "http.disconnect":
            raise Gone
        piece: bytes = message["body"]
        self.size += len(piece)
        self.more = message["more_body"]
        return piece


def too_large(limit: int) -> Response:
    return error_response(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "bad_request",
        f"the body may have at most {limit:,} bytes",
    )


def error_response(status: int, code: str, message: str, **details: int) -> Response:
    """An error as the API words it."""
    body = json.dumps({"error": {"code": code, "message": message, **details}})
    headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"}
    if "retry_after" in details:
        headers["Retry-After"] = str(details["retry_after"])
    return Response(body, status, headers, content_type="application/json")


def require_one_length(scope: Message) -> None:
    """Refuse a body whose end others may see elsewhere (RFC 9112, section 6.1)."""
    if {name for name, _ in scope["headers"]} >= {b"content-length", b"transfer-encoding"}:
        message = "a body has a Content-Length or a Transfer-Encoding, not both"
        raise Refused(error_response(HTTPStatus.BAD_REQUEST, "bad_request", message))


def stated_length(scope: Message) -> int:
    return next((int(value) for name, value in scope["headers"] if name == b"content-length"), 0)
