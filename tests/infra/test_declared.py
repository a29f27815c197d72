"""What deployments read of the code is what the code says."""

import pytest

from infra import declared
from shared.model.indexes import INDEXES, Index


@pytest.mark.parametrize("name", declared.FILES)
def test_the_files_are_not_stale(name: str) -> None:
    expected = declared.text(declared.FILES[name]())
    assert (declared.FOLDER / name).read_text() == expected, "run python -m infra.declared"


def test_a_query_by_fields_has_an_index_in_either_direction() -> None:
    forwards, backwards = declared.composite(Index("jobs", ("status", "type"), "created_at"))
    names = [field["fieldPath"] for field in forwards["fields"]]
    assert names == ["status", "type", "created_at"]
    assert [field["order"] for field in forwards["fields"]][-1] == "ASCENDING"
    assert [field["order"] for field in backwards["fields"]][-1] == "DESCENDING"


def test_a_query_of_everything_needs_only_what_firestore_keeps_by_itself() -> None:
    assert declared.composite(Index("due", (), "at")) == []


def test_no_field_that_is_asked_for_goes_without_its_index() -> None:
    for index in INDEXES:
        excepted = declared.UNINDEXED.get(index.collection, ())
        assert not {*index.equals, index.order} & {*excepted}, index
