"""Who may do what: scopes, and what a publishable key is kept from."""

from collections.abc import Sequence
from typing import Any

import pytest

from functions.api.call import Route
from functions.api.routes import API, EVENTS, INGEST
from shared.model import paths
from shared.model.workspace import KeyKind, Scope
from shared.ports import Replace
from shared.services import keys
from tests.api.client import Answer, Client, function
from tests.api.everything import QUERIES, ROUTES, UNKNOWN, Everything, bodies, fill, stored
from tests.services.world import Tenant, World

APP = "https://app.example"
ELSEWHERE = "https://elsewhere.example"
PUBLISHABLE = {
    "/v1/collections/<collection_id>/canvases/<canvas_id>/export",
    "/v1/collections",
    "/v1/collections/<collection_id>",
    "/v1/collections/<collection_id>/items",
    "/v1/items/<item_id>",
    "/v1/items/<item_id>/assets",
    "/v1/items/<item_id>/best",
    "/v1/items/<item_id>/links",
    "/v1/assets/<asset_id>",
    "/v1/assets/<asset_id>/links",
}


@pytest.fixture
def everything(world: World, tenant: Tenant) -> Everything:
    return Everything(world, tenant)


def key(world: World, everything: Everything, *scopes: Scope) -> str:
    return keys.issue(world.ports, everything.workspace_id, "key", scopes)


def publishable(world: World, everything: Everything, *origins: str) -> str:
    _, secret = keys.create(
        world.ports,
        everything.workspace_id,
        "app",
        kind=KeyKind.PUBLISHABLE,
        scopes=(Scope.READ,),
        allowed_origins=origins,
    )
    return secret


@pytest.mark.parametrize("secret", [None, "", "msk_wrong", "x y", "msk_" + "a" * 40])
@pytest.mark.parametrize(("target", "route"), ROUTES)
def test_without_a_key_nothing_is_open(
    world: World, target: str, route: Route, secret: str | None
) -> None:
    path = route.path.replace("<", "").replace(">", "")
    answer = Client(target, secret).ask(route.method, path)
    assert answer.status == 401
    assert "X-RateLimit-Remaining" not in answer.response.headers


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize(("target", "route"), ROUTES)
def test_a_scope_opens_what_it_includes(
    world: World, everything: Everything, target: str, route: Route, scope: Scope
) -> None:
    secret = key(world, everything, scope)
    before = stored(world, everything)
    body = next(iter(bodies(route, everything.ids)), None)
    path, order = fill(route.path, everything.ids), list(Scope)
    answer = Client(target, secret).ask(
        route.method, path, query_string=QUERIES.get(route.path), json=body
    )
    if order.index(route.scope) <= order.index(scope):
        assert answer.status in (200, 201, 202, 409) or route.path == "/v1/upload", answer.body
    else:
        assert answer.status == 403
        assert answer.error["code"] == "forbidden"
        assert route.scope.value in answer.error["message"]
        assert stored(world, everything) == before


def test_what_changes_something_needs_more_than_reading() -> None:
    for route in (*API, *EVENTS, *INGEST):
        assert (route.method == "GET") == (route.scope is Scope.READ) or route.path.startswith(
            "/v1/keys"
        )


def test_an_id_is_looked_at_only_after_the_key(world: World, everything: Everything) -> None:
    assert Client("api", None).ask("GET", "/v1/jobs/x").status == 401
    assert Client("api", key(world, everything, Scope.READ)).get("/v1/jobs/x").status == 404


# --- publishable keys ----------------------------------------------------------------------------


def test_only_these_routes_are_publishable() -> None:
    """Think of what a route shows to everybody before adding it here."""
    found = {route.path for route in (*API, *EVENTS, *INGEST) if route.publishable}
    assert found == PUBLISHABLE


@pytest.mark.parametrize(("target", "route"), ROUTES)
def test_a_publishable_key_reads_what_is_for_everybody(
    world: World, everything: Everything, target: str, route: Route
) -> None:
    """What is the owner's alone is in no answer: prompts, references, how a file was made."""
    client = Client(target, publishable(world, everything))
    body = next(iter(bodies(route, everything.ids)), None)
    path, query = fill(route.path, everything.ids), QUERIES.get(route.path)
    answer = client.ask(route.method, path, query_string=query, json=body)
    if route.path not in PUBLISHABLE or route.method != "GET":
        assert answer.status == 403
        assert "publishable" in answer.error["message"]
        return
    assert answer.status == 200
    owners = Client(target, everything.key).ask(route.method, path, query_string=query)
    found = everything_said(answer)
    assert found <= everything_said(owners)
    assert not found & {"an orange fox", "waving", "waves happily", "test"}
    assert not found & {"provenance", "prompt", "style_card", "caution_list", "metadata", "job_id"}
    assert everything.ids["reference_asset_ids"] not in found, "an upload"


def everything_said(answer: Answer) -> set[str]:
    """All keys and texts of an answer."""
    found: set[str] = set()

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            found.update(value)
            walk(list(value.values()))
        elif isinstance(value, list):
            for inner in value:
                walk(inner)
        elif isinstance(value, str):
            found.add(value)

    walk(answer.data)
    return found


def test_the_owner_sees_what_is_hidden(world: World, everything: Everything) -> None:
    """Otherwise the test before would show nothing."""
    owner = Client("api", everything.key)
    collection = owner.get(f"/v1/collections/{everything.ids['collection_id']}")
    assert {"an orange fox", everything.ids["reference_asset_ids"]} <= everything_said(collection)
    asset = owner.get(f"/v1/assets/{everything.ids['asset_id']}")
    assert {"provenance", "job_id", "test"} <= everything_said(asset)


def test_an_upload_is_not_for_everybody(world: World, everything: Everything) -> None:
    client = Client("api", publishable(world, everything))
    path = f"/v1/assets/{everything.ids['reference_asset_ids']}"
    for part in ("", "/links"):
        assert client.get(path + part).status == 404
        assert Client("api", everything.key).get(path + part).status == 200


def test_a_publishable_key_never_does_more_than_read(
    world: World, everything: Everything, tenant: Tenant
) -> None:
    """Not even if its document says so."""
    secret = publishable(world, everything)
    documents, path = world.ports.documents, paths.key(keys.digest(secret))
    document = documents.get(path)
    assert document
    raised = {**document.data, "scopes": ["read", "write", "admin"]}
    documents.commit([Replace(path, raised, document.version)])
    assert keys.authenticate(world.ports, f"Bearer {secret}").scopes == (Scope.READ,)


# --- origins -------------------------------------------------------------------------------------


def headers(
    secret: str | None, origin: str | None, path: str = "/v1/collections"
) -> tuple[int, str | None, Sequence[str]]:
    """Status, the origin that may read the answer, and what the answer varies with."""
    given = {"Authorization": f"Bearer {secret}", **({"Origin": origin} if origin else {})}
    response = function("api").get(path, headers=given)
    found = response.headers
    return response.status_code, found.get("Access-Control-Allow-Origin"), found.getlist("Vary")


def test_a_key_bound_to_origins(world: World, everything: Everything) -> None:
    secret = publishable(world, everything, APP, "http://localhost:3000")
    for origin in (APP, "http://localhost:3000"):
        assert headers(secret, origin) == (200, origin, ["Origin"])
        assert headers(secret, origin, "/v1/nowhere") == (404, origin, ["Origin"])
        assert headers(secret, origin, "/v1/jobs") == (403, origin, ["Origin"])
    for stranger in (ELSEWHERE, f"{APP}.evil.example", f"{APP}:8443", "http://app.example", "null"):
        assert headers(secret, stranger) == (403, None, ["Origin"])
    assert headers(secret, None) == (403, None, ["Origin"])
    answer = function("api").get(
        "/v1/collections", headers={"Authorization": f"Bearer {secret}", "Origin": ELSEWHERE}
    )
    message = answer.get_json()["error"]["message"]
    assert ELSEWHERE in message
    assert "allowed_origins" in message


def test_a_publishable_key_without_origins_is_for_apps(
    world: World, everything: Everything
) -> None:
    secret = publishable(world, everything)
    for origin in (None, APP, ELSEWHERE):
        assert headers(secret, origin) == (200, "*", ["Origin"])


def test_a_secret_key_is_not_bound_to_pages(world: World, everything: Everything) -> None:
    for origin in (None, APP):
        assert headers(everything.key, origin) == (200, "*", ["Origin"])
        assert headers("msk_unknown", origin) == (401, "*", ["Origin"])


def test_a_preflight_from_anywhere(world: World) -> None:
    """It comes without the key, so that it cannot know better."""
    response = function("api").options(
        f"/v1/items/{UNKNOWN}",
        headers={"Origin": APP, "Access-Control-Request-Headers": "authorization"},
    )
    assert response.status_code == 204
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in response.headers
    assert response.headers["Vary"] == "Origin"
