"""`GET /v1/items/:id` with authentication against a bare handler on the same kind of server."""

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from infra import gateway, serving
from shared.model.item import ItemType
from shared.model.workspace import Scope
from shared.ports import Ports
from shared.services import collections, items, keys, projects
from shared.services.keys import Principal
from tests.bench import bare

ROUNDS = 5
SECONDS = 3.0


def _rate(url: str, key: str = "") -> float:
    command = [sys.executable, "-m", "tests.bench.load", url, str(SECONDS), *([key] if key else [])]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _serve_bare(folder: Path) -> str:
    os.environ["BARE_DATABASE"] = str(folder / "bare.sqlite3")
    bare.prepare(folder / "bare.sqlite3")
    application = gateway.function("bare", source=Path(bare.__file__))
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serving.serve, args=(application, listener), daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}/"


def measure(ports: Ports, base_url: str) -> dict[str, float]:
    """Requests per second of both, in turns, and the median of the ratios."""
    workspace = keys.create_workspace(ports, "Bench")
    secret = keys.issue(ports, workspace.id, "bench", (Scope.READ, Scope.WRITE))
    who = Principal(workspace.id, (Scope.WRITE,))
    project = projects.create(ports, who, "Bench")
    collection = collections.create(ports, who, project_id=project.id, name="Bench", prompt="a fox")
    item = items.create(ports, who, collection.id, ItemType.IMAGE, "Wave")
    with tempfile.TemporaryDirectory() as folder:
        bare_url = _serve_bare(Path(folder))
        rounds = [
            (_rate(bare_url), _rate(f"{base_url}/v1/items/{item.id}", secret))
            for _ in range(ROUNDS)
        ]
    return {
        "bare_rps": statistics.median(yardstick for yardstick, _ in rounds),
        "items_rps": statistics.median(ours for _, ours in rounds),
        "ratio": statistics.median(ours / yardstick for yardstick, ours in rounds),
    }
