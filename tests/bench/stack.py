"""The embedded stack in this process, on a temporary folder."""

import atexit
import os
import shutil
import socket
import tempfile
import threading

from shared.ports import Ports


def start() -> tuple[Ports, str]:
    """Start it; its ports and its address. Once per process: the settings are read once."""
    home = tempfile.mkdtemp(prefix="mascotry-bench-")
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    listener = socket.create_server(("127.0.0.1", 0))
    base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    os.environ["MASCOTRY_HOME"] = home
    for window in ("MINUTE", "HOUR"):  # counted as everywhere, but not stopped
        os.environ[f"MASCOTRY_RATE_LIMIT_PER_{window}"] = "1000000"
    os.environ["MASCOTRY_LOG_LEVEL"] = "WARNING"
    os.environ["MASCOTRY_BASE_URL"] = base_url

    from infra.local import Stack
    from shared.config import settings

    stack = Stack(listener, settings())
    stack.start()
    threading.Thread(target=stack.serve, daemon=True).start()
    return stack.ports, base_url
