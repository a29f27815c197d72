"""The sweeper: looks at every job, upload and webhook delivery that should have moved by now."""

import logging

from shared.graph.events import Swept
from shared.model import paths
from shared.model.base import instant_text
from shared.ports import Json, Ports, Query
from shared.services import (
    audits,
    deletion,
    entities,
    errands,
    jobstore,
    runner,
    uploads,
    versions,
)
from shared.services.webhooks import outbox

log = logging.getLogger(__name__)

BATCH = 100


def sweep(ports: Ports, *, orphaned: bool = False) -> int:
    """Re-deliver what is overdue; with `orphaned`, everything that is not finished, since no
    worker of before is alive. Gives the number of entries that were looked at."""
    until = None if orphaned else instant_text(ports.clock.now())
    query = Query("due", order="at", at_most=until)
    # All are read before any is moved to a later time, where the cursor would meet it again.
    entries: list[Json] = []
    cursor: str | None = None
    while True:
        found = ports.documents.query(query, limit=BATCH, cursor=cursor)
        entries += [document.data for document in found.results]
        cursor = found.next_cursor
        if cursor is None:
            break
    for entry in entries:
        log.info("overdue", extra=entry)
        try:
            _look_after(ports, entry, orphaned=orphaned)
        except Exception:
            # It stays due, and must not keep the sweeper from what is behind it.
            log.exception("what is overdue could not be swept", extra=entry)
    outbox.expire(ports)
    errands.sweep(ports)
    if orphaned:
        errands.release(ports)
    audits.sweep(ports)
    return len(entries)


def _look_after(ports: Ports, entry: Json, *, orphaned: bool) -> None:
    if "asset_id" in entry:
        uploads.sweep(ports, entry)
    elif "item_id" in entry:
        versions.sweep(ports, entry)
    elif "delivery_id" in entry:
        outbox.sweep(ports, entry)
    else:
        _look_after_job(ports, entry["workspace_id"], entry["job_id"], orphaned=orphaned)


def _look_after_job(ports: Ports, workspace_id: str, job_id: str, *, orphaned: bool) -> None:
    """Let a job go on; of one whose character was deleted while it was created, remove everything:
    the request that would have noticed has died."""
    loaded = jobstore.load(ports.documents, workspace_id, job_id)
    job = loaded[0] if loaded else None
    if job and not job.finished and job.item_id:
        above = [
            paths.item(workspace_id, job.item_id),
            paths.collection(workspace_id, job.collection_id or "-"),
            paths.project(workspace_id, job.project_id or "-"),
        ]
        if len(entities.existing(ports.documents, above)) < len(above):
            deletion.remove_item(ports, workspace_id, job.item_id)
    runner.apply(ports, workspace_id, job_id, Swept(orphaned))
