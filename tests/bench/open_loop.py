"""Requests that come when they come: a hundred a second, whether or not the last were answered.

Four in five read, the others write; no media work. Each has its moment, and its time is counted
from that moment on, so that a server that stalls is not spared the requests that would have come
meanwhile. Server and generator have a core each, where there are two.

python -m tests.bench.open_loop [seconds]
"""

import os
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import urllib3

from tests.e2e.server import Server

RATE = 100
SECONDS = 60.0
WRITE_EVERY = 5
CONNECTIONS = 32


class Answer(NamedTuple):
    status: int
    seconds: float


def measure(seconds: float = SECONDS) -> dict[str, float]:
    """`requests`, how many answered 5xx (`faults`), and the median, 99th percentile and maximum of
    their times in milliseconds."""
    for window in ("MINUTE", "HOUR"):
        os.environ[f"MASCOTRY_RATE_LIMIT_PER_{window}"] = "1000000"
    with tempfile.TemporaryDirectory(prefix="mascotry-bench-") as folder:
        server = Server(Path(folder) / "home")
        server.start()
        try:
            _pin(server)
            answers = _drive(server, seconds)
        finally:
            server.stop()
    times = sorted(answer.seconds * 1000 for answer in answers)
    statuses = Counter(answer.status // 100 for answer in answers)
    return {
        "requests": len(answers),
        "faults": statuses[5],
        "refused": statuses[4],
        "p50_ms": times[len(times) // 2],
        "p99_ms": times[int(len(times) * 0.99)],
        "max_ms": times[-1],
    }


def _pin(server: Server) -> None:
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        for thread in Path(f"/proc/{server.pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {cores[0]})
        os.sched_setaffinity(0, {cores[1]})


def _drive(server: Server, seconds: float) -> list[Answer]:
    collection = server.collection()
    path = f"/v1/collections/{collection['id']}/items"
    item = server.post(path.removeprefix("/v1"), {"type": "image", "name": "Wave"})
    base = str(server.http.base_url).rstrip("/")
    headers = {"Authorization": server.http.headers["Authorization"]}
    pool = urllib3.PoolManager(maxsize=CONNECTIONS, block=True)
    reads = [
        f"/v1/items/{item['id']}",
        f"/v1/collections/{collection['id']}",
        f"{path}?limit=20",
        f"/v1/items/{item['id']}/assets",
    ]

    def ask(number: int, due: float) -> Answer:
        time.sleep(max(0.0, due - time.perf_counter()))
        if number % WRITE_EVERY == 0:
            body = {"type": "image", "name": f"Pose {number}"}
            found = pool.request("POST", base + path, json=body, headers=headers, retries=False)
        else:
            url = base + reads[number % len(reads)]
            found = pool.request("GET", url, headers=headers, retries=False)
        return Answer(found.status, time.perf_counter() - due)

    begin = time.perf_counter() + 0.5
    with ThreadPoolExecutor(CONNECTIONS) as workers:
        numbers = range(int(RATE * seconds))
        return list(workers.map(ask, numbers, (begin + number / RATE for number in numbers)))


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    for name, value in measure(seconds).items():
        sys.stdout.write(f"{name:12} {value:10.1f}\n")


if __name__ == "__main__":
    main()
