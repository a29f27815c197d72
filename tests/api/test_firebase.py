"""/v1/workspace/firebase, and what users with a token of Firebase may do."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from functions import composition
from functions.api.call import Route
from shared import config
from shared.model.workspace import Scope
from shared.services import keys
from tests.api import contract
from tests.api.client import Client, function
from tests.api.conftest import limit
from tests.api.everything import ROUTES, Everything, bodies, fill
from tests.api.test_access import PUBLISHABLE
from tests.services.google import FIREBASE, Google, claims, encode, serve, token
from tests.services.world import Tenant, World

PATH = "/v1/workspace/firebase"
APP = "https://app.example"
GENERATE = {"type": "image", "name": "Sit", "image_prompt": "sitting"}


@pytest.fixture
def google(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Google]:
    """Who signs the tokens, as the settings have it."""
    with serve() as google:
        monkeypatch.setenv("MASCOTRY_FIREBASE_CERTIFICATES_URL", google.url)
        config.settings.cache_clear()
        composition.certificates.cache_clear()
        yield google
    composition.certificates.cache_clear()


@pytest.fixture
def admin(world: World, tenant: Tenant, google: Google) -> Client:
    return Client("api", keys.issue(world.ports, tenant.who.workspace_id, "a", (Scope.ADMIN,)))


def register(world: World, admin: Client, **body: Any) -> dict[str, Any]:
    workspace = {"mascotry_workspace": admin.get("/v1/workspace").data["id"]}
    proof = token(world.clock.now(), **workspace)
    answer = admin.ask("PUT", PATH, json={"firebase_project_id": FIREBASE, "proof": proof, **body})
    data: dict[str, Any] = answer.data
    return data


def user(world: World, target: str = "api", **changes: Any) -> Client:
    return Client(target, token(world.clock.now(), **changes))


def test_registering_changing_letting_go(world: World, admin: Client, google: Google) -> None:
    assert admin.get(PATH).status == 404
    made = register(world, admin)
    now = "2026-01-02T03:04:05.000000Z"
    assert made == {
        "firebase_project_id": FIREBASE,
        "scopes": ["read"],
        "allowed_origins": [],
        "created_at": now,
        "updated_at": now,
    }
    assert admin.get(PATH).data == made
    body = {"firebase_project_id": FIREBASE, "scopes": ["write"], "allowed_origins": [APP]}
    changed = admin.ask("PUT", PATH, json=body)
    assert changed.data == {**made, "scopes": ["read", "write"], "allowed_origins": [APP]}
    assert admin.delete(PATH).data == changed.data
    assert admin.delete(PATH).status == 404
    assert user(world).get("/v1/collections").status == 401
    assert google.asked == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "firebase_project_id"),
        *(
            ({"firebase_project_id": id_}, "firebase_project_id")
            for id_ in ("Felix-app", "felix", "felix-app-", "a" * 31, "felix/app", "7-felix", 7)
        ),
        ({"firebase_project_id": FIREBASE}, "proof"),
        ({"firebase_project_id": FIREBASE, "proof": "x"}, "proof"),
        ({"firebase_project_id": FIREBASE, "proof": "x" * 9_000}, "proof"),
        ({"firebase_project_id": FIREBASE, "scopes": ["admin"]}, "scopes[0]"),
        ({"firebase_project_id": FIREBASE, "scopes": []}, "scopes"),
        ({"firebase_project_id": FIREBASE, "allowed_origins": ["app"]}, "allowed_origins[0]"),
    ],
)
def test_what_is_refused(admin: Client, body: dict[str, Any], field: str) -> None:
    answer = admin.ask("PUT", PATH, json=body)
    assert answer.status == 400
    assert answer.error["field"] == field


def test_a_user_who_reads_sees_what_is_for_everybody(
    world: World, admin: Client, tenant: Tenant
) -> None:
    register(world, admin)
    reader = user(world)
    path = f"/v1/collections/{tenant.collection.id}"
    assert "prompt" not in reader.get(path).data["config"]
    for hidden in ("/v1/jobs", "/v1/webhooks", "/v1/credits"):
        answer = reader.get(hidden)
        assert answer.status == 403
        assert "scope 'read'" in answer.error["message"]
    assert user(world, mascotry_scopes=[]).get(path).status == 403


def test_a_user_who_writes_does_what_a_key_does(
    world: World, admin: Client, tenant: Tenant
) -> None:
    register(world, admin, scopes=["write"])
    writer = user(world)
    path = f"/v1/collections/{tenant.collection.id}"
    assert writer.get(path).data["config"]["prompt"] == "an orange fox"
    begun = writer.post(f"{path}/generate", **GENERATE).data
    assert user(world, "events").get(f"/v1/jobs/{begun['job_id']}").data["status"] == "pending"
    refused = user(world, mascotry_scopes=["read"]).post(f"{path}/generate", **GENERATE)
    assert refused.status == 403


@pytest.mark.parametrize(("target", "route"), ROUTES)
def test_no_token_manages_a_workspace(
    world: World, google: Google, target: str, route: Route
) -> None:
    everything = Everything(world, world.tenant())
    admin = Client("api", everything.key)
    register(world, admin, scopes=["read"] if route.publishable else ["write"])
    path, body = fill(route.path, everything.ids), next(iter(bodies(route, everything.ids)), None)
    answer = user(world, target, mascotry_scopes=["admin"]).ask(route.method, path, json=body)
    if route.scope is Scope.ADMIN:
        assert answer.status == 403
        assert "This token" in answer.error["message"]
    else:
        assert answer.status not in (401, 403), answer.body
    if route.path in PUBLISHABLE and route.method == "GET":
        told = answer.response.get_data(as_text=True)
        assert '"prompt"' not in told
        assert '"provenance"' not in told


def test_a_token_opens_one_workspace(world: World, admin: Client, tenant: Tenant) -> None:
    register(world, admin, scopes=["write"])
    other = world.tenant("Other")
    writer = user(world)
    assert [one["id"] for one in writer.get("/v1/collections").data] == [tenant.collection.id]
    assert writer.get(f"/v1/collections/{other.collection.id}").status == 404
    assert writer.delete(f"/v1/projects/{other.project_id}").status == 404


def test_each_user_has_a_limit_of_his_own(
    world: World, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(world, admin)
    limit(world, monkeypatch, per_minute=1)
    for name in ("a", "b"):
        asked = [user(world, sub=name).get("/v1/collections") for _ in range(2)]
        assert [answer.status for answer in asked] == [200, 429]
        assert "This token" in asked[1].error["message"]


def test_each_user_names_his_writes_for_himself(world: World, admin: Client) -> None:
    register(world, admin, scopes=["write"])
    made = [
        user(world, sub=name).ask(
            "POST", "/v1/projects", json={"name": "Mine"}, headers={"Idempotency-Key": "first"}
        )
        for name in ("a", "b", "a")
    ]
    assert made[0].data["id"] != made[1].data["id"]
    assert made[0].data["id"] == made[2].data["id"]


def test_users_of_web_pages(world: World, admin: Client) -> None:
    register(world, admin, allowed_origins=[APP])
    secret = token(world.clock.now())

    def ask(origin: str | None) -> tuple[int, str | None]:
        headers = {"Authorization": f"Bearer {secret}", **({"Origin": origin} if origin else {})}
        answer = function("api").get("/v1/collections", headers=headers)
        return answer.status_code, answer.headers.get("Access-Control-Allow-Origin")

    assert ask(APP) == (200, APP)
    assert ask("https://elsewhere.example") == (403, None)
    assert ask(None) == (403, None)
    register(world, admin)
    assert ask("https://elsewhere.example") == ask(None) == (200, "*")
    preflight = function("api").options("/v1/workspace/firebase", headers={"Origin": APP})
    assert "PUT" in preflight.headers["Access-Control-Allow-Methods"]
    assert "Last-Event-ID" in preflight.headers["Access-Control-Allow-Headers"]


def test_a_token_is_never_told(
    world: World, admin: Client, google: Google, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither when it is refused, nor when something breaks, nor when it is a proof."""
    caplog.set_level(logging.DEBUG)
    register(world, admin)
    now = world.clock.now()
    google.body = b"broken"
    texts = [
        token(now),
        token(now, exp=1),
        encode(claims(now), header={"alg": "RS256", "kid": "unknown"}),
        encode(claims(now), header={"alg": "none"}),
    ]
    told = ""
    for text in texts:
        told += Client("api", text).get("/v1/jobs").response.get_data(as_text=True)
        put = admin.ask("PUT", PATH, json={"firebase_project_id": "other-app", "proof": text})
        told += put.response.get_data(as_text=True)
    told += caplog.text
    for text in texts:
        assert not any(part in told for part in text.split("."))


def test_without_certificates_nobody_is_called_a_stranger(
    world: World, admin: Client, google: Google
) -> None:
    register(world, admin)
    composition.certificates.cache_clear()
    google.status = 500
    answer = user(world).get("/v1/collections")
    assert answer.status == 503
    assert answer.response.headers["Retry-After"] == "60"
    assert admin.get("/v1/collections").status == 200


def test_the_document_knows_both_ways_in() -> None:
    document = contract.whole()
    assert document["components"]["securitySchemes"]["firebase"]["bearerFormat"] == "JWT"
    assert document["security"] == [{"key": []}, {"firebase": []}]
    assert document["paths"][PATH]["put"]["security"] == [{"key": []}]
    assert "security" not in document["paths"]["/v1/collections"]["get"]
