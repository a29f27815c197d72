"""The implementations that the contract suite runs on.

Each opens all three ports on an empty store, delivers the tasks of the queue "work" to `/work` and
storage events to `/events/` of the receiver, and closes everything at the end. Retries of a failed
delivery start after about 50 ms. To run the suite on another implementation, add it below.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import make_server

from shared.adapters.embedded.blobs import EmbeddedBlobs
from shared.adapters.embedded.cdn import Cdn, Uploads
from shared.adapters.embedded.database import Database
from shared.adapters.embedded.dispatcher import Dispatcher, QueueConfig
from shared.adapters.embedded.documents import EmbeddedDocuments
from shared.adapters.embedded.events import EVENTS_QUEUE
from shared.adapters.embedded.queue import EmbeddedTasks
from shared.adapters.system import SystemClock
from shared.ports import Blobs, Documents, Tasks
from tests.contract.receiver import Receiver

QUEUE = "work"
WORK_PATH = "/work"
EVENTS_PATH = "/events/"


@dataclass(frozen=True)
class World:
    documents: Documents
    blobs: Blobs
    tasks: Tasks


@contextmanager
def open_embedded(folder: Path, receiver: Receiver) -> Iterator[World]:
    clock = SystemClock()
    database = Database(folder)
    tasks = EmbeddedTasks(database, clock)
    origin: list[str] = []
    blobs = EmbeddedBlobs(
        database,
        base_url=lambda: origin[0],
        announce=tasks.announce,
        clock=clock,
        secret=b"a secret for tests",
    )
    server = make_server(
        "127.0.0.1",
        0,
        DispatcherMiddleware(NotFound(), {"/cdn": Cdn(blobs), "/uploads": Uploads(blobs)}),
        threaded=True,
    )
    origin.append(f"http://127.0.0.1:{server.server_port}")
    server_thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    server_thread.start()
    dispatcher = Dispatcher(
        tasks,
        [
            QueueConfig(name=QUEUE, path=WORK_PATH, min_backoff=0.05),
            QueueConfig(name=EVENTS_QUEUE, path=EVENTS_PATH, min_backoff=0.05),
        ],
        base_url=receiver.url,
        token="a token for tests",
        clock=clock,
    )
    dispatcher.start()
    try:
        yield World(EmbeddedDocuments(database), blobs, tasks)
    finally:
        dispatcher.stop()
        server.shutdown()
        server_thread.join()
        server.server_close()
        database.close()


Implementation = Callable[[Path, Receiver], AbstractContextManager[World]]

IMPLEMENTATIONS: Mapping[str, Implementation] = {"embedded": open_embedded}
