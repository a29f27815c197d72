"""The server of the local stacks: crowds of one kind keep no others waiting."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest

from functions.draining import CLIENT_GONE
from infra import bodies
from infra import server as server_module
from infra.bodies import Message, error_response
from infra.gateway import Pools
from infra.pools import Pool
from infra.server import Server
from infra.wsgi import Threaded

PATIENCE = 30.0
MAX_BODY = 1_000_000
SCOPE: Message = {
    "type": "http",
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "raw_path": b"/",
    "query_string": b"",
    "headers": [],
    "server": None,
    "client": None,
}


class Application:
    """`/wait` answers when `go` is set, `/echo` with the body, `/stream` without an end, `/poll`
    when its client has gone."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.began = threading.Event()
        self.closed = threading.Event()

    def __call__(self, environ: WSGIEnvironment, respond: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/wait":
            self.go.wait(PATIENCE)
        if path == "/poll":
            self.began.set()
            while not environ[CLIENT_GONE]():
                time.sleep(0.01)
            self.closed.set()
        body = environ["wsgi.input"].read()
        respond("200 OK", [("Content-Type", "text/plain")])
        return self._stream() if path == "/stream" else [b"%d bytes" % len(body)]

    def _stream(self) -> Iterator[bytes]:
        try:
            while True:
                time.sleep(0.01)
                yield b""
        finally:
            self.closed.set()


def body_limit(environ: WSGIEnvironment) -> int | WSGIApplication:
    if environ["PATH_INFO"] == "/closed":
        return error_response(401, "unauthorized", "Not you.")
    if environ["PATH_INFO"] == "/small" and int(environ["CONTENT_LENGTH"] or 0) > MAX_BODY:
        return error_response(400, "bad_request", "Too much.")
    return MAX_BODY


@contextmanager
def serving(application: Application, waits: Pool) -> Iterator[int]:
    """The port of a server with one thread beside the pool for `/wait`."""
    others = Pool("others", threads=1, requests=100)

    def pool_of(environ: WSGIEnvironment) -> Pool:
        return waits if environ["PATH_INFO"] == "/wait" else others

    server = Server(Threaded(application, pool_of, body_limit), grace=1)
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        application.go.set()
        server.should_exit = True
        thread.join(PATIENCE)


def ask(port: int, path: str, more: bytes = b"\r\n") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    connection.sendall(
        b"GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" % path.encode() + more
    )
    return connection


def answer(connection: socket.socket) -> bytes:
    """All that comes until the connection is closed."""
    with connection, connection.makefile("rb") as stream:
        return stream.read()


@pytest.fixture
def application() -> Application:
    return Application()


def test_who_waits_and_who_is_idle_keeps_nobody_waiting(application: Application) -> None:
    waits = Pool("waits", threads=2, requests=2)
    with serving(application, waits) as port, ExitStack() as stack:
        for _ in range(150):  # nothing, and half of a head
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            stack.enter_context(ask(port, "/echo", b""))
        waiting = [ask(port, "/wait") for _ in range(2)]
        while waits.enter():  # until both have come in
            waits.leave()
            time.sleep(0.01)
        assert b"0 bytes" in answer(ask(port, "/echo"))
        refused = answer(ask(port, "/wait"))
        assert refused.startswith(b"HTTP/1.1 503")
        assert b"retry-after" in refused.lower()
        assert b'"retry_after"' in refused
        application.go.set()
        assert all(b"0 bytes" in answer(connection) for connection in waiting)


def test_a_body_is_chunked_or_measured_or_too_large(application: Application) -> None:
    with serving(application, Pool("waits", threads=1, requests=1)) as port:
        chunked = b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
        assert b"5 bytes" in answer(ask(port, "/echo", chunked))
        assert b"3 bytes" in answer(ask(port, "/echo", b"Content-Length: 3\r\n\r\nabc"))
        large = answer(ask(port, "/echo", b"Content-Length: 1000001\r\n\r\n"))
        assert large.startswith(b"HTTP/1.1 413")
        both = answer(ask(port, "/echo", b"Content-Length: 3\r\n" + chunked))
        assert both.startswith(b"HTTP/1.1 400")


def test_too_long_a_body_of_unknown_length_is_refused_as_the_application_would(
    application: Application,
) -> None:
    with serving(application, Pool("waits", threads=1, requests=1)) as port:
        head = b"Transfer-Encoding: chunked\r\n\r\n"
        for path, said in (("/echo", b"at most 1,000,000"), ("/small", b"Too much.")):
            connection = ask(port, path, head + b"%x\r\n" % (2 * MAX_BODY))
            connection.sendall(b"x" * 2 * MAX_BODY + b"\r\n0\r\n\r\n")
            assert said in answer(connection)


@pytest.mark.parametrize(
    "head",
    [b"Content-Length: 200000000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\nfffff\r\n"],
    ids=["measured", "chunked"],
)
def test_a_large_body_is_not_received_before_its_head_was_found_good(
    application: Application, monkeypatch: pytest.MonkeyPatch, head: bytes
) -> None:
    monkeypatch.setattr(bodies, "UNWANTED_SECONDS", PATIENCE)
    with (
        serving(application, Pool("waits", threads=1, requests=1)) as port,
        ask(port, "/closed", head) as connection,
    ):
        connection.sendall(b"x" * 200_000)  # the rest never comes
        refused = connection.recv(1000)
        assert refused.startswith(b"HTTP/1.1 401")
        assert b"connection: close" in refused.lower()


def test_who_sends_a_refused_body_to_its_end_gets_the_answer(application: Application) -> None:
    with serving(application, Pool("waits", threads=1, requests=1)) as port:
        body = b"x" * 20 * MAX_BODY
        connection = ask(port, "/closed", b"Content-Length: %d\r\n\r\n" % len(body))
        connection.sendall(body)
        assert b"Not you." in answer(connection)


def test_a_refused_body_is_read_for_a_moment_alone(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "UNWANTED_SECONDS", 0.1)
    with serving(application, Pool("waits", threads=1, requests=1)) as port:
        connection = ask(port, "/closed", b"Content-Length: 200000000\r\n\r\n")
        assert answer(connection).startswith(b"HTTP/1.1 401")


def test_a_slow_head_is_cut_off(application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "HEAD_SECONDS", 0.1)
    with (
        serving(application, Pool("waits", threads=1, requests=1)) as port,
        ask(port, "/echo", b"X: ") as connection,
        pytest.raises(OSError),
    ):
        while True:  # a byte now and then
            connection.sendall(b"x")
            time.sleep(0.02)


def test_the_event_loop_sees_no_empty_pieces() -> None:
    def application(environ: WSGIEnvironment, respond: StartResponse) -> Iterable[bytes]:
        respond("200 OK", [])
        return [b"", b"", b"a", *[b""] * 5, b"b", b"", b""]

    async def serve() -> list[bytes]:
        bodies = []
        request = asyncio.Queue[Message]()
        request.put_nowait({"type": "http.request", "body": b"", "more_body": False})

        async def send(message: Message) -> None:
            if message["type"] == "http.response.body":
                bodies.append(message["body"])

        pool = Pool("waits", threads=1, requests=1)
        served = Threaded(application, lambda environ: pool, body_limit)
        await served(SCOPE, request.get, send)
        return bodies

    # The first goes out with the head, the last ends the body.
    assert asyncio.run(serve()) == [b"", b"a", b"b", b""]


def test_a_stream_ends_when_its_client_is_gone(application: Application) -> None:
    with serving(application, Pool("waits", threads=1, requests=1)) as port:
        with ask(port, "/stream") as connection:
            assert connection.recv(100)
        assert application.closed.wait(PATIENCE)


def test_who_waits_can_tell_that_the_client_is_gone(application: Application) -> None:
    with serving(application, Pool("waits", threads=1, requests=1)) as port:
        with ask(port, "/poll"):
            assert application.began.wait(PATIENCE)
            assert not application.closed.wait(0.2)
        assert application.closed.wait(PATIENCE)


@pytest.mark.parametrize(
    ("method", "path", "query", "pool"),
    [
        ("GET", "/v1/projects", "", "reads"),
        ("GET", "/v1/workspace", "", "reads"),
        ("PATCH", "/v1/workspace", "", "uploads"),
        ("POST", "/v1/upload", "", "uploads"),
        ("PUT", "/uploads/x", "", "uploads"),
        ("GET", "/v1/jobs/1/events", "", "waits"),
        ("GET", "/v1/jobs/1", "wait=true", "waits"),
        ("POST", "/functions/image/", "", "tasks"),
        ("POST", "/functions/decode/picture", "", "decoder"),
        ("GET", "/cdn/x.png", "", "reads"),
        ("GET", "/", "", "reads"),
    ],
)
def test_each_kind_has_threads_of_its_own(method: str, path: str, query: str, pool: str) -> None:
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query}
    assert Pools(2).of(environ).name == pool
