"""Who may do what: keys, scopes, and the walls between workspaces."""

from collections.abc import Mapping
from typing import Any

import pytest

from functions.api.call import Route
from functions.api.routes import API, EVENTS, INGEST
from shared.model.workspace import Scope
from shared.services import collections, keys
from tests.api.client import Client
from tests.graph.jobs import IMAGE
from tests.services.world import KINDS, Tenant, World

UNKNOWN = "99999999-0000-4000-8000-000000000000"
IDS = ("project_id", "collection_id", "item_id", "asset_id", "job_id")
ROUTES = [
    *(pytest.param("api", route, id=f"{route.method} {route.path}") for route in API),
    *(pytest.param("events", route, id=f"events: {route.path}") for route in EVENTS),
    *(pytest.param("ingest", route, id=f"{route.method} {route.path}") for route in INGEST),
]
WITH_IDS = [case for case in ROUTES if "<" in case.values[1].path]  # type: ignore[union-attr]


def body_for(route: Route, upload: str) -> Mapping[str, Any] | None:
    """A body that would do, so that nothing but the ids in the path can be wrong."""
    if route.method not in ("POST", "PATCH"):
        return None
    if route.path.endswith("/generate"):
        return {"name": "Wave", **IMAGE}
    if route.path.endswith("/references"):
        return {"asset_id": upload}
    if route.path.endswith("/items"):
        return {"type": "image", "name": "Sit"}
    return {"name": "Mine"}


class Foreign:
    """One of everything, in somebody else's workspace."""

    def __init__(self, world: World, tenant: Tenant) -> None:
        upload = world.upload(tenant)
        collections.add_reference(world.ports, tenant.who, tenant.collection.id, upload.id)
        job = world.generate(tenant).job
        world.drain()
        self.tenant = tenant
        self.ids = {
            "project_id": tenant.project_id,
            "collection_id": tenant.collection.id,
            "item_id": job.item_id or "",
            "asset_id": upload.id,
            "job_id": job.id,
        }


@pytest.fixture
def foreign(world: World) -> Foreign:
    return Foreign(world, world.tenant("Foreign"))


def fill(path: str, ids: Mapping[str, str]) -> str:
    for name, value in ids.items():
        path = path.replace(f"<{name}>", value)
    assert "<" not in path
    return path


@pytest.mark.parametrize(("target", "route"), WITH_IDS)
def test_what_is_in_another_workspace_does_not_exist(
    world: World, tenant: Tenant, foreign: Foreign, target: str, route: Route
) -> None:
    body = body_for(route, world.upload(tenant).id)
    before = [world.documents(foreign.tenant, kind) for kind in KINDS]
    stranger, owner = Client(target, tenant.key), Client(target, foreign.tenant.key)
    path = fill(route.path, foreign.ids)
    answer = stranger.ask(route.method, path, json=body)
    assert answer.status == 404
    assert answer.error["code"] == "not_found"
    assert [world.documents(foreign.tenant, kind) for kind in KINDS] == before
    for value in (UNKNOWN, "x", "..", "%2e%2e", "a%2Fb", "%00", "é", UNKNOWN.upper()):
        path = fill(route.path, dict.fromkeys(foreign.ids, value))
        for client in (stranger, owner):
            assert client.ask(route.method, path, json=body).status == 404
    # It does exist for its owner; otherwise the test would show nothing.
    if not route.path.endswith("/references"):
        assert owner.ask(route.method, fill(route.path, foreign.ids), json=body).status < 300


@pytest.mark.parametrize("key", [None, "", "msk_wrong", "x y"])
@pytest.mark.parametrize(("target", "route"), ROUTES)
def test_without_a_key_nothing_is_open(
    world: World, target: str, route: Route, key: str | None
) -> None:
    path = fill(route.path, dict.fromkeys(IDS, UNKNOWN))
    answer = Client(target, key).ask(route.method, path)
    assert answer.status == 401


@pytest.mark.parametrize(("target", "route"), ROUTES)
def test_a_key_for_reading_only_reads(
    world: World, foreign: Foreign, target: str, route: Route
) -> None:
    secret = keys.issue(world.ports, foreign.tenant.who.workspace_id, "reader", (Scope.READ,))
    before = [world.documents(foreign.tenant, kind) for kind in KINDS]
    answer = Client(target, secret).ask(route.method, fill(route.path, foreign.ids))
    if route.method == "GET":
        assert answer.status == 200
    else:
        assert answer.status == 403
        assert answer.error["code"] == "forbidden"
        assert "write" in answer.error["message"]
    assert [world.documents(foreign.tenant, kind) for kind in KINDS] == before


def test_lists_show_ones_own_alone(world: World, tenant: Tenant, foreign: Foreign) -> None:
    stranger = Client("api", tenant.key)
    for path in ("/v1/projects", "/v1/collections", "/v1/jobs"):
        theirs = {found["id"] for found in Client("api", foreign.tenant.key).get(path).data}
        assert theirs
        assert not theirs & {found["id"] for found in stranger.get(path).data}
    for query in ("project_id", "collection_id"):
        path = "/v1/collections" if query == "project_id" else "/v1/jobs"
        assert stranger.get(path, **{query: foreign.ids[query]}).data == []


def test_an_id_is_looked_at_only_after_the_key(world: World, tenant: Tenant) -> None:
    key = keys.issue(world.ports, tenant.who.workspace_id, "test", (Scope.READ,))
    assert Client("api", None).ask("GET", "/v1/jobs/x").status == 401
    assert Client("api", key).ask("GET", "/v1/jobs/x").status == 404
