"""The embedded stack: every function, the queue, the files and their CDN in one process.

    python -m infra.local --port 8080

Everything is kept in MASCOTRY_HOME (.mascotry); the process can be killed at any moment and goes
on where it was when it is started again. Its keys may ask a hundred times as often as elsewhere,
unless MASCOTRY_RATE_LIMIT_PER_MINUTE and _PER_HOUR say otherwise.
"""

import argparse
import json
import logging
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
from datetime import timedelta
from pathlib import Path

from functions import composition, telemetry
from infra import gateway, serving, startup
from infra.startup import StartError
from shared.adapters.embedded.blobs import EmbeddedBlobs
from shared.adapters.embedded.dispatcher import Dispatcher, QueueConfig
from shared.adapters.embedded.events import EVENTS_QUEUE
from shared.config import Settings, settings
from shared.errors import MascotryError
from shared.media.ffmpeg import require_colour_filters, require_hevc_alpha
from shared.model.queues import QUEUES
from shared.model.workspace import Scope
from shared.ports import Bucket, Ports
from shared.services import keys, sweeper

log = logging.getLogger("shared.local")

CONCURRENCY = {"sizes": 1, "canvas": 2, "purge": 1, "webhook": 8, "noop": 4}
"""Of the queues whose functions do not compute; the others share the cores."""
SWEEP_SECONDS = 30
LIFETIMES = {Bucket.WORK: timedelta(days=1), Bucket.UPLOADS: timedelta(days=2)}
"""How long the private buckets keep what is in them, as in infra/terraform/buckets.tf."""
RATE_LIMITS = {"PER_MINUTE": 6_000, "PER_HOUR": 100_000}
"""Who develops on this machine, or shows a demo, asks as often as it takes."""


def queues(cores: int) -> list[QueueConfig]:
    """One queue per function that takes tasks; media steps share the cores."""
    return [
        *(
            QueueConfig(
                name=queue.name,
                path=f"{gateway.address(queue.function)}/",
                concurrency=cores if queue.media else CONCURRENCY[queue.name],
                group="media" if queue.media else None,
                min_backoff=queue.min_backoff,
                max_backoff=queue.max_backoff,
                dispatch_deadline=queue.dispatch_deadline,
            )
            for queue in QUEUES
        ),
        QueueConfig(
            name=EVENTS_QUEUE, path=f"{gateway.address(gateway.STORAGE_TRIGGER)}/", concurrency=4
        ),
    ]


def development_key(ports: Ports, home: Path) -> str:
    """The key in `dev-key`; a new workspace with a new key when there is none that works."""
    file = home / "dev-key"
    if file.exists():
        secret = file.read_text().strip()
        try:
            keys.authenticate(ports, f"Bearer {secret}")
        except MascotryError:
            log.warning("the key in dev-key is not known here; making a new one")
        else:
            return secret
    workspace = keys.create_workspace(ports, "Development")
    secret = keys.issue(ports, workspace.id, "development", tuple(Scope))
    file.touch(mode=0o600)
    file.write_text(secret + "\n")
    return secret


class Stack:
    """The running stack. It listens before it delivers, and sweeps before it serves."""

    def __init__(self, listener: socket.socket, chosen: Settings) -> None:
        composition.embedded().database.check()
        self.ports = composition.ports()
        cores = os.cpu_count() or 1
        self._dispatcher = Dispatcher(
            composition.embedded().tasks,
            queues(cores),
            base_url=chosen.base_url,
            token=composition.task_token(chosen),
            clock=self.ports.clock,
            groups={"media": cores},
        )
        self._listener = listener
        self._stopped = threading.Event()

    def start(self) -> None:
        """Take over the data folder, and deliver again what an earlier process left behind."""
        self._dispatcher.start()
        _fresh_temporary_folder(settings().home)
        blobs = composition.embedded().blobs
        blobs.collect_garbage()
        _purge(blobs)
        sweeper.sweep(self.ports, orphaned=True)
        threading.Thread(target=self._sweep, name="sweep", daemon=True).start()

    def serve(self) -> None:
        """Serve until the process is told to end."""
        serving.serve(gateway.application(), self._listener)

    def stop(self) -> None:
        self._stopped.set()
        self._dispatcher.stop(timeout=0)

    def _sweep(self) -> None:
        while not self._stopped.wait(SWEEP_SECONDS):
            try:
                sweeper.sweep(self.ports)
                _purge(composition.embedded().blobs)
            except Exception:
                log.exception("sweep failed; the next one is soon")


def be_generous() -> None:
    """Let keys ask as often as it takes, unless the environment says otherwise."""
    for window, limit in RATE_LIMITS.items():
        os.environ.setdefault(f"MASCOTRY_RATE_LIMIT_{window}", str(limit))


def main() -> int:
    parser = argparse.ArgumentParser(prog="infra.local", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--port", type=int, default=8080, help="0 takes a free one")
    parser.add_argument("--quiet", action="store_true", help="do not print how to begin")
    arguments = parser.parse_args()

    try:
        listener = startup.listening(arguments.port)
        be_generous()
        os.environ["MASCOTRY_BASE_URL"] = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with startup.explained():
            chosen = settings()
            telemetry.log_as_json(chosen.log_level, chosen.project)
            require_hevc_alpha()
            require_colour_filters()
            # Chosen now, so that missing credentials are told before anybody waits for a picture.
            composition.image_provider(chosen.image_provider)
            composition.video_provider(chosen.video_provider)
            composition.vision_provider(chosen.vision_provider)
            stack = Stack(listener, chosen)
            stack.start()
            development_key(stack.ports, chosen.home)
            (chosen.home / "address").write_text(chosen.base_url + "\n")
    except StartError as error:
        return startup.refuse(error)
    if not arguments.quiet:
        print(greeting(chosen.base_url, chosen.home))

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, serving.end)
    try:
        stack.serve()  # returns when it is interrupted
    finally:
        stack.stop()
    if not arguments.quiet:
        print("\nStopped. What was under way goes on at the next start.")
    return 0


def _purge(blobs: EmbeddedBlobs) -> None:
    for bucket, age in LIFETIMES.items():
        blobs.purge(bucket, age)


def _fresh_temporary_folder(home: Path) -> None:
    """Let steps work below `home/tmp`, where what a killed process left is found and removed."""
    folder = home / "tmp"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    tempfile.tempdir = str(folder.resolve())


def greeting(url: str, home: Path) -> str:
    """Where everything is: a command that opens the studio signed in, and three lines for a shell
    that make a mascot. The key itself stays in its file: output is copied and kept."""
    file = home / "dev-key"

    def post(path: str, body: dict[str, str]) -> str:
        authorization = f'-H "Authorization: Bearer $(cat {file})"'
        return f"curl -s {url}/v1/{path} {authorization} -d '{json.dumps(body)}'"

    project = post("projects", {"name": "My app"})
    felix = {
        "project_id": "'$PROJECT'",  # the quotes end here, and begin again behind the variable
        "name": "Felix",
        "description": "A friendly orange fox mascot wearing a blue scarf",
    }
    collection = post("collections", felix)
    wave = {
        "type": "animation",
        "name": "Wave",
        "image_prompt": "waving hello",
        "animation_prompt": "waves happily",
    }
    generate = post("collections/$COLLECTION/generate", wave)
    first_id = 'grep -o \'"id":"[^"]*\' | head -1 | cut -d\'"\' -f4'
    return (
        f"Mascotry is at {url}, its data in {home}/, its key in {file}.\n\n"
        f"The studio, signed in:\n\n{startup.sign_in(url, file)}\n\n"
        "A mascot from a terminal:\n\n"
        f"PROJECT=$({project} | {first_id})\n"
        f"COLLECTION=$({collection} | {first_id})\n"
        f"{generate}\n"
    )


if __name__ == "__main__":
    sys.exit(main())
