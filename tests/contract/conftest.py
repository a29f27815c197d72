from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.ports import Blobs, Documents, Tasks
from tests.contract.decoding import DECODERS, Decoding
from tests.contract.implementations import BLOBS, DOCUMENTS, TASKS
from tests.contract.receiver import Receiver, serve_receiver
from tests.contract.world import Place


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with serve_receiver() as receiver:
        yield receiver


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return Place(tmp_path / "store", request.getfixturevalue)


@pytest.fixture(params=DOCUMENTS)
def documents(request: pytest.FixtureRequest, place: Place) -> Iterator[Documents]:
    with DOCUMENTS[request.param](place) as documents:
        yield documents


@pytest.fixture(params=BLOBS)
def blobs(request: pytest.FixtureRequest, place: Place) -> Iterator[Blobs]:
    with BLOBS[request.param](place) as blobs:
        yield blobs


@pytest.fixture(params=TASKS)
def tasks(request: pytest.FixtureRequest, place: Place) -> Iterator[Tasks]:
    with TASKS[request.param](place) as tasks:
        yield tasks


@pytest.fixture(params=DECODERS)
def decoding(request: pytest.FixtureRequest, place: Place) -> Iterator[Decoding]:
    with DECODERS[request.param](place) as decoding:
        yield decoding
