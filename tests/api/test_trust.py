"""What Google's queues, schedule and storage events have to show, and what opens nothing."""

import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import pytest
from google.cloud import tasks_v2
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from functions import composition
from infra.emulators.identity import Issuer
from infra.emulators.tasks import serve
from shared import config
from shared.adapters.gcp.tasks import CloudTasks
from shared.adapters.system import SystemClock
from shared.model.job import StepKind
from shared.ports import Task
from shared.services import sweeper
from tests.api.client import function
from tests.services.world import World

TASKS = "mascotry-tasks@demo.iam.gserviceaccount.com"
EVENTS = "mascotry-trigger@demo.iam.gserviceaccount.com"
HOUR = timedelta(hours=1)
INTAKE, UPLOAD = (f"mascotry-{name}@demo.iam.gserviceaccount.com" for name in ("intake", "upload"))
TRIGGER = "on_object_finalized"
HEADERS = {
    "ce-id": "1",
    "ce-specversion": "1.0",
    "ce-type": "google.cloud.storage.object.v1.finalized",
    "ce-source": "//storage.googleapis.com/projects/_/buckets/assets",
}

Claims = dict[str, Any]


def address(name: str) -> str:
    return f"https://mascotry-{name.replace('_', '-')}-123456.europe-west1.run.app"


@pytest.fixture(scope="module")
def key() -> Issuer:
    """Its key takes its time, so it is made once."""
    return Issuer(SystemClock())


@pytest.fixture
def google(world: World, key: Issuer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Issuer]:
    """A deployment on Google Cloud, but for the ports; and who signs tokens there."""
    key.clock, key.fetches, key.status = world.clock, 0, 200
    key.start()
    chosen = {
        "BACKEND": "google",
        "FUNCTIONS_URL": address("{function}"),
        "TASKS_ACCOUNT": TASKS,
        "EVENTS_ACCOUNT": EVENTS,
        "DECODE_CALLERS": json.dumps([INTAKE, UPLOAD]),
        "TASKS_CERTIFICATES_URL": key.url,
        "TASK_TOKEN": "the embedded one",
    }
    for name, value in chosen.items():
        monkeypatch.setenv(f"MASCOTRY_{name}", value)
    config.settings.cache_clear()
    composition.caller_certificates.cache_clear()
    yield key
    key.stop()
    composition.caller_certificates.cache_clear()


def call(name: str, token: str | None, scheme: str = "Bearer") -> TestResponse:
    headers = {} if token is None else {"Authorization": f"{scheme} {token}"}
    if name == TRIGGER:
        return function(name, "cloudevent").post("/", json={}, headers={**HEADERS, **headers})
    return function(name).post("/", json={}, headers=headers)


def task_token(google: Issuer, **changes: Any) -> str:
    """A token for sweeping; a change to None leaves a claim out."""
    said = {**google.claims(address("sweep"), TASKS), **changes}
    return google.sign({name: value for name, value in said.items() if value is not None})


# --- who is let in -------------------------------------------------------------------------------


@pytest.mark.parametrize("issuer", ["https://accounts.google.com", "accounts.google.com"])
def test_the_queue_is_let_in(google: Issuer, issuer: str) -> None:
    assert call("sweep", task_token(google, iss=issuer)).status_code == 200
    assert call("sweep", task_token(google, iss=issuer), scheme="bearer").status_code == 200
    assert google.fetches == 1


@pytest.mark.parametrize(
    "name", [*(kind.value for kind in StepKind), "upload", "webhook", "sweep", TRIGGER]
)
def test_every_function_takes_its_own_tokens_only(google: Issuer, name: str) -> None:
    account, other = (EVENTS, TASKS) if name == TRIGGER else (TASKS, EVENTS)
    own = google.token(address(name), account)
    assert call(name, own).status_code in (200, 500)  # 500: it says nothing that could be done
    elsewhere = "cutout" if name == "image" else "image"
    assert call(name, google.token(address(elsewhere), account)).status_code == 401
    assert call(name, google.token(address(name), other)).status_code == 401
    assert call(name, None).status_code == 401


def test_decode_is_for_those_who_have_something_decoded(google: Issuer) -> None:
    def ask(token: str | None) -> int:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return function("decode").post("/moves", data=b"GIF89a", headers=headers).status_code

    for account in (INTAKE, UPLOAD):
        assert ask(google.token(address("decode"), account)) == 200
        assert ask(google.token(address("intake"), account)) == 401
    for account in (TASKS, EVENTS, "mascotry-decode@demo.iam.gserviceaccount.com"):
        assert ask(google.token(address("decode"), account)) == 401
    assert ask(google.sign({**google.claims(address("decode"), INTAKE), "email": ""})) == 401
    assert ask(None) == ask("the embedded one") == 401


def test_nobody_may_have_anything_decoded_unless_he_is_named(
    google: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MASCOTRY_DECODE_CALLERS")
    config.settings.cache_clear()
    headers = {"Authorization": f"Bearer {google.token(address('decode'), INTAKE)}"}
    assert function("decode").post("/moves", data=b"", headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("audience", "status"),
    [
        (address(TRIGGER) + "/", 200),
        (address(TRIGGER) + "?__GCP_CloudEventsMode=GCS_NOTIFICATION", 200),
        ("https://mascotry-on-object-finalized-abcdefghij-ew.a.run.app", 200),
        ("https://mascotry-on-object-finalized-x-abcdefghij-ew.a.run.app", 401),
        ("https://mascotry-image-abcdefghij-ew.a.run.app", 401),
        ("https://mascotry-on-object-finalized-abcdefghij-ew.a.run.app.evil.example", 401),
        ("http://mascotry-on-object-finalized-abcdefghij-ew.a.run.app", 401),
        (address(TRIGGER) + ".evil.example", 401),
        (address(TRIGGER) + "\n", 401),
    ],
)
def test_events_may_name_either_address_of_the_trigger(
    google: Issuer, audience: str, status: int
) -> None:
    assert call(TRIGGER, google.token(audience, EVENTS)).status_code == status


def test_one_account_for_all_is_enough(google: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASCOTRY_EVENTS_ACCOUNT", "")
    config.settings.cache_clear()
    assert call(TRIGGER, google.token(address(TRIGGER), TASKS)).status_code == 200
    assert call(TRIGGER, google.token(address(TRIGGER), EVENTS)).status_code == 401


def test_a_task_comes_through_in_earnest(
    world: World, google: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the adapter over the queue to the function, each believing the next for its tokens."""
    swept = Event()

    def sweep(ports: object) -> int:
        swept.set()
        return 0

    monkeypatch.setattr(sweeper, "sweep", sweep)
    target = make_server("127.0.0.1", 0, function("sweep").application)
    serving = Thread(target=target.serve_forever, args=(0.01,))
    serving.start()
    functions_url = f"http://127.0.0.1:{target.server_port}/{{function}}"
    monkeypatch.setenv("MASCOTRY_FUNCTIONS_URL", functions_url)
    config.settings.cache_clear()
    try:
        with serve(clock=world.clock, issuer=google) as server:
            server.create(tasks_v2.Queue(name="projects/p/locations/r/queues/mascotry-sweep"))
            tasks = CloudTasks(
                "p", "r", functions_url=functions_url, account=TASKS, endpoint=server.address
            )
            with closing(tasks):
                tasks.enqueue(Task("sweep", "one", {}))
                assert swept.wait(60)
        assert google.fetches == 1
    finally:
        target.shutdown()
        serving.join()
        target.server_close()


# --- who is not ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("iss", "https://accounts.google.com.evil.example"),
        ("iss", None),
        ("aud", address("image")),
        ("aud", address("sweep") + "/"),
        ("aud", [address("sweep")]),
        ("aud", None),
        ("email", "somebody@demo.iam.gserviceaccount.com"),
        ("email", ""),
        ("email", None),
        ("email_verified", False),
        ("email_verified", "true"),
        ("email_verified", None),
        ("exp", 0),
        ("exp", 9e99),
        ("exp", "2099"),
        ("exp", None),
        ("iat", 2**40),
        ("iat", None),
        ("nbf", 2**40),
        ("nbf", "soon"),
    ],
)
def test_each_claim_counts(
    google: Issuer, claim: str, value: object, caplog: pytest.LogCaptureFixture
) -> None:
    token = task_token(google, **{claim: value})
    response = call("sweep", token)
    assert response.status_code == 401
    assert response.get_json()["error"] == {
        "code": "unauthorized",
        "message": "Only the queue may call this function.",
    }
    [record] = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert claim in vars(record)["reason"] or vars(record)["reason"] == "it has expired"
    assert not any(part in str(vars(record)) for part in token.split("."))


def test_a_token_ends_and_begins(world: World, google: Issuer) -> None:
    token = task_token(google)
    world.clock.advance(HOUR - timedelta(seconds=1))
    assert call("sweep", token).status_code == 200
    world.clock.advance(timedelta(seconds=1))
    assert call("sweep", token).status_code == 401
    now = int(world.clock.now().timestamp())
    assert call("sweep", task_token(google, iat=now + 60, exp=now + 99)).status_code == 200
    assert call("sweep", task_token(google, iat=now + 61, exp=now + 99)).status_code == 401


def test_without_an_account_nobody_is_let_in(
    google: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MASCOTRY_TASKS_ACCOUNT", "")
    config.settings.cache_clear()
    assert call("sweep", task_token(google, email="")).status_code == 401
    assert call("sweep", task_token(google, email=None)).status_code == 401


def part(content: object) -> str:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unsigned(google: Issuer, claims: Claims, kid: str) -> str:
    return f"{part({'alg': 'none', 'kid': kid})}.{part(claims)}."


def unsigned_with_junk(google: Issuer, claims: Claims, kid: str) -> str:
    return f"{part({'alg': 'none', 'kid': kid})}.{part(claims)}.{part(b'junk')}"


def signed_with_the_certificate_as_a_secret(google: Issuer, claims: Claims, kid: str) -> str:
    message = f"{part({'alg': 'HS256', 'kid': kid})}.{part(claims)}"
    secret = google.certificates[kid].encode()
    return f"{message}.{part(hmac.digest(secret, message.encode(), hashlib.sha256))}"


def claims_exchanged(google: Issuer, claims: Claims, kid: str) -> str:
    header, _, signature = google.sign({**claims, "aud": address("image")}).split(".")
    return f"{header}.{part(claims)}.{signature}"


def signed_by_a_stranger(google: Issuer, claims: Claims, kid: str) -> str:
    _, body, signature = Issuer(google.clock).sign(claims).split(".")
    return f"{part({'alg': 'RS256', 'kid': kid})}.{body}.{signature}"


def without_key_id(google: Issuer, claims: Claims, kid: str) -> str:
    _, body, signature = google.sign(claims).split(".")
    return f"{part({'alg': 'RS256'})}.{body}.{signature}"


def of_a_strange_algorithm(google: Issuer, claims: Claims, kid: str) -> str:
    _, body, signature = google.sign(claims).split(".")
    return f"{part({'alg': ['RS256'], 'kid': [kid]})}.{body}.{signature}"


@pytest.mark.parametrize(
    "forge",
    [
        unsigned,
        unsigned_with_junk,
        signed_with_the_certificate_as_a_secret,
        claims_exchanged,
        signed_by_a_stranger,
        without_key_id,
        of_a_strange_algorithm,
    ],
)
def test_a_forged_token_opens_nothing(
    google: Issuer, forge: Callable[[Issuer, Claims, str], str]
) -> None:
    claims = google.claims(address("sweep"), TASKS)
    assert call("sweep", google.sign(claims)).status_code == 200
    assert call("sweep", forge(google, claims, next(iter(google.certificates)))).status_code == 401


@pytest.mark.parametrize(
    "junk", ["", "x", "a.b", "a.b.c", "a.b.c.d", "é.é.é", "." * 9000, "the embedded one"]
)
def test_junk_opens_nothing(google: Issuer, junk: str) -> None:
    assert call("sweep", junk).status_code == 401
    assert call(TRIGGER, junk).status_code == 401
    assert google.fetches == 0


def test_another_scheme_opens_nothing(google: Issuer) -> None:
    assert call("sweep", task_token(google), scheme="Basic").status_code == 401


# --- certificates --------------------------------------------------------------------------------


def test_without_certificates_it_comes_back(world: World, google: Issuer) -> None:
    token, event = task_token(google), google.token(address(TRIGGER), EVENTS)
    google.status = 500
    for response in (call("sweep", token), call(TRIGGER, event), call("sweep", token)):
        assert response.status_code == 503
        assert response.headers["Retry-After"] == "60"
        assert response.get_json()["error"]["code"] == "busy"
    assert google.fetches == 1
    google.status = 200
    world.clock.advance(timedelta(minutes=1))
    assert call("sweep", token).status_code == 200
    assert call(TRIGGER, event).status_code == 200


def test_a_server_of_certificates_that_is_gone(google: Issuer) -> None:
    token = task_token(google)
    google.stop()
    assert call("sweep", token).status_code == 503


def test_a_new_key_is_looked_for_once_a_minute(world: World, google: Issuer) -> None:
    assert call("sweep", task_token(google)).status_code == 200
    google.rotate()
    for _ in range(3):
        assert call("sweep", task_token(google)).status_code == 401
    assert google.fetches == 1
    world.clock.advance(timedelta(minutes=1))
    assert call("sweep", task_token(google)).status_code == 200
    assert google.fetches == 2


# --- behind Cloud Run's own check ----------------------------------------------------------------

PUBLIC_PATHS = {"api": "/v1/projects", "events": "/v1/jobs/x?wait=true", "ingest": "/v1/upload"}


@pytest.fixture
def private(google: Issuer, monkeypatch: pytest.MonkeyPatch) -> Issuer:
    """A private function on Cloud Run, which has checked the caller."""
    monkeypatch.setenv("MASCOTRY_PLATFORM_CHECKS_CALLERS", "true")
    config.settings.cache_clear()
    return google


def stripped(token: str) -> str:
    """The token as Cloud Run hands it to a container."""
    return f"{token.rpartition('.')[0]}.SIGNATURE_REMOVED_BY_GOOGLE"


@pytest.mark.parametrize("name", [*(kind.value for kind in StepKind), "webhook", "sweep", TRIGGER])
def test_a_private_function_takes_what_the_platform_has_checked(private: Issuer, name: str) -> None:
    account, other = (EVENTS, TASKS) if name == TRIGGER else (TASKS, EVENTS)
    own = stripped(private.token(address(name), account))
    assert call(name, own).status_code in (200, 500)  # 500: it says nothing that could be done
    assert call(name, stripped(private.token(address(name), other))).status_code == 401
    elsewhere = "cutout" if name == "image" else "image"
    assert call(name, stripped(private.token(address(elsewhere), account))).status_code == 401
    assert private.fetches == 0


def test_an_intact_token_is_verified_behind_the_platform_too(private: Issuer) -> None:
    assert call("sweep", task_token(private)).status_code == 200
    assert private.fetches == 1
    stranger = Issuer(private.clock).sign(private.claims(address("sweep"), TASKS))
    assert call("sweep", stranger).status_code == 401


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("iss", "https://accounts.google.com.evil.example"),
        ("aud", address("image")),
        ("email", "somebody@demo.iam.gserviceaccount.com"),
        ("email_verified", False),
        ("exp", 0),
        ("iat", 2**40),
    ],
)
def test_each_claim_counts_without_a_signature(private: Issuer, claim: str, value: object) -> None:
    assert call("sweep", stripped(task_token(private))).status_code == 200
    assert call("sweep", stripped(task_token(private, **{claim: value}))).status_code == 401


@pytest.mark.parametrize(
    "marker",
    [
        "",
        "signature_removed_by_google",
        "SIGNATURE_REMOVED_BY_GOOGLf",  # decodes to the same bytes
        "SIGNATURE_REMOVED_BY_GOOGLE=",
        "SIGNATURE_REMOVED_BY_GOOGLE.",
        "xSIGNATURE_REMOVED_BY_GOOGLE",
    ],
)
def test_only_the_very_marker_counts(private: Issuer, marker: str) -> None:
    token = f"{task_token(private).rpartition('.')[0]}.{marker}"
    assert call("sweep", token).status_code == 401


def test_the_marker_opens_nothing_where_the_platform_does_not_check(google: Issuer) -> None:
    assert call("sweep", stripped(task_token(google))).status_code == 401
    event = stripped(google.token(address(TRIGGER), EVENTS))
    assert call(TRIGGER, event).status_code == 401


def test_the_marker_counts_only_in_the_header_that_was_checked(private: Issuer) -> None:
    """Cloud Run prefers the other header, and then passes `Authorization` on unchecked."""
    checked = stripped(private.token(address("sweep"), "somebody@demo.iam.gserviceaccount.com"))
    headers = {
        "Authorization": f"Bearer {stripped(task_token(private))}",
        "X-Serverless-Authorization": f"Bearer {checked}",
    }
    assert function("sweep").post("/", json={}, headers=headers).status_code == 401


@pytest.mark.parametrize("name", PUBLIC_PATHS)
def test_a_public_function_never_takes_the_marker(private: Issuer, name: str) -> None:
    """Even if it were deployed with the setting of a private one."""
    token = stripped(private.token(address(name), TASKS))
    method = "POST" if name == "ingest" else "GET"
    headers = {"Authorization": f"Bearer {token}"}
    answer = function(name).open(PUBLIC_PATHS[name], method=method, headers=headers)
    assert answer.status_code == 401
