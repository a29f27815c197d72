"""The outbox: what is to be told is written in the very batch that makes it true, and sent later.

So no end of a job is without its events, and none has two. What is enqueued afterwards and gets
lost is found by the sweeper, as it is with jobs.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from shared import tracing
from shared.errors import Conflict
from shared.graph.advance import unmade
from shared.graph.policy import GRACE
from shared.model import paths
from shared.model.base import instant_text
from shared.model.job import Job, JobStatus, JobType, files
from shared.model.webhook import PING, Delivery, DeliveryStatus, Event, Webhook
from shared.ports import (
    Create,
    Delete,
    Document,
    Documents,
    Json,
    Ports,
    Put,
    Query,
    Replace,
    Task,
    Write,
)

QUEUE: Final = "webhook"
MAX_WEBHOOKS: Final = 10
KEPT: Final = timedelta(days=30)
BATCH: Final = 200

INTERNAL: Final = frozenset({JobType.DELETION})
"""The jobs that nobody asked for as such."""

EVENTS: Final = {JobStatus.COMPLETED: Event.JOB_COMPLETED, JobStatus.FAILED: Event.JOB_FAILED}


@dataclass(frozen=True, slots=True)
class Errand:
    """What a task carries: which attempt at which delivery, and the time that it was planned for,
    which tells it from one that has taken its place."""

    workspace_id: str
    delivery_id: str
    attempt: int
    at: str

    @classmethod
    def of(cls, delivery: Delivery) -> "Errand":
        """The errand that makes the next attempt at a pending delivery."""
        at = instant_text(delivery.next_attempt_at) if delivery.next_attempt_at else ""
        return cls(delivery.workspace_id, delivery.id, delivery.attempt, at)

    @classmethod
    def parse(cls, payload: Json) -> "Errand":
        return cls(**{name: payload[name] for name in cls.__slots__})

    def payload(self) -> Json:
        return {name: getattr(self, name) for name in self.__slots__}


def of_end(ports: Ports, before: Job, after: Job) -> list[Delivery]:
    """What is to be told when a change has ended a job: a delivery for each endpoint that wants
    it. Without an end there is nothing to tell, and nothing is read."""
    if before.finished or not after.finished or after.type in INTERNAL:
        return []
    event = EVENTS[after.status]
    endpoints = [Webhook.load(found.data) for found in of_workspace(ports, after.workspace_id)]
    listening = [one for one in endpoints if one.enabled and event in one.events]
    if not listening:
        return []
    body = _text(_told(ports, after, event))
    return [
        _delivery(ports, after.workspace_id, endpoint, event, body, job_id=after.id)
        for endpoint in listening
    ]


def writes(deliveries: Sequence[Delivery]) -> list[Write]:
    """The writes that put deliveries into the outbox, to go with what they tell of."""
    return [write for delivery in deliveries for write in _creation(delivery)]


def ping(ports: Ports, workspace_id: str, endpoint: Webhook) -> Delivery:
    """Send an event that tells of nothing, to try an endpoint."""
    body = {
        "event": PING,
        "webhook_id": endpoint.id,
        "timestamp": instant_text(ports.clock.now()),
    }
    delivery = _delivery(ports, workspace_id, endpoint, PING, _text(body), job_id=None)
    ports.documents.commit(writes([delivery]))
    enqueue(ports, delivery)
    return delivery


def enqueue(ports: Ports, delivery: Delivery) -> None:
    """Send out the next attempt at a delivery, if there is to be one. Repeating it is harmless:
    what names the task is the attempt and its time."""
    if delivery.next_attempt_at is None:
        return
    errand = Errand.of(delivery)
    identity = f"{errand.delivery_id}/{errand.attempt}/{errand.at}"
    ports.tasks.enqueue(
        Task(
            queue=QUEUE,
            name=hashlib.sha256(identity.encode()).hexdigest(),
            payload=errand.payload(),
            not_before=delivery.next_attempt_at,
        )
    )


def load(documents: Documents, workspace_id: str, delivery_id: str) -> tuple[Delivery, str] | None:
    """A delivery and its version; None when it is gone."""
    document = documents.get(paths.webhook_delivery(workspace_id, delivery_id))
    return (Delivery.load(document.data), document.version) if document else None


def change(delivery: Delivery, version: str) -> list[Write]:
    """The writes that bring a delivery to its next state; the sweeper's entry moves along."""
    path = paths.webhook_delivery(delivery.workspace_id, delivery.id)
    return [Replace(path, delivery.stored(), version), _due(delivery)]


def sweep(ports: Ports, entry: Json) -> None:
    """Send out once more what should have been attempted by now, or what may never have been
    enqueued."""
    loaded = load(ports.documents, entry["workspace_id"], entry["delivery_id"])
    if loaded is None or loaded[0].status is not DeliveryStatus.PENDING:
        ports.documents.commit([Delete(paths.due(entry["delivery_id"]))])
        return
    delivery, version = loaded
    now = ports.clock.now()
    if entry["at"] <= instant_text(now):
        delivery = delivery.with_(next_attempt_at=now)  # which makes it another task
        try:
            ports.documents.commit(change(delivery, version))
        except Conflict:
            return  # somebody is at it
    enqueue(ports, delivery)


def expire(ports: Ports) -> None:
    """Remove some of the deliveries that have been kept long enough."""
    until = instant_text(ports.clock.now())
    found = ports.documents.query(Query("expiring", order="at", at_most=until), limit=BATCH)
    expired = [(document.data["path"], document.path) for document in found.results]
    ports.documents.commit([Delete(path) for both in expired for path in both])


def of_workspace(ports: Ports, workspace_id: str) -> Sequence[Document]:
    """The documents of all endpoints of a workspace, oldest first."""
    query = Query(paths.collection_of(workspace_id, "webhooks"))
    return ports.documents.query(query, limit=MAX_WEBHOOKS).results


def _told(ports: Ports, job: Job, event: Event) -> Json:
    """What is told of a job's end: the files that it made are named, and no others."""
    missing = unmade(job)
    made = files({key: asset for key, asset in job.assets.items() if key not in missing})
    told = {
        "event": event.value,
        "job_id": job.id,
        "type": job.type.value,
        "collection_id": job.collection_id,
        "item_id": job.item_id,
        "asset_ids": {key: asset_id for key, (asset_id, _) in made.items()},
        "urls": {key: ports.blobs.public_url(path) for key, (_, path) in made.items()},
        "timestamp": instant_text(job.completed_at or job.updated_at),
    }
    if job.error:
        told["error"] = job.error.model_dump(mode="json", exclude_none=True)
    return told


def _text(body: Json) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _delivery(
    ports: Ports,
    workspace_id: str,
    endpoint: Webhook,
    event: str,
    body: str,
    *,
    job_id: str | None,
) -> Delivery:
    now = ports.clock.now()
    return Delivery(
        id=ports.ids.uuid(),
        created_at=now,
        updated_at=now,
        workspace_id=workspace_id,
        webhook_id=endpoint.id,
        job_id=job_id,
        event=event,
        body=body,
        next_attempt_at=now,
        trace=tracing.current(),
    )


def _creation(delivery: Delivery) -> list[Write]:
    path = paths.webhook_delivery(delivery.workspace_id, delivery.id)
    until = {"at": instant_text(delivery.created_at + KEPT), "path": path}
    return [
        Create(path, delivery.stored()),
        Create(paths.expiring(delivery.id), until),
        _due(delivery),
    ]


def _due(delivery: Delivery) -> Write:
    """The sweeper's entry: when the next attempt must be taken for lost."""
    if delivery.next_attempt_at is None:
        return Delete(paths.due(delivery.id))
    entry = {
        "at": instant_text(delivery.next_attempt_at + GRACE),
        "workspace_id": delivery.workspace_id,
        "delivery_id": delivery.id,
    }
    return Put(paths.due(delivery.id), entry)
