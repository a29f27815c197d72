from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.server import Server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A running stack on a fresh data folder."""
    running = Server(tmp_path / "home")
    running.start()
    yield running
    running.stop()
