"""How much memory a piece of work takes at most: its processes, and what they keep on disk.

Cloud Run counts all of it, since its disk is memory.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.infra.terraform import ROOT

MIB: Final = 2**20
PAGE: Final = os.sysconf("SC_PAGESIZE")
INTERVAL_SECONDS: Final = 0.01


@dataclass(frozen=True, slots=True)
class Usage:
    """In bytes: the peak of everything at one time, and what of it were files."""

    peak: int
    files: int


def measure(work: str, inputs: Path, folder: Path, timeout: float) -> Usage:
    """Do a piece of `tests.infra.memory_work` in a process of its own, with an empty temporary
    folder, and watch it. Raises `AssertionError` with what it said if it fails."""
    temporary = folder / "tmp"
    temporary.mkdir(parents=True)
    said = folder / "said"
    with said.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.infra.memory_work", work, inputs, folder / "home"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            usage = _watched(process, temporary, time.monotonic() + timeout)
        finally:
            for pid in [*_tree(process.pid)][::-1]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            status = process.wait()
    assert status == 0, f"{work} ended with {status}:\n{said.read_text()[-4000:]}"
    return usage


def _watched(process: subprocess.Popen[bytes], temporary: Path, deadline: float) -> Usage:
    most = Usage(0, 0)
    highest = 0
    while process.poll() is None and time.monotonic() < deadline:
        files = sum(_sizes(temporary))
        # The kernel remembers the peak of the process itself, which lies between two looks.
        highest = max(highest, _high_water(process.pid))
        total = files + sum(resident(process.pid))
        most = max(most, Usage(total, files), key=lambda usage: usage.peak)
        time.sleep(INTERVAL_SECONDS)
    return max(most, Usage(highest, 0), key=lambda usage: usage.peak)


def resident(pid: int) -> Iterator[int]:
    """What each process of the tree has for itself, and the largest share of files in memory: of
    a program that runs several times, its code is there once."""
    shared = [0]
    for one in _tree(pid):
        with suppress(OSError, ValueError):
            pages = Path(f"/proc/{one}/statm").read_text().split()
            resident, mapped = (int(count) * PAGE for count in pages[1:3])
            yield resident - mapped
            shared.append(mapped)
    yield max(shared)


def _tree(pid: int) -> Iterator[int]:
    """A process and what it has started, as far as they still run."""
    with suppress(OSError):
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        yield pid
        for thread in threads:
            with suppress(OSError):
                for child in (thread / "children").read_text().split():
                    yield from _tree(int(child))


def _high_water(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def _sizes(folder: Path) -> Iterator[int]:
    """Of the files below a folder, as they are on disk; what goes away meanwhile counts nothing."""
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                yield Path(parent, name).stat().st_blocks * 512
