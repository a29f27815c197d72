import inspect

import pytest

from shared.adapters.documents import kind_of, split
from shared.model import paths

COLLECTIONS = {"collection_of"}
PATHS = [function for _, function in inspect.getmembers(paths, inspect.isfunction)]

UUID = "00000000-0000-4000-8000-000000000001"


@pytest.mark.parametrize("path", PATHS, ids=lambda function: function.__name__)
def test_a_path_alternates_between_collections_and_ids(path: object) -> None:
    assert callable(path)
    names = inspect.signature(path).parameters.values()
    made = path(*(7 if one.annotation is int else UUID for one in names))
    if path.__name__ in COLLECTIONS:  # type: ignore[attr-defined]
        assert kind_of(made) == UUID
    else:
        collection, id_ = split(made)
        assert made == f"{collection}/{id_}"
        assert kind_of(collection) != UUID
