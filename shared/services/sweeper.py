"""The sweeper: looks at every job, upload and webhook delivery that should have moved by now."""

import logging
from datetime import datetime

from shared.graph.advance import due_at
from shared.graph.events import Swept
from shared.model import paths
from shared.model.base import instant_text
from shared.model.finding import Finding, LogEvent
from shared.model.job import Job, StepStatus
from shared.model.workspace import Scope
from shared.ports import Delete, Json, Ports, Query
from shared.services import (
    audits,
    deletion,
    entities,
    errands,
    findings,
    generation,
    jobstore,
    losses,
    orphans,
    runner,
    uploads,
    versions,
)
from shared.services.keys import Principal
from shared.services.webhooks import outbox

log = logging.getLogger(__name__)

BATCH = 100


def sweep(ports: Ports, *, orphaned: bool = False) -> int:
    """Re-deliver what is overdue; with `orphaned`, everything that is not finished, since no
    worker of before is alive. Gives the number of entries that were looked at."""
    until = None if orphaned else instant_text(ports.clock.now())
    query = Query("due", order="at", at_most=until)
    # All are read before any is moved to a later time, where the cursor would meet it again.
    entries = [found.data for found in entities.every(ports.documents, query, at_once=BATCH)]
    now = ports.clock.now()
    for entry in entries:
        if entry["at"] <= instant_text(now) and "job_id" not in entry:
            findings.tell(_overdue(entry), **entry)
        try:
            _look_after(ports, entry, orphaned=orphaned)
        except Exception:
            # It stays due, and must not keep the sweeper from what is behind it.
            findings.tell(Finding.SWEEP_FAILED, faulty=True, **entry)
    if orphaned:
        errands.release(ports)
    for part in (outbox.expire, errands.sweep, audits.sweep, orphans.sweep, losses.sweep):
        try:
            part(ports)
        except Exception:
            # Each of them goes on where it was at the next sweep.
            findings.tell(Finding.SWEEP_FAILED, faulty=True, what=part.__module__)
    log.info("swept", extra={"event": LogEvent.SWEEP.value, "overdue": len(entries)})
    return len(entries)


def _overdue(entry: Json) -> Finding:
    if "asset_id" in entry:
        return Finding.UPLOAD_OVERDUE
    if "item_id" in entry:
        return Finding.VERSIONS_OVERDUE
    if "delivery_id" in entry:
        return Finding.DELIVERY_OVERDUE
    return Finding.JOB_OVERDUE


def _look_after(ports: Ports, entry: Json, *, orphaned: bool) -> None:
    match _overdue(entry):
        case Finding.UPLOAD_OVERDUE:
            uploads.sweep(ports, entry)
        case Finding.VERSIONS_OVERDUE:
            versions.sweep(ports, entry)
        case Finding.DELIVERY_OVERDUE:
            outbox.sweep(ports, entry)
        case _:
            _look_after_job(ports, entry["workspace_id"], entry["job_id"], orphaned=orphaned)


def _look_after_job(ports: Ports, workspace_id: str, job_id: str, *, orphaned: bool) -> None:
    """Let a job go on; of one whose character was deleted while it was created, remove everything:
    the request that would have noticed has died."""
    loaded = jobstore.load(ports.documents, workspace_id, job_id)
    if loaded is None:
        ports.documents.commit([Delete(paths.due(job_id))])
        return
    job, version = loaded
    if not job.finished and job.item_id:
        above = [
            paths.item(workspace_id, job.item_id),
            paths.collection(workspace_id, job.collection_id or "-"),
            paths.project(workspace_id, job.project_id or "-"),
        ]
        if len(entities.existing(ports.documents, above)) < len(above):
            deletion.delete_unreachable(ports, workspace_id, job.item_id)
    now = ports.clock.now()
    _tell_of_leases(job, now)
    due = due_at(job)
    if due and due > now and not orphaned:
        jobstore.postpone(ports, job, version)
        return
    findings.tell(Finding.JOB_OVERDUE, workspace_id=workspace_id, job_id=job_id)
    if job.reserved is not None:
        generation.begin_reserved(ports, Principal(workspace_id, (Scope.WRITE,)), job_id)
    else:
        runner.apply(ports, workspace_id, job_id, Swept(orphaned))


def _tell_of_leases(job: Job, now: datetime) -> None:
    for step_id, step in job.steps.items():
        expired = step.lease_until is not None and step.lease_until <= now
        if expired and step.status is StepStatus.RUNNING:
            findings.tell(
                Finding.LEASE_EXPIRED, workspace_id=job.workspace_id, job_id=job.id, step=step_id
            )
