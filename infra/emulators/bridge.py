"""What stands in front of fake-gcs-server and adds what it lacks of Cloud Storage.

It checks every precondition on generations, also those of resumable uploads, rewrites, deletions
and downloads; refuses what was signed for something else; takes a repeated part of an upload
once; and tells subscribers of each object that was finalized, however that was done.
"""

import http.client
import json
import re
import shutil
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import closing, nullcontext
from dataclasses import dataclass, field, replace
from email.message import Message
from functools import cached_property
from http.server import BaseHTTPRequestHandler
from ssl import SSLContext
from typing import IO, Any, Protocol
from urllib.parse import parse_qs, quote, unquote, urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from infra.emulators.http_server import HttpServer
from infra.emulators.signatures import ALGORITHM, refusal
from shared.ports import Clock, Json

_SECONDS = 60
_IN_MEMORY = 1 << 20
_CHUNK = 1 << 16
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade"}

_OBJECT = re.compile(r"/(?:download/)?storage/v1/b/(?P<bucket>[^/]+)/o/(?P<name>[^/]+)")
_COPY = re.compile(
    r"/storage/v1/b/[^/]+/o/[^/]+/(?:rewriteTo|copyTo)/b/(?P<bucket>[^/]+)/o/(?P<name>[^/]+)"
)
_COMPOSE = re.compile(r"/storage/v1/b/(?P<bucket>[^/]+)/o/(?P<name>[^/]+)/compose")
_UPLOAD = re.compile(r"/upload/storage/v1/b/(?P<bucket>[^/]+)/o")
_SIGNED = re.compile(r"/(?P<bucket>[^/]+)/(?P<name>.+)")
_LAST_PART = re.compile(r"bytes (?:\*|\d+-(?P<end>\d+))/(?P<total>\d+)")


class SupportsRead(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Cut(Exception):
    """Raised by who meddles with a request: the connection ends without an answer."""


@dataclass(frozen=True)
class Request:
    """One request, its headers' names in lower case. Its body is read when first asked for."""

    method: str
    target: str
    headers: Mapping[str, str]
    stream: SupportsRead

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @cached_property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.target).query).items()}

    @property
    def size(self) -> int:
        return int(self.headers.get("content-length", 0))

    @cached_property
    def body(self) -> IO[bytes]:
        body = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - it goes with the request
        left = self.size
        while left:
            piece = self.stream.read(min(left, _CHUNK))
            if not piece:
                raise Cut
            body.write(piece)
            left -= len(piece)
        return body

    @property
    def was_read(self) -> bool:
        return not self.size or "body" in self.__dict__

    def close(self) -> None:
        if "body" in self.__dict__:
            self.body.close()


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | http.client.HTTPResponse = b""

    @classmethod
    def error(cls, status: int, reason: str) -> "Reply":
        said = json.dumps({"error": {"code": status, "message": reason}}).encode()
        return cls(status, {"content-type": "application/json"}, said)


Forward = Callable[[Request], Reply]
Meddle = Callable[[Request, Forward], Reply]


@dataclass(frozen=True)
class _Change:
    """What a request is about to do to an object."""

    bucket: str
    name: str
    if_generation: int | None
    finalizes: bool = False


@dataclass
class _Session:
    """A resumable upload, and what each of its parts was answered with."""

    change: _Change
    answers: dict[str, Reply] = field(default_factory=dict)


class Bridge:
    """Serves at `url` and asks `upstream` for whatever it does not do itself."""

    def __init__(
        self,
        clock: Clock,
        keys: Mapping[str, RSAPublicKey],
        *,
        port: int = 0,
        address: str = "127.0.0.1",
        tls: SSLContext | None = None,
        host: str | None = None,
        authorize: Callable[[Request], Reply | None] | None = None,
    ) -> None:
        """`keys` are those of the service accounts that may sign URLs, by e-mail. With `tls` it
        answers as `host`. `authorize` refuses what the sender of a request may not do."""
        self.upstream = ""
        """Host and port of the server behind."""
        self.meddle: Meddle | None = None
        """For tests: answers instead of the bridge, which it can call, or raises Cut."""
        self.subscribers: list[Callable[[Json], None]] = []
        """Who is told of each finalized object, as the JSON interface describes it."""
        self._clock = clock
        self._keys = keys
        self._sessions: dict[str, _Session] = {}
        self._locks: defaultdict[tuple[str, str], threading.Lock] = defaultdict(threading.Lock)
        self._authorize = authorize
        self._server = _server(self, (address, port), tls)
        self.host = host or f"{address}:{self._server.server_address[1]}"
        self.url = f"{'https' if tls else 'http'}://{self.host}"

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop()

    def answer(self, request: Request) -> Reply:
        if self._authorize and (refused := self._authorize(request)):
            return refused
        return self.meddle(request, self._answer) if self.meddle else self._answer(request)

    def _answer(self, request: Request) -> Reply:
        signed = request.query.get("X-Goog-Algorithm") == ALGORITHM
        if signed:
            refused = refusal(
                request.method, request.target, request.headers, self._keys, self._clock.now()
            )
            if refused:
                return Reply.error(refused.status, refused.code)
        session = self._sessions.get(request.query.get("upload_id", ""))
        change = _part(request, session.change) if session else _change(request, signed)
        if change is None:
            return self._forward(request)
        request.body  # noqa: B018 - read now, so that nobody waits for a slow client
        part = request.headers.get("content-range", "")
        if session and part in session.answers:
            return session.answers[part]
        with self._locks[change.bucket, change.name]:
            reply = self._checked(request, change)
        if "location" in reply.headers:
            opened = parse_qs(urlsplit(reply.headers["location"]).query)["upload_id"][0]
            self._sessions[opened] = _Session(change)
        if session and reply.status in (200, 308):
            session.answers[part] = reply
        return reply

    def _checked(self, request: Request, change: _Change) -> Reply:
        there = self.stat(change.bucket, change.name)
        generation = int(there["generation"]) if there else 0
        absent = there is None and request.method in ("GET", "HEAD", "DELETE")
        if change.if_generation not in (None, generation) and not absent:
            return Reply.error(412, "conditionNotMet")
        reply = self._forward(request)
        if request.method not in ("GET", "HEAD"):
            reply = _buffered(reply)
        if change.finalizes and reply.status == 200:
            made = self.stat(change.bucket, change.name)
            for subscriber in self.subscribers if made else ():
                subscriber(made)  # type: ignore[arg-type]
        return reply

    def stat(self, bucket: str, name: str) -> Json | None:
        """An object as the JSON interface describes it; None when there is none."""
        target = f"/storage/v1/b/{bucket}/o/{quote(name, safe='')}"
        reply = _buffered(self._ask("GET", target, {"host": self.host}))
        return json.loads(reply.body) if reply.status == 200 else None  # type: ignore[arg-type]

    def _forward(self, request: Request) -> Reply:
        body = None
        if request.size:
            body = request.body
            body.seek(0)
        return self._ask(request.method, request.target, request.headers, body)

    def _ask(
        self, method: str, target: str, headers: Mapping[str, str], body: IO[bytes] | None = None
    ) -> Reply:
        connection = http.client.HTTPConnection(self.upstream, timeout=_SECONDS)
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            if name not in _HOP_BY_HOP | {"expect"}:
                connection.putheader(name, value)
        connection.putheader("Connection", "close")
        connection.endheaders(body)
        answer = connection.getresponse()
        return Reply(answer.status, _lower(answer.headers), answer)


def _change(request: Request, signed: bool) -> _Change | None:
    """What a request changes, or expects; None for what needs no care."""
    wanted = request.query.get("ifGenerationMatch")
    expected = None if wanted is None else int(wanted)
    if signed:
        if request.method != "PUT":
            return None
        match = _SIGNED.fullmatch(request.path)
        wanted = request.headers.get("x-goog-if-generation-match")
        expected = None if wanted is None else int(wanted)
        finalizes = True
    elif upload := _UPLOAD.fullmatch(request.path):
        kind = request.query.get("uploadType")
        name = request.query.get("name") or _name_inside(request)
        return _Change(upload["bucket"], name, expected, finalizes=kind != "resumable")
    elif match := _COPY.fullmatch(request.path) or _COMPOSE.fullmatch(request.path):
        finalizes = True
    else:
        match = _OBJECT.fullmatch(request.path)
        finalizes = False
        if expected is None:
            return None
    return _Change(match["bucket"], unquote(match["name"]), expected, finalizes) if match else None


def _name_inside(request: Request) -> str:
    """The object's name in the JSON that an upload begins with."""
    start = request.body
    start.seek(0)
    text = start.read(_CHUNK).decode(errors="replace")
    resource, _ = json.JSONDecoder().raw_decode(text[text.index("{") :])
    return str(resource["name"])


def _part(request: Request, change: _Change) -> _Change:
    """What a part of a resumable upload does: only the last one does anything to the object."""
    match = _LAST_PART.fullmatch(request.headers.get("content-range", ""))
    if match and (match["end"] is None or int(match["end"]) + 1 == int(match["total"])):
        asks = match["end"] is None and int(match["total"]) > 0
        return replace(change, if_generation=None) if asks else replace(change, finalizes=True)
    return replace(change, if_generation=None)


def _lower(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _buffered(reply: Reply) -> Reply:
    if isinstance(reply.body, bytes):
        return reply
    with closing(reply.body):
        return replace(reply, body=reply.body.read())


def _server(bridge: Bridge, address: tuple[str, int], tls: SSLContext | None) -> HttpServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else each answer waits 40 ms for the client's word
        timeout = _SECONDS

        def serve(self) -> None:
            request = Request(self.command, self.path, _lower(self.headers), self.rfile)
            try:
                reply = bridge.answer(request)
            except Cut:
                self.close_connection = True
            else:
                self.close_connection |= not request.was_read
                self.send_reply(reply)
            finally:
                request.close()

        def send_reply(self, reply: Reply) -> None:
            headers = dict(reply.headers)
            streamed = None if isinstance(reply.body, bytes) else reply.body
            if streamed is None:
                headers["content-length"] = str(len(reply.body))  # type: ignore[arg-type]
            elif "content-length" not in headers:
                self.close_connection = True
            self.send_response_only(reply.status)
            for name, value in headers.items():
                if name not in _HOP_BY_HOP:
                    self.send_header(name, value)
            if self.close_connection:
                self.send_header("Connection", "close")
            self.end_headers()
            with closing(streamed) if streamed else nullcontext():
                if streamed is not None:
                    shutil.copyfileobj(streamed, self.wfile, _CHUNK)
                elif self.command != "HEAD":
                    self.wfile.write(reply.body)  # type: ignore[arg-type]

        def log_message(self, *_: Any) -> None:
            pass

    for method in _METHODS:
        setattr(Handler, f"do_{method}", Handler.serve)

    return HttpServer(address, Handler, tls=tls)
