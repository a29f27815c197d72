"""Cuts a figure out of a busy picture by the network, and stays for a while.

    python -m tests.e2e.offline_cutout SECONDS

With `ORT_DISABLE_TELEMETRY=0` in the environment onnxruntime is imported before our own code can
turn its telemetry off, so that a test can see that it would notice.
"""

import os
import sys
import time

import numpy as np

from shared.config import settings
from shared.media import cutout


def main() -> None:
    if os.environ.get("ORT_DISABLE_TELEMETRY") == "0":
        import onnxruntime  # noqa: F401
    picture = np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8)
    assert cutout.segment(picture, settings().weights).shape == (64, 64, 4)
    print("cut out", flush=True)  # noqa: T201
    time.sleep(float(sys.argv[1]))


if __name__ == "__main__":
    main()
