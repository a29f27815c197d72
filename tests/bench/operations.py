"""What one animation asks of the database, counted at the port: this is what Firestore bills.

The offline artist makes it, with three sizes of each format, by the real steps. What is found not
to be there counts as a read, as it does on the bill.
"""

import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from shared.model.job import JobStatus, StepKind
from shared.ports import Document, Documents, Page, Query, Write
from shared.services import collections
from tests.graph.jobs import FILM
from tests.services.world import Tenant, World

SIZES: Final = (256, 128, 64)


class Counted:
    """Documents that count what they are asked."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self.reads = 0
        self.writes: Counter[str] = Counter()
        """By path."""

    def get(self, path: str) -> Document | None:
        self.reads += 1
        return self._documents.get(path)

    def get_many(self, paths: Sequence[str]) -> list[Document | None]:
        self.reads += len(paths)
        return self._documents.get_many(paths)

    def commit(self, writes: Sequence[Write]) -> str:
        self.writes.update(write.path for write in writes)
        return self._documents.commit(writes)

    def query(
        self, query: Query, *, limit: int, offset: int = 0, cursor: str | None = None
    ) -> Page[Document]:
        found = self._documents.query(query, limit=limit, offset=offset, cursor=cursor)
        self.reads += max(1, len(found.results) + offset)
        return found

    def count(self, query: Query, *, up_to: int) -> int:
        self.reads += 1
        return self._documents.count(query, up_to=up_to)


def count(world: World, tenant: Tenant, name: str) -> dict[str, float]:
    """Make an animation, and tell what it took."""
    counted = Counted(world.ports.documents)
    plain, world.ports = world.ports, replace(world.ports, documents=counted)
    began = time.perf_counter()
    made = world.generate(tenant, {**FILM, "name": name})
    world.drain()
    seconds = time.perf_counter() - began
    world.ports = plain
    job = world.job(made.job)
    assert job.status is JobStatus.COMPLETED, job.error
    _, most = counted.writes.most_common(1)[0]
    return {
        "reads": counted.reads,
        "writes": counted.writes.total(),
        "assets": len(job.assets),
        "most_per_second": most / seconds,
        "seconds": seconds,
    }


def measure() -> dict[str, Any]:
    """The first animation of a character, which also makes its style card, and the next one."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        try:
            for kind in StepKind:
                world.codes[kind] = import_module(f"functions.steps.{kind.value}").run
            tenant = world.tenant()
            settings = {"animation_sizes": SIZES}
            collections.update(world.ports, tenant.who, tenant.collection.id, {}, settings)
            return {"first": count(world, tenant, "Wave"), "next": count(world, tenant, "Jump")}
        finally:
            world.close()
