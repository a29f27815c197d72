"""A real HTTP server that stands for the functions: it records deliveries and answers as told."""

import json
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_PATIENCE = 10.0  # seconds until a test that waits has failed


@dataclass(frozen=True)
class Answer:
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    # Called before answering, so that a test can hold a delivery or look on.
    during: Callable[[], object] = lambda: None


@dataclass(frozen=True)
class Delivery:
    path: str
    headers: Mapping[str, str]
    payload: Any
    at: datetime


class Receiver:
    """What was delivered, in the order of arrival."""

    def __init__(self) -> None:
        self.url = ""
        self.default = Answer()
        self._changed = threading.Condition()
        self._deliveries: list[Delivery] = []
        self._answers: defaultdict[str, deque[Answer]] = defaultdict(deque)

    def answer(self, path: str, *answers: Answer) -> None:
        """Answer the next deliveries to `path` like this, and later ones with the default."""
        self._answers[path].extend(answers)

    def deliveries(self, path: str) -> list[Delivery]:
        with self._changed:
            return [delivery for delivery in self._deliveries if delivery.path == path]

    def wait_for(self, path: str, count: int) -> list[Delivery]:
        """The deliveries to `path`, once there are at least `count`."""
        with self._changed:
            came = self._changed.wait_for(
                lambda: sum(d.path == path for d in self._deliveries) >= count, _PATIENCE
            )
        assert came, f"waited in vain for {count} deliveries to {path}: {self._deliveries}"
        return self.deliveries(path)

    def receive(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        delivery = Delivery(path, headers, json.loads(body), datetime.now(UTC))
        with self._changed:
            answers = self._answers[path]
            answer = answers.popleft() if answers else self.default
            self._deliveries.append(delivery)
            self._changed.notify_all()
        answer.during()
        return answer


@contextmanager
def serve_receiver() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # keep-alive, as the functions' server has it
        timeout = 30

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = receiver.receive(self.path, dict(self.headers), body)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 128  # with the default of 5 a burst of connections is reset

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
