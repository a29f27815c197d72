"""A Cloud Tasks for one machine, for tests: Google's own client can't tell it from the real one.

    python -m infra.emulators.tasks --port 8123 --project demo --region europe-west1

serves the queues of `shared.model.queues`. It accepts, names, schedules, limits, repeats and cuts
off as `infra.emulators.dispatch` says, and its requests carry tokens of `infra.emulators.identity`.
What it holds is gone when it ends.
"""

import argparse
import json
import math
import re
import signal
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import grpc
from google.cloud import tasks_v2

from infra.emulators.dispatch import Dispatch, Held, Line
from infra.emulators.identity import Issuer
from shared.adapters.system import SystemClock
from shared.model.queues import QUEUES
from shared.model.queues import Queue as Facts
from shared.ports import Clock

FURTHEST = timedelta(days=30)
DEADLINES = timedelta(seconds=15), timedelta(minutes=30)
DEADLINE = timedelta(minutes=10)
MAX_TASK_BYTES = 1_000_000 + 24_000
MAX_URL = 2083

_SERVICE = "google.cloud.tasks.v2.CloudTasks"
_QUEUE = re.compile(r"projects/[^/]+/locations/[^/]+/queues/[A-Za-z0-9-]{1,100}")
_TASK = re.compile(rf"({_QUEUE.pattern})/tasks/[A-Za-z0-9_-]{{1,500}}")
_WITH_BODY = (
    tasks_v2.HttpMethod.POST,
    tasks_v2.HttpMethod.PUT,
    tasks_v2.HttpMethod.PATCH,
)


Authorize = Callable[[Any, dict[str, str]], None]
"""Looks at a request and the metadata of its call."""


class Refused(Exception):
    """What the real one answers with this code."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code


def queue(parent: str, facts: Facts) -> tasks_v2.Queue:
    """The queue that a deployment makes of what is known of it; `parent` is the region's name."""
    return tasks_v2.Queue(
        name=f"{parent}/queues/{facts.queue_id}",
        rate_limits=tasks_v2.RateLimits(
            max_dispatches_per_second=facts.max_per_second,
            max_concurrent_dispatches=facts.max_concurrent,
        ),
        retry_config=tasks_v2.RetryConfig(
            max_attempts=-1,
            max_retry_duration=timedelta(seconds=facts.retry_for),
            min_backoff=timedelta(seconds=facts.min_backoff),
            max_backoff=timedelta(seconds=facts.max_backoff),
            max_doublings=16,
        ),
    )


class CloudTasksServer:
    """Serves the gRPC interface on `address`, dispatches, and publishes certificates.

    A dispatch deadline is cut to its `haste`-th part, so that a test need not wait for 15 seconds.
    An issuer that is given is started and stopped by whoever gives it.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        clock: Clock | None = None,
        issuer: Issuer | None = None,
        haste: float = 1.0,
        secure: tuple[str, grpc.ServerCredentials] | None = None,
        authorize: Authorize | None = None,
        caller: str | None = None,
    ) -> None:
        """`secure` is an address to serve with TLS instead of `port`; `authorize` raises Refused
        for what the sender of a call may not do; tasks are delivered from the address `caller`."""
        self._clock = clock or SystemClock()
        self.issuer = issuer or Issuer(self._clock)
        self._own_issuer = issuer is None
        self._dispatch = Dispatch(self._clock, self.issuer, haste=haste, caller=caller)
        self._server = grpc.server(ThreadPoolExecutor(8, "cloud-tasks-grpc"))
        self._authorize = authorize
        self._server.add_generic_rpc_handlers((self._handlers(),))
        if secure:
            self.address = secure[0]
            self._server.add_secure_port(*secure)
        else:
            self.address = f"127.0.0.1:{self._server.add_insecure_port(f'127.0.0.1:{port}')}"
        """Host and port for clients."""

    def start(self) -> None:
        if self._own_issuer:
            self.issuer.start()
        self._dispatch.start()
        self._server.start()

    def stop(self, timeout: float = 10.0) -> None:
        """End, after what is under way or `timeout` seconds."""
        self._server.stop(None).wait()
        self._dispatch.stop(timeout)
        if self._own_issuer:
            self.issuer.stop()

    def wake(self) -> None:
        """Look again at what is due, now; for a clock that was set by hand."""
        self._dispatch.wake()

    def create(self, new: tasks_v2.Queue) -> tasks_v2.Queue:
        """Create a queue; what it leaves open is as the real one chooses it."""
        if not _QUEUE.fullmatch(new.name):
            raise _invalid("a queue's name ends with letters, digits and hyphens")
        made = tasks_v2.Queue(new, state=tasks_v2.Queue.State.RUNNING)
        limits, retries = made.rate_limits, made.retry_config
        limits.max_dispatches_per_second = limits.max_dispatches_per_second or 500
        limits.max_concurrent_dispatches = limits.max_concurrent_dispatches or 1000
        limits.max_burst_size = math.ceil(limits.max_dispatches_per_second)
        retries.max_attempts = retries.max_attempts or 100
        retries.min_backoff = retries.min_backoff or timedelta(seconds=0.1)
        retries.max_backoff = retries.max_backoff or timedelta(hours=1)
        retries.max_doublings = retries.max_doublings or 16
        with self._dispatch.lines() as lines:
            if made.name in lines:
                raise Refused(grpc.StatusCode.ALREADY_EXISTS, "Queue already exists")
            lines[made.name] = Line(made, limits.max_burst_size, self._clock.now())
        return made

    # --- the interface ---------------------------------------------------------------------------

    def _handlers(self) -> Any:
        t = tasks_v2
        methods: dict[str, tuple[Callable[[Any], Any], Any, Callable[[Any], bytes]]] = {
            "CreateQueue": (self._create_queue, t.CreateQueueRequest, t.Queue.serialize),
            "GetQueue": (self._get_queue, t.GetQueueRequest, t.Queue.serialize),
            "PurgeQueue": (self._purge_queue, t.PurgeQueueRequest, t.Queue.serialize),
            "CreateTask": (self._create_task, t.CreateTaskRequest, t.Task.serialize),
            "GetTask": (self._get_task, t.GetTaskRequest, t.Task.serialize),
            "ListTasks": (self._list_tasks, t.ListTasksRequest, t.ListTasksResponse.serialize),
            "DeleteTask": (self._delete_task, t.DeleteTaskRequest, lambda _: b""),
        }
        return grpc.method_handlers_generic_handler(
            _SERVICE,
            {
                name: grpc.unary_unary_rpc_method_handler(
                    _refusing(method, self._authorize),
                    request_deserializer=request.deserialize,
                    response_serializer=serialize,
                )
                for name, (method, request, serialize) in methods.items()
            },
        )

    def _create_queue(self, request: tasks_v2.CreateQueueRequest) -> tasks_v2.Queue:
        if not request.queue.name.startswith(f"{request.parent}/queues/"):
            raise _invalid("the queue's name must begin with the parent")
        return self.create(request.queue)

    def _get_queue(self, request: tasks_v2.GetQueueRequest) -> tasks_v2.Queue:
        with self._dispatch.lines() as lines:
            return _line(lines, request.name).queue

    def _purge_queue(self, request: tasks_v2.PurgeQueueRequest) -> tasks_v2.Queue:
        now = self._clock.now()
        with self._dispatch.lines() as lines:
            line = _line(lines, request.name)
            for name in list(line.tasks):
                line.remove(name, now)
            line.queue.purge_time = now
            return line.queue

    def _create_task(self, request: tasks_v2.CreateTaskRequest) -> tasks_v2.Task:
        now = self._clock.now()
        task = tasks_v2.Task(request.task)
        task.name = task.name or f"{request.parent}/tasks/{uuid.uuid4().int}"
        task.create_time = now
        if not task.http_request.http_method:
            task.http_request.http_method = tasks_v2.HttpMethod(tasks_v2.HttpMethod.POST)
        task.dispatch_deadline = task.dispatch_deadline or DEADLINE
        task.schedule_time = max(now, task.schedule_time) if task.schedule_time else now
        _check(request.parent, task)
        with self._dispatch.lines() as lines:
            line = _line(lines, request.parent)
            if line.is_used(task.name, now):
                raise Refused(
                    grpc.StatusCode.ALREADY_EXISTS,
                    "The task cannot be created because a task with this name existed too recently",
                )
            held = Held(task, task.schedule_time)
            line.tasks[task.name] = held
            line.put(held)
            return _view(held, request.response_view)

    def _get_task(self, request: tasks_v2.GetTaskRequest) -> tasks_v2.Task:
        with self._dispatch.lines() as lines:
            return _view(_held(lines, request.name), request.response_view)

    def _list_tasks(self, request: tasks_v2.ListTasksRequest) -> tasks_v2.ListTasksResponse:
        size = request.page_size or 1000
        with self._dispatch.lines() as lines:
            tasks = _line(lines, request.parent).tasks
            names = sorted(name for name in tasks if name > request.page_token)
            return tasks_v2.ListTasksResponse(
                tasks=[_view(tasks[name], request.response_view) for name in names[:size]],
                next_page_token=names[size - 1] if len(names) > size else "",
            )

    def _delete_task(self, request: tasks_v2.DeleteTaskRequest) -> None:
        now = self._clock.now()
        with self._dispatch.lines() as lines:
            _held(lines, request.name)
            _line(lines, _parent(request.name)).remove(request.name, now)


def _check(parent: str, task: tasks_v2.Task) -> None:
    """Refuse what the real one refuses."""
    request = task.http_request
    found = _TASK.fullmatch(task.name)
    if not found or found[1] != parent:
        raise _invalid("a task's name is its queue's and up to 500 letters, digits, - and _")
    if not re.match("https?://.", request.url) or len(request.url) > MAX_URL:
        raise _invalid("HttpRequest.url must be an http or https URL")
    if request.body and request.http_method not in _WITH_BODY:
        raise _invalid("a body is for POST, PUT and PATCH")
    if not DEADLINES[0] <= task.dispatch_deadline <= DEADLINES[1]:
        raise _invalid("Task.dispatch_deadline must be between [15s, 30m]")
    if task.schedule_time - task.create_time > FURTHEST:
        raise _invalid("The schedule time cannot be more than 30 days in the future")
    if len(tasks_v2.Task.serialize(task)) > MAX_TASK_BYTES:
        raise _invalid("Task size too large")
    if request.oidc_token and not request.oidc_token.service_account_email:
        raise _invalid("OidcToken.service_account_email must be set")


def _invalid(message: str) -> Refused:
    return Refused(grpc.StatusCode.INVALID_ARGUMENT, message)


def _parent(task: str) -> str:
    return task.partition("/tasks/")[0]


def _line(lines: dict[str, Line], name: str) -> Line:
    if name not in lines:
        raise Refused(grpc.StatusCode.NOT_FOUND, "Queue does not exist")
    return lines[name]


def _held(lines: dict[str, Line], name: str) -> Held:
    held = _line(lines, _parent(name)).tasks.get(name)
    if held is None:
        raise Refused(grpc.StatusCode.NOT_FOUND, "The task no longer exists")
    return held


def _view(held: Held, view: tasks_v2.Task.View) -> tasks_v2.Task:
    """What may be seen of a task: its body only by those who ask for everything."""
    full = view == tasks_v2.Task.View.FULL
    seen = tasks_v2.Task(
        held.task,
        schedule_time=held.due,
        dispatch_count=held.attempts,
        response_count=held.responses,
        view=tasks_v2.Task.View.FULL if full else tasks_v2.Task.View.BASIC,
    )
    if not full:
        seen.http_request.body = b""
    return seen


def _refusing(
    method: Callable[[Any], Any], authorize: Authorize | None
) -> Callable[[Any, Any], Any]:
    def answer(request: Any, context: Any) -> Any:
        try:
            if authorize:
                authorize(request, dict(context.invocation_metadata()))
            return method(request)
        except Refused as refused:
            context.abort(refused.code, str(refused))

    return answer


@contextmanager
def serve(**options: Any) -> Iterator[CloudTasksServer]:
    """A server that ends with the block."""
    server = CloudTasksServer(**options)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(prog="infra.emulators.tasks")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--project", default="demo")
    parser.add_argument("--region", default="europe-west1")
    chosen = parser.parse_args()
    with serve(port=chosen.port) as server:
        for facts in QUEUES:
            server.create(queue(f"projects/{chosen.project}/locations/{chosen.region}", facts))
        print(json.dumps({"tasks": server.address, "certificates": server.issuer.url}), flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    main()
