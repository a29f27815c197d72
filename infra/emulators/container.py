"""One container of a service: a process that the platform starts when the first request comes,
watches while it runs, and ends."""

import logging
import os
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from infra.emulators.startup import free_port

START_SECONDS: Final = 240
"""Cloud Run's startup probe gives a container four minutes to listen on its port."""
GRACE_SECONDS: Final = 10.0
"""From SIGTERM to SIGKILL: https://cloud.google.com/run/docs/container-contract"""
SAMPLE_SECONDS: Final = 0.1

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Image:
    """A built image: the folder that its code is in, the program that it runs there, and the
    environment that its Dockerfile sets."""

    folder: Path
    command: tuple[str, ...]
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Limits:
    memory: int
    """Bytes, files in the temporary folder included: Cloud Run's disk is memory."""
    timeout: float
    """Seconds for one request."""
    concurrency: int


@dataclass(slots=True)
class Record:
    """What operators would look for."""

    starts: int = 0
    peak: int = 0
    """Bytes, the largest that was seen."""
    out_of_memory: int = 0
    killed: int = 0
    """How often a process did not end in time after SIGTERM."""
    exits: list[int] = field(default_factory=list)


class Container:
    """At most one process at a time. `environment` is all that it gets, beside the image's."""

    def __init__(
        self,
        name: str,
        image: Image,
        environment: Mapping[str, str],
        limits: Limits,
        log: Path,
        port: int = 0,
    ) -> None:
        """`port` is one that nobody else takes; 0 looks for a free one at each start."""
        self.name, self.limits, self.record = name, limits, Record()
        self._image, self._environment, self._log = image, dict(environment), log
        self._starting = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._fixed_port = self.port = port

    def listening(self) -> int:
        """The port of the running process, which is started if there is none. ConnectionError when
        it ends or does not listen in time."""
        with self._starting:
            if self._process is None or self._process.poll() is not None:
                self._start()
            return self.port

    def stop(self) -> float:
        """SIGTERM, and SIGKILL after the grace; the seconds that it took."""
        process, begun = self._process, time.monotonic()
        if process is None or process.poll() is not None:
            return 0.0
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self.record.killed += 1
            self._kill()
        return time.monotonic() - begun

    def close(self) -> None:
        """End it at once, and remove what it has written."""
        self._kill()
        if self._folder is not None:
            self._folder.cleanup()

    def _start(self) -> None:
        if self._process is not None:
            self.record.exits.append(self._process.returncode)
        self.close()
        self._folder = tempfile.TemporaryDirectory(
            prefix=f"{self.name}-", ignore_cleanup_errors=True
        )
        self.port = self._fixed_port or free_port()
        environment = {
            **self._image.environment,
            **self._environment,
            "PORT": str(self.port),
            "HOME": self._folder.name,
            "TMPDIR": self._folder.name,
        }
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._image.command,
                cwd=self._image.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.record.starts += 1
        threading.Thread(target=self._watch, args=(self._process,), daemon=True).start()
        self._wait_until_it_listens(self._process)

    def _wait_until_it_listens(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + START_SECONDS
        while process.poll() is None and time.monotonic() < until:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.05)
        raise ConnectionError(f"{self.name} does not listen on its port")

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        """Do with memory what the platform does: a container that has too much is killed."""
        while process.poll() is None:
            used = _sessions.bytes(process.pid) + _files(self._folder.name if self._folder else "")
            self.record.peak = max(self.record.peak, used)
            if used > self.limits.memory and process.poll() is None:
                _log.warning("memory limit exceeded", extra={"service": self.name, "bytes": used})
                self.record.out_of_memory += 1
                self._kill()
            time.sleep(SAMPLE_SECONDS)

    def _kill(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


class _Sessions:
    """What the processes of each session hold, looked up once for all who ask at about one time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = 0.0
        self._bytes: dict[int, int] = {}

    def bytes(self, session: int) -> int:
        """Their own memory. Pages of files that are mapped can be dropped any time, and do not
        count."""
        with self._lock:
            if time.monotonic() - self._taken > SAMPLE_SECONDS / 2:
                self._bytes = self._sample()
                self._taken = time.monotonic()
            return self._bytes.get(session, 0)

    @staticmethod
    def _sample() -> dict[int, int]:
        found: dict[int, int] = {}
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError, IndexError):  # it may end at this very moment
                session = int((process / "stat").read_text().rpartition(")")[2].split()[3])
                _, resident, shared = (process / "statm").read_text().split()[:3]
                own = (int(resident) - int(shared)) * resource.getpagesize()
                found[session] = found.get(session, 0) + own
        return found


_sessions = _Sessions()


def _files(folder: str) -> int:
    """What lies in a folder, whose files come and go meanwhile: `os.walk` passes over what is gone,
    where `Path.rglob` gives up."""
    found = 0
    for root, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                found += Path(root, name).lstat().st_blocks * 512
    return found


def command(program: Sequence[str]) -> tuple[str, ...]:
    """A command that ends with its parent, however that ends; on Linux the kernel sees to it."""
    guard = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
    return (*guard, *program)
