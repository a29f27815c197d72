"""The whole demo: seconds, and the peak memory of all its processes together."""

import subprocess
import sys
import tempfile
import time

import psutil

INTERVAL = 0.1


def measure() -> dict[str, float]:
    """Wall-clock seconds and the peak in MB of proportional set sizes, sampled ten times a second.

    Pages that processes share are counted once (PSS); where the system does not tell, the resident
    sets are added up, which counts them several times.
    """
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "infra.demo", "--out", folder], stdout=subprocess.DEVNULL
        )
        peak = 0.0
        root = psutil.Process(process.pid)
        while process.poll() is None:
            peak = max(peak, _megabytes(root))
            time.sleep(INTERVAL)
        seconds = time.perf_counter() - began
    if process.returncode != 0:
        raise RuntimeError("the demo failed")
    return {"seconds": seconds, "peak_mb": peak}


def _megabytes(root: psutil.Process) -> float:
    total = 0
    try:
        for process in (root, *root.children(recursive=True)):
            try:
                memory = process.memory_full_info()
                total += getattr(memory, "pss", memory.rss)
            except psutil.Error:
                continue  # it ended between the listing and the look
    except psutil.Error:
        return 0.0
    return total / 1e6
