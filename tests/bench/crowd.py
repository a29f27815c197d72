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
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from PIL import Image

from infra.server import most_connections
from tests.e2e.server import Server
from tests.infra.memory import MIB, resident

FOLLOWERS, IDLE, UPLOADS = 200, 1_000, 24
JOBS = 8
READS_PER_SECOND = 20
MOST_SECONDS = 80.0
RETURN_SECONDS = 3.0
"""After which freed memory is looked at."""
SIDE = 6_000


@dataclass(slots=True)
class Found:
    """What came of it. Times are in milliseconds, memory in MiB."""

    seconds: float = 0.0
    reads: int = 0
    read_faults: int = 0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    max_ms: float = 0.0
    memory_before: int = 0
    memory_peak: int = 0
    memory_after: int = 0
    followers_served: int = 0
    idle_open: int = 0
    uploads: dict[int, int] = field(default_factory=dict)
    """How many were answered with which status."""


@dataclass(frozen=True, slots=True)
class Client:
    """Asks the server over one connection for each request."""

    host: str
    port: int
    key: str

    @asynccontextmanager
    async def asked(
        self, method: str, path: str, body: bytes = b"", kind: str = "application/json"
    ) -> AsyncIterator[tuple[int, asyncio.StreamReader]]:
        """The status of the answer, and its body's stream, chunked or not."""
        reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            head = [
                f"{method} {path} HTTP/1.1",
                f"Host: {self.host}",
                f"Authorization: Bearer {self.key}",
                f"Content-Type: {kind}",
                f"Content-Length: {len(body)}",
                "Connection: close",
            ]
            writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + body)
            status = int((await reader.readline()).split()[1])
            while (await reader.readline()).strip():
                pass
            yield status, reader
        finally:
            writer.close()

    async def status(self, *request: str | bytes) -> int:
        """The status of an answer that was read to its end; 0 for none."""
        with suppress(OSError, IndexError, ValueError):
            async with self.asked(*request) as (status, reader):  # type: ignore[arg-type]
                await reader.read()
                return status
        return 0


async def follow(client: Client, job: str, until: float) -> bool:
    """Follow a job as docs/6-clients.md says; whether its end was told in time."""
    while time.monotonic() < until:
        with suppress(OSError, IndexError, ValueError):
            path = f"/v1/jobs/{job}/events?timeout={int(MOST_SECONDS)}"
            async with client.asked("GET", path) as (_, reader):
                while line := await asyncio.wait_for(reader.readline(), until - time.monotonic()):
                    if line.startswith((b"event: completed", b"event: failed")):
                        return True
        await asyncio.sleep(1)
    return False


async def crowd_of_idle(client: Client) -> list[asyncio.StreamWriter]:
    """Connections that stay open: every other one after a request, as browsers' do, and the others
    after half of a request's head."""
    connections = []
    for number in range(IDLE):
        reader, writer = await asyncio.open_connection(client.host, client.port)
        connections.append(writer)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
        if number % 2:
            writer.write(b"\r\n")
            await reader.readuntil(b"</html>")
    return connections


async def read(client: Client, paths: list[str], ended: asyncio.Event) -> list[tuple[int, float]]:
    """Status and seconds of each read."""

    async def one(number: int, due: float) -> tuple[int, float]:
        status = await client.status("GET", paths[number % len(paths)])
        return status, time.monotonic() - due

    begin, reads = time.monotonic(), list[asyncio.Task[tuple[int, float]]]()
    while not ended.is_set():
        due = begin + len(reads) / READS_PER_SECOND
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        reads.append(asyncio.create_task(one(len(reads), due)))
    return await asyncio.gather(*reads)


async def crowd(client: Client, paths: list[str], jobs: list[str], pid: int) -> Found:
    found = Found()
    ended = asyncio.Event()
    picture = large_picture()
    boundary = "crowd"
    form = (
        (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n'
            "Content-Type: image/png\r\n\r\n"
        ).encode()
        + picture
        + f"\r\n--{boundary}--\r\n".encode()
    )

    async def watch() -> None:
        while not ended.is_set():
            found.memory_peak = max(found.memory_peak, memory(pid))
            await asyncio.sleep(0.1)

    begun = time.monotonic()
    until = begun + MOST_SECONDS
    found.memory_before = memory(pid)
    connections = await crowd_of_idle(client)
    watcher = asyncio.create_task(watch())
    reads = asyncio.create_task(read(client, paths, ended))
    following = [
        asyncio.create_task(follow(client, jobs[number % len(jobs)], until))
        for number in range(FOLLOWERS)
    ]
    kind = f"multipart/form-data; boundary={boundary}"
    sent = [
        asyncio.create_task(client.status("POST", "/v1/upload", form, kind)) for _ in range(UPLOADS)
    ]
    await asyncio.wait([*following, *sent], timeout=MOST_SECONDS)
    ended.set()
    await watcher
    for task in sent:
        status = task.result() if task.done() else 0
        found.uploads[status] = found.uploads.get(status, 0) + 1
    found.followers_served = sum(task.done() and task.result() for task in following)
    found.idle_open = sum(not connection.is_closing() for connection in connections)
    found.seconds = time.monotonic() - begun
    answers = await reads
    times = sorted(seconds * 1000 for _, seconds in answers)
    found.reads = len(answers)
    found.read_faults = sum(status != 200 for status, _ in answers)
    found.p50_ms, found.max_ms = times[len(times) // 2], times[-1]
    found.p99_ms = times[int(len(times) * 0.99)]
    for connection in connections:
        connection.close()
    await asyncio.sleep(RETURN_SECONDS)
    found.memory_after = memory(pid)
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
