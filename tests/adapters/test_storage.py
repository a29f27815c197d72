"""Cloud Storage when the way there is bad: lost answers, cut uploads, damage, and large objects."""

import json
import logging
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import requests

from infra.emulators.bridge import Bridge, Cut, Forward, Reply, Request
from shared.adapters.gcp import calls
from shared.adapters.gcp.blobs import CHUNK, TIMEOUT, StorageBlobs
from shared.errors import Busy, Conflict, MascotryError, NotFound
from shared.ports import Blob, Bucket
from tests.contract.cloud_storage import CloudStorage

NAME = "me/a fox/wave.png"
PNG: Any = {"content_type": "image/png"}
WEBM: Any = {"content_type": "video/webm", "cache_control": "public", "metadata": {"asset": "a"}}


@pytest.fixture
def bridge(cloud_storage: CloudStorage) -> Iterator[Bridge]:
    bridge = cloud_storage.server.bridge
    yield bridge
    bridge.meddle = None


@pytest.fixture
def blobs(cloud_storage: CloudStorage, bridge: Bridge) -> Iterator[StorageBlobs]:
    with cloud_storage.open(cloud_storage.buckets()) as blobs:
        yield blobs


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up soon."""
    monkeypatch.setattr(calls, "PATIENCE", 0.5)


def put(blobs: StorageBlobs, data: bytes | Path = b"fox", **options: Any) -> Blob:
    return blobs.put(Bucket.WORK, NAME, data, **(PNG | options))


def changes(request: Request) -> bool:
    return request.method in ("POST", "PUT", "DELETE")


class Wire:
    """Does something to some of the first requests of a kind, and keeps all of them."""

    def __init__(self, bridge: Bridge, which: Callable[[Request], bool] = changes) -> None:
        self.seen: list[Request] = []
        self._which = which
        self._plan: list[Callable[[Request, Forward], Reply]] = []
        bridge.meddle = self._meddle

    def then(self, *plan: Callable[[Request, Forward], Reply]) -> "Wire":
        self._plan += plan
        return self

    def _meddle(self, request: Request, forward: Forward) -> Reply:
        if not self._which(request):
            return forward(request)
        self.seen.append(request)
        return self._plan.pop(0)(request, forward) if self._plan else forward(request)


def lose_answer(request: Request, forward: Forward) -> Reply:
    forward(request)
    raise Cut


def cut(request: Request, forward: Forward) -> Reply:
    raise Cut


def passes(request: Request, forward: Forward) -> Reply:
    return forward(request)


def says(status: int, reason: str = "said so") -> Callable[[Request, Forward], Reply]:
    return lambda request, forward: Reply.error(status, reason)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 MB in which no two parts are alike."""
    path = tmp_path_factory.mktemp("large") / "film"
    with path.open("wb") as file:
        for n in range(40):
            file.write(n.to_bytes(4, "big") * 250_000)
    return path


# --- large objects -------------------------------------------------------------------------------


def test_a_large_file_goes_in_parts_and_never_into_memory(
    blobs: StorageBlobs, bridge: Bridge, large: Path, tmp_path: Path
) -> None:
    put(blobs, b"loads what is loaded once")
    wire = Wire(bridge)
    tracemalloc.start()
    try:
        blob = put(blobs, large, cache_control="no-cache", metadata={"a": "1"})
        assert blobs.download(Bucket.WORK, NAME, tmp_path / "back") == blob
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3 * CHUNK, f"{peak:,} bytes"
    parts = [request for request in wire.seen if request.method == "PUT"]
    assert [request.size for request in parts] == [CHUNK] * 4 + [40_000_000 - 4 * CHUNK]
    assert (blob.size, blob.cache_control, blob.metadata) == (40_000_000, "no-cache", {"a": "1"})
    assert (tmp_path / "back").read_bytes() == large.read_bytes()


def test_a_large_file_takes_preconditions(blobs: StorageBlobs, large: Path) -> None:
    first = put(blobs, large, if_generation=0)
    with pytest.raises(Conflict):
        put(blobs, large, if_generation=0)
    with pytest.raises(Conflict):
        put(blobs, large, if_generation=first.generation - 1)
    assert put(blobs, large, if_generation=first.generation).generation > first.generation


def test_who_creates_a_name_during_a_large_upload_wins(
    blobs: StorageBlobs, bridge: Bridge, large: Path
) -> None:
    def create(request: Request, forward: Forward) -> Reply:
        bridge.meddle = None
        put(blobs)
        return forward(request)

    Wire(bridge).then(passes, passes, create)
    with pytest.raises(Conflict):
        put(blobs, large, if_generation=0)
    assert blobs.read(Bucket.WORK, NAME) == b"fox"


@pytest.mark.parametrize("fault", [cut, lose_answer, says(503)], ids=["cut", "lost", "503"])
@pytest.mark.parametrize("part", range(4), ids=["start", "first", "third", "last"])
def test_a_large_upload_goes_on_after_a_fault(
    blobs: StorageBlobs, bridge: Bridge, large: Path, fault: Any, part: int
) -> None:
    Wire(bridge).then(*[passes] * (0, 1, 3, 5)[part], fault)
    blob = put(blobs, large, if_generation=0)
    assert blobs.stat(Bucket.WORK, NAME) == blob
    assert blobs.read(Bucket.WORK, NAME) == large.read_bytes()


@pytest.mark.usefixtures("impatient")
def test_a_large_upload_that_stays_cut_off_leaves_nothing(
    blobs: StorageBlobs, bridge: Bridge, large: Path
) -> None:
    Wire(bridge).then(passes, passes, *[cut] * 100)
    with pytest.raises(Busy):
        put(blobs, large)
    bridge.meddle = None
    assert blobs.stat(Bucket.WORK, NAME) is None
    assert put(blobs, large).size == 40_000_000


def test_an_upload_that_the_store_forgot_can_be_tried_again(
    blobs: StorageBlobs, bridge: Bridge, large: Path
) -> None:
    Wire(bridge).then(passes, passes, says(410))
    with pytest.raises(Busy):
        put(blobs, large)


def test_a_large_object_is_copied_in_rounds(blobs: StorageBlobs, bridge: Bridge) -> None:
    source = put(blobs)

    def round_(n: int) -> Callable[[Request, Forward], Reply]:
        said = {"done": False, "totalBytesRewritten": str(n), "objectSize": "3"}
        body = json.dumps({**said, "rewriteToken": f"token-{n}"}).encode()
        return lambda request, forward: Reply(200, {"content-type": "application/json"}, body)

    wire = Wire(bridge).then(round_(1), round_(2))
    copy = blobs.copy((Bucket.WORK, NAME), (Bucket.ASSETS, "b"), if_generation=0, **WEBM)
    assert (copy.etag, copy.metadata) == (source.etag, {"asset": "a"})
    assert [request.query.get("rewriteToken") for request in wire.seen] == [
        None,
        "token-1",
        "token-2",
    ]
    assert {request.query["ifGenerationMatch"] for request in wire.seen} == {"0"}


# --- lost answers --------------------------------------------------------------------------------


@pytest.mark.parametrize("if_generation", [0, None])
def test_a_put_whose_answer_got_lost_is_done_once(
    blobs: StorageBlobs, bridge: Bridge, if_generation: int | None
) -> None:
    finalized: list[Any] = []
    bridge.subscribers.append(finalized.append)
    wire = Wire(bridge).then(lose_answer)
    blob = put(blobs, metadata={"a": "1"}, if_generation=if_generation)
    bridge.subscribers.remove(finalized.append)
    assert len(wire.seen) == 2
    assert [one["generation"] for one in finalized] == [str(blob.generation)]
    assert blobs.stat(Bucket.WORK, NAME) == blob


def test_somebody_elses_object_is_not_taken_for_ones_own(
    blobs: StorageBlobs, bridge: Bridge
) -> None:
    def overtake(request: Request, forward: Forward) -> Reply:
        bridge.meddle = None
        put(blobs, metadata={"by": "another"})
        raise Cut

    Wire(bridge).then(overtake)
    with pytest.raises(Conflict):
        put(blobs, metadata={"by": "me"}, if_generation=0)
    there = blobs.stat(Bucket.WORK, NAME)
    assert there
    assert there.metadata == {"by": "another"}


def test_an_equal_object_of_before_is_still_a_conflict(blobs: StorageBlobs, bridge: Bridge) -> None:
    put(blobs)
    wire = Wire(bridge)
    with pytest.raises(Conflict):
        put(blobs, if_generation=0)
    assert len(wire.seen) == 1, "a conflict is an answer"


@pytest.mark.parametrize("if_generation", [0, None])
def test_a_copy_whose_answer_got_lost_is_done_once(
    blobs: StorageBlobs, bridge: Bridge, if_generation: int | None
) -> None:
    put(blobs)
    wire = Wire(bridge).then(lose_answer)
    paths = (Bucket.WORK, NAME), (Bucket.ASSETS, "b")
    copy = blobs.copy(*paths, if_generation=if_generation, **WEBM)
    assert len(wire.seen) == 2
    assert blobs.stat(Bucket.ASSETS, "b") == copy


def test_a_deletion_whose_answer_got_lost_is_done(blobs: StorageBlobs, bridge: Bridge) -> None:
    put(blobs)
    Wire(bridge).then(lose_answer)
    assert blobs.delete(Bucket.WORK, NAME) is True
    assert blobs.stat(Bucket.WORK, NAME) is None


def test_a_repeated_deletion_spares_what_came_after(blobs: StorageBlobs, bridge: Bridge) -> None:
    def replaced(request: Request, forward: Forward) -> Reply:
        forward(request)
        bridge.meddle = None
        put(blobs, b"bear")
        raise Cut

    put(blobs)
    Wire(bridge).then(replaced)
    assert blobs.delete(Bucket.WORK, NAME) is True
    assert blobs.read(Bucket.WORK, NAME) == b"bear"


def test_of_two_who_delete_one_did(blobs: StorageBlobs, bridge: Bridge) -> None:
    def faster(request: Request, forward: Forward) -> Reply:
        bridge.meddle = None
        assert blobs.delete(Bucket.WORK, NAME) is True
        return forward(request)

    put(blobs)
    Wire(bridge).then(faster)
    assert blobs.delete(Bucket.WORK, NAME) is False


# --- faults --------------------------------------------------------------------------------------

OPERATIONS: dict[str, Callable[[StorageBlobs, Path], object]] = {
    "put": lambda blobs, folder: put(blobs),
    "stat": lambda blobs, folder: blobs.stat(Bucket.WORK, NAME),
    "read": lambda blobs, folder: blobs.read(Bucket.WORK, NAME),
    "download": lambda blobs, folder: blobs.download(Bucket.WORK, NAME, folder / "file"),
    "copy": lambda blobs, folder: blobs.copy((Bucket.WORK, NAME), (Bucket.ASSETS, "b"), **WEBM),
    "list": lambda blobs, folder: blobs.list(Bucket.WORK, "", limit=9),
    "delete": lambda blobs, folder: blobs.delete(Bucket.WORK, NAME),
}


def anything(request: Request) -> bool:
    return True


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("fault", [cut, says(429), says(503)], ids=["cut", "429", "503"])
def test_what_passes_is_waited_for(
    blobs: StorageBlobs, bridge: Bridge, tmp_path: Path, operation: str, fault: Any
) -> None:
    put(blobs)
    wire = Wire(bridge, anything).then(fault)
    OPERATIONS[operation](blobs, tmp_path)
    assert len(wire.seen) > 1


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.usefixtures("impatient")
def test_a_store_out_of_reach_is_busy(
    blobs: StorageBlobs, bridge: Bridge, tmp_path: Path, operation: str
) -> None:
    put(blobs)
    Wire(bridge, anything).then(*[cut] * 100)
    with pytest.raises(Busy):
        OPERATIONS[operation](blobs, tmp_path)
    assert not (tmp_path / "file").exists()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_refusal_is_a_fault_that_is_logged_and_not_repeated(
    blobs: StorageBlobs,
    bridge: Bridge,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    operation: str,
) -> None:
    put(blobs)
    wire = Wire(bridge, anything).then(says(403, "may not"))
    with pytest.raises(MascotryError) as caught:
        OPERATIONS[operation](blobs, tmp_path)
    assert not caught.value.retryable
    assert len(wire.seen) == 1
    [record] = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert "may not" in record.__dict__["reason"]


@pytest.mark.parametrize("fault", [says(403), says(400)], ids=["403", "400"])
def test_where_one_could_upload_to_is_told_to_nobody(
    blobs: StorageBlobs,
    bridge: Bridge,
    large: Path,
    caplog: pytest.LogCaptureFixture,
    fault: Any,
) -> None:
    caplog.set_level(logging.INFO)
    wire = Wire(bridge).then(passes, passes, fault)
    with pytest.raises(MascotryError) as caught:
        put(blobs, large)
    secret = wire.seen[-1].query["upload_id"]
    logged = " ".join(str(record.__dict__) for record in caplog.records)
    assert secret not in f"{caught.getrepr(chain=True)} {logged}"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_request_waits_for_ever(
    blobs: StorageBlobs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, operation: str
) -> None:
    put(blobs)
    timeouts: list[Any] = []
    send = requests.Session.send

    def watch(self: requests.Session, request: Any, **options: Any) -> Any:
        timeouts.append(options["timeout"])
        return send(self, request, **options)

    monkeypatch.setattr(requests.Session, "send", watch)
    OPERATIONS[operation](blobs, tmp_path)
    assert set(timeouts) == {TIMEOUT}


# --- damage, and what changes meanwhile ----------------------------------------------------------


def is_media(request: Request) -> bool:
    return request.query.get("alt") == "media"


def test_a_download_is_of_one_generation(
    blobs: StorageBlobs, bridge: Bridge, tmp_path: Path
) -> None:
    def replaced(request: Request, forward: Forward) -> Reply:
        bridge.meddle = None
        put(blobs, b"bear")
        return forward(request)

    put(blobs)
    Wire(bridge, is_media).then(replaced)
    blob = blobs.download(Bucket.WORK, NAME, tmp_path / "file")
    assert (blob, (tmp_path / "file").read_bytes()) == (blobs.stat(Bucket.WORK, NAME), b"bear")


def test_a_download_of_what_is_deleted_meanwhile(
    blobs: StorageBlobs, bridge: Bridge, tmp_path: Path
) -> None:
    def deleted(request: Request, forward: Forward) -> Reply:
        bridge.meddle = None
        blobs.delete(Bucket.WORK, NAME)
        return forward(request)

    put(blobs)
    Wire(bridge, is_media).then(deleted)
    with pytest.raises(NotFound):
        blobs.download(Bucket.WORK, NAME, tmp_path / "file")
    assert not (tmp_path / "file").exists()


def test_a_damaged_download_is_no_file(blobs: StorageBlobs, bridge: Bridge, tmp_path: Path) -> None:
    def damaged(request: Request, forward: Forward) -> Reply:
        reply = forward(request)
        assert not isinstance(reply.body, bytes)
        return replace(reply, body=reply.body.read().replace(b"f", b"b"))

    put(blobs)
    Wire(bridge, is_media).then(damaged)
    with pytest.raises(Busy):
        blobs.download(Bucket.WORK, NAME, tmp_path / "file")
    assert not (tmp_path / "file").exists()


def test_a_damaged_upload_is_no_object(blobs: StorageBlobs, bridge: Bridge) -> None:
    def damaged(request: Request, forward: Forward) -> Reply:
        body = request.stream.read(request.size).replace(b"FOX", b"BOG")
        with closing(replace(request, stream=BytesIO(body))) as other:
            return forward(other)

    Wire(bridge).then(damaged)
    with pytest.raises(Busy):
        put(blobs, b"FOX")
    assert blobs.stat(Bucket.WORK, NAME) is None


# --- the rest ------------------------------------------------------------------------------------


def test_the_etag_is_what_readers_get(blobs: StorageBlobs, bridge: Bridge) -> None:
    assert put(blobs).etag == "2b95d1f09b8b66c5c43622a4d9ec9a04"

    def composed(request: Request, forward: Forward) -> Reply:
        reply = forward(request)
        assert isinstance(reply.body, bytes) or reply.body
        body = reply.body if isinstance(reply.body, bytes) else reply.body.read()
        resource = json.loads(body)
        del resource["md5Hash"]
        return Reply(200, {"content-type": "application/json"}, json.dumps(resource).encode())

    Wire(bridge, anything).then(composed)
    there = blobs.stat(Bucket.WORK, NAME)
    assert there
    assert there.etag == "0b500d99-3", "of what has no MD5"


def test_addresses_without_a_cdn() -> None:
    blobs = StorageBlobs("demo", {bucket: f"my-{bucket}" for bucket in Bucket}, cdn_url=None)
    url = "https://storage.googleapis.com/my-assets/a%20b/%C5%BC%3F.png"
    assert blobs.public_url("a b/ż?.png") == url


@pytest.mark.parametrize("bucket", Bucket)
def test_a_name_that_cannot_be_is_absent(blobs: StorageBlobs, bucket: Bucket) -> None:
    for name in ("..", ".", "", "a//b"):
        assert blobs.stat(bucket, name) is None
        assert blobs.delete(bucket, name) is False
        with pytest.raises(NotFound):
            blobs.read(bucket, name)
        with pytest.raises(NotFound):
            blobs.copy((bucket, name), (bucket, "b"), **WEBM)


def test_parts_that_are_empty_or_behind_the_end(blobs: StorageBlobs) -> None:
    put(blobs)
    assert blobs.read(Bucket.WORK, NAME, start=3) == b""
    assert blobs.read(Bucket.WORK, NAME, start=99, end=100) == b""
    assert blobs.read(Bucket.WORK, NAME, start=1, end=1) == b""
    with pytest.raises(NotFound):
        blobs.read(Bucket.WORK, "absent", start=1, end=1)
