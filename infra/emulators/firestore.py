"""Google's Firestore emulator, started straight from the SDK's folder and ended for sure."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import quote

from infra.emulators.startup import DidNotStart, free_port

HOW_TO_GET: Final = (
    "Get it with `gcloud components install cloud-firestore-emulator`, or on Debian and Ubuntu "
    "with `apt-get install google-cloud-cli-firestore-emulator`; it needs Java 11 or newer."
)
RULES: Final = Path(__file__).resolve().parent.parent / "firestore.rules"
_JAR: Final = "platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"
_MAIN: Final = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
_SECONDS: Final = 60
_TRIES: Final = 3


def find() -> Path | None:
    """The emulator's jar; None when it, or Java, is not installed."""
    gcloud = shutil.which("gcloud")
    if gcloud is None or shutil.which("java") is None:
        return None
    beside = Path(gcloud).resolve().parent.parent / _JAR
    if beside.is_file():
        return beside
    # A wrapper stands on the path: gcloud itself knows where it is, and takes a second to say so.
    told = subprocess.run(
        [gcloud, "info", "--format=value(installation.sdk_root)"],
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    jar = Path(told.stdout.strip() or "/nowhere") / _JAR
    return jar if jar.is_file() else None


@contextmanager
def running(port: int = 0, rules: Path | None = None) -> Iterator[str]:
    """An emulator with nothing in it, as `host:port`; by default on a free port.

    It ends with the block; on Linux also when the thread that entered the block is killed. `rules`
    are for clients that are not the owner.
    """
    jar = find()
    if jar is None:
        raise FileNotFoundError(f"the Firestore emulator is missing. {HOW_TO_GET}")
    process, address = _started(jar, port, rules)
    try:
        yield address
    finally:
        _end(process)


def reset(address: str, project: str, database: str = "(default)") -> None:
    """Remove every document of a project."""
    url = f"http://{address}/emulator/v1/projects/{project}/databases/{quote(database)}/documents"
    request = urllib.request.Request(url, method="DELETE")
    urllib.request.urlopen(request, timeout=_SECONDS).close()  # noqa: S310


def _started(jar: Path, port: int, rules: Path | None) -> tuple[subprocess.Popen[bytes], str]:
    for _ in range(1 if port else _TRIES):  # somebody else may take a free port first
        address = f"127.0.0.1:{port or free_port()}"
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                _command(jar, address, rules),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                if _is_ready(process, address):
                    return process, address
            except BaseException:
                _end(process)
                raise
            _end(process)
            output.seek(0)
            printed = output.read().decode(errors="replace")
    raise DidNotStart(f"the Firestore emulator did not answer at {address}:\n{printed}")


def _command(jar: Path, address: str, rules: Path | None) -> list[str]:
    host, _, port = address.partition(":")
    # On Linux the kernel ends it with its parent.
    guard = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
    java = ["java", "-Duser.language=en", "-cp", str(jar), _MAIN]
    return [*guard, *java, f"--host={host}", f"--port={port}"] + (
        [f"--rules={rules}"] if rules else []
    )


def _is_ready(process: subprocess.Popen[bytes], address: str) -> bool:
    until = time.monotonic() + _SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"http://{address}/", timeout=5):
                return process.poll() is None
        except OSError:
            time.sleep(0.05)
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
