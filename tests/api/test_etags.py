"""ETags, and If-Match on what changes or deletes."""

from typing import Any

import pytest

from tests.api.client import Answer, Client
from tests.graph.jobs import IMAGE
from tests.services.world import Tenant, World


@pytest.fixture(params=["project", "collection", "item", "asset"])
def path(request: pytest.FixtureRequest, world: World, tenant: Tenant) -> str:
    """Something that can be read, changed and deleted."""
    made = world.generate(tenant, IMAGE)
    world.drain()
    ids = {
        "project": tenant.project_id,
        "collection": tenant.collection.id,
        "item": made.item.id,
        "asset": made.job.assets["image"].id,
    }
    return f"/v1/{request.param}s/{ids[request.param]}"


def change(path: str, number: int) -> dict[str, Any]:
    return {"pinned": bool(number)} if "assets" in path else {"name": f"Name {number}"}


def ask(api: Client, method: str, path: str, match: str, **more: Any) -> Answer:
    return api.ask(method, path, headers={"If-Match": match}, **more)


def test_who_has_not_seen_the_last_change_changes_nothing(api: Client, path: str) -> None:
    first = api.get(path).response.headers["ETag"]
    assert first == api.get(path).response.headers["ETag"]
    assert ask(api, "PATCH", path, first, json=change(path, 1)).status == 200
    second = api.get(path).response.headers["ETag"]
    assert second != first
    before = api.get(path).data
    late = ask(api, "PATCH", path, first, json=change(path, 0))
    assert (late.status, late.error["code"]) == (412, "precondition_failed")
    assert ask(api, "DELETE", path, first).status == 412
    assert api.get(path).data == before
    assert ask(api, "PATCH", path, "*", json=change(path, 0)).status == 200
    third = api.get(path).response.headers["ETag"]
    assert ask(api, "DELETE", path, third).status == 202


def test_an_etag_that_a_proxy_has_weakened(api: Client, path: str) -> None:
    """A proxy that compresses the answer changes its bytes, and so weakens its ETag."""
    first = api.get(path).response.headers["ETag"]
    assert ask(api, "PATCH", path, f"W/{first}", json=change(path, 1)).status == 200
    assert ask(api, "PATCH", path, f"W/{first}", json=change(path, 0)).status == 412
    second = api.get(path).response.headers["ETag"]
    assert ask(api, "DELETE", path, f"W/{second}").status == 202


@pytest.mark.parametrize("wrong", ["abc", '"', "W/", 'w/"1"', 'W/W/"1"', 'W/"1', '"1", "2'])
def test_what_is_no_etag(api: Client, path: str, wrong: str) -> None:
    answer = ask(api, "PATCH", path, wrong, json=change(path, 1))
    assert (answer.status, answer.error["field"]) == (400, "If-Match")
