"""Endpoints: where a workspace wants to be told, and what the messages to it are signed with."""

from datetime import timedelta
from typing import Any, Final

from pydantic import SecretStr

from shared.config import Settings
from shared.errors import Conflict, NotFound
from shared.model import paths
from shared.model.webhook import Delivery, Event, Secrets, Webhook
from shared.ports import Create, Delete, Ports, Query, Replace
from shared.services import entities
from shared.services.keys import Principal
from shared.services.webhooks import outbox, schedule, sender

PREFIX: Final = "whsec_"
SECRET_LENGTH: Final = 48
"""Of base32, and so 240 random bits; as base64, which Standard Webhooks reads it as, 36 bytes."""
OVERLAP: Final = timedelta(hours=24)
"""How long the previous secret signs along."""

_ATTEMPTS = 5


def create(
    ports: Ports, settings: Settings, who: Principal, url: str, events: tuple[Event, ...]
) -> tuple[Webhook, str]:
    """A new endpoint and its secret, which can never be read again.

    BadRequest says what is wrong with the URL; Conflict when there are as many as there may be.
    """
    sender.locate(url, loopback=settings.webhook_loopback)
    now = ports.clock.now()
    endpoint = Webhook(id=ports.ids.uuid(), created_at=now, updated_at=now, url=url, events=events)
    secret = _secret(ports)
    writes = [
        Create(paths.webhook(who.workspace_id, endpoint.id), endpoint.stored()),
        Create(
            paths.webhook_secrets(who.workspace_id, endpoint.id),
            Secrets(current=SecretStr(secret)).stored(),
        ),
    ]
    # The workspace is written along, unchanged: of two at once one has to count again.
    path = paths.workspace(who.workspace_id)
    for _ in range(_ATTEMPTS):
        workspace = ports.documents.get(path)
        if workspace is None:
            raise NotFound("There is no such workspace.")
        if len(outbox.of_workspace(ports, who.workspace_id)) >= outbox.MAX_WEBHOOKS:
            raise Conflict(
                f"A workspace has at most {outbox.MAX_WEBHOOKS} webhooks; delete one first."
            )
        try:
            ports.documents.commit([*writes, Replace(path, workspace.data, workspace.version)])
        except Conflict:
            continue
        return endpoint, secret
    raise Conflict("The webhooks of this workspace are being changed; try again.")


def get(ports: Ports, who: Principal, webhook_id: str) -> tuple[Webhook, str]:
    """An endpoint and its version."""
    path = paths.webhook(who.workspace_id, webhook_id)
    return entities.read(ports.documents, Webhook, path)


def update(
    ports: Ports, settings: Settings, who: Principal, webhook_id: str, changes: dict[str, Any]
) -> Webhook:
    """Change the URL, the events, or whether it is enabled."""
    endpoint, version = get(ports, who, webhook_id)
    if "url" in changes:
        sender.locate(changes["url"], loopback=settings.webhook_loopback)
    changed = endpoint.with_(**changes, updated_at=ports.clock.now())
    path = paths.webhook(who.workspace_id, webhook_id)
    ports.documents.commit([Replace(path, changed.stored(), version)])
    return changed


def delete(ports: Ports, who: Principal, webhook_id: str) -> None:
    """Send nothing there any more. The record of what was sent goes when its time is up."""
    _, version = get(ports, who, webhook_id)
    ports.documents.commit(
        [
            Delete(paths.webhook(who.workspace_id, webhook_id), version),
            Delete(paths.webhook_secrets(who.workspace_id, webhook_id)),
        ]
    )


def rotate_secret(ports: Ports, who: Principal, webhook_id: str) -> tuple[Webhook, str]:
    """A new secret for an endpoint; for a day, the old one signs along."""
    endpoint, version = get(ports, who, webhook_id)
    path = paths.webhook_secrets(who.workspace_id, webhook_id)
    document = ports.documents.get(path)
    if document is None:
        raise NotFound("There is no such webhook.")
    now, secret = ports.clock.now(), _secret(ports)
    secrets = Secrets(
        current=SecretStr(secret),
        previous=Secrets.model_validate(document.data).current,
        previous_until=now + OVERLAP,
    )
    changed = endpoint.with_(updated_at=now)
    ports.documents.commit(
        [
            Replace(path, secrets.stored(), document.version),
            Replace(paths.webhook(who.workspace_id, webhook_id), changed.stored(), version),
        ]
    )
    return changed, secret


def ping(ports: Ports, who: Principal, webhook_id: str) -> Delivery:
    """Send an event that tells of nothing, to see whether it arrives."""
    endpoint, _ = get(ports, who, webhook_id)
    _require_enabled(endpoint)
    return outbox.ping(ports, who.workspace_id, endpoint)


def deliveries(ports: Ports, who: Principal, webhook_id: str) -> Query:
    """What was sent to an endpoint, the newest first."""
    get(ports, who, webhook_id)
    kind = paths.collection_of(who.workspace_id, "webhook_deliveries")
    return Query(kind, {"webhook_id": webhook_id}, descending=True)


def replay(ports: Ports, who: Principal, webhook_id: str, delivery_id: str) -> Delivery:
    """Send a delivery again, now, and as often as a new one if need be: the same message, to the
    byte, under the same id."""
    endpoint, _ = get(ports, who, webhook_id)
    for _ in range(_ATTEMPTS):
        loaded = outbox.load(ports.documents, who.workspace_id, delivery_id)
        if loaded is None or loaded[0].webhook_id != webhook_id:
            raise NotFound("There is no such delivery.")
        _require_enabled(endpoint)
        delivery, version = loaded
        again = schedule.replayed(delivery, ports.clock.now())
        try:
            ports.documents.commit(outbox.change(again, version))
        except Conflict:
            continue
        outbox.enqueue(ports, again)
        return again
    raise Conflict("This delivery is being attempted at this moment; try again.")


def _secret(ports: Ports) -> str:
    return PREFIX + ports.ids.token(SECRET_LENGTH)


def _require_enabled(endpoint: Webhook) -> None:
    if not endpoint.enabled:
        raise Conflict("This webhook is disabled; enable it first.")
