"""Cloud Tasks for a test: a server of ours with a clock that stands still, and Google's client."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from google.api_core.exceptions import NotFound
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport

from infra.emulators.tasks import CloudTasksServer, serve
from shared.adapters.gcp.tasks import CloudTasks
from shared.model.queues import queue_id
from tests.adapters.stack import FakeClock

PROJECT, REGION = "demo", "europe-west1"
PARENT = f"projects/{PROJECT}/locations/{REGION}"
ACCOUNT = "tasks@demo.iam.gserviceaccount.com"
FUNCTIONS = "https://{function}-x.a.run.app"


@dataclass(frozen=True)
class Cloud:
    server: CloudTasksServer
    client: tasks_v2.CloudTasksClient
    tasks: CloudTasks
    clock: FakeClock

    def create(self, queue: str, *, limits: Any = None, retries: Any = None) -> tasks_v2.Queue:
        """A queue by our own name for it."""
        name = f"{PARENT}/queues/{queue_id(queue)}"
        made = tasks_v2.Queue(name=name, rate_limits=limits, retry_config=retries)
        return self.client.create_queue(parent=PARENT, queue=made)

    def stored(self, queue: str, name: str) -> tasks_v2.Task | None:
        """A task as it waits there, with everything that is known of it."""
        path = f"{PARENT}/queues/{queue_id(queue)}/tasks/{name}"
        request = tasks_v2.GetTaskRequest(name=path, response_view=tasks_v2.Task.View.FULL)
        try:
            return self.client.get_task(request)
        except NotFound:
            return None

    def later(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.server.wake()


@contextmanager
def open_cloud(functions_url: str = FUNCTIONS, *, haste: float = 1.0) -> Iterator[Cloud]:
    clock = FakeClock()
    with serve(clock=clock, haste=haste) as server:
        channel = grpc.insecure_channel(server.address)
        client = tasks_v2.CloudTasksClient(transport=CloudTasksGrpcTransport(channel=channel))
        tasks = CloudTasks(
            PROJECT,
            REGION,
            functions_url=functions_url,
            account=ACCOUNT,
            endpoint=server.address,
            clock=clock,
        )
        with closing(tasks), channel:
            yield Cloud(server, client, tasks, clock)
