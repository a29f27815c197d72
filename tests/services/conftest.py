import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.world import Tenant, World

MEMORY = Path("/dev/shm")  # noqa: S108 - only a place for temporary folders


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in memory where there is such a thing: these tests write much, and not to the disk's
    merit. The folders of steps go there too."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        monkeypatch.setattr(tempfile, "tempdir", name)
        yield Path(name)


@pytest.fixture
def world(folder: Path) -> Iterator[World]:
    world = World(folder / "home")
    yield world
    world.close()


@pytest.fixture
def tenant(world: World) -> Tenant:
    return world.tenant()
