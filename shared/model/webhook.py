"""Webhooks: where a workspace wants to be told of its jobs, and the record of what it was told."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, SecretStr

from shared.model.base import Entity, Instant, Value, matching


class Event(StrEnum):
    """What one can be told of."""

    JOB_COMPLETED = "job.completed"
    JOB_FAILED = "job.failed"


PING = "ping"
"""The event that is sent on request, to try an endpoint."""

Url = Annotated[
    str, matching(r"[!-~]{1,2048}", "must be a URL of at most 2,048 characters, all of them ASCII")
]
Events = Annotated[
    tuple[Event, ...],
    Field(min_length=1),
    AfterValidator(lambda events: tuple(dict.fromkeys(events))),
]


class Webhook(Entity):
    """An endpoint of the client's own. Its secret is kept apart, in `Secrets`, so that whatever
    shows, lists or logs an endpoint cannot tell it."""

    url: Url
    events: Events
    enabled: bool = True


class Secrets(Value):
    """What an endpoint's messages are signed with. For a while after a change the previous secret
    signs along, so that a receiver can learn the new one."""

    model_config = ConfigDict(hide_input_in_errors=True)

    current: SecretStr
    previous: SecretStr | None = None
    previous_until: Instant | None = None

    def stored(self) -> dict[str, Any]:
        """The document's data: the one place where the secrets are written out."""
        previous = self.previous and self.previous.get_secret_value()
        shown = {"current": self.current.get_secret_value(), "previous": previous}
        return {**self.model_dump(mode="json"), **shown}


class DeliveryStatus(StrEnum):
    """`pending → delivered`, or `dead` when nothing more is tried."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


class Attempt(Value):
    """One try: when, what was answered (or `error`, in words), after how many milliseconds, and
    the beginning of an answer that was not 2xx."""

    at: Instant
    status: int | None = None
    milliseconds: int = 0
    error: str | None = None
    response: str = ""


class Delivery(Entity):
    """One event on its way to one endpoint; the id is the message's, in every try.

    `body` is what is sent, to the byte. `attempt` counts tries, of which `first_attempt` began the
    present round: a replay begins another one. `attempts` are the latest of them.
    """

    workspace_id: str
    webhook_id: str
    job_id: str | None
    event: str
    body: str
    status: DeliveryStatus = DeliveryStatus.PENDING
    attempt: int = 1
    first_attempt: int = 1
    attempts: tuple[Attempt, ...] = ()
    next_attempt_at: Instant | None
    trace: str | None = None
    """The trace of what it tells of, as a W3C `traceparent`."""
