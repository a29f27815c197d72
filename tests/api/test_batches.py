"""Many generations in one call: one price, one job each, all or none."""

from typing import Any

import pytest

from shared import config
from shared.model.credit import Bucket
from shared.model.job import JobStatus
from tests.api.client import Client
from tests.graph.jobs import FILM, IMAGE
from tests.services.money import available, meter
from tests.services.world import Tenant, World

REQUESTS = [{"name": "Wave", **FILM}, {"name": "Sit", **IMAGE}, {"name": "Run", **IMAGE}]


@pytest.fixture
def path(tenant: Tenant) -> str:
    return f"/v1/collections/{tenant.collection.id}/generate/batch"


def test_each_request_is_a_job(api: Client, world: World, tenant: Tenant, path: str) -> None:
    made = api.post(path, requests=REQUESTS)
    assert made.status == 202
    assert made.data["cost_credits"] == 23
    assert [job["cost_credits"] for job in made.data["jobs"]] == [21, 1, 1]
    world.drain()
    statuses = {job.id: job.status for job in world.jobs(tenant)}
    assert statuses == {job["job_id"]: JobStatus.COMPLETED for job in made.data["jobs"]}
    assert len(world.ids(tenant, "items")) == 3


def test_a_dry_run_begins_nothing(api: Client, world: World, tenant: Tenant, path: str) -> None:
    quote = api.post(path, requests=REQUESTS, dry_run=True)
    assert quote.status == 200
    assert quote.data == {"dry_run": True, "cost_credits": 23, "costs": [21, 1, 1]}
    assert world.jobs(tenant) == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"requests": [*REQUESTS, {"name": "x", "type": "image"}]}, "requests[3].image_prompt"),
        (
            {
                "requests": [
                    REQUESTS[1],
                    {**IMAGE, "item_id": "0" * 8 + "-0000-4000-8000-" + "0" * 12},
                ]
            },
            "requests[1].item_id",
        ),
        ({"requests": REQUESTS, "max_credits": 22}, "max_credits"),
        ({"requests": []}, "requests"),
        ({"requests": [REQUESTS[1]] * 21}, "requests"),
    ],
)
def test_one_that_is_wrong_stops_all(
    api: Client, world: World, tenant: Tenant, path: str, body: dict[str, Any], field: str
) -> None:
    answer = api.post(path, **body)
    assert (answer.status, answer.error["field"]) == (400, field)
    assert world.jobs(tenant) == []


def test_a_refusal_leaves_nothing_and_says_what_it_would_take(
    api: Client, world: World, tenant: Tenant, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MASCOTRY_METERED", "true")
    config.settings.cache_clear()
    meter(world, tenant, topup=22)
    answer = api.post(path, requests=REQUESTS)
    assert (answer.status, answer.error["required"], answer.error["available"]) == (402, 23, 22)
    assert [world.documents(tenant, kind) for kind in ("items", "jobs", "assets")] == [[], [], []]
    assert available(world, tenant) == {Bucket.TOPUP: 22}
