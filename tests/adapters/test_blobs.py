import os
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from shared.adapters.embedded.blobs import EmbeddedBlobs
from shared.adapters.embedded.contents import Contents
from shared.adapters.embedded.events import EVENTS_QUEUE, event_name
from shared.errors import Conflict, NotFound
from shared.ports import Blob, Bucket
from tests.adapters.stack import Stack

PNG: Any = {"content_type": "image/png"}
COPY: Any = {"content_type": "image/png", "cache_control": "public"}
NOW = timedelta(seconds=-1)  # older than this is everything


def put(stack: Stack, name: str, data: bytes = b"fox", bucket: Bucket = Bucket.WORK) -> Blob:
    return stack.blobs.put(bucket, name, data, **PNG)


def test_the_etag_is_a_sha256(stack: Stack) -> None:
    digest = "776cb326ab0cd5f0a974c1b9606044d8485201f2db19cf8e3749bdee5f36e200"
    assert put(stack, "a").etag == digest


def test_names_never_reach_the_file_system(stack: Stack) -> None:
    put(stack, "CON/con ż" * 50)
    [file] = stack.files()
    assert len(file) == 32
    assert set(file) <= set("0123456789abcdef")


def test_a_replaced_content_is_removed(stack: Stack) -> None:
    put(stack, "a")
    first = stack.files()
    put(stack, "a", b"bear")
    assert len(stack.files()) == 1
    assert stack.files() != first


def test_a_shared_content_is_removed_with_its_last_object(stack: Stack) -> None:
    put(stack, "a")
    stack.blobs.copy((Bucket.WORK, "a"), (Bucket.ASSETS, "b"), **COPY)
    assert len(stack.files()) == 1
    put(stack, "a", b"bear")
    assert len(stack.files()) == 2
    stack.blobs.delete(Bucket.ASSETS, "b")
    assert len(stack.files()) == 1
    stack.blobs.delete(Bucket.WORK, "a")
    assert stack.files() == set()


def test_a_reader_keeps_the_content_that_it_opened(stack: Stack) -> None:
    put(stack, "a")
    blob, stream = stack.blobs.open(Bucket.WORK, "a")
    with stream:
        put(stack, "a", b"bear")
        assert stream.read() == b"fox"
    assert blob.size == 3


def test_reading_while_others_replace_never_fails(stack: Stack) -> None:
    put(stack, "a", b"0" * 1000)
    stopped = threading.Event()

    def replace() -> None:
        n = 0
        while not stopped.is_set():
            n += 1
            put(stack, "a", str(n % 10).encode() * 1000)

    writer = threading.Thread(target=replace)
    writer.start()
    try:
        for _ in range(300):
            data = stack.blobs.read(Bucket.WORK, "a")
            assert len(data) == 1000
            assert len(set(data)) == 1
    finally:
        stopped.set()
        writer.join()


def test_reading_what_is_replaced_just_then(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    really_open = Contents.open

    def open_late(contents: Contents, file: str) -> BinaryIO:
        opened.append(file)
        if len(opened) == 1:
            put(stack, "a", b"bear")
        return really_open(contents, file)

    put(stack, "a")
    monkeypatch.setattr(Contents, "open", open_late)
    assert stack.blobs.read(Bucket.WORK, "a") == b"bear"
    assert len(set(opened)) == 2


def test_a_content_is_on_disk_before_its_object_is_there(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    fsync = os.fsync

    def watch(descriptor: int) -> None:
        assert stack.blobs.stat(Bucket.WORK, "a") is None
        synced.append(os.fstat(descriptor).st_size)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watch)
    put(stack, "a", b"x" * 5)
    assert len(synced) == 2  # the file, and the folder that lists it
    assert synced[0] == 5


def test_a_lost_content_is_a_fault_and_not_an_absent_object(stack: Stack) -> None:
    put(stack, "a")
    for path in (stack.folder / "objects").glob("*/*"):
        path.unlink()
    with pytest.raises(FileNotFoundError):
        stack.blobs.read(Bucket.WORK, "a")


def test_the_event_is_in_the_queue_as_soon_as_the_object_is_there(stack: Stack) -> None:
    blob = put(stack, "a", bucket=Bucket.ASSETS)
    row = stack.task(EVENTS_QUEUE, event_name(blob))
    assert row is not None
    assert row.state == "waiting"


def test_an_object_that_cannot_be_announced_is_not_stored(stack: Stack) -> None:
    def refuse(*_: object) -> None:
        raise ZeroDivisionError

    blobs = EmbeddedBlobs(
        stack.database, base_url="", announce=refuse, clock=stack.clock, secret=b"x"
    )
    with pytest.raises(ZeroDivisionError):
        blobs.put(Bucket.ASSETS, "a", b"fox", **PNG)
    assert blobs.stat(Bucket.ASSETS, "a") is None
    assert stack.files() == set()


def test_a_put_that_conflicts_leaves_no_file(stack: Stack, tmp_path: Path) -> None:
    put(stack, "a")
    before = stack.files()
    with pytest.raises(Conflict):
        stack.blobs.put(Bucket.WORK, "a", b"bear", if_generation=0, **PNG)
    assert stack.files() == before


def test_a_put_that_loses_the_race_leaves_no_file(stack: Stack) -> None:
    class Source:
        """Somebody else creates the object while this one's content is being read."""

        def read(self, _: int) -> bytes:
            if stack.blobs.stat(Bucket.UPLOADS, "a") is None:
                put(stack, "a", bucket=Bucket.UPLOADS)
                return b"bear"
            return b""

    source: Any = Source()
    with pytest.raises(Conflict):
        stack.blobs.receive("a", source, content_type="image/png")
    assert stack.blobs.read(Bucket.UPLOADS, "a") == b"fox"
    assert len(stack.files()) == 1


def test_a_source_that_fails_leaves_no_file(stack: Stack) -> None:
    class Source:
        def read(self, _: int) -> bytes:
            raise OSError("the client is gone")

    source: Any = Source()
    with pytest.raises(OSError, match="gone"):
        stack.blobs.receive("a", source, content_type="image/png")
    assert stack.files() == set()


def test_garbage_is_what_no_object_refers_to(stack: Stack) -> None:
    put(stack, "a")
    wanted = stack.files()
    orphan = stack.folder / "objects" / "00" / ("0" * 32)
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"left by a crash")
    assert stack.blobs.collect_garbage() == 0  # too young: somebody may be writing it
    an_hour_ago = time.time() - 3600
    os.utime(orphan, (an_hour_ago, an_hour_ago))
    assert stack.blobs.collect_garbage() == 1
    assert stack.blobs.collect_garbage(NOW) == 0
    assert stack.files() == wanted


def test_work_expires_and_nothing_else(stack: Stack) -> None:
    for bucket in Bucket:
        put(stack, "old", bucket=bucket)
    stack.clock.advance(3600)
    put(stack, "young")
    assert stack.blobs.purge(Bucket.WORK, timedelta(minutes=30)) == 1
    assert stack.blobs.stat(Bucket.WORK, "old") is None
    assert stack.blobs.stat(Bucket.WORK, "young") is not None
    assert stack.blobs.stat(Bucket.ASSETS, "old") is not None
    assert stack.blobs.stat(Bucket.UPLOADS, "old") is not None
    assert len(stack.files()) == 3


def test_work_expires_in_any_number(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.adapters.embedded.blobs._BATCH", 3)
    for n in range(7):
        put(stack, str(n))
    stack.clock.advance(1)
    assert stack.blobs.purge(Bucket.WORK, timedelta()) == 7
    assert stack.files() == set()


@pytest.mark.parametrize("bucket", [Bucket.WORK, Bucket.ASSETS])
def test_a_name_that_cannot_be_is_absent(stack: Stack, bucket: Bucket) -> None:
    assert stack.blobs.stat(bucket, "../mascotry.sqlite3") is None
    with pytest.raises(NotFound):
        stack.blobs.read(bucket, "../mascotry.sqlite3")


def test_the_base_url_may_be_known_later(stack: Stack) -> None:
    url: list[str] = []
    base_url: Callable[[], str] = lambda: url[0]  # noqa: E731
    blobs = EmbeddedBlobs(
        stack.database,
        base_url=base_url,
        announce=stack.tasks.announce,
        clock=stack.clock,
        secret=b"x",
    )
    url.append("http://127.0.0.1:1234")
    assert blobs.public_url("a b/ż?.png") == "http://127.0.0.1:1234/cdn/a%20b/%C5%BC%3F.png"
