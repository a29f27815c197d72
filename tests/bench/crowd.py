"""A crowd at the local stack: followers of jobs, idle connections and large pictures, all at once.

Meanwhile somebody else reads, at fixed moments; the time of each read counts from its moment, so
that a server which stalls is not spared the reads that would have come meanwhile. The server is a
process of its own, this one is all of its clients.

python -m tests.bench.crowd
"""

import asyncio
import io
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from PIL import Image

from infra.server import most_connections
from tests.bench.crowd_clients import (
    BOUNDARY,
    MOST_SECONDS,
    Client,
    Found,
    Idlers,
    follow,
    read,
    upload,
)
from tests.e2e.server import Server
from tests.infra.memory import MIB, resident

FOLLOWERS, UPLOADS = 200, 24
JOBS = 8
RETURN_SECONDS = 10.0
"""In which freed memory is returned."""
SIDE = 6_000


async def crowd(client: Client, paths: list[str], jobs: list[str], pid: int) -> Found:
    found = Found()
    ended = asyncio.Event()
    picture = large_picture()
    form = (
        (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n'
            "Content-Type: image/png\r\n\r\n"
        ).encode()
        + picture
        + f"\r\n--{BOUNDARY}--\r\n".encode()
    )

    async def watch() -> None:
        while not ended.is_set():
            found.memory_peak = max(found.memory_peak, memory(pid))
            found.idle_least = min(found.idle_least, idlers.open)
            await asyncio.sleep(0.1)

    found.memory_before = memory(pid)
    idlers = Idlers(client, found)
    await idlers.come()
    begun = time.monotonic()
    until = begun + MOST_SECONDS
    watcher = asyncio.create_task(watch())
    reads = asyncio.create_task(read(client, paths, ended))
    following = [
        asyncio.create_task(follow(client, jobs[number % len(jobs)], until, found))
        for number in range(FOLLOWERS)
    ]
    sent = [asyncio.create_task(upload(client, form, until, found)) for _ in range(UPLOADS)]
    await asyncio.wait([*following, *sent], timeout=MOST_SECONDS)
    ended.set()
    await watcher
    for task in sent:
        status = task.result() if task.done() else 0
        found.uploads[status] = found.uploads.get(status, 0) + 1
    found.followers_served = sum(task.done() and task.result() for task in following)
    found.seconds = time.monotonic() - begun
    answers = await reads
    times = sorted(seconds * 1000 for _, seconds in answers)
    found.reads = len(answers)
    found.read_faults = sum(status != 200 for status, _ in answers)
    found.p50_ms, found.max_ms = times[len(times) // 2], times[-1]
    found.p99_ms = times[int(len(times) * 0.99)]
    await idlers.go()
    found.memory_after, deadline = memory(pid), time.monotonic() + RETURN_SECONDS
    while time.monotonic() < deadline:
        await asyncio.sleep(0.5)
        found.memory_after = min(found.memory_after, memory(pid))
    return found


def large_picture() -> bytes:
    """A file of about 105 kB with 36 megapixels."""
    content = io.BytesIO()
    Image.new("RGB", (SIDE, SIDE), (240, 120, 20)).save(content, "PNG")
    return content.getvalue()


def memory(pid: int) -> int:
    return sum(resident(pid)) // MIB


@contextmanager
def stack() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="mascotry-crowd-") as folder:
        server = Server(Path(folder) / "home")
        server.start()
        try:
            yield server
        finally:
            server.stop()


def measure() -> Found:
    """Start a stack, and let the crowd come."""
    most_connections()  # which lets this process have as many files as the server
    with stack() as server:
        collection = server.collection()
        wave = {"type": "image", "name": "Wave", "image_prompt": "waving hello"}
        first = server.generate(collection, **wave)
        file = next(iter(server.finished(first["job_id"])["urls"].values()))
        base = server.http.base_url
        paths = [
            "/v1/projects?limit=1",
            f"/v1/collections/{collection['id']}",
            f"/v1/jobs/{first['job_id']}",
            f"/v1/items/{first['item_id']}",
            "/v1/workspace",
            str(file).removeprefix(str(base).rstrip("/")),
            "/",
        ]
        jobs = [
            server.generate(collection, **wave | {"name": f"Wave {number}"})["job_id"]
            for number in range(JOBS)
        ]
        key = (server.home / "dev-key").read_text().strip()
        client = Client(base.host, base.port or 80, key)
        return asyncio.run(crowd(client, paths, jobs, server.pid))


def main() -> None:
    sys.stdout.write(json.dumps(asdict(measure()), indent=2) + "\n")


if __name__ == "__main__":
    main()
