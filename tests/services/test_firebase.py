"""Firebase's tokens: which ones open what, and whose project is whose."""

import hashlib
import hmac
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from shared.adapters import certificates as adapter
from shared.errors import BadRequest, Busy, Conflict, NotFound, Unauthorized
from shared.model import paths
from shared.model.workspace import Scope
from shared.ports import Replace
from shared.services import keys
from shared.services.certificates import Certificates
from shared.services.firebase import projects, users
from shared.services.keys import Principal
from shared.services.limits import KEPT, Limiter
from shared.services.webhooks import outbox
from tests.services.google import FIREBASE, Google, claims, encode, serve, signer, token
from tests.services.world import Tenant, World

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def google() -> Iterator[Google]:
    with serve() as google:
        yield google


@pytest.fixture
def certificates(world: World, google: Google) -> Certificates:
    return Certificates(world.clock, partial(adapter.fetch, google.url))


class Door:
    """Where tokens are shown, and projects are registered."""

    def __init__(self, world: World, certificates: Certificates) -> None:
        self._world = world
        self._certificates = certificates

    def enter(self, text: str | None = None, **changes: Any) -> Principal:
        text = text or token(self._world.clock.now(), **changes)
        return keys.authenticate(self._world.ports, f"Bearer {text}", self._by_token)

    def _by_token(self, ports: Any, text: str) -> Principal:
        return users.authenticate(ports, self._certificates, text)

    def register(
        self,
        tenant: Tenant,
        project_id: str = FIREBASE,
        *,
        scopes: tuple[Scope, ...] = (Scope.READ, Scope.WRITE),
        proof: str | None = "",
    ) -> None:
        """With a good proof, unless another one is given, or None."""
        if proof == "":
            proof = self.proof(tenant, project_id)
        projects.register(
            self._world.ports,
            lambda: self._certificates,
            tenant.who,
            project_id,
            scopes=scopes,
            allowed_origins=(),
            proof=proof,
        )

    def proof(self, tenant: Tenant, project_id: str = FIREBASE, **changes: Any) -> str:
        issuer = f"https://securetoken.google.com/{project_id}"
        named = {"mascotry_workspace": tenant.who.workspace_id}
        given = {"iss": issuer, "aud": project_id, **named, **changes}
        return token(self._world.clock.now(), **given)


@pytest.fixture
def door(world: World, certificates: Certificates) -> Door:
    return Door(world, certificates)


@pytest.fixture
def registered(door: Door, tenant: Tenant) -> Tenant:
    door.register(tenant)
    return tenant


# --- users ---------------------------------------------------------------------------------------


def test_a_user_enters(door: Door, registered: Tenant) -> None:
    who = door.enter()
    assert who.workspace_id == registered.who.workspace_id
    assert who.scopes == (Scope.READ, Scope.WRITE)
    assert (who.person, who.publishable) == (True, False)


def test_each_user_is_somebody_else(door: Door, registered: Tenant) -> None:
    found = [door.enter(sub=name).subject for name in ("a", "b", "a/b", "ä" * 128, "\ud800", "a")]
    assert len(set(found)) == len(found) - 1
    assert found[0] == found[-1]
    assert all("/" not in subject and len(subject) < 100 for subject in found)


@pytest.mark.parametrize(
    ("registered_for", "claim", "expected"),
    [
        ((Scope.READ,), None, (Scope.READ,)),
        ((Scope.READ,), ["write"], (Scope.READ,)),
        ((Scope.READ, Scope.WRITE), ["read"], (Scope.READ,)),
        ((Scope.READ, Scope.WRITE), ["write"], (Scope.READ, Scope.WRITE)),
        ((Scope.READ, Scope.WRITE), ["admin"], (Scope.READ, Scope.WRITE)),
        ((Scope.READ, Scope.WRITE, Scope.ADMIN), None, (Scope.READ, Scope.WRITE)),
        ((Scope.READ, Scope.WRITE), [], ()),
        ((Scope.READ, Scope.WRITE), "write", ()),
        ((Scope.READ, Scope.WRITE), [{"write": 1}, 7], ()),
    ],
)
def test_a_claim_narrows_what_is_registered_and_nothing_gives_admin(
    door: Door,
    tenant: Tenant,
    registered_for: tuple[Scope, ...],
    claim: object,
    expected: tuple[Scope, ...],
) -> None:
    door.register(tenant, scopes=registered_for)
    who = door.enter(mascotry_scopes=claim)
    assert who.scopes == expected
    assert who.publishable == (Scope.WRITE not in expected), "then anybody might be behind it"


def test_counts_of_users_are_forgotten_when_they_stay_away(
    world: World, door: Door, registered: Tenant
) -> None:
    limiter = Limiter(world.ports.documents, world.clock, per_minute=2, per_hour=0)

    def counts(**changes: Any) -> list[int]:
        told = [limiter.take(door.enter(**changes)) for _ in range(3)]
        return [one.remaining for one in told if one and one.granted]

    assert counts(sub="a") == counts(sub="b") == [1, 0]
    assert len(world.ids(registered, "limits")) == 2
    world.clock.advance(KEPT - MINUTE)
    counts(sub="a")
    world.clock.advance(MINUTE)
    outbox.expire(world.ports)
    assert world.ids(registered, "limits") == {door.enter(sub="a").subject}


# --- what opens nothing --------------------------------------------------------------------------


def refusal(door: Door, text: str | None = None, **changes: Any) -> str:
    with pytest.raises(Unauthorized) as refused:
        door.enter(text, **changes)
    return refused.value.message


ISSUER = "https://securetoken.google.com/"


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        *(("iss", value) for value in (None, FIREBASE, f"{ISSUER}{FIREBASE}x", f"{ISSUER}other")),
        *(("sub", value) for value in (None, "", 7, "x" * 129, ["user"])),
        *(("exp", value) for value in (None, "9999999999", True, 9e9)),
        *((name, value) for name in ("iat", "auth_time") for value in (None, "1", 9_999_999_999)),
    ],
)
def test_a_wrong_claim_is_named(door: Door, registered: Tenant, claim: str, value: Any) -> None:
    assert f"'{claim}'" in refusal(door, **{claim: value})


@pytest.mark.parametrize("audience", [None, "other", "other-app", [FIREBASE], "a/b/c/d/e", "*", ""])
def test_a_token_for_another_project(door: Door, registered: Tenant, audience: object) -> None:
    assert "not accepted" in refusal(door, aud=audience)


def test_a_token_is_good_until_it_expires(world: World, door: Door, registered: Tenant) -> None:
    text = token(world.clock.now())
    world.clock.advance(timedelta(seconds=3_539))
    door.enter(text)
    world.clock.advance(timedelta(seconds=1))
    assert "expired" in refusal(door, text)


def test_google_s_clock_may_be_ahead_a_little(world: World, door: Door, registered: Tenant) -> None:
    now = int(world.clock.now().timestamp())
    door.enter(iat=now + 60, auth_time=now + 60)
    assert "'iat'" in refusal(door, iat=now + 61)


def hs256(message: bytes) -> bytes:
    """What confuses a verifier that lets the token choose: the certificate as a shared secret."""
    return hmac.digest(signer().pem.encode(), message, hashlib.sha256)


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(lambda said: encode(said, header={"alg": "none"}, sign=bytes), id="none"),
        pytest.param(
            lambda said: encode(said, header={"alg": "none", "kid": "one"}), id="none, signed"
        ),
        pytest.param(
            lambda said: encode(said, header={"alg": "HS256", "kid": "one"}, sign=hs256),
            id="HS256",
        ),
        pytest.param(
            lambda said: encode(said, header={"alg": "RS256", "kid": "one"}, sign=hs256),
            id="HS256 as RS256",
        ),
        pytest.param(
            lambda said: encode(said, header={"alg": "RS256", "kid": "one"}, by=signer("two")),
            id="another key",
        ),
        pytest.param(lambda said: encode(said, header={"alg": "RS256"}), id="no key id"),
        pytest.param(lambda said: encode(said, header={"alg": "RS256", "kid": ["one"]}), id="list"),
        pytest.param(lambda said: encode(said, by=signer("two")), id="unknown key id"),
        pytest.param(lambda said: encode(said, header=["RS256"]), id="no header"),
        pytest.param(lambda said: encode([said]), id="no claims"),
        pytest.param(lambda said: encode(said) + "A", id="one letter more"),
        pytest.param(lambda said: encode(said)[:-9] + "AAAAAAAAA", id="another signature"),
        pytest.param(lambda said: encode({**said, "more": "x" * 8_192}), id="too long"),
        pytest.param(lambda said: "a.b.c", id="nothing"),
        pytest.param(lambda said: "é.é.é", id="not even letters"),
        pytest.param(lambda said: f"{'W' * 4_000}.{'W' * 4_000}.AA", id="deep"),
    ],
)
def test_a_forged_token(
    world: World,
    door: Door,
    registered: Tenant,
    caplog: pytest.LogCaptureFixture,
    forge: Callable[[Any], str],
) -> None:
    text = forge(claims(world.clock.now()))
    message = refusal(door, text)
    assert "not accepted" in message
    told = message + caplog.text
    assert not any(part in told for part in text.split(".") if len(part) > 3)


def test_what_is_signed_is_what_counts(world: World, door: Door, registered: Tenant) -> None:
    good = token(world.clock.now())
    other = encode(claims(world.clock.now(), sub="another"))
    head, _, signature = good.split(".")
    refusal(door, f"{head}.{other.split('.')[1]}.{signature}")


def test_nothing_is_fetched_for_who_is_not_registered(
    door: Door, tenant: Tenant, google: Google
) -> None:
    refusal(door)
    refusal(door, aud="other-app")
    assert google.asked == 0


def test_keys_need_no_certificates(door: Door, registered: Tenant, google: Google) -> None:
    google.asked = 0
    assert not door.enter(registered.key).person
    assert google.asked == 0


# --- certificates --------------------------------------------------------------------------------


def test_certificates_are_kept_as_long_as_they_are_good(
    world: World, certificates: Certificates, google: Google
) -> None:
    for _ in range(3):
        assert certificates.verifier("one")
    assert google.asked == 1
    world.clock.advance(HOUR - timedelta(seconds=1))
    certificates.verifier("one")
    assert google.asked == 1
    world.clock.advance(timedelta(seconds=1))
    google.signers = [signer("two")]
    assert certificates.verifier("one") is None
    assert certificates.verifier("two")
    assert google.asked == 2


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({}, MINUTE),
        ({"Cache-Control": "no-store"}, MINUTE),
        ({"Cache-Control": "max-age=0"}, MINUTE),
        ({"Cache-Control": "s-max-age=9000, max-age=120"}, 2 * MINUTE),
        ({"Cache-Control": "max-age=999999999"}, DAY),
    ],
)
def test_for_how_long(
    world: World,
    certificates: Certificates,
    google: Google,
    said: dict[str, str],
    kept: timedelta,
) -> None:
    google.headers = said
    certificates.verifier("one")
    world.clock.advance(kept - timedelta(seconds=1))
    certificates.verifier("one")
    assert google.asked == 1
    world.clock.advance(timedelta(seconds=1))
    certificates.verifier("one")
    assert google.asked == 2


def test_an_unknown_key_is_looked_for_once_a_minute(
    world: World, certificates: Certificates, google: Google
) -> None:
    certificates.verifier("one")
    for number in range(5):
        assert certificates.verifier(f"forged-{number}") is None
    assert google.asked == 1, "they were fetched this very minute"
    google.signers.append(signer("two"))
    world.clock.advance(MINUTE)
    assert certificates.verifier("two")
    for number in range(5):
        assert certificates.verifier(f"forged-{number}") is None
    assert google.asked == 2


def test_old_certificates_do_for_a_day(
    world: World, certificates: Certificates, google: Google, caplog: pytest.LogCaptureFixture
) -> None:
    certificates.verifier("one")
    google.status = 503
    world.clock.advance(HOUR)
    for _ in range(3):
        assert certificates.verifier("one")
    assert google.asked == 2, "and it is asked again after a minute"
    assert len(caplog.records) == 1
    with pytest.raises(Busy) as busy:
        certificates.verifier("two")  # it may be Google's next one
    assert busy.value.details["retry_after"] == 60
    world.clock.advance(DAY - timedelta(seconds=1))
    assert certificates.verifier("one")
    world.clock.advance(timedelta(seconds=1))
    with pytest.raises(Busy):
        certificates.verifier("one")
    google.status = 200
    world.clock.advance(MINUTE)
    assert certificates.verifier("one")
    assert certificates.verifier("two") is None


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 404},
        {"status": 302, "headers": {"Location": "http://127.0.0.1:1/"}},
        {"body": b"x"},
        {"body": b"{}"},
        {"body": b"[]"},
        {"body": b'{"one": 1}'},
        {"body": b'{"one": "no certificate"}'},
        {"body": b'"' + b"x" * adapter.MAX_BYTES + b'"'},
    ],
)
def test_what_is_no_certificates(
    certificates: Certificates, google: Google, answer: dict[str, Any]
) -> None:
    for name, value in answer.items():
        setattr(google, name, value)
    with pytest.raises(Busy):
        certificates.verifier("one")
    with pytest.raises(Busy):
        certificates.verifier("one")
    assert google.asked == 1


def test_a_server_that_says_nothing(
    certificates: Certificates, google: Google, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_up = threading.Event()
    monkeypatch.setattr(adapter, "SECONDS", 0.05)
    google.during = given_up.wait
    with pytest.raises(Busy):
        certificates.verifier("one")
    given_up.set()


def test_one_fetches_for_all(world: World, google: Google) -> None:
    """Nobody is refused meanwhile, and nobody asks again."""
    count = 8
    begun = threading.Barrier(count)
    certificates = Certificates(world.clock, partial(adapter.fetch, google.url))

    def ask(_: int) -> object:
        begun.wait(10)
        return certificates.verifier("one")

    with ThreadPoolExecutor(count) as pool:
        assert all(pool.map(ask, range(count)))
    assert google.asked == 1


def test_who_has_a_certificate_does_not_wait(world: World, google: Google) -> None:
    fetching, answer = threading.Event(), threading.Event()
    certificates = Certificates(world.clock, partial(adapter.fetch, google.url))
    certificates.verifier("one")
    world.clock.advance(HOUR)

    def hold() -> None:
        fetching.set()
        assert answer.wait(10)

    google.during = hold
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(certificates.verifier, "one")
        assert fetching.wait(10)
        assert certificates.verifier("one"), "while another one fetches"
        assert not slow.done()
        answer.set()
        assert slow.result(10)
    assert google.asked == 2


# --- registering ---------------------------------------------------------------------------------


def test_a_project_is_registered_changed_and_let_go(
    world: World, door: Door, tenant: Tenant
) -> None:
    with pytest.raises(NotFound):
        projects.get(world.ports, tenant.who)
    door.register(tenant)
    world.clock.advance(HOUR)
    door.register(tenant, scopes=(Scope.READ,), proof=None)
    project = projects.get(world.ports, tenant.who)
    assert project.scopes == door.enter().scopes == (Scope.READ,)
    assert project.updated_at - project.created_at == HOUR
    projects.remove(world.ports, tenant.who)
    refusal(door)
    with pytest.raises(NotFound):
        projects.remove(world.ports, tenant.who)
    with pytest.raises(BadRequest, match="show that the project is yours"):
        door.register(tenant, proof=None)


def test_another_project_takes_the_first_one_s_place(door: Door, registered: Tenant) -> None:
    door.register(registered, "felix-app-two")
    issuer = f"{ISSUER}felix-app-two"
    assert door.enter(aud="felix-app-two", iss=issuer).workspace_id == registered.who.workspace_id
    refusal(door)


@pytest.mark.parametrize(
    "changes",
    [
        {"mascotry_workspace": None},
        {"mascotry_workspace": "another workspace's"},
        {"mascotry_workspace": ["{workspace}"]},
        {"iss": f"{ISSUER}other-app", "aud": "other-app"},
        {"exp": 1},
    ],
)
def test_a_project_has_to_be_one_s_own(
    world: World, door: Door, tenant: Tenant, changes: dict[str, Any]
) -> None:
    """A stranger may well have a token: in most apps anybody may sign up."""
    with pytest.raises(BadRequest) as refused:
        door.register(tenant, proof=door.proof(tenant, **changes))
    assert refused.value.details["field"] == "proof"
    refusal(door)
    with pytest.raises(BadRequest):
        door.register(tenant, proof=encode(claims(world.clock.now()), by=signer("two")))


def test_a_project_belongs_to_who_proves_it_last(
    world: World, door: Door, registered: Tenant
) -> None:
    other = world.tenant("Other")
    with pytest.raises(BadRequest):
        door.register(other, proof=None)
    with pytest.raises(BadRequest):
        door.register(other, proof=door.proof(registered))
    assert door.enter().workspace_id == registered.who.workspace_id
    door.register(other)
    assert door.enter().workspace_id == other.who.workspace_id
    with pytest.raises(NotFound):
        projects.get(world.ports, registered.who)
    with pytest.raises(NotFound):
        projects.remove(world.ports, registered.who)
    with pytest.raises(BadRequest):
        door.register(registered, proof=None)
    door.register(registered, "felix-app-two")
    assert door.enter().workspace_id == other.who.workspace_id, "who lost it leaves it alone"


@pytest.mark.parametrize(
    ("before", "ids"),
    [
        (FIREBASE, [FIREBASE, FIREBASE]),
        (FIREBASE, ["felix-app-two", "felix-app-three"]),
        (None, ["felix-app-two", "felix-app-three"]),
    ],
)
def test_of_two_registrations_at_once_one_is_told(
    world: World,
    door: Door,
    tenant: Tenant,
    monkeypatch: pytest.MonkeyPatch,
    before: str | None,
    ids: list[str],
) -> None:
    """Otherwise the one that nobody sees would stay open."""
    if before:
        door.register(tenant, before)
    looked, late = threading.Barrier(2), threading.local()
    commit = type(world.ports.documents).commit

    def wait(*arguments: Any) -> None:
        if not hasattr(late, "comer"):
            late.comer = True
            looked.wait(10)
        commit(*arguments)

    def register(project_id: str) -> str | None:
        try:
            door.register(tenant, project_id)
        except Conflict:
            return None
        return project_id

    with monkeypatch.context() as patch, ThreadPoolExecutor(2) as pool:
        patch.setattr(type(world.ports.documents), "commit", wait)
        won = [project_id for project_id in pool.map(register, ids) if project_id]
    assert len(won) == 1
    assert projects.get(world.ports, tenant.who).id == won[0]
    known = {FIREBASE, *ids}
    assert {id_ for id_ in known if projects.find(world.ports, id_)} == {won[0]}


def test_a_stored_admin_is_none(world: World, door: Door, registered: Tenant) -> None:
    documents, path = world.ports.documents, paths.firebase_project(FIREBASE)
    document = documents.get(path)
    assert document
    raised = {**document.data, "scopes": [scope.value for scope in Scope]}
    documents.commit([Replace(path, raised, document.version)])
    assert Scope.ADMIN not in door.enter().scopes
