"""The storage trigger takes what Eventarc sends, however often and in whatever order, and nothing
else does anything."""

from typing import Any

import pytest

from functions import composition
from shared.adapters.embedded.events import event_headers, object_resource
from shared.config import settings
from shared.model.job import Job, StepStatus
from shared.ports import Blob, Bucket, Json
from tests.api.client import function
from tests.services.world import Tenant, World

IMAGE: Json = {"type": "image", "name": "Wave", "image_prompt": "waving", "sizes": [64]}
FINALIZED = "google.cloud.storage.object.v1.finalized"


@pytest.fixture
def job(world: World, tenant: Tenant) -> Job:
    """Its still is public, and its sizes wait for the event that says so."""
    job = world.generate(tenant, IMAGE).job
    world.drain("image", "cutout", "validate")
    assert waits(world, job)
    return job


def waits(world: World, job: Job) -> bool:
    return world.job(job).steps["resize"].status is StepStatus.BLOCKED


def still(world: World, job: Job) -> Blob:
    return world.public()[job.assets["transparent_image"].path]


def told(world: World, job: Job) -> Json:
    """The event's body, with all that the JSON interface says of an object."""
    blob = still(world, job)
    return {
        **object_resource(blob),
        "selfLink": f"https://www.googleapis.com/storage/v1/b/assets/o/{blob.name}",
        "mediaLink": f"https://storage.googleapis.com/download/storage/v1/b/assets/o/{blob.name}",
        "storageClass": "STANDARD",
        "md5Hash": "rL0Y20zC+Fzt72VPzMSk2A==",
        "crc32c": "z8SuHQ==",
        "timeStorageClassUpdated": "2026-11-23T03:43:16.673Z",
    }


def send(resource: Any, *, kind: str = FINALIZED, data: bytes | None = None) -> int:
    named = {"bucket": "assets", "name": "a", "updated": "2026-11-23T03:43:16.673Z"}
    headers = event_headers("1", {**named, **(resource if isinstance(resource, dict) else {})})
    headers |= {
        "ce-type": kind,
        "ce-bucket": "assets",
        "Content-Type": "application/json",
        "Authorization": f"Bearer {composition.task_token(settings())}",
    }
    body = {"data": data} if data is not None else {"json": resource}
    client = function("on_object_finalized", "cloudevent")
    return client.post("/", headers=headers, **body).status_code


def test_an_event_counts_once_however_often_it_comes(world: World, job: Job) -> None:
    for _ in range(3):
        assert send(told(world, job)) == 200
    assert [queue for queue, _ in world.deliveries()].count("resize") == 1
    world.drain()
    assert send(told(world, job)) == 200
    assert world.deliveries() == []
    assert world.job(job).finished


def test_the_late_event_of_what_was_overwritten_fires_nothing(world: World, job: Job) -> None:
    late = told(world, job)
    late["generation"] = str(int(late["generation"]) - 1)
    late["metadata"] = {**late["metadata"], "sha256": "0" * 64}
    assert send(late) == 200
    assert waits(world, job)
    assert send(told(world, job)) == 200
    assert send(late) == 200, "and neither does it after the newer one"
    assert not waits(world, job)


def test_placeholders_fire_nothing(world: World, tenant: Tenant) -> None:
    job = world.generate(tenant, IMAGE).job
    before = world.job(job)
    for blob in world.public().values():
        assert send(object_resource(blob)) == 200
    assert world.job(job) == before


NOBODY = "00000000-0000-4000-8000-00000000dead"


@pytest.mark.parametrize(
    "changes",
    [
        {"bucket": "somebody-elses"},
        {"bucket": "work"},
        {"bucket": "uploads"},
        {"bucket": ""},
        {"bucket": None},
        {"bucket": ["assets"]},
        {"name": "elsewhere/fox.png"},
        {"name": "../../fox.png"},
        {"name": ""},
        {"name": None},
        {"name": 7},
        {"metadata": None},
        {"metadata": {}},
        {"metadata": "fires"},
        {"metadata": ["fires"]},
    ],
    ids=str,
)
def test_foreign_and_malformed_events_do_nothing(
    world: World, job: Job, changes: dict[str, Any]
) -> None:
    assert send({**told(world, job), **changes}) == 200
    assert waits(world, job)


@pytest.mark.parametrize(
    "changes",
    [
        {"workspace": NOBODY},
        {"workspace": "x/../y"},
        {"workspace": ""},
        {"job": NOBODY},
        {"job": "a/b"},
        {"asset": NOBODY},
        {"asset": {"a": 1}},
        {"sha256": None},
    ],
    ids=str,
)
def test_metadata_that_no_job_bears_out_fires_nothing(
    world: World, job: Job, changes: dict[str, Any]
) -> None:
    resource = told(world, job)
    assert send({**resource, "metadata": {**resource["metadata"], **changes}}) == 200
    assert waits(world, job)


@pytest.mark.parametrize("what", ["archived", "deleted", "metadataUpdated"])
def test_only_finalized_objects_count(world: World, job: Job, what: str) -> None:
    assert send(told(world, job), kind=f"google.cloud.storage.object.v1.{what}") == 200
    assert waits(world, job)


@pytest.mark.parametrize("data", [b"[]", b'"fires"', b"null", b"7"])
def test_bodies_that_are_no_object_do_nothing(world: World, job: Job, data: bytes) -> None:
    assert send({}, data=data) == 200
    assert waits(world, job)


@pytest.mark.parametrize(
    "name",
    ["fox.png", "a/b/c.png", f"{NOBODY}/x/fox.png", f"{NOBODY}/{NOBODY}/", f"{NOBODY}/{NOBODY}"],
)
def test_uploads_under_names_that_nobody_was_given_are_let_be(
    world: World, tenant: Tenant, name: str
) -> None:
    blob = world.ports.blobs.put(Bucket.UPLOADS, name.strip("/"), b"fox", content_type="image/png")
    assert send({**object_resource(blob), "name": name}) == 200
    assert world.ports.blobs.stat(Bucket.UPLOADS, blob.name) == blob


def test_what_could_not_be_done_is_asked_for_again(
    world: World, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("shared.services.runner.apply", fail)
        assert send(told(world, job)) == 500
    assert waits(world, job)
    assert send(told(world, job)) == 200
    assert not waits(world, job)
