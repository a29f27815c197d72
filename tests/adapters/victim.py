"""A process to be killed: it writes through all three ports and says what has been accepted.

    python -m tests.adapters.victim FOLDER [URL]

With a URL it also dispatches: the queue `q` to `/q` there, and storage events to `/events/`.
"""

import itertools
import secrets
import sys
from pathlib import Path
from typing import Any

from shared.adapters.embedded.dispatcher import QueueConfig
from shared.adapters.embedded.events import EVENTS_QUEUE
from shared.ports import Bucket, Put, Task
from tests.adapters.stack import Stack, dispatching, open_stack

PNG: Any = {"content_type": "image/png", "cache_control": "public"}


def write_for_ever(stack: Stack, run: str) -> None:
    for n in itertools.count():
        data = secrets.token_bytes(50_000)
        stack.blobs.put(Bucket.WORK, f"{run}/{n % 7}", data, content_type="image/png")
        blob = stack.blobs.copy(
            (Bucket.WORK, f"{run}/{n % 7}"), (Bucket.ASSETS, f"{run}/{n}"), **PNG
        )
        stack.blobs.put(Bucket.ASSETS, "same", data, **PNG)

        stack.documents.commit([Put(f"twins/{side}", {"n": f"{run} {n}"}) for side in "ab"])
        stack.tasks.enqueue(Task("q", f"{run}-{n}", {"n": n}))
        print(blob.name, blob.generation, flush=True)  # noqa: T201


def main() -> None:
    folder, run = Path(sys.argv[1]), secrets.token_hex(4)
    with open_stack(folder) as stack:
        if len(sys.argv) == 2:
            write_for_ever(stack, run)
        queues = [
            QueueConfig(name="q", path="/q"),
            QueueConfig(name=EVENTS_QUEUE, path="/events/"),
        ]
        with dispatching(stack, queues, sys.argv[2]):
            write_for_ever(stack, run)


if __name__ == "__main__":
    main()
