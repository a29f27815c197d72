"""Google Cloud on one machine: every function as it is deployed, on emulators.

    python -m infra.emulators --port 8080

Documents are in Google's Firestore emulator, files in fake-gcs-server behind a bridge, tasks and
events are delivered by servers of ours with tokens that the functions check in earnest. All of it
is in memory, and gone at the end.
"""

import argparse
import json
import logging
import os
import signal
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from wsgiref.types import WSGIApplication

from functions import composition, telemetry
from infra import gateway, local, serving, startup
from infra.emulators import firestore, storage
from infra.emulators.account import ServiceAccount
from infra.emulators.checked import Checked
from infra.emulators.eventarc import Eventarc
from infra.emulators.identity import Issuer
from infra.emulators.invocation import Invocation, Service
from infra.emulators.policy import Grant, Policy
from infra.emulators.startup import DidNotStart
from infra.emulators.tasks import CloudTasksServer, queue
from infra.startup import StartError
from shared.adapters.embedded import folder
from shared.adapters.system import SystemClock
from shared.config import settings
from shared.media.ffmpeg import require_colour_filters, require_hevc_alpha
from shared.model.queues import QUEUES, Queue, function_address
from shared.ports import Bucket

PROJECT = "mascotry-emulated"
REGION = "europe-west1"
FUNCTIONS, TASKS, EVENTS = (
    f"{name}@{PROJECT}.iam.gserviceaccount.com" for name in ("functions", "tasks", "events")
)
HOME = ".mascotry/emulators"
SWEEP_SECONDS = 30

log = logging.getLogger("shared.emulators")


@contextmanager
def cloud(base_url: str) -> Iterator[Issuer]:
    """The emulators, and the environment of functions that are served at `base_url`; they are in
    use as soon as these serve. Gives who signs the tokens of service accounts."""
    buckets = {bucket: f"{PROJECT}-{bucket}" for bucket in Bucket}
    functions_url = base_url + gateway.FUNCTIONS
    issuer = Issuer(SystemClock())
    with ExitStack() as stack:
        issuer.start()
        stack.callback(issuer.stop)
        account = ServiceAccount(FUNCTIONS, token_uri=issuer.token_url)
        issuer.accounts[account.email] = account.public_key
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        account.write(folder / "account.json")
        documents = stack.enter_context(firestore.running(rules=firestore.RULES))
        files = stack.enter_context(
            storage.running(
                buckets=tuple(buckets.values()), keys={account.email: account.public_key}
            )
        )
        tasks = CloudTasksServer(issuer=issuer)
        for facts in QUEUES:
            tasks.create(queue(f"projects/{PROJECT}/locations/{REGION}", _fitting(facts)))
        tasks.start()
        stack.callback(tasks.stop, 0)
        trigger = function_address(functions_url, gateway.STORAGE_TRIGGER)
        events = Eventarc(
            f"{trigger}/",
            [buckets[Bucket.ASSETS], buckets[Bucket.UPLOADS]],
            authorization=lambda: f"Bearer {issuer.token(trigger, EVENTS)}",
        )
        events.start()
        stack.callback(events.stop)
        files.bridge.subscribers.append(events.announce)
        os.environ.update(
            {
                "FIRESTORE_EMULATOR_HOST": documents,
                "STORAGE_EMULATOR_HOST": files.url,
                "GOOGLE_APPLICATION_CREDENTIALS": str(folder / "account.json"),
                "MASCOTRY_BACKEND": "google",
                "MASCOTRY_PROJECT": PROJECT,
                "MASCOTRY_REGION": REGION,
                **{f"MASCOTRY_{bucket.name}_BUCKET": name for bucket, name in buckets.items()},
                "MASCOTRY_BASE_URL": base_url,
                "MASCOTRY_CDN_URL": f"{files.url}/{buckets[Bucket.ASSETS]}",
                "MASCOTRY_FUNCTIONS_URL": functions_url,
                "MASCOTRY_TASKS_ACCOUNT": TASKS,
                "MASCOTRY_EVENTS_ACCOUNT": EVENTS,
                "MASCOTRY_DECODE_CALLERS": json.dumps([FUNCTIONS]),
                "MASCOTRY_STORAGE_URL": files.url,
                "MASCOTRY_TASKS_ENDPOINT": tasks.address,
                "MASCOTRY_TASKS_CERTIFICATES_URL": issuer.url,
                "MASCOTRY_PLATFORM_CHECKS_CALLERS": "true",
            }
        )
        yield issuer


def _fitting(facts: Queue) -> Queue:
    """A queue whose functions take a whole core each gets no more of them than there are."""
    at_once = (
        min(facts.max_concurrent, os.cpu_count() or 1) if facts.media else facts.max_concurrent
    )
    return replace(facts, max_concurrent=at_once)


def platform(issuer: Issuer, functions_url: str) -> gateway.Guard:
    """What Cloud Run does before a private function sees a request: the queues and the schedule may
    call their targets, events the trigger, the functions `decode`, and nobody else anything."""
    invokers = {
        **dict.fromkeys(gateway.TASK_TARGETS, TASKS),
        gateway.STORAGE_TRIGGER: EVENTS,
        gateway.DECODER: FUNCTIONS,
    }
    policy = Policy(
        Grant("roles/run.invoker", f"serviceAccount:{account}", f"service/{name}")
        for name, account in invokers.items()
    )
    invocation = Invocation(issuer, policy)

    def guard(target: str, function: WSGIApplication) -> WSGIApplication:
        own = function_address(functions_url, target)
        return Checked(invocation, Service(target, (own, f"{own}/")), function)

    return guard


def sweep(issuer: Issuer, address: str, stopped: threading.Event) -> None:
    """Call the sweeper every now and then, as Cloud Scheduler does."""
    while not stopped.wait(SWEEP_SECONDS):
        authorization = f"Bearer {issuer.token(address, TASKS)}"
        request = urllib.request.Request(  # noqa: S310 - ours, on this machine
            f"{address}/", b"{}", {"Authorization": authorization}, method="POST"
        )
        try:
            urllib.request.urlopen(request, timeout=SWEEP_SECONDS).close()  # noqa: S310
        except OSError:
            log.exception("the sweeper did not answer; it is called again")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="infra.emulators", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--port", type=int, default=8080, help="0 takes a free one")
    parser.add_argument("--quiet", action="store_true", help="do not print how to begin")
    arguments = parser.parse_args()
    if firestore.find() is None:
        return startup.refuse(f"The Firestore emulator is missing. {firestore.HOW_TO_GET}")
    if storage.find() is None:
        return startup.refuse(f"fake-gcs-server is missing. {storage.HOW_TO_GET}")
    try:
        listener = startup.listening(arguments.port)
    except StartError as error:
        return startup.refuse(error)
    local.be_generous()
    os.environ.setdefault("MASCOTRY_HOME", HOME)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, serving.end)
    stopped = threading.Event()
    try:
        with cloud(f"http://127.0.0.1:{listener.getsockname()[1]}") as issuer:
            with startup.explained():
                chosen = settings()
                telemetry.log_as_json(chosen.log_level, chosen.project)
                require_hevc_alpha()
                require_colour_filters()
                application = gateway.functions({}, platform(issuer, chosen.functions_url))
                folder.prepare(chosen.home)
                local.development_key(composition.ports(), chosen.home)
                (chosen.home / "address").write_text(chosen.base_url + "\n")
            if not arguments.quiet:
                print(local.greeting(chosen.base_url, chosen.home))
            sweeper = function_address(chosen.functions_url, "sweep")
            threading.Thread(target=sweep, args=(issuer, sweeper, stopped), daemon=True).start()
            serving.serve(application, listener)
    except (StartError, DidNotStart) as error:
        return startup.refuse(error)
    finally:
        stopped.set()
    return 0


if __name__ == "__main__":
    sys.exit(main())
