"""The programs that write clients, which `make test-long` installs, and how tests run them."""

import os
import subprocess
from pathlib import Path

import pytest

INSTALLED = Path(__file__).resolve().parents[2] / ".generators"
PYTHON, NODE = INSTALLED / "python/bin", INSTALLED / "node_modules/.bin"
TIMEOUT_SECONDS = 240

takes_minutes = pytest.mark.skipif(
    "MASCOTRY_LONG" not in os.environ, reason="takes minutes: make test-long"
)
needs_node = pytest.mark.skipif(
    not (NODE / "openapi-ts").exists(), reason="node is not installed: make test-long"
)


def run(*command: object, folder: Path, timeout: float = TIMEOUT_SECONDS) -> str:
    """What a program says, on both outputs; it has to succeed."""
    environment = {
        **os.environ,
        "PATH": f"{PYTHON}:{os.environ['PATH']}",
        "REDOCLY_TELEMETRY": "off",
        "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
    }
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said
