"""What an attempt at a delivery leads to: done, once more later, or never again. Pure."""

import hashlib
from datetime import datetime, timedelta
from math import isfinite
from typing import Final

from shared.model.webhook import Attempt, Delivery, DeliveryStatus

WAITS: Final = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=2),
    timedelta(hours=4),
    timedelta(hours=6),
    timedelta(hours=10),
)
"""The waits after the first failed attempt, the second, …: a day, all together."""

JITTER: Final = 0.2
"""How much longer or shorter than that a wait may be, as a share of it."""

RETRY_AFTER_LIMIT: Final = timedelta(hours=1)
"""How far a receiver may put off the next attempt."""

GONE: Final = 410
KEPT: Final = 2 * (len(WAITS) + 1)
"""How many attempts are remembered: those of two rounds."""


def concluded(
    delivery: Delivery, attempt: Attempt, now: datetime, retry_after: float | None = None
) -> Delivery:
    """The delivery after an attempt; `retry_after` is what the receiver asked for, in seconds."""
    delivery = delivery.with_(attempts=(*delivery.attempts, attempt)[-KEPT:], updated_at=now)
    if attempt.status is not None and 200 <= attempt.status < 300:
        return delivery.with_(status=DeliveryStatus.DELIVERED, next_attempt_at=None)
    wait = None if attempt.status == GONE else wait_of(delivery)
    if wait is None:
        return dead(delivery, now)
    if retry_after is not None and isfinite(retry_after):
        asked = timedelta(seconds=min(retry_after, RETRY_AFTER_LIMIT.total_seconds()))
        wait = max(wait, asked)
    return delivery.with_(attempt=delivery.attempt + 1, next_attempt_at=now + wait)


def dead(delivery: Delivery, now: datetime) -> Delivery:
    """The delivery, of which nothing more is tried."""
    return delivery.with_(status=DeliveryStatus.DEAD, next_attempt_at=None, updated_at=now)


def replayed(delivery: Delivery, now: datetime) -> Delivery:
    """The delivery at the beginning of another round; a try that is under way is of the old one."""
    return delivery.with_(
        status=DeliveryStatus.PENDING,
        attempt=delivery.attempt + 1,
        first_attempt=delivery.attempt + 1,
        next_attempt_at=now,
        updated_at=now,
    )


def wait_of(delivery: Delivery) -> timedelta | None:
    """How long to wait after the present attempt failed; None when it was the last one.

    The jitter is drawn from the names, not from a dice, so that this stays a pure function.
    """
    place = delivery.attempt - delivery.first_attempt
    if place >= len(WAITS):
        return None
    digest = hashlib.sha256(f"{delivery.id}/{delivery.attempt}".encode()).digest()
    share = int.from_bytes(digest[:4], "big") / 2**32
    return WAITS[place] * (1 - JITTER + 2 * JITTER * share)
