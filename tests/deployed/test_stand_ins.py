"""The stand-ins are as strict as what they stand for: who may call, how long, with how much."""

import http.client
import json
import socket
import ssl
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from google.auth import jwt

from infra.emulators.access import Access
from infra.emulators.authority import Authority
from infra.emulators.bridge import Request
from infra.emulators.container import Container, Image, Limits
from infra.emulators.front import GOOGLE, Front, Target
from infra.emulators.identity import Issuer
from infra.emulators.invocation import MAX_BODY, Invocation, Refused, Service
from infra.emulators.metadata import AccessTokens, MetadataServer
from infra.emulators.policy import Grant, Policy
from shared.adapters.system import SystemClock

CALLER, STRANGER = "tasks@p.iam.gserviceaccount.com", "other@p.iam.gserviceaccount.com"
URL = "https://mascotry-sweep-1.r.run.app"
PRIVATE = Service("mascotry-sweep", (URL,), internal_only=True)
PUBLIC = Service("mascotry-api", ("https://mascotry-api-1.r.run.app",), invoker_check=False)
POLICY = Policy(
    [
        Grant("roles/run.invoker", f"serviceAccount:{CALLER}", "service/mascotry-sweep"),
        Grant("roles/storage.objectCreator", f"serviceAccount:{CALLER}", "bucket/uploads"),
        Grant("roles/storage.objectViewer", f"serviceAccount:{CALLER}", "bucket/work"),
        Grant("roles/storage.legacyObjectReader", "allUsers", "bucket/assets"),
    ]
)


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer(SystemClock())


@pytest.fixture
def invocation(issuer: Issuer) -> Invocation:
    return Invocation(issuer, POLICY)


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


# --- who may call --------------------------------------------------------------------------------


def test_a_token_arrives_without_its_signature(invocation: Invocation, issuer: Issuer) -> None:
    token = issuer.token(URL, CALLER)
    admitted = invocation.admit(PRIVATE, bearer(token), size=0, internal=True)
    assert not isinstance(admitted, Refused)
    head, _, signature = admitted["authorization"].rpartition(".")
    assert head == f"Bearer {token.rpartition('.')[0]}"
    assert signature == "SIGNATURE_REMOVED_BY_GOOGLE"
    with pytest.raises(ValueError):
        jwt.decode(admitted["authorization"].split()[1], certs=issuer.certificates)  # type: ignore[no-untyped-call]


def test_who_may_not_call_is_told_so(invocation: Invocation, issuer: Issuer) -> None:
    def status(headers: dict[str, str], *, internal: bool = True, size: int = 0) -> int:
        found = invocation.admit(PRIVATE, headers, size=size, internal=internal)
        return found.status if isinstance(found, Refused) else 200

    good = bearer(issuer.token(URL, CALLER))
    assert status(good) == 200
    assert status(good, internal=False) == 404
    assert status(good, size=MAX_BODY + 1) == 413
    assert status({}) == 401
    assert status(bearer(issuer.token("https://elsewhere.example", CALLER))) == 401
    assert status(bearer(Issuer(SystemClock()).token(URL, CALLER))) == 401
    assert status(bearer(issuer.sign({**issuer.claims(URL, CALLER), "exp": 1, "iat": 0}))) == 401
    assert status(bearer(issuer.token(URL, STRANGER))) == 403
    # The other header is looked at first.
    other = {"x-serverless-authorization": f"Bearer {issuer.token(URL, STRANGER)}"}
    assert status({**good, **other}) == 403


def test_a_public_service_gets_what_was_sent(invocation: Invocation) -> None:
    admitted = invocation.admit(PUBLIC, bearer("msk_key"), size=0, internal=False)
    assert not isinstance(admitted, Refused)
    assert admitted["authorization"] == "Bearer msk_key"
    assert admitted["x-forwarded-proto"] == "https"
    assert admitted["traceparent"].startswith("00-")


# --- files ---------------------------------------------------------------------------------------


class Shelf:
    """A bridge, as far as it is asked whether something is there."""

    def stat(self, bucket: str, name: str) -> dict[str, Any] | None:
        return {"name": name} if name == "there" else None


@pytest.mark.parametrize(
    ("method", "target", "account", "status"),
    [
        ("POST", "/upload/storage/v1/b/uploads/o?name=new", CALLER, None),
        ("GET", "/storage/v1/b/uploads/o/there", CALLER, 403),
        ("DELETE", "/storage/v1/b/uploads/o/there", CALLER, 403),
        ("GET", "/storage/v1/b/uploads/o?prefix=a", CALLER, 403),
        ("GET", "/storage/v1/b/work/o/there", CALLER, None),
        ("GET", "/storage/v1/b/work/o/missing", CALLER, None),
        ("GET", "/storage/v1/b/work/o?prefix=a", CALLER, None),
        ("POST", "/storage/v1/b/work/o/a/rewriteTo/b/uploads/o/new", CALLER, None),
        ("POST", "/storage/v1/b/work/o/a/rewriteTo/b/uploads/o/there", CALLER, 403),
        ("POST", "/storage/v1/b/uploads/o/a/rewriteTo/b/uploads/o/new", CALLER, 403),
        ("GET", "/storage/v1/b/work/o/there", STRANGER, 403),
        ("GET", "/storage/v1/b/work/o/there", None, 401),
        ("GET", "/assets/there", None, None),
        ("GET", "/assets/missing", None, 403),  # who may not list is not told that nothing is there
        ("GET", "/work/there", None, 401),
        ("GET", "/storage/v1/b/assets/o", None, 401),
    ],
)
def test_a_bucket_opens_to_its_members(
    method: str, target: str, account: str | None, status: int | None
) -> None:
    tokens = AccessTokens()
    headers = bearer(tokens.issue(account)) if account else {}
    ask: Callable[[Request], Any] = Access(POLICY, tokens).guard(Shelf)  # type: ignore[arg-type]
    reply = ask(Request(method, target, headers, None))  # type: ignore[arg-type]
    assert (reply.status if reply else None) == status


def test_the_metadata_server_speaks_of_one_account(issuer: Issuer) -> None:
    tokens = AccessTokens()
    server = MetadataServer(CALLER, "p", issuer=issuer, tokens=tokens)
    server.start()
    try:

        def ask(path: str, headers: dict[str, str]) -> tuple[int, str]:
            with closing(http.client.HTTPConnection(server.address, timeout=10)) as connection:
                connection.request("GET", f"/computeMetadata/v1/{path}", headers=headers)
                answer = connection.getresponse()
                assert answer.headers["Metadata-Flavor"] == "Google"
                return answer.status, answer.read().decode()

        flavor = {"Metadata-Flavor": "Google"}
        account = "instance/service-accounts/default/"
        assert ask(f"{account}token", {})[0] == 403
        assert ask(f"{account}nothing", flavor)[0] == 404
        status, text = ask(f"{account}token", flavor)
        assert status == 200
        assert tokens.account(f"Bearer {json.loads(text)['access_token']}") == CALLER
        _, token = ask(f"{account}identity?audience=https://a.example", flavor)
        claims = jwt.decode(token, certs=issuer.certificates, audience="https://a.example")  # type: ignore[no-untyped-call]
        assert claims["email"] == CALLER
    finally:
        server.stop()


# --- containers ----------------------------------------------------------------------------------

SERVER = """
import http.server, os, signal, sys, time

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/slow":
            time.sleep(30)
        if self.path == "/memory":
            held.append(bytearray(os.urandom(1 << 20) * 200))
            time.sleep(5)
        if self.path == "/file":
            open(os.environ["TMPDIR"] + "/big", "wb").write(os.urandom(1 << 20) * 200)
            time.sleep(5)
        body = self.headers.get("Authorization", "").encode() or b"hello"
        length = int(os.environ.get("LENGTH", len(body)))
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

held = []
if os.environ.get("STUBBORN"):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
else:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
"""


@pytest.fixture
def container(tmp_path: Path) -> Iterator[Callable[..., Container]]:
    made: list[Container] = []
    (tmp_path / "server.py").write_text(textwrap.dedent(SERVER))

    def make(timeout: float = 20.0, concurrency: int = 2, **environment: str) -> Container:
        image = Image(tmp_path, (sys.executable, "server.py"), {"PATH": "/usr/bin:/bin"})
        limits = Limits(memory=150 << 20, timeout=timeout, concurrency=concurrency)
        made.append(Container("x", image, environment, limits, tmp_path / "log"))
        return made[-1]

    yield make
    for one in made:
        one.close()


def get(port: int, path: str = "/") -> tuple[int, bytes]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()


def test_a_container_starts_when_it_is_needed(container: Callable[..., Container]) -> None:
    one = container()
    assert one.record.starts == 0
    assert get(one.listening()) == (200, b"hello")
    one.listening()
    assert one.record.starts == 1
    assert one.stop() < 10
    assert get(one.listening()) == (200, b"hello")
    assert (one.record.starts, one.record.killed) == (2, 0)


def test_a_container_that_does_not_end_is_killed(
    container: Callable[..., Container], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.emulators.container.GRACE_SECONDS", 0.5)
    one = container(STUBBORN="yes")
    one.listening()
    one.stop()
    assert one.record.killed == 1


@pytest.mark.parametrize("path", ["/memory", "/file"])
def test_a_container_that_takes_too_much_memory_is_killed(
    container: Callable[..., Container], path: str
) -> None:
    """Files count: they lie in memory."""
    one = container()
    with pytest.raises((OSError, http.client.HTTPException)):
        get(one.listening(), path)
    assert one.record.out_of_memory == 1
    assert one.record.peak > 150 << 20


# --- the front -----------------------------------------------------------------------------------


@pytest.fixture
def asked(
    container: Callable[..., Container], issuer: Issuer, tmp_path: Path
) -> Iterator[Callable[..., Any]]:
    """Asks a front for a path, from inside Google or from outside; the status and the body."""
    authority = Authority(tmp_path)
    fronts: list[Front] = []

    def make(service: Service = PUBLIC, **options: Any) -> Callable[..., tuple[int, bytes]]:
        target = Target(service, container(**options))
        host = service.addresses[0].removeprefix("https://")
        front = Front(
            ("127.0.0.1", 0),
            authority.context(host),
            Invocation(issuer, POLICY),
            {service.name: target},
            {},
        )
        fronts.append(front)
        front.start()
        context = ssl.create_default_context(cafile=str(authority.root))

        def ask(path: str = "/", *, inside: bool = False, **headers: str) -> tuple[int, bytes]:
            source = (GOOGLE, 0) if inside else None
            raw = socket.create_connection(front.address, 10, source)
            connection = http.client.HTTPSConnection(host, timeout=30)
            connection.sock = context.wrap_socket(raw, server_hostname=host)
            with closing(connection):
                connection.request("GET", path, headers=headers)
                answer = connection.getresponse()
                return answer.status, answer.read()

        return ask

    yield make
    for front in fronts:
        front.stop()


def test_a_private_service_is_reached_from_inside(
    asked: Callable[..., Any], issuer: Issuer
) -> None:
    ask = asked(PRIVATE)
    good = f"Bearer {issuer.token(URL, CALLER)}"
    status, body = ask(inside=True, Authorization=good)
    assert (status, body.rpartition(b".")[2]) == (200, b"SIGNATURE_REMOVED_BY_GOOGLE")
    assert ask(inside=True)[0] == 401
    assert ask(Authorization=good)[0] == 404


def test_a_request_ends_when_its_time_is_over(asked: Callable[..., Any]) -> None:
    begun = time.monotonic()
    assert asked(timeout=0.5)("/slow")[0] == 504
    assert time.monotonic() - begun < 25


def test_what_finds_no_room_is_refused(
    asked: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.emulators.front.PENDING_SECONDS", 0.3)
    ask = asked(concurrency=1, timeout=5)
    ask()
    slow = threading.Thread(target=ask, args=("/slow",))
    slow.start()
    time.sleep(1)
    assert ask()[0] == 429
    slow.join()


def test_a_large_answer_has_to_be_streamed(asked: Callable[..., Any]) -> None:
    assert asked(LENGTH=str(MAX_BODY + 1))()[0] == 500


def test_a_container_that_dies_is_a_503(asked: Callable[..., Any]) -> None:
    ask = asked()
    assert ask("/memory")[0] == 503
    assert ask()[0] == 200


# --- what the image's server does when a function hangs ------------------------------------------

HANGS = """
import os, time
import functions_framework

@functions_framework.http
def hang(request):
    if request.path == "/hang":
        time.sleep(600)
    return str(os.getpid())
"""


def test_a_worker_that_hangs_ends_with_its_time(tmp_path: Path) -> None:
    """Else an expired lease would not mean that nobody works any more, and with one thread for a
    container nothing else would be answered either."""
    (tmp_path / "main.py").write_text(textwrap.dedent(HANGS))
    program = Path(sys.executable).with_name("functions-framework")
    image = Image(
        tmp_path,
        (str(program), "--source", "main.py"),
        {"PATH": "/usr/bin:/bin", "FUNCTION_TARGET": "hang", "THREADS": "1"},
    )
    environment = {"CLOUD_RUN_TIMEOUT_SECONDS": "2"}
    limits = Limits(memory=1 << 30, timeout=60, concurrency=1)
    one = Container("hang", image, environment, limits, tmp_path / "log")
    try:
        _, worker = get(one.listening())
        with suppress(OSError, http.client.HTTPException):  # the connection may just end
            assert get(one.listening(), "/hang")[0] == 500
        _, other = get(one.listening())
        assert other != worker
        assert one.record.starts == 1
    finally:
        one.close()
