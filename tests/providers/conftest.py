from collections.abc import Iterator

import pytest

from tests.providers.wire.server import Wire, serve


@pytest.fixture
def wire() -> Iterator[Wire]:
    with serve() as running:
        yield running
