"""A chain of steps that do nothing on emulators of Google Cloud, beside one that does no more than
any chain must: a task, a function, two writes, and the next task."""

import os
import statistics
import tempfile
import threading
import time
import uuid
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from google.cloud import firestore, tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport
from grpc import insecure_channel

from infra import gateway, serving, startup
from infra.emulators.__main__ import PROJECT, REGION, cloud
from shared.model.workspace import Workspace
from shared.ports import Ports
from shared.services import keys
from tests.bench import chain

JOBS: Final = 15
WARM_UP: Final = 5
POLL: Final = 0.1
"""Who looks all the time is in the way of what is measured."""
BARE: Final = "/functions/bare"


def _bare(documents: Any, address: str, enqueue: Any) -> float:
    """The milliseconds for each step of a bare chain."""
    name = uuid.uuid4().hex
    enqueue(name, chain.LENGTH - 1, time.time(), address)
    job = documents.collection("bare").document(name)
    deadline = time.monotonic() + chain.TIMEOUT
    while True:
        found = job.get().to_dict() or {}
        if found.get("left") == 0 and "ended" in found:
            return float(found["ended"] - found["begun"]) * 1000 / chain.LENGTH
        if time.monotonic() > deadline:
            raise TimeoutError("the bare chain stands still")
        time.sleep(POLL)


def _create_queue(address: str) -> None:
    transport = CloudTasksGrpcTransport(channel=insecure_channel(address))
    client = tasks_v2.CloudTasksClient(transport=transport)
    parent = f"projects/{PROJECT}/locations/{REGION}"
    client.create_queue(parent=parent, queue=tasks_v2.Queue(name=f"{parent}/queues/mascotry-bare"))


def measure() -> dict[str, float]:
    """Medians, turn by turn on one stack in this process."""
    listener = startup.listening(0)
    base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with tempfile.TemporaryDirectory() as home, cloud(base_url):
        os.environ |= {"MASCOTRY_HOME": home, "MASCOTRY_LOG_LEVEL": "WARNING"}
        _create_queue(os.environ["MASCOTRY_TASKS_ENDPOINT"])
        ports, workspace = _served(listener)
        enqueue = import_module("tests.bench.bare_step").enqueue
        documents = firestore.Client(project=PROJECT)
        turns = [
            (
                _bare(documents, f"{base_url}{BARE}/", enqueue),
                chain.milliseconds_per_step(ports, workspace, poll=POLL),
            )
            for _ in range(WARM_UP + JOBS)
        ][WARM_UP:]
    return {
        "bare_ms": statistics.median(bare for bare, _ in turns),
        "ours_ms": statistics.median(ours for _, ours in turns),
        "ratio": statistics.median(ours / bare for bare, ours in turns),
    }


def _served(listener: Any) -> tuple[Ports, Workspace]:
    from functions import composition

    source = Path(__file__).with_name("bare_step.py")
    application = gateway.functions({BARE: gateway.function("bare", source=source)})
    threading.Thread(target=serving.serve, args=(application, listener), daemon=True).start()
    ports = composition.ports()
    return ports, keys.create_workspace(ports, "Bench")


if __name__ == "__main__":
    print(measure())
