"""Lists come in pages."""

import pytest

from shared.model.workspace import KeyKind, Scope
from shared.ports import Query
from shared.services import entities, keys
from tests.api.client import Client
from tests.graph.jobs import IMAGE
from tests.model.test_number import NO_NUMBER
from tests.services.counting import Reads
from tests.services.world import Tenant, World


@pytest.fixture
def names(api: Client) -> list[str]:
    """Five items, oldest first."""
    return [f"Item {number}" for number in range(5)]


@pytest.fixture
def path(api: Client, tenant: Tenant, world: World, names: list[str]) -> str:
    path = f"/v1/collections/{tenant.collection.id}/items"
    for name in names:
        api.post(path, type="image", name=name)
    return path


def test_one_page_holds_fifty(api: Client, path: str, names: list[str]) -> None:
    found = api.get(path)
    assert [item["name"] for item in found.data] == names
    assert found.pagination == {
        "total": 5,
        "limit": 50,
        "offset": 0,
        "has_more": False,
        "next_cursor": None,
    }


def test_pages_by_offset(api: Client, path: str, names: list[str]) -> None:
    seen = []
    for offset in (0, 2, 4, 6):
        found = api.get(path, limit=2, offset=offset)
        seen += [item["name"] for item in found.data]
        assert found.pagination["total"] == 5
        assert found.pagination["offset"] == offset
        assert found.pagination["has_more"] == (offset + 2 < 5)
    assert seen == names


def test_pages_by_cursor(api: Client, path: str, names: list[str]) -> None:
    found = api.get(path, limit=2)
    seen = [item["name"] for item in found.data]
    while found.pagination["has_more"]:
        found = api.get(path, limit=2, cursor=found.pagination["next_cursor"])
        seen += [item["name"] for item in found.data]
    assert seen == names


def test_an_empty_list(api: Client) -> None:
    found = api.get("/v1/jobs")
    assert found.data == []
    assert found.pagination["total"] == 0


def test_only_what_goes_on_is_counted(world: World, path: str, tenant: Tenant) -> None:
    """A count is a call and a charge, and most lists are one page."""
    reads = Reads(world.ports)
    of = {"collection_id": tenant.collection.id}
    query = Query(f"workspaces/{tenant.who.workspace_id}/items", of)
    for limit, offset, counts in ((5, 0, 0), (2, 4, 0), (4, 0, 1), (2, 6, 1)):
        reads.calls.clear()
        found = entities.page(reads.ports.documents, query, limit=limit, offset=offset, cursor=None)
        assert found[1] == 5
        assert reads.calls["count"] == counts


def test_the_latest_first(api: Client, path: str, names: list[str]) -> None:
    found = api.get(path, limit=3, latest="true")
    more = api.get(path, limit=3, latest="true", cursor=found.pagination["next_cursor"])
    assert [item["name"] for item in [*found.data, *more.data]] == names[::-1]


def test_the_best_files_of_each(api: Client, tenant: Tenant, world: World) -> None:
    """A page of pictures is one request, whatever was made since."""
    of_mascots, of_poses = "/v1/collections", f"/v1/collections/{tenant.collection.id}/items"
    assert api.get(of_mascots, best="true").data[0]["best"] == {}
    first = world.generate(tenant, {**IMAGE, "name": "First"})
    second = world.generate(tenant, {**IMAGE, "name": "Second"})
    world.drain()
    world.generate(tenant, {**IMAGE, "name": None, "item_id": first.item.id})
    (drawn, redrawn) = (api.get(f"/v1/items/{made.item.id}/best").data for made in (second, first))
    assert api.get(of_mascots, best="true").data[0]["best"] == drawn
    still = api.get(f"/v1/assets/{drawn['transparent_image']['asset_id']}").data
    assert [(item["best"], item["newest"]) for item in api.get(of_poses, best="true").data] == [
        (redrawn, {"status": "pending", "needs_review": False, "still_url": None}),
        (drawn, {"status": "ready", "needs_review": False, "still_url": still["url"]}),
    ]
    assert "best" not in api.get(of_poses).data[0]

    api.patch(f"/v1/assets/{still['id']}", review="rejected").data  # noqa: B018
    assert api.get(of_mascots, best="true").data[0]["best"] == redrawn
    api.delete(f"/v1/items/{first.item.id}").data  # noqa: B018
    assert api.get(of_mascots, best="true").data[0]["best"] == {}


def test_what_strangers_see_of_lists(tenant: Tenant, world: World) -> None:
    world.generate(tenant, IMAGE)
    world.drain()
    _, secret = keys.create(
        world.ports,
        tenant.who.workspace_id,
        "app",
        kind=KeyKind.PUBLISHABLE,
        scopes=(Scope.READ,),
    )
    stranger = Client("api", secret)
    path = f"/v1/collections/{tenant.collection.id}/items"
    (found,) = stranger.get(path, best="true").data
    assert "transparent_image" in found["best"]
    assert "newest" not in found


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"limit": -1}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"limit": "1.5"}, "limit"),
        ({"limit": ""}, "limit"),
        ({"offset": -1}, "offset"),
        ({"offset": 1001}, "offset"),
        ({"offset": "x"}, "offset"),
        ({"offset": "1_0"}, "offset"),
        *(({"limit": text}, "limit") for text in NO_NUMBER),
        ({"cursor": "x"}, "cursor"),
        ({"cursor": ""}, "cursor"),
        ({"cursor": "x", "offset": 1}, "cursor"),
    ],
)
def test_what_is_no_page(api: Client, path: str, query: dict[str, object], field: str) -> None:
    found = api.get(path, **query)
    assert found.status == 400
    assert found.error["field"] == field


def test_a_cursor_of_another_list(api: Client, path: str) -> None:
    cursor = api.get(path, limit=1).pagination["next_cursor"]
    for other in ("/v1/projects", "/v1/collections", "/v1/jobs"):
        assert api.get(other, cursor=cursor).error["field"] == "cursor"
