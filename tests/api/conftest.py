import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from functions import composition
from shared import config
from tests.api.client import Client
from tests.services.world import Tenant, World


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A world of one's own behind the functions, which keep theirs for a whole process."""
    memory = Path("/dev/shm")  # noqa: S108 - only a place for temporary folders
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        monkeypatch.setenv("MASCOTRY_HOME", name)
        monkeypatch.setenv("MASCOTRY_BASE_URL", "http://api.test")
        config.settings.cache_clear()
        world = World(Path(name) / "world")
        monkeypatch.setattr(composition, "ports", lambda: world.ports)
        # Logs go where the tests can see them.
        monkeypatch.setattr(composition, "configure_logging", lambda level: None)
        yield world
        world.close()
    monkeypatch.undo()
    config.settings.cache_clear()


@pytest.fixture
def tenant(world: World) -> Tenant:
    return world.tenant()


@pytest.fixture
def api(tenant: Tenant) -> Client:
    """The API, with a key that may write."""
    return Client("api", tenant.key)


@pytest.fixture
def ingest(tenant: Tenant) -> Client:
    return Client("ingest", tenant.key)
