"""Waiting for a job."""

import pytest

from shared.errors import NotFound
from shared.model.job import JobStatus
from shared.services import jobs
from tests.graph.jobs import IMAGE
from tests.services.world import Tenant, World


def test_waiting_ends_with_the_job(world: World, tenant: Tenant) -> None:
    job = world.generate(tenant, IMAGE).job
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            world.drain()

    done = jobs.wait(world.ports, tenant.who, job.id, 60, sleep)
    assert done.status is JobStatus.COMPLETED
    assert len(pauses) == 3
    assert pauses == sorted(pauses)


def test_waiting_ends_with_the_time(world: World, tenant: Tenant) -> None:
    job = world.generate(tenant, IMAGE).job
    found = jobs.wait(world.ports, tenant.who, job.id, 0, lambda seconds: pytest.fail("too long"))
    assert found.status is JobStatus.PENDING


def test_nobody_waits_for_a_job_that_is_not_there(world: World, tenant: Tenant) -> None:
    with pytest.raises(NotFound):
        jobs.wait(world.ports, tenant.who, "gone", 60)
