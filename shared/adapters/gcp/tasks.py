"""The Tasks port on Cloud Tasks: each queue posts to its function, with a token made for it."""

import hashlib
import json
import logging
import re
from datetime import timedelta
from typing import Any

import grpc
from google.api_core.exceptions import (
    Aborted,
    AlreadyExists,
    GoogleAPICallError,
    ResourceExhausted,
    RetryError,
    ServerError,
    ServiceUnavailable,
)
from google.api_core.retry import Retry, if_exception_type
from google.auth.exceptions import GoogleAuthError
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport

from shared.adapters.system import SystemClock
from shared.errors import Busy, MascotryError
from shared.model.queues import BY_NAME, function_address, queue_id
from shared.ports import Clock, Task

MAX_PAYLOAD_BYTES = 1_000_000
FURTHEST = timedelta(days=30)
"""How far ahead Cloud Tasks lets a task be scheduled."""
SECONDS = 10.0
"""For one call, all its retries together."""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,500}")
_TRANSIENT = (ServerError, ResourceExhausted, Aborted, RetryError, GoogleAuthError)
# What is repeated has a name, so that it is accepted once even if an answer got lost.
_RETRY = Retry(predicate=if_exception_type(ServiceUnavailable), initial=0.1, timeout=SECONDS)

_log = logging.getLogger(__name__)


class CloudTasks:
    """Enqueues by Google's own client. May be used from any thread.

    A task's name is kept if Cloud Tasks allows it. Names should be hashes, as all of ours are:
    those that begin alike slow Cloud Tasks down.
    """

    def __init__(
        self,
        project: str,
        region: str,
        *,
        functions_url: str,
        account: str,
        generation: str = "",
        endpoint: str | None = None,
        clock: Clock | None = None,
    ) -> None:
        """`functions_url` has `{function}` where a function's name stands; `account` is the e-mail
        of the service account that the tokens are of, and `generation` that of the queues.
        `endpoint` is the host and port of a server without encryption. ValueError when an address
        would not tell functions apart.
        """
        function_address(functions_url, "any")
        self._parent = f"projects/{project}/locations/{region}/queues"
        self._functions_url = functions_url
        self._account = account
        self._generation = generation
        self._clock = clock or SystemClock()
        self._client = _client(endpoint)

    def enqueue(self, task: Task) -> bool:
        """Also False when an earlier try of this very call was accepted and its answer got lost.

        ValueError when Cloud Tasks would never take the task; Busy when it may do so later.
        """
        parent = f"{self._parent}/{queue_id(task.queue, self._generation)}"
        request = tasks_v2.CreateTaskRequest(parent=parent, task=self._made(parent, task))
        try:
            self._client.create_task(request, retry=_RETRY, timeout=SECONDS)
        except AlreadyExists:
            return False
        except _TRANSIENT as error:
            _log.warning("the queue is out of reach", extra=_details(task, error))
            raise Busy("The queue is out of reach; try again.") from error
        except GoogleAPICallError as error:
            _log.error("the queue refuses a task", extra=_details(task, error))
            raise MascotryError("The queue refuses a task; the log says why.") from error
        return True

    def close(self) -> None:
        """Let go of the connection."""
        self._client.transport.close()  # type: ignore[no-untyped-call]

    def _made(self, parent: str, task: Task) -> tasks_v2.Task:
        """The task as Cloud Tasks wants it; what was not chosen is left to the queue."""
        address = function_address(self._functions_url, task.queue)
        chosen: dict[str, Any] = {}
        if task.queue in BY_NAME:
            chosen["dispatch_deadline"] = timedelta(seconds=BY_NAME[task.queue].dispatch_deadline)
        if task.not_before is not None:
            if task.not_before - self._clock.now() > FURTHEST:
                raise ValueError(
                    f"not_before must be at most {FURTHEST.days} days ahead; "
                    f"it is {task.not_before.isoformat()}"
                )
            chosen["schedule_time"] = task.not_before
        return tasks_v2.Task(
            name=f"{parent}/tasks/{_name(task.name)}",
            http_request=tasks_v2.HttpRequest(
                url=address,
                http_method=tasks_v2.HttpMethod.POST,
                headers={"Content-Type": "application/json"},
                body=_body(task),
                oidc_token=tasks_v2.OidcToken(
                    service_account_email=self._account, audience=address
                ),
            ),
            **chosen,
        )


def _client(endpoint: str | None) -> tasks_v2.CloudTasksClient:
    if endpoint is None:
        return tasks_v2.CloudTasksClient()
    channel = grpc.insecure_channel(endpoint)
    return tasks_v2.CloudTasksClient(transport=CloudTasksGrpcTransport(channel=channel))


def _name(name: str) -> str:
    return name if _NAME.fullmatch(name) else hashlib.sha256(name.encode()).hexdigest()


def _body(task: Task) -> bytes:
    body = json.dumps(task.payload, ensure_ascii=False, separators=(",", ":")).encode()
    if len(body) > MAX_PAYLOAD_BYTES:
        raise ValueError(
            f"payload must have at most {MAX_PAYLOAD_BYTES:,} bytes as JSON; "
            f"that of a task for the queue {task.queue!r} has {len(body):,}"
        )
    return body


def _details(task: Task, error: Exception) -> dict[str, str]:
    return {"queue": task.queue, "task": task.name, "reason": f"{type(error).__name__}: {error}"}
