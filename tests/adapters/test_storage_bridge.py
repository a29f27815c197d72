"""The bridge in front of fake-gcs-server, and the events that it sends on."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3
from google.cloud.storage import Client  # type: ignore[import-untyped]

from infra.emulators.eventarc import Eventarc
from shared.adapters.gcp.blobs import StorageBlobs
from shared.ports import Bucket
from tests.contract.cloud_storage import CloudStorage
from tests.contract.receiver import Answer, Delivery, Receiver, serve_receiver

PATH = "/events/"
SECONDS = 60
PNG: Any = {"content_type": "image/png"}
ROOT = Path(__file__).parents[2]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with serve_receiver() as receiver:
        yield receiver


@pytest.fixture
def buckets(cloud_storage: CloudStorage) -> dict[Bucket, str]:
    return cloud_storage.buckets()


@pytest.fixture
def blobs(cloud_storage: CloudStorage, buckets: dict[Bucket, str]) -> Iterator[StorageBlobs]:
    with cloud_storage.open(buckets) as blobs:
        yield blobs


@pytest.fixture
def eventarc(
    cloud_storage: CloudStorage, buckets: dict[Bucket, str], receiver: Receiver
) -> Iterator[Eventarc]:
    eventarc = Eventarc(
        receiver.url + PATH,
        [buckets[Bucket.ASSETS]],
        authorization=lambda: "Bearer a token for this function",
        copies=2,
    )
    eventarc.start()
    cloud_storage.server.bridge.subscribers.append(eventarc.announce)
    yield eventarc
    cloud_storage.server.bridge.subscribers.remove(eventarc.announce)
    eventarc.stop()


def lower(delivery: Delivery) -> dict[str, str]:
    return {name.lower(): value for name, value in delivery.headers.items()}


def test_an_event_is_as_eventarc_sends_it(
    blobs: StorageBlobs, buckets: dict[Bucket, str], receiver: Receiver, eventarc: Eventarc
) -> None:
    blob = blobs.put(
        Bucket.ASSETS, "me/żaba.png", b"fox", metadata={"a": "1"}, cache_control="no-store", **PNG
    )
    event = receiver.wait_for(PATH, 1)[0]
    headers = lower(event)
    bucket = buckets[Bucket.ASSETS]
    assert headers.pop("ce-id")
    assert headers.pop("ce-time") == event.payload["updated"]
    assert {name: value for name, value in headers.items() if name.startswith("ce-")} == {
        "ce-specversion": "1.0",
        "ce-type": "google.cloud.storage.object.v1.finalized",
        "ce-source": f"//storage.googleapis.com/projects/_/buckets/{bucket}",
        "ce-subject": "objects/me/%C5%BCaba.png",
        "ce-bucket": bucket,
    }
    assert headers["content-type"] == "application/json"
    assert headers["authorization"] == "Bearer a token for this function"
    told = {
        "kind": "storage#object",
        "name": blob.name,
        "bucket": bucket,
        "generation": str(blob.generation),
        "metageneration": "1",
        "size": "3",
        "contentType": "image/png",
        "cacheControl": "no-store",
        "metadata": {"a": "1"},
        "md5Hash": "K5XR8JuLZsXENiKk2eyaBA==",
        "crc32c": "C1ANmQ==",
    }
    assert {name: event.payload[name] for name in told} == told
    assert event.payload.keys() >= {"id", "timeCreated", "etag"}


def test_each_way_to_finalize_an_object_is_one_event(
    cloud_storage: CloudStorage,
    blobs: StorageBlobs,
    buckets: dict[Bucket, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[str] = []
    subscribers = cloud_storage.server.bridge.subscribers
    note = lambda resource: told.append(resource["name"])  # noqa: E731
    subscribers.append(note)
    assets = Bucket.ASSETS
    monkeypatch.setattr("shared.adapters.gcp.blobs.CHUNK", 256 * 1024)
    blobs.put(assets, "small", b"fox", **PNG)
    blobs.put(assets, "large", bytes(9_000_000), **PNG)
    blobs.copy((assets, "small"), (assets, "copy"), cache_control="", **PNG)
    client = Client(project="emulated")
    bucket = client.bucket(buckets[assets])
    bucket.blob("composed").compose([bucket.blob("small"), bucket.blob("copy")])
    bucket.copy_blob(bucket.blob("small"), bucket, "copied")
    client.close()
    blobs.delete(assets, "small")
    subscribers.remove(note)
    assert told == ["small", "large", "copy", "composed", "copied"]


def test_events_come_again_in_copies_and_late(
    blobs: StorageBlobs, receiver: Receiver, eventarc: Eventarc
) -> None:
    receiver.answer(PATH, Answer(500), Answer(404), Answer(429))
    blobs.put(Bucket.ASSETS, "a", b"fox", **PNG)
    blobs.put(Bucket.WORK, "b", b"fox", **PNG)
    eventarc.drain()
    events = receiver.deliveries(PATH)
    assert len(events) == 3 + 2, "two copies are taken in the end"
    assert len({lower(event)["ce-id"] for event in events}) == 1


def test_events_can_be_held_and_arranged(
    blobs: StorageBlobs, receiver: Receiver, eventarc: Eventarc
) -> None:
    eventarc.hold()
    generations = [
        str(blobs.put(Bucket.ASSETS, "a", text.encode(), **PNG).generation) for text in "abc"
    ]
    eventarc.drain()
    assert receiver.deliveries(PATH) == []
    eventarc.release(lambda events: [*reversed(events), events[0]])
    came = [event.payload["generation"] for event in receiver.deliveries(PATH)]
    assert came == [*reversed(generations), generations[0]]


def test_a_conflict_finalizes_nothing(blobs: StorageBlobs, cloud_storage: CloudStorage) -> None:
    told: list[Any] = []
    subscribers = cloud_storage.server.bridge.subscribers
    blobs.put(Bucket.WORK, "a", b"fox", **PNG)
    subscribers.append(told.append)
    for size in (3, 9_000_000):
        with pytest.raises(Exception, match="another generation"):
            blobs.put(Bucket.WORK, "a", bytes(size), if_generation=0, **PNG)
    subscribers.remove(told.append)
    assert told == []


def test_the_server_does_not_outlive_who_started_it() -> None:
    code = (
        "import time\n"
        "from infra.emulators.storage import running\n"
        "with running(buckets=('assets',)) as storage:\n"
        "    print(storage.bridge.upstream, flush=True)\n"
        "    time.sleep(600)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout
        address = process.stdout.readline().strip()
        url = f"http://{address}/storage/v1/b/assets"
        try:
            assert urllib3.request("GET", url).status == 200
        finally:
            os.kill(process.pid, signal.SIGKILL)
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            urllib3.request("GET", url, retries=False)
        except urllib3.exceptions.HTTPError:
            return
        assert time.monotonic() < deadline, "it is still there"
        time.sleep(0.05)
