"""The gate before decoding: how much is let in at once, in which order, and how long one waits."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from shared.errors import Busy
from shared.media.decoding import Gate


def test_no_more_than_the_budget_is_inside() -> None:
    gate, lock, inside, most = Gate(100, 60), threading.Lock(), 0, 0

    def decode(pixels: int) -> None:
        nonlocal inside, most
        with gate.admit(pixels):
            with lock:
                inside += pixels
                most = max(most, inside)
            time.sleep(0.002)
            with lock:
                inside -= pixels

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(decode, [10, 40, 60, 100, 30] * 20))
    assert inside == 0
    assert 0 < most <= 100


def test_a_picture_beyond_the_budget_is_alone() -> None:
    gate = Gate(100, 0.01)
    with gate.admit(1000), pytest.raises(Busy), gate.admit(1):
        pass
    with gate.admit(1), pytest.raises(Busy), gate.admit(1000):
        pass


def test_who_waits_too_long_comes_back_later_and_holds_up_nobody() -> None:
    gate = Gate(100, 0.01)
    with gate.admit(60):
        with pytest.raises(Busy) as refused, gate.admit(60):
            pass
        assert refused.value.retryable
        assert refused.value.details["retry_after"] > 0
        with gate.admit(40):
            pass
    with gate.admit(100):
        pass


def test_a_failure_gives_its_room_back() -> None:
    gate = Gate(100, 0.01)
    with pytest.raises(ValueError, match="broken"), gate.admit(100):
        raise ValueError("broken")
    with gate.admit(100):
        pass


def test_a_large_picture_is_not_overtaken() -> None:
    gate, order = Gate(100, 60), list[str]()

    def decode(name: str, pixels: int) -> None:
        with gate.admit(pixels):
            order.append(name)

    def wait_for(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.001)

    with ThreadPoolExecutor(2) as pool:
        with gate.admit(60):
            large = pool.submit(decode, "large", 100)
            wait_for(lambda: len(gate._waiting) == 1)
            small = pool.submit(decode, "small", 10)
            wait_for(lambda: len(gate._waiting) == 2)
            assert order == []
        large.result()
        small.result()
    assert order == ["large", "small"]


BURST = """
import os, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shared.media.stills import shrink

source = Path(sys.argv[1])

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")

def decode(number):
    shrink(source, source.with_suffix(f".{number}"), 64)

decode(0)
before = resident()
with ThreadPoolExecutor(8) as pool:
    list(pool.map(decode, range(8)))
    print(resident() - before)
"""
"""Prints by how many bytes a process is larger, after eight threads have decoded a picture each."""


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux how large a process is")
def test_memory_returns_after_a_burst(tmp_path: Path) -> None:
    source = tmp_path / "picture.png"
    Image.linear_gradient("L").resize((3000, 3000)).convert("RGBA").save(source, compress_level=1)
    done = subprocess.run(
        [sys.executable, "-c", BURST, source],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    # One picture has 36 MB; what eight threads had kept for themselves was 550.
    assert int(done.stdout) < 100_000_000
