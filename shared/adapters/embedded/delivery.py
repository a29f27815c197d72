"""One delivery of a task: an HTTP POST such as Cloud Tasks or Eventarc would make."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from urllib3 import PoolManager, Timeout
from urllib3.exceptions import HTTPError

from shared.adapters.embedded.events import EVENTS_QUEUE, event_headers
from shared.adapters.embedded.limits import QueueConfig
from shared.adapters.embedded.queue import Claim
from shared.model.retry_after import seconds_until


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a delivery: a status, or the kind of fault that kept a response from coming.

    `retry_after` is what the function asked for, in seconds.
    """

    status: int | None = None
    fault: str | None = None
    retry_after: float = 0.0

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class Courier:
    """Posts tasks over kept-alive connections; safe to use from any thread."""

    def __init__(self, base_url: str | Callable[[], str], token: str, *, connections: int) -> None:
        self._base_url = base_url
        self._token = token
        # Retrying is the queue's business; without retries a redirect is an answer too.
        self._pool = PoolManager(maxsize=connections, retries=False)

    def deliver(self, queue: QueueConfig, claim: Claim) -> Outcome:
        """Post the task to its queue's function and wait for the answer."""
        base_url = self._base_url if isinstance(self._base_url, str) else self._base_url()
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/json",
            **_own_headers(claim),
        }
        try:
            response = self._pool.request(
                "POST",
                base_url + queue.path,
                body=json.dumps(claim.payload).encode(),
                headers=headers,
                timeout=Timeout(total=queue.dispatch_deadline),
            )
        except HTTPError as error:
            return Outcome(fault=type(error).__name__)
        asked = seconds_until(response.headers.get("Retry-After"), datetime.now(UTC))
        return Outcome(response.status, retry_after=asked or 0.0)

    def close(self) -> None:
        self._pool.clear()


def _own_headers(claim: Claim) -> dict[str, str]:
    if claim.queue == EVENTS_QUEUE:
        return event_headers(claim.name, claim.payload)
    return {
        "X-CloudTasks-QueueName": claim.queue,
        "X-CloudTasks-TaskName": claim.name,
        "X-CloudTasks-TaskRetryCount": str(claim.attempts),
        "X-CloudTasks-TaskExecutionCount": str(claim.responses),
        "X-CloudTasks-TaskETA": f"{claim.due.timestamp():.6f}",
    }
