from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.stack import Stack, open_stack
from tests.contract.receiver import Receiver, serve_receiver


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    with open_stack(tmp_path / "home") as stack:
        yield stack


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with serve_receiver() as receiver:
        yield receiver
