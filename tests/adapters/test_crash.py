"""What is left when the process is killed at an arbitrary moment."""

import hashlib
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from shared.adapters.embedded.dispatcher import QueueConfig
from shared.adapters.embedded.events import EVENTS_QUEUE
from shared.ports import Bucket
from tests.adapters.stack import Stack, dispatching, open_stack, wait_until
from tests.contract.receiver import Answer, Receiver

ROOT = Path(__file__).parents[2]
EVERYTHING = timedelta(seconds=-1)
QUEUES = [QueueConfig(name="q", path="/q"), QueueConfig(name=EVENTS_QUEUE, path="/events/")]


def run_and_kill(folder: Path, accepted: int, *arguments: str) -> list[tuple[str, int]]:
    """Let a process write until it has said so many times that it wrote, then SIGKILL it.

    Gives the names and generations of the objects whose writing it reported.
    """
    command = [sys.executable, "-m", "tests.adapters.victim", str(folder), *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(accepted)]
        process.kill()
        lines += process.stdout.readlines()
    reported = [line.split() for line in lines if line.endswith("\n")]
    return [(name, int(generation)) for name, generation in reported]


def events(stack: Stack) -> set[tuple[str, str]]:
    """The objects that the queue has an event of, with their generations."""
    with stack.database.read() as connection:
        return set(
            connection.execute(
                "SELECT json_extract(payload, '$.name'), json_extract(payload, '$.generation') "
                "FROM tasks WHERE queue = ?",
                (EVENTS_QUEUE,),
            )
        )


def check_objects(stack: Stack) -> None:
    """Every object has its content, every public one its event, and no file is left over."""
    announced = events(stack)
    for bucket in (Bucket.WORK, Bucket.ASSETS):
        for blob in stack.blobs.list(bucket, "", limit=100_000).results:
            data = stack.blobs.read(bucket, blob.name)
            assert hashlib.sha256(data).hexdigest() == blob.etag
            if bucket is Bucket.ASSETS:
                assert (blob.name, str(blob.generation)) in announced
    stack.blobs.collect_garbage(EVERYTHING)
    with stack.database.read() as connection:
        files = {file for (file,) in connection.execute("SELECT DISTINCT file FROM objects")}
    assert stack.files() == {Path(file).name for file in files}


def test_a_killed_process_leaves_nothing_torn(tmp_path: Path) -> None:
    for accepted in (1, 20, 60):
        reported = run_and_kill(tmp_path, accepted)
        assert len(reported) >= accepted
        with open_stack(tmp_path) as stack:
            for name, generation in reported:
                blob = stack.blobs.stat(Bucket.ASSETS, name)
                assert blob is not None
                assert blob.generation == generation
                assert stack.task("q", name.replace("/", "-")) is not None
            twins = stack.documents.get_many(["twins/a", "twins/b"])
            assert [twin and twin.data for twin in twins] == [twins[0] and twins[0].data] * 2
            run, last = reported[-1][0].split("/")
            assert twins[0] is not None
            assert twins[0].data["n"].startswith(run)
            assert int(twins[0].data["n"].split()[1]) >= int(last)
            check_objects(stack)


def test_what_a_killed_dispatcher_had_in_hand_is_delivered_again(
    tmp_path: Path, receiver: Receiver
) -> None:
    receiver.default = Answer(503, {"Retry-After": "3600"})
    reported = run_and_kill(tmp_path, 10, receiver.url)
    receiver.wait_for("/q", 1)
    receiver.default = Answer()
    before = len(receiver.deliveries("/q")), len(receiver.deliveries("/events/"))
    with open_stack(tmp_path) as stack:
        stack.clock.advance(7200)

        def unsettled() -> int:
            with stack.database.read() as connection:
                [(count,)] = connection.execute("SELECT count(*) FROM tasks WHERE state <> 'done'")
            return int(count)

        expected = unsettled()
        assert expected >= 3 * len(reported)
        # The lock went with the process.
        with dispatching(stack, QUEUES, receiver.url):
            wait_until(lambda: unsettled() == 0)
    after = len(receiver.deliveries("/q")), len(receiver.deliveries("/events/"))
    assert sum(after) - sum(before) >= expected
    delivered = {d.headers["X-CloudTasks-TaskName"] for d in receiver.deliveries("/q")[before[0] :]}
    assert {name.replace("/", "-") for name, _ in reported} <= delivered
