from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.ports import Blobs, Documents, Tasks
from tests.contract.receiver import Receiver, serve_receiver
from tests.contract.world import IMPLEMENTATIONS, World


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with serve_receiver() as receiver:
        yield receiver


@pytest.fixture(params=IMPLEMENTATIONS)
def world(request: pytest.FixtureRequest, tmp_path: Path, receiver: Receiver) -> Iterator[World]:
    with IMPLEMENTATIONS[request.param](tmp_path / "store", receiver) as world:
        yield world


@pytest.fixture
def documents(world: World) -> Documents:
    return world.documents


@pytest.fixture
def blobs(world: World) -> Blobs:
    return world.blobs


@pytest.fixture
def tasks(world: World) -> Tasks:
    return world.tasks
