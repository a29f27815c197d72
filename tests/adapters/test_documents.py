from pathlib import Path

import pytest

from shared.adapters.embedded.database import Database
from shared.adapters.embedded.documents import EmbeddedDocuments, index_name
from shared.errors import BadRequest
from shared.model.indexes import INDEXES, Index
from shared.ports import Create, Put, Query
from tests.adapters.stack import Stack


def a_query(index: Index, *, descending: bool = False, at_most: str | None = None) -> Query:
    equals = dict.fromkeys(index.equals, "x")
    return Query(
        f"workspaces/w/{index.collection}", equals, index.order, descending, at_most=at_most
    )


def two_documents(index: Index) -> list[Create]:
    return [
        Create(
            f"workspaces/w/{index.collection}/{id_}",
            {index.order: "2026", **dict.fromkeys(index.equals, "x")},
        )
        for id_ in "ab"
    ]


def test_declared_indexes_are_distinct() -> None:
    assert len({(i.collection, frozenset(i.equals), i.order) for i in INDEXES}) == len(INDEXES)


@pytest.mark.parametrize("index", INDEXES, ids=index_name)
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("at_most", [None, "3000"])
def test_each_declared_query_is_answered_from_its_index(
    stack: Stack, index: Index, descending: bool, at_most: str | None
) -> None:
    query = a_query(index, descending=descending, at_most=at_most)
    stack.documents.commit(two_documents(index))
    cursor = stack.documents.query(query, limit=1).next_cursor

    def read() -> None:
        assert len(stack.documents.query(query, limit=2).results) == 2
        assert len(stack.documents.query(query, limit=2, cursor=cursor).results) == 1
        assert stack.documents.count(query, up_to=9) == 2

    statements = stack.statements(read)
    assert len(statements) == 3
    for statement in statements:
        with stack.database.read() as connection:
            plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
        # The search has one term for each equality, beside the one for the collection.
        search = [line for line in plan if f"INDEX {index_name(index)} (collection=?" in line]
        assert len(search) == 1, plan
        assert search[0].count("<expr>=?") == len(index.equals), plan
        assert not any("TEMP B-TREE" in line or line.startswith("SCAN doc") for line in plan), plan


def test_a_page_costs_the_same_among_many(stack: Stack) -> None:
    query = Query("workspaces/w/assets", {"item_id": "x"}, descending=True)

    def grow(start: int, stop: int) -> None:
        for first in range(start, stop, 500):
            stack.documents.commit(
                [
                    Create(f"workspaces/w/assets/{n:05}", {"item_id": "x", "created_at": f"{n:05}"})
                    for n in range(first, first + 500)
                ]
            )

    def page(cursor: str | None = None) -> None:
        assert len(stack.documents.query(query, limit=20, cursor=cursor).results) == 20

    grow(0, 500)
    few = stack.steps(page)
    grow(500, 5000)
    assert stack.steps(page) == few > 20
    shallow = stack.documents.query(query, limit=20).next_cursor
    deep = stack.documents.query(query, limit=20, offset=4000).next_cursor
    assert stack.steps(lambda: page(deep)) == stack.steps(lambda: page(shallow))


def test_writes_pay_for_the_indexes_of_their_kind_only(stack: Stack) -> None:
    with stack.database.read() as connection:
        indexes = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE name LIKE 'documents_of_%'"
        ).fetchall()
    assert len(indexes) == len(INDEXES)
    for name, sql in indexes:
        assert f"WHERE kind = '{name.removeprefix('documents_of_').split('__')[0]}'" in sql


def test_an_index_that_is_no_longer_declared_is_dropped(tmp_path: Path) -> None:
    first, second = Index("items", ("a",), "at"), Index("items", ("b",), "at")
    database = Database(tmp_path)
    try:
        for declared in ([first], [second, first], [second]):
            EmbeddedDocuments(database, indexes=declared)
            with database.read() as connection:
                names = connection.execute(
                    "SELECT name FROM sqlite_master WHERE name LIKE 'documents_of_%'"
                ).fetchall()
            assert {name for (name,) in names} == {index_name(index) for index in declared}
    finally:
        database.close()


def test_an_index_declared_later_knows_the_documents_that_are_there(tmp_path: Path) -> None:
    database = Database(tmp_path)
    try:
        EmbeddedDocuments(database, indexes=[]).commit([Create("items/a", {"at": 1})])
        later = EmbeddedDocuments(database, indexes=[Index("items", (), "at")])
        assert len(later.query(Query("items", order="at"), limit=1).results) == 1
    finally:
        database.close()


def test_an_undeclared_query_names_what_to_declare(stack: Stack) -> None:
    query = Query("workspaces/w/items", {"slug": "x", "name": "y"})
    with pytest.raises(ValueError, match="declare Index") as caught:
        stack.documents.query(query, limit=1)
    assert str(Index("items", ("name", "slug"), "created_at")) in str(caught.value)
    assert "shared.model.indexes" in str(caught.value)


def test_a_document_of_more_than_a_mebibyte_is_refused(stack: Stack) -> None:
    stack.documents.commit([Put("a/b", {"text": "x" * 1_048_000})])
    with pytest.raises(BadRequest, match="1 MiB"):
        stack.documents.commit([Put("a/b", {"text": "ż" * 600_000})])


def test_data_must_be_json(stack: Stack) -> None:
    with pytest.raises(TypeError):
        stack.documents.commit([Put("a/b", {"set": {1}})])
    with pytest.raises(ValueError, match="JSON"):
        stack.documents.commit([Put("a/b", {"n": float("nan")})])
    assert stack.documents.get("a/b") is None
