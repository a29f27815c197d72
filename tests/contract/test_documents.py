"""What every implementation of the Documents port does."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any

import pytest

from shared.errors import BadRequest, Conflict
from shared.ports import (
    Create,
    Delete,
    Document,
    Documents,
    Increment,
    Put,
    Query,
    Replace,
    Update,
    Write,
)

JOBS = "workspaces/w/jobs"
PATH = f"{JOBS}/j"


def stored(documents: Documents, path: str) -> Document:
    document = documents.get(path)
    assert document is not None
    return document


def ids(found: Sequence[Document]) -> list[str]:
    return [document.id for document in found]


def fill(documents: Documents, **fields_by_id: dict[str, Any]) -> None:
    documents.commit([Create(f"{JOBS}/{id_}", fields) for id_, fields in fields_by_id.items()])


def pages(documents: Documents, query: Query, limit: int) -> list[list[str]]:
    """All pages of a query, as ids."""
    result, cursor = [], None
    while True:
        page = documents.query(query, limit=limit, cursor=cursor)
        result.append(ids(page.results))
        cursor = page.next_cursor
        if cursor is None:
            return result


# --- writing -------------------------------------------------------------------------------------


def test_an_absent_document_is_none(documents: Documents) -> None:
    assert documents.get(PATH) is None


def test_data_comes_back_as_it_was_written(documents: Documents) -> None:
    data = {
        "text": "żółw 🦊 \" \\ \n '",
        "numbers": [0, -1, 2**53, 0.1, 1e-9],
        "flags": [True, False, None],
        "nested": {"a.b": {"": []}},
        "lists": [[], [[1]]],
        "order": {"b": 1, "a": {"z": 1, "y": 2}, "c": 3},
    }
    documents.commit([Create(PATH, data)])
    document = stored(documents, PATH)
    assert document.data == data
    assert json.dumps(document.data["order"]) == json.dumps(data["order"])
    assert (document.path, document.id) == (PATH, "j")


def test_what_was_read_is_a_copy(documents: Documents) -> None:
    data = {"list": [1]}
    documents.commit([Create(PATH, data)])
    data["list"].append(2)
    stored(documents, PATH).data["list"].append(3)
    assert stored(documents, PATH).data == {"list": [1]}


def test_create_wants_the_document_absent(documents: Documents) -> None:
    documents.commit([Create(PATH, {"n": 1})])
    with pytest.raises(Conflict):
        documents.commit([Create(PATH, {"n": 2})])
    assert stored(documents, PATH).data == {"n": 1}


def test_replace_wants_the_version_that_was_read(documents: Documents) -> None:
    documents.commit([Create(PATH, {"n": 1})])
    first = stored(documents, PATH)
    documents.commit([Replace(PATH, {"n": 2}, first.version)])
    assert stored(documents, PATH).version != first.version
    with pytest.raises(Conflict):
        documents.commit([Replace(PATH, {"n": 3}, first.version)])
    assert stored(documents, PATH).data == {"n": 2}


def test_replace_of_an_absent_document_conflicts(documents: Documents) -> None:
    documents.commit([Create(PATH, {})])
    version = stored(documents, PATH).version
    documents.commit([Delete(PATH)])
    with pytest.raises(Conflict):
        documents.commit([Replace(PATH, {}, version)])
    assert documents.get(PATH) is None


def test_a_document_made_again_is_not_the_one_that_was_read(documents: Documents) -> None:
    documents.commit([Create(PATH, {"n": 1})])
    version = stored(documents, PATH).version
    documents.commit([Delete(PATH)])
    documents.commit([Create(PATH, {"n": 1})])
    with pytest.raises(Conflict):
        documents.commit([Replace(PATH, {"n": 2}, version)])


def test_writing_the_same_data_changes_the_version(documents: Documents) -> None:
    documents.commit([Put(PATH, {"n": 1})])
    version = stored(documents, PATH).version
    documents.commit([Put(PATH, {"n": 1})])
    assert stored(documents, PATH).version != version


def test_put_does_not_mind(documents: Documents) -> None:
    documents.commit([Put(PATH, {"a": 1, "b": 1})])
    documents.commit([Put(PATH, {"a": 2})])
    assert stored(documents, PATH).data == {"a": 2}


def test_delete_removes(documents: Documents) -> None:
    documents.commit([Create(PATH, {})])
    documents.commit([Delete(PATH)])
    documents.commit([Delete(PATH)])
    assert documents.get(PATH) is None


def test_delete_with_a_version_wants_it(documents: Documents) -> None:
    documents.commit([Create(PATH, {"n": 1})])
    old = stored(documents, PATH).version
    documents.commit([Put(PATH, {"n": 2})])
    with pytest.raises(Conflict):
        documents.commit([Delete(PATH, old)])
    documents.commit([Delete(PATH, stored(documents, PATH).version)])
    with pytest.raises(Conflict):
        documents.commit([Delete(PATH, old)])


def test_increment_starts_from_nothing(documents: Documents) -> None:
    documents.commit([Increment(PATH, "n", 5)])
    documents.commit([Increment(PATH, "n", -7)])
    documents.commit([Increment(PATH, "other")])
    assert stored(documents, PATH).data == {"n": -2, "other": 1}


def test_update_sets_some_fields_of_what_exists(documents: Documents) -> None:
    with pytest.raises(Conflict):
        documents.commit([Put(f"{JOBS}/other", {}), Update(PATH, {"n": 1})])
    assert documents.get_many([PATH, f"{JOBS}/other"]) == [None, None]
    documents.commit([Create(PATH, {"n": 1, "deep": {"a": 1, "b": 2}, "kept": [1]})])
    before = stored(documents, PATH).version
    documents.commit([Update(PATH, {"n": None, "deep": {"a": 3}, "a-key.with: marks": True})])
    after = stored(documents, PATH)
    assert after.data == {"n": None, "deep": {"a": 3}, "kept": [1], "a-key.with: marks": True}
    assert after.version != before


def test_a_batch_gives_the_version_of_all_that_it_wrote(documents: Documents) -> None:
    fill(documents, replaced={"n": 1}, updated={"n": 1}, deleted={"n": 1})
    before = stored(documents, f"{JOBS}/replaced").version
    version = documents.commit(
        [
            Delete(f"{JOBS}/deleted"),
            Create(f"{JOBS}/created", {"n": 1}),
            Replace(f"{JOBS}/replaced", {"n": 1}, before),
            Put(f"{JOBS}/put", {"n": 1}),
            Update(f"{JOBS}/updated", {"n": 1}),
            Increment(f"{JOBS}/increased", "n"),
        ]
    )
    written = ("created", "replaced", "put", "updated", "increased")
    assert {stored(documents, f"{JOBS}/{id_}").version for id_ in written} == {version}
    again = documents.commit([Replace(f"{JOBS}/replaced", {"n": 2}, version)])
    with pytest.raises(Conflict):
        documents.commit([Replace(f"{JOBS}/replaced", {"n": 3}, version)])
    assert stored(documents, f"{JOBS}/replaced").version == again != version


def test_a_batch_is_all_or_nothing(documents: Documents) -> None:
    documents.commit([Create(PATH, {"n": 1})])
    writes: list[Write] = [
        Put(f"{JOBS}/a", {}),
        Increment(f"{JOBS}/b", "n"),
        Create(PATH, {"n": 2}),
        Put(f"{JOBS}/c", {}),
    ]
    with pytest.raises(Conflict):
        documents.commit(writes)
    assert documents.get_many([f"{JOBS}/{id_}" for id_ in "abc"]) == [None] * 3
    assert stored(documents, PATH).data == {"n": 1}


def test_a_batch_holds_500_writes(documents: Documents) -> None:
    documents.commit([Create(f"{JOBS}/{n}", {"n": n}) for n in range(500)])
    assert stored(documents, f"{JOBS}/499").data == {"n": 499}
    with pytest.raises(ValueError, match="500"):
        documents.commit([Put(f"{JOBS}/{n}", {}) for n in range(501)])


def test_a_batch_writes_a_path_once(documents: Documents) -> None:
    with pytest.raises(ValueError, match="once"):
        documents.commit([Put(PATH, {}), Increment(PATH, "n")])
    assert documents.get(PATH) is None


def test_an_empty_batch_is_fine(documents: Documents) -> None:
    documents.commit([])


def test_get_many_keeps_the_order(documents: Documents) -> None:
    fill(documents, a={"n": 1}, b={"n": 2})
    found = documents.get_many([f"{JOBS}/b", f"{JOBS}/absent", f"{JOBS}/a"])
    assert [document and document.data["n"] for document in found] == [2, None, 1]
    assert documents.get_many([]) == []


@pytest.mark.parametrize("path", ["", "jobs", "workspaces/w/jobs", "a//b/c", "/a", "a/..", "a/."])
def test_a_malformed_path_is_an_error(documents: Documents, path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        documents.get(path)
    with pytest.raises(ValueError, match="path"):
        documents.commit([Put(path, {})])


def test_compare_and_set_by_eight_threads_loses_nothing(documents: Documents) -> None:
    documents.commit([Create(PATH, {"n": 0})])

    def add(times: int) -> None:
        while times:
            document = stored(documents, PATH)
            try:
                documents.commit([Replace(PATH, {"n": document.data["n"] + 1}, document.version)])
            except Conflict:
                continue
            times -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, [10] * 8))
    assert stored(documents, PATH).data == {"n": 80}


def test_increments_by_eight_threads_lose_nothing(documents: Documents) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: documents.commit([Increment(PATH, "n")]), range(80)))
    assert stored(documents, PATH).data == {"n": 80}


def test_eight_threads_create_a_document_once(documents: Documents) -> None:
    def create(n: int) -> int:
        try:
            documents.commit([Create(PATH, {"n": n})])
        except Conflict:
            return 0
        return 1

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(create, range(8))) == 1


# --- querying ------------------------------------------------------------------------------------


def test_results_are_in_order_and_ties_by_id(documents: Documents) -> None:
    fill(
        documents,
        d={"created_at": "2026-01-02"},
        b={"created_at": "2026-01-03"},
        c={"created_at": "2026-01-02"},
        a={"created_at": "2026-01-04"},
    )
    ascending, descending = Query(JOBS), Query(JOBS, descending=True)
    assert ids(documents.query(ascending, limit=9).results) == ["c", "d", "b", "a"]
    assert ids(documents.query(descending, limit=9).results) == ["a", "b", "d", "c"]


def test_results_have_path_version_and_data(documents: Documents) -> None:
    fill(documents, a={"created_at": "2026-01-01", "nested": {"n": [1]}})
    [document] = documents.query(Query(JOBS), limit=1).results
    assert document == stored(documents, f"{JOBS}/a")


def test_only_the_collection_itself_is_searched(documents: Documents) -> None:
    for path in (PATH, "workspaces/other/jobs/j", "workspaces/w/jobs/j/jobs/k", "due/j"):
        documents.commit([Create(path, {"created_at": path})])
    assert [d.path for d in documents.query(Query(JOBS), limit=9).results] == [PATH]


def test_documents_without_the_order_field_are_not_found(documents: Documents) -> None:
    fill(documents, a={"created_at": "2026-01-01"}, b={"status": "queued"})
    assert ids(documents.query(Query(JOBS), limit=9).results) == ["a"]
    assert documents.count(Query(JOBS), up_to=9) == 1


def test_equality_is_exact(documents: Documents) -> None:
    values: dict[str, str | int | bool] = {
        "text": "1",
        "number": 1,
        "true": True,
        "false": False,
        "zero": 0,
        "empty": "",
    }
    fill(documents, **{k: {"created_at": k, "status": v} for k, v in values.items()})
    for id_, value in values.items():
        query = Query(JOBS, {"status": value})
        assert ids(documents.query(query, limit=9).results) == [id_]
        assert documents.count(query, up_to=9) == 1


def test_all_fields_must_be_equal(documents: Documents) -> None:
    fill(
        documents,
        both={"created_at": "1", "status": "failed", "type": "video"},
        one={"created_at": "1", "status": "failed", "type": "image"},
        other={"created_at": "1", "status": "queued", "type": "video"},
        lacking={"created_at": "1", "status": "failed"},
    )
    for fields in ("status", "type"), ("type", "status"):
        query = Query(
            JOBS, {field: {"status": "failed", "type": "video"}[field] for field in fields}
        )
        assert ids(documents.query(query, limit=9).results) == ["both"]


def test_values_are_never_taken_for_code(documents: Documents) -> None:
    fill(documents, a={"created_at": "1", "status": "' OR 1=1 --"}, b={"created_at": "1"})
    query = Query(JOBS, {"status": "' OR 1=1 --"})
    assert ids(documents.query(query, limit=9).results) == ["a"]


def test_at_most_includes_its_bound(documents: Documents) -> None:
    documents.commit([Create(f"due/{n}", {"at": f"2026-01-0{n}"}) for n in range(1, 5)])
    query = Query("due", order="at", at_most="2026-01-02")
    assert ids(documents.query(query, limit=9).results) == ["1", "2"]
    assert documents.count(query, up_to=9) == 2


def test_at_most_compares_within_a_type(documents: Documents) -> None:
    documents.commit([Create("due/number", {"at": 5}), Create("due/text", {"at": "5"})])
    texts, numbers = Query("due", order="at", at_most="9"), Query("due", order="at", at_most=9)
    assert ids(documents.query(texts, limit=9).results) == ["text"]
    assert ids(documents.query(numbers, limit=9).results) == ["number"]


def test_numbers_are_ordered_as_numbers(documents: Documents) -> None:
    documents.commit([Create(f"due/{n}", {"at": n}) for n in (10, 9, -1)])
    assert ids(documents.query(Query("due", order="at"), limit=9).results) == ["-1", "9", "10"]


@pytest.mark.parametrize("descending", [False, True])
def test_pages_join_without_gap_or_overlap(documents: Documents, descending: bool) -> None:
    fill(documents, **{f"j{n}": {"created_at": str(n // 3), "status": "x"} for n in range(8)})
    query = Query(JOBS, {"status": "x"}, descending=descending)
    found = pages(documents, query, 3)
    assert [len(page) for page in found] == [3, 3, 2]
    expected = [f"j{n}" for n in range(8)]
    assert [*chain(*found)] == (expected[::-1] if descending else expected)


def test_a_full_last_page_has_no_cursor(documents: Documents) -> None:
    fill(documents, a={"created_at": "1"}, b={"created_at": "2"})
    assert documents.query(Query(JOBS), limit=2).next_cursor is None


def test_a_cursor_survives_changes_behind_it(documents: Documents) -> None:
    fill(documents, **{id_: {"created_at": id_} for id_ in "bcd"})
    cursor = documents.query(Query(JOBS), limit=1).next_cursor
    fill(documents, a={"created_at": "a"})
    documents.commit([Delete(f"{JOBS}/b")])
    assert ids(documents.query(Query(JOBS), limit=9, cursor=cursor).results) == ["c", "d"]


def test_offset_skips(documents: Documents) -> None:
    fill(documents, **{id_: {"created_at": id_} for id_ in "abcde"})
    page = documents.query(Query(JOBS), limit=2, offset=2)
    assert ids(page.results) == ["c", "d"]
    assert ids(documents.query(Query(JOBS), limit=2, cursor=page.next_cursor).results) == ["e"]
    assert ids(documents.query(Query(JOBS), limit=2, offset=9).results) == []


def test_foreign_and_damaged_cursors_are_refused(documents: Documents) -> None:
    fill(documents, **{id_: {"created_at": id_, "status": "x"} for id_ in "ab"})
    good = documents.query(Query(JOBS), limit=1).next_cursor
    assert good is not None
    foreign = [
        (Query(JOBS, descending=True), good),
        (Query(JOBS, {"status": "x"}), good),
        (Query("workspaces/other/jobs"), good),
        (Query(JOBS, at_most="z"), good),
    ]
    damaged = [(Query(JOBS), text) for text in ("", "x", "é", good[:-4], good[4:], "bnVsbA", "W10")]
    for query, cursor in foreign + damaged:
        with pytest.raises(BadRequest) as caught:
            documents.query(query, limit=1, cursor=cursor)
        assert caught.value.details == {"field": "cursor"}


def test_count_stops_where_it_is_told(documents: Documents) -> None:
    fill(documents, **{id_: {"created_at": id_, "status": "x"} for id_ in "abcde"})
    assert documents.count(Query(JOBS, {"status": "x"}), up_to=3) == 3
    assert documents.count(Query(JOBS, {"status": "x"}), up_to=10) == 5
    assert documents.count(Query(JOBS, {"status": "y"}), up_to=10) == 0


@pytest.mark.parametrize(
    "query",
    [
        Query(JOBS, {"prompt": "x"}),
        Query(JOBS, order="updated_at"),
        Query("workspaces/w/secrets"),
        Query("due", {"status": "x"}, order="at"),
    ],
)
def test_an_undeclared_query_is_an_error(documents: Documents, query: Query) -> None:
    with pytest.raises(ValueError, match="declare Index"):
        documents.query(query, limit=1)
    with pytest.raises(ValueError, match="declare Index"):
        documents.count(query, up_to=1)


def test_many_documents_come_in_the_order_of_their_paths(documents: Documents) -> None:
    paths = [f"workspaces/w/items/i{number}" for number in range(250)]
    documents.commit([Create(path, {"n": n}) for n, path in enumerate(paths) if n % 3])
    wanted = [*reversed(paths), paths[1], "workspaces/other/items/i1"]
    found = documents.get_many(wanted)
    assert [document and document.path for document in found] == [
        path if path.startswith("workspaces/w/") and int(path.rsplit("i", 1)[1]) % 3 else None
        for path in wanted
    ]
    assert documents.get_many([]) == []
