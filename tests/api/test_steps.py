"""The entry points that only the queue, the scheduler and the store may call."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from functions import composition
from functions.steps import cutout
from shared.config import settings
from shared.errors import TransientError
from shared.graph.events import Claimed
from shared.graph.policy import GRACE
from shared.model.job import Job, StepKind, StepStatus
from shared.ports import Bucket
from shared.services import jobstore
from shared.services.steps import Delivery
from tests.api.client import function
from tests.graph.jobs import IMAGE
from tests.services.world import Tenant, World, draw


def call(target: str, payload: Any, token: str | None = None) -> Any:
    given = composition.task_token(settings()) if token is None else token
    client: FlaskClient = function(target)
    return client.post("/", json=payload, headers={"Authorization": f"Bearer {given}"})


@pytest.fixture
def job(world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> Job:
    """A job whose cut-out is next."""
    monkeypatch.setattr(cutout, "run", draw)
    job = world.generate(tenant, IMAGE).job
    world.drain("image")
    assert world.job(job).steps["cutout"].status is StepStatus.READY
    return job


def payload(job: Job, **changes: Any) -> dict[str, Any]:
    return {**Delivery(job.workspace_id, job.id, "cutout", 1, 1).payload(), **changes}


def test_a_delivery_is_handled_and_acknowledged(world: World, job: Job) -> None:
    assert call("cutout", payload(job)).status_code == 204
    assert world.job(job).steps["cutout"].status is StepStatus.SUCCEEDED
    assert call("cutout", payload(job)).status_code == 204


def test_the_queue_function_does_nothing_for_strange_deliveries(world: World, job: Job) -> None:
    assert call("cutout", payload(job, job_id="gone")).status_code == 204
    assert call("cutout", payload(job, attempt=7)).status_code == 204
    assert world.job(job).steps["cutout"].status is StepStatus.READY


def test_a_live_lease_asks_to_come_back(world: World, job: Job) -> None:
    jobstore.apply(world.ports, job.workspace_id, job.id, Claimed("cutout", 1, 1))
    response = call("cutout", payload(job))
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0


def test_a_failing_step_is_acknowledged_because_the_job_knows(
    world: World, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(context: object) -> None:
        raise TransientError("boom", "It broke.")

    monkeypatch.setattr(cutout, "run", fail)
    assert call("cutout", payload(job)).status_code == 204
    assert world.job(job).steps["cutout"].attempt == 2


@pytest.mark.parametrize("target", [*StepKind, "sweep"])
@pytest.mark.parametrize("token", ["", "wrong", "é"])
def test_a_wrong_token_opens_nothing(world: World, job: Job, target: str, token: str) -> None:
    before = world.job(job)
    response = call(target, payload(job), token=token)
    assert response.status_code == 401
    assert response.get_json()["error"]["code"] == "unauthorized"
    assert world.job(job) == before


def test_an_api_key_is_no_token(world: World, tenant: Tenant, job: Job) -> None:
    assert call("cutout", payload(job), token=tenant.key).status_code == 401


def test_sweeping(world: World, job: Job) -> None:
    assert call("sweep", {}).get_json() == {"jobs": 0}
    world.clock.advance(GRACE + timedelta(seconds=1))
    assert call("sweep", {}).get_json() == {"jobs": 1}
    assert world.job(job).steps["cutout"].delivery == 2


# --- the storage trigger -------------------------------------------------------------------------


def finalize(resource: Any, kind: str = "google.cloud.storage.object.v1.finalized") -> int:
    headers = {
        "ce-id": "1",
        "ce-specversion": "1.0",
        "ce-type": kind,
        "ce-source": "//storage.googleapis.com/projects/_/buckets/assets",
        "Authorization": f"Bearer {composition.task_token(settings())}",
    }
    response = function("on_object_finalized", "cloudevent").post(
        "/", json=resource, headers=headers
    )
    return response.status_code


def test_a_finalized_object_fires_its_steps(world: World, tenant: Tenant) -> None:
    job = world.generate(tenant, {**IMAGE, "sizes": [64]}).job
    world.drain("image", "cutout", "validate")
    still = job.assets["transparent_image"]
    blob = world.ports.blobs.stat(Bucket.ASSETS, still.path)
    assert blob
    resource = {"bucket": "assets", "name": still.path, "metadata": dict(blob.metadata)}

    def is_ready() -> bool:
        return world.job(job).steps["resize"].status is StepStatus.READY

    assert finalize(resource, "google.cloud.storage.object.v1.deleted") == 200
    assert finalize({**resource, "bucket": "another"}) == 200
    assert finalize({**resource, "metadata": None}) == 200
    assert finalize({**resource, "name": "another"}) == 200
    assert finalize([]) == 200
    assert not is_ready()
    assert finalize(resource) == 200
    assert is_ready()
