"""Lists come in pages."""

import pytest

from shared.ports import Query
from shared.services import entities
from tests.api.client import Client
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
