"""The embedded implementations, each on a store of its own."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

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
from tests.contract.world import EVENTS_PATH, QUEUE, WORK_PATH, Place


@contextmanager
def documents(place: Place) -> Iterator[Documents]:
    with closing(Database(place.folder)) as database:
        yield EmbeddedDocuments(database)


@contextmanager
def tasks(place: Place) -> Iterator[Tasks]:
    with closing(Database(place.folder)) as database, _delivering(database, place) as tasks:
        yield tasks


@contextmanager
def blobs(place: Place) -> Iterator[Blobs]:
    with closing(Database(place.folder)) as database, _delivering(database, place) as tasks:
        origin: list[str] = []
        blobs = EmbeddedBlobs(
            database,
            base_url=lambda: origin[0],
            announce=tasks.announce,
            clock=SystemClock(),
            secret=b"a secret for tests",
        )
        app = DispatcherMiddleware(NotFound(), {"/cdn": Cdn(blobs), "/uploads": Uploads(blobs)})
        server = make_server("127.0.0.1", 0, app, threaded=True)
        origin.append(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield blobs
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


@contextmanager
def _delivering(database: Database, place: Place) -> Iterator[EmbeddedTasks]:
    """The queue, and what takes its tasks to the receiver."""
    clock = SystemClock()
    tasks = EmbeddedTasks(database, clock)
    dispatcher = Dispatcher(
        tasks,
        [
            QueueConfig(name=QUEUE, path=WORK_PATH, min_backoff=0.05),
            QueueConfig(name=EVENTS_QUEUE, path=EVENTS_PATH, min_backoff=0.05),
        ],
        base_url=place.receiver.url,
        token="a token for tests",
        clock=clock,
    )
    dispatcher.start()
    try:
        yield tasks
    finally:
        dispatcher.stop()
