"""Blobs on Cloud Storage: Google's client, and a server that behaves like the real one."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from infra.emulators.account import ServiceAccount
from infra.emulators.eventarc import Eventarc
from infra.emulators.storage import HOW_TO_GET, Storage, find, running
from shared.adapters.gcp.blobs import StorageBlobs
from shared.ports import Blobs, Bucket
from tests import emulators
from tests.contract.world import EVENTS_PATH, Place

PROJECT = "emulated"


@dataclass
class CloudStorage:
    """A server that all tests of a process share, each in buckets of its own."""

    server: Storage
    account: ServiceAccount

    def buckets(self) -> dict[Bucket, str]:
        names = {bucket: f"{bucket}-{secrets.token_hex(8)}" for bucket in Bucket}
        for name in names.values():
            self.server.create(name)
        return names

    @contextmanager
    def open(self, buckets: dict[Bucket, str]) -> Iterator[StorageBlobs]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("STORAGE_EMULATOR_HOST", self.server.url)
            blobs = StorageBlobs(
                PROJECT,
                buckets,
                cdn_url=f"{self.server.url}/{buckets[Bucket.ASSETS]}",
                credentials=self.account.credentials,
            )
            yield blobs
            blobs.close()


@contextmanager
def serving() -> Iterator[CloudStorage]:
    emulators.require("fake-gcs-server", find(), HOW_TO_GET)
    account = ServiceAccount("api@emulated.iam.gserviceaccount.com")
    with running(keys={account.email: account.public_key}) as server:
        yield CloudStorage(server, account)


@contextmanager
def blobs(place: Place) -> Iterator[Blobs]:
    cloud: CloudStorage = place.fixture("cloud_storage")
    buckets = cloud.buckets()
    eventarc = Eventarc(
        place.receiver.url + EVENTS_PATH, {buckets[Bucket.ASSETS], buckets[Bucket.UPLOADS]}
    )
    eventarc.start()
    subscribers = cloud.server.bridge.subscribers
    subscribers.append(eventarc.announce)
    try:
        with cloud.open(buckets) as blobs:
            yield blobs
    finally:
        subscribers.remove(eventarc.announce)
        eventarc.stop()
