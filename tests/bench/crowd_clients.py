"""Those who come in a crowd, and what they find."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field

from infra.server import HEAD_SECONDS

IDLE = 1_000
SPARE = 50
"""More idle ones, so that there are enough while some are opened again."""
READS_PER_SECOND = 20
MOST_SECONDS = 1_500.0
"""For machines that have much else to do."""
FOLLOW_SECONDS = 300
MOST_FILLING_SECONDS = 60.0
BOUNDARY = "crowd"


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
    followers_refused: int = 0
    """How often one of them was not let in, and came again."""
    idle_least: int = 0
    """How many idle connections were open at any moment; others took the place of those closed."""
    idle_closed: int = 0
    idle_refused: int = 0
    uploads: dict[int, int] = field(default_factory=dict)
    """How many were answered with which status."""
    uploads_busy: int = 0
    """How often one of them was asked to come again."""


@dataclass(frozen=True, slots=True)
class Client:
    """Asks the server over one connection for each request."""

    host: str
    port: int
    key: str

    @asynccontextmanager
    async def asked(
        self, method: str, path: str, body: bytes = b"", kind: str = "application/json"
    ) -> AsyncIterator[tuple[int, dict[bytes, bytes], asyncio.StreamReader]]:
        """The status of the answer, its headers, and its body's stream, chunked or not."""
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
            headers = {}
            while line := (await reader.readline()).strip():
                name, _, value = line.partition(b":")
                headers[name.lower()] = value.strip()
            yield status, headers, reader
        finally:
            writer.close()

    async def status(self, *request: str | bytes) -> int:
        """The status of an answer that was read to its end; 0 for none."""
        with suppress(OSError, IndexError, ValueError):
            async with self.asked(*request) as (status, _, reader):  # type: ignore[arg-type]
                await reader.read()
                return status
        return 0


async def follow(client: Client, job: str, until: float, found: Found) -> bool:
    """Follow a job as docs/6-clients.md says; whether its end was told in time."""
    while time.monotonic() < until:
        with suppress(OSError, IndexError, ValueError):
            path = f"/v1/jobs/{job}/events?timeout={FOLLOW_SECONDS}"
            async with client.asked("GET", path) as (status, _, reader):
                found.followers_refused += status != 200
                while line := await asyncio.wait_for(reader.readline(), until - time.monotonic()):
                    if line.startswith((b"event: completed", b"event: failed")):
                        return True
        await asyncio.sleep(1)
    return False


async def upload(client: Client, form: bytes, until: float, found: Found) -> int:
    """The status of an upload, which is sent again as long as the server asks for that; 0 for no
    answer."""
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    while True:
        try:
            async with client.asked("POST", "/v1/upload", form, kind) as (status, headers, reader):
                await reader.read()
        except (OSError, IndexError, ValueError):
            return 0
        if status != 503 or b"retry-after" not in headers or time.monotonic() > until:
            return status
        found.uploads_busy += 1
        await asyncio.sleep(int(headers[b"retry-after"]))


class Idlers:
    """Connections that do nothing: every other one after a request, as browsers' do, the others
    after half of a request's head. Those that the server closes are opened again."""

    def __init__(self, client: Client, found: Found) -> None:
        self._client, self._found = client, found
        self.open = 0
        self._tasks: list[asyncio.Task[None]] = []

    async def come(self) -> None:
        """Returns when all of them are there."""
        for number in range(IDLE + SPARE):
            self._tasks.append(asyncio.create_task(self._stay(bool(number % 2))))
            # So that half of them are not closed in one moment, for ever after.
            await asyncio.sleep(HEAD_SECONDS / (IDLE + SPARE))
        deadline = time.monotonic() + MOST_FILLING_SECONDS
        while self.open < IDLE and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        self._found.idle_least = self.open

    async def go(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _stay(self, asks: bool) -> None:
        while True:
            try:
                reader, writer = await asyncio.open_connection(self._client.host, self._client.port)
                with closing(writer):
                    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
                    if asks:
                        writer.write(b"\r\n")
                        await reader.readuntil(b"</html>")
                    self.open += 1
                    try:
                        await self._closed(reader)
                    finally:
                        self.open -= 1
                self._found.idle_closed += 1
            except (OSError, EOFError):
                self._found.idle_refused += 1
                await asyncio.sleep(0.1)

    async def _closed(self, reader: asyncio.StreamReader) -> None:
        with suppress(ConnectionError):
            while await reader.read(1 << 16):
                pass


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
