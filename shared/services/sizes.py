"""Sizes that are chosen later: the variants of what a collection has already, as one batch job.

The batch goes through the items a page at a time and begins a job for each that lacks a size. The
id of such a job follows from those of the batch and of the item, so that a page can be gone through
again. Then it waits for them.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final
from uuid import UUID, uuid5

from shared.config import Settings
from shared.errors import NotFound, PermanentError
from shared.graph.advance import outstanding, start
from shared.graph.events import Cancelled
from shared.graph.sizes import plan_batch, plan_sizes
from shared.model import paths
from shared.model.asset import AssetStatus
from shared.model.collection import Collection
from shared.model.item import Item
from shared.model.job import Job, JobStatus
from shared.model.workspace import Scope
from shared.ports import Ports, Query, Write
from shared.services import (
    assets,
    collections,
    generation,
    jobs,
    jobstore,
    runner,
    versions,
)
from shared.services.keys import Principal

PAGE: Final = 20
"""Items that are gone through before the batch notes how far it is."""
MOST: Final = 10_000
"""Jobs that are counted."""


def update(
    ports: Ports,
    who: Principal,
    collection_id: str,
    changes: dict[str, Any],
    settings: dict[str, Any],
    *,
    if_match: str | None = None,
) -> tuple[Collection, Job | None]:
    """Change a collection, and begin the batch that the change asks for, if sizes were added and
    there are items. Both are stored in one batch of writes; who is cut off after that finds the
    same job again."""
    job_id = ports.ids.uuid()
    batch: Job | None = None

    def along(before: Collection, after: Collection) -> Sequence[Write]:
        nonlocal batch
        batch = _batch(ports, who, job_id, before, after)
        return jobstore.creation(batch) if batch else ()

    changed = collections.update(
        ports, who, collection_id, changes, settings, if_match=if_match, along=along
    )
    if batch is None and (stored := jobstore.load(ports.documents, who.workspace_id, job_id)):
        batch = stored[0]
    if batch is not None:
        runner.perform(ports, batch, outstanding(batch))
    return changed, batch


def _batch(
    ports: Ports, who: Principal, job_id: str, before: Collection, after: Collection
) -> Job | None:
    added = {*after.settings.animation_sizes, *after.settings.formats} - {
        *before.settings.animation_sizes,
        *before.settings.formats,
    }
    query = Query(paths.collection_of(who.workspace_id, "items"), {"collection_id": after.id})
    if not added or not ports.documents.query(query, limit=1).results:
        return None
    now = ports.clock.now()
    job = plan_batch(after, job_id=job_id, workspace_id=who.workspace_id, now=now)
    return start(job, now).job


def begin_page(
    ports: Ports, settings: Settings, batch: Job, collection: Collection, cursor: str | None
) -> tuple[bool, str | None]:
    """Begin the jobs of some items; says whether all of these had what it takes (a film that is
    still being made has not), and where the next page begins."""
    query = Query(
        paths.collection_of(batch.workspace_id, "items"), {"collection_id": collection.id}
    )
    found = ports.documents.query(query, limit=PAGE, cursor=cursor)
    complete = True
    for document in found.results:
        with suppress(NotFound):  # the item was deleted meanwhile
            item = Item.load(document.data)
            complete = _begin(ports, settings, batch, collection, item) and complete
    return complete, found.next_cursor


def left(ports: Ports, batch: Job) -> int:
    """How many of a batch's jobs are not finished. PermanentError when all are, and some failed."""
    counts = {status: _count(ports, batch, status) for status in JobStatus}
    unfinished = counts[JobStatus.PENDING] + counts[JobStatus.PROCESSING]
    if not unfinished and counts[JobStatus.FAILED]:
        raise PermanentError(
            "sizes_incomplete",
            f"{counts[JobStatus.FAILED]} of {sum(counts.values())} items did not get their sizes; "
            "their own jobs say why, and can be retried.",
        )
    return unfinished


def _begin(
    ports: Ports, settings: Settings, batch: Job, collection: Collection, item: Item
) -> bool:
    who = Principal(batch.workspace_id, (Scope.WRITE,))
    job_id = str(uuid5(UUID(batch.id), item.id))
    begun_before = jobstore.load(ports.documents, batch.workspace_id, job_id)
    if begun_before is not None:  # by somebody who may have died before it was enqueued
        runner.perform(ports, begun_before[0], outstanding(begun_before[0]))
    of_item = list(versions.of_item(ports, batch.workspace_id, item.id))
    planned = None
    if begun_before is None:
        planned = plan_sizes(
            of_item,
            assets.links_of_item(ports, who, item.id),
            job_id=job_id,
            batch_id=batch.id,
            workspace_id=batch.workspace_id,
            collection=collection,
            item=item,
            ids=ports.ids,
            now=ports.clock.now(),
        )
    if planned is not None:
        begun = generation.begin(ports, settings, who, planned, item)
        loaded = jobstore.load(ports.documents, batch.workspace_id, batch.id)
        if loaded is None or loaded[0].finished:  # canceled just now, and may not have seen it
            runner.apply(ports, batch.workspace_id, begun.job.id, Cancelled(jobs.STOPPED))
    return all(one.status is not AssetStatus.PENDING or one.size is not None for one in of_item)


def _count(ports: Ports, batch: Job, status: JobStatus) -> int:
    return ports.documents.count(jobs.of_batch(batch, status), up_to=MOST)
