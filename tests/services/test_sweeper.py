"""The sweeper finds what was lost, and nothing keeps it from the rest."""

from datetime import timedelta
from typing import Any

import pytest

from shared.graph.policy import GRACE
from shared.model import paths
from shared.model.base import instant_text
from shared.model.job import JobStatus, StepKind
from shared.ports import Bucket, Put
from shared.providers.base import Waiting
from shared.services import deletion, ledger, sweeper
from shared.services.steps import StepContext, StepResult
from tests.graph.fakes import START
from tests.graph.jobs import IMAGE
from tests.services import checks
from tests.services.faults import Crash, crash
from tests.services.told import told
from tests.services.world import Tenant, World, draw


def test_nothing_is_overdue_at_first(world: World, tenant: Tenant) -> None:
    world.generate(tenant)
    assert world.sweep() == 0
    assert len(world.deliveries()) == 1


def test_lost_deliveries_are_sent_again(world: World, tenant: Tenant) -> None:
    job = world.generate(tenant).job
    world.lose_deliveries()
    world.drain()
    assert world.job(job).status is JobStatus.PENDING
    world.clock.advance(GRACE)
    assert world.sweep() == 1
    world.drain()
    checks.is_whole(world, tenant, job)


def test_a_job_that_is_only_long_is_left_alone(
    world: World, tenant: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    """Its entry stays where it was until somebody looks, and is put off then, which is no news."""
    job = world.generate(tenant, IMAGE).job
    (entry,) = world.due()
    asked = 0

    def wait(context: StepContext) -> StepResult:
        nonlocal asked
        asked += 1
        return Waiting("operation", 100) if asked < 3 else draw(context)

    world.codes[StepKind.IMAGE] = wait
    assert world.deliver_next()
    assert world.due() == [entry]
    world.clock.advance(GRACE)
    assert world.sweep() == 1
    (later,) = world.due()
    assert later.data["at"] == instant_text(START + timedelta(seconds=100) + GRACE)
    assert told(caplog) == {}
    assert world.sweep() == 0
    world.drain()
    assert asked == 3
    checks.is_whole(world, tenant, job)
    assert world.due() == []


def test_each_job_is_looked_at_once(
    world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sweeping moves a job to a later time, where it must not be met again."""
    monkeypatch.setattr(sweeper, "BATCH", 2)
    for _ in range(5):
        world.generate(tenant, IMAGE)
        world.clock.advance(timedelta(seconds=10))
    assert sweeper.sweep(world.ports, orphaned=True) == 5
    numbers = [delivery.delivery for _, delivery in world.deliveries()]
    assert sorted(numbers) == [1] * 5 + [2] * 5
    world.drain()
    assert {job.status for job in world.jobs(tenant)} == {JobStatus.COMPLETED}
    assert set(world.runs.values()) == {5}


def test_a_job_that_cannot_be_swept_does_not_stop_the_others(
    world: World, tenant: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    broken = world.generate(tenant, IMAGE).job
    world.ports.documents.commit([Put(paths.job(broken.workspace_id, broken.id), {"id": "?"})])
    world.clock.advance(timedelta(seconds=1))
    job = world.generate(tenant, IMAGE).job
    world.lose_deliveries()
    world.clock.advance(GRACE)
    with caplog.at_level("ERROR", "shared"):
        assert world.sweep() == 2
    assert "could not be swept" in caplog.text
    world.drain()
    assert world.job(job).status is JobStatus.COMPLETED
    assert [document.id for document in world.due()] == [broken.id], "it is tried again"


def test_what_is_in_good_hands_is_left_alone(world: World, tenant: Tenant) -> None:
    world.generate(tenant, IMAGE)
    world.drain()
    world.clock.advance(timedelta(days=1))
    assert world.sweep() == 0
    assert world.ports.blobs.list(Bucket.ASSETS, "", limit=10).results


def test_what_was_created_below_a_deleted_character_goes_with_it(
    world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is deleted and purged just before the batch, and the request dies right after it."""
    begin = ledger.begin

    def too_late(*arguments: Any, **more: Any) -> None:
        deletion.delete_collection(world.ports, tenant.who, tenant.collection.id)
        world.drain()
        begin(*arguments, **more)
        crash()

    with monkeypatch.context() as dying, pytest.raises(Crash):
        dying.setattr(ledger, "begin", too_late)
        world.generate(tenant, IMAGE)
    assert world.assets(tenant)
    world.settle()
    checks.is_gone(world, tenant)
