import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from functions import composition, telemetry
from shared import config
from shared.services.limits import Limiter
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
        # Time stands still here, so that everything that a test asks is within one minute.
        limit(world, monkeypatch, per_minute=10_000)
        # Logs go where the tests can see them.
        monkeypatch.setattr(telemetry, "log_as_json", lambda level, project: None)
        yield world
        world.close()
    monkeypatch.undo()
    config.settings.cache_clear()


def limit(
    world: World, monkeypatch: pytest.MonkeyPatch, *, per_minute: int = 0, per_hour: int = 0
) -> None:
    """Let the API count requests afresh, by these limits."""
    documents, clock = world.ports.documents, world.ports.clock
    limiter = Limiter(documents, clock, per_minute=per_minute, per_hour=per_hour)
    monkeypatch.setattr(composition, "limiter", lambda: limiter)


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
