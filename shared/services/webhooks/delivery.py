"""Delivery: one attempt at sending an event, and what follows from it.

A crash before the attempt is committed brings the task back, and the same message is sent again
under the same id: at least once.
"""

import logging
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final, Protocol

from shared import tracing
from shared.config import Settings
from shared.errors import Busy, Conflict
from shared.model import paths
from shared.model.webhook import Attempt, Delivery, DeliveryStatus, Secrets, Webhook
from shared.ports import Document, Ports, Query, Replace, Write
from shared.services.webhooks import outbox, schedule, sender, signature
from shared.services.webhooks.outbox import Errand
from shared.services.webhooks.sender import Answer

log = logging.getLogger(__name__)

AT_ONCE: Final = 2
"""How many messages this process sends to one endpoint at the same time, so that a slow one does
not take up all that the queue has for everybody."""

AFTER_AN_EARLIER_ONE: Final = timedelta(seconds=5)
"""How long a delivery waits at least for one of the same job that comes before it."""

_ATTEMPTS = 5


class Post(Protocol):
    def __call__(
        self, url: str, body: str, headers: Mapping[str, str], *, loopback: bool
    ) -> Answer: ...


def deliver(ports: Ports, settings: Settings, errand: Errand, post: Post = sender.post) -> None:
    """Make an attempt. Returning acknowledges the task, also when the attempt failed, since the
    next one is another task; Busy asks for this one again."""
    loaded = _current(ports, errand)
    if loaded is None or Errand.of(loaded[0]) != errand:
        return
    with tracing.span("webhook", loaded[0].trace, {"delivery": errand.delivery_id}):
        _attempt(ports, settings, errand, *loaded, post)


def _attempt(
    ports: Ports, settings: Settings, errand: Errand, delivery: Delivery, version: str, post: Post
) -> None:
    found = ports.documents.get_many(
        [
            paths.webhook(errand.workspace_id, delivery.webhook_id),
            paths.webhook_secrets(errand.workspace_id, delivery.webhook_id),
        ]
    )
    now = ports.clock.now()
    if earlier := _earlier(ports, delivery):
        _commit(ports, _postponed(delivery, earlier, now), version)
        return
    if found[0] is None or found[1] is None:
        _give_up(ports, delivery, version, "The webhook was deleted.")
        return
    endpoint = Webhook.load(found[0].data)
    if not endpoint.enabled:
        _give_up(ports, delivery, version, "The webhook is disabled.")
        return
    headers = signature.headers(
        Secrets.model_validate(found[1].data), delivery.id, now, delivery.body
    )
    with _turn(endpoint.id):
        answer = post(endpoint.url, delivery.body, headers, loopback=settings.webhook_loopback)
    _record(ports, errand, endpoint, now, answer)


def _current(ports: Ports, errand: Errand) -> tuple[Delivery, str] | None:
    """The delivery, if the errand's attempt is still to be made."""
    loaded = outbox.load(ports.documents, errand.workspace_id, errand.delivery_id)
    if loaded is None:
        return None
    delivery, _ = loaded
    is_next = delivery.status is DeliveryStatus.PENDING and delivery.attempt == errand.attempt
    return loaded if is_next else None


def _earlier(ports: Ports, delivery: Delivery) -> Delivery | None:
    """What the endpoint has to be told first: an earlier event of the same job."""
    if delivery.job_id is None:
        return None
    kind = paths.collection_of(delivery.workspace_id, "webhook_deliveries")
    same = {
        "webhook_id": delivery.webhook_id,
        "job_id": delivery.job_id,
        "status": DeliveryStatus.PENDING.value,
    }
    first: Document
    for first in ports.documents.query(Query(kind, same), limit=1).results:
        if first.id != delivery.id:
            return Delivery.load(first.data)
    return None


def _postponed(delivery: Delivery, earlier: Delivery, now: datetime) -> Delivery:
    after = max(earlier.next_attempt_at or now, now)
    return delivery.with_(next_attempt_at=after + AFTER_AN_EARLIER_ONE)


def _give_up(ports: Ports, delivery: Delivery, version: str, reason: str) -> None:
    now = ports.clock.now()
    attempts = (*delivery.attempts, Attempt(at=now, error=reason))
    _commit(ports, schedule.dead(delivery.with_(attempts=attempts), now), version)


def _record(ports: Ports, errand: Errand, endpoint: Webhook, at: datetime, answer: Answer) -> None:
    """Commit what came of an attempt, and send out the next one. If the delivery has moved on
    meanwhile, what moved it counts."""
    gone = answer.status == schedule.GONE
    error = "The endpoint is gone (status 410), so the webhook was disabled." if gone else None
    attempt = Attempt(
        at=at,
        status=answer.status,
        milliseconds=answer.milliseconds,
        error=error or answer.error,
        response=answer.response,
    )
    for _ in range(_ATTEMPTS):
        loaded = _current(ports, errand)
        if loaded is None:
            return
        delivery, version = loaded
        after = schedule.concluded(delivery, attempt, ports.clock.now(), answer.retry_after)
        disabling = _disabling(ports, errand, endpoint) if gone else []
        if _commit(ports, after, version, *disabling):
            _log(after, attempt)
            return
    raise Conflict(f"Delivery {errand.delivery_id} is being changed by too many at once.")


def _disabling(ports: Ports, errand: Errand, endpoint: Webhook) -> list[Write]:
    """The write that disables an endpoint that is gone, unless it has moved meanwhile."""
    path = paths.webhook(errand.workspace_id, endpoint.id)
    document = ports.documents.get(path)
    if document is None:
        return []
    current = Webhook.load(document.data)
    if current.url != endpoint.url:
        return []
    disabled = current.with_(enabled=False, updated_at=ports.clock.now())
    return [Replace(path, disabled.stored(), document.version)]


def _commit(ports: Ports, delivery: Delivery, version: str, *more: Write) -> bool:
    """Commit a delivery's next state, and send out its next attempt; False when somebody else was
    faster."""
    try:
        ports.documents.commit([*outbox.change(delivery, version), *more])
    except Conflict:
        return False
    outbox.enqueue(ports, delivery)
    return True


_turns: Counter[str] = Counter()
_turns_lock = threading.Lock()


@contextmanager
def _turn(endpoint_id: str) -> Iterator[None]:
    """One of the messages that this process may be sending to an endpoint; Busy when there are as
    many as there may be."""
    with _turns_lock:
        if _turns[endpoint_id] >= AT_ONCE:
            raise Busy("This endpoint is still busy with earlier messages.")
        _turns[endpoint_id] += 1
    try:
        yield
    finally:
        with _turns_lock:
            _turns[endpoint_id] -= 1
            if not _turns[endpoint_id]:
                del _turns[endpoint_id]


def _log(delivery: Delivery, attempt: Attempt) -> None:
    log.info(
        "webhook",
        extra={
            "webhook": delivery.webhook_id,
            "delivery": delivery.id,
            "attempt": delivery.attempt,
            "outcome": delivery.status.value,
            "status": attempt.status,
            "milliseconds": attempt.milliseconds,
        },
    )
