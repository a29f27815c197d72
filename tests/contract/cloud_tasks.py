"""Tasks on Cloud Tasks: Google's client, and a server of ours that behaves like the real one."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta

from google.cloud import tasks_v2

from infra.emulators.tasks import serve
from shared.adapters.gcp.tasks import CloudTasks
from shared.model.queues import queue_id
from shared.ports import Tasks
from tests.contract.world import QUEUE, Place

PROJECT, REGION = "demo", "europe-west1"
PARENT = f"projects/{PROJECT}/locations/{REGION}"
ACCOUNT = "tasks@demo.iam.gserviceaccount.com"


@contextmanager
def tasks(place: Place) -> Iterator[Tasks]:
    with serve() as server:
        server.create(
            tasks_v2.Queue(
                name=f"{PARENT}/queues/{queue_id(QUEUE)}",
                retry_config=tasks_v2.RetryConfig(min_backoff=timedelta(seconds=0.05)),
            )
        )
        tasks = CloudTasks(
            PROJECT,
            REGION,
            functions_url=f"{place.receiver.url}/{{function}}",
            account=ACCOUNT,
            endpoint=server.address,
        )
        with closing(tasks):
            yield tasks
