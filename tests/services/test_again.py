"""Failed jobs taken up where they failed, and assets made anew with what follows."""

import pytest

from shared.errors import BadRequest, Conflict, NotFound, PermanentError
from shared.model.asset import AssetStatus
from shared.model.job import Job, JobStatus, StepKind
from shared.services import again, assets, deletion, jobs
from shared.services.steps import Made, StepContext
from tests.graph.jobs import FILM
from tests.services import checks
from tests.services.world import Tenant, World, draw


@pytest.fixture
def failed(world: World, tenant: Tenant) -> Job:
    """A film that was drawn, and never moved."""

    def fail(context: StepContext) -> Made:
        raise PermanentError("no_camera", "There is no camera.")

    world.codes[StepKind.VIDEO] = fail
    job = world.generate(tenant, {**FILM, "sizes": [64]}).job
    world.drain()
    world.codes[StepKind.VIDEO] = draw
    return world.job(job)


def test_a_retry_begins_where_it_failed(world: World, tenant: Tenant, failed: Job) -> None:
    assert failed.status is JobStatus.FAILED
    drawn = world.runs["image", 1]
    made = again.retry(world.ports, world.settings, tenant.who, failed.id)
    world.drain()
    job = world.job(made.job)
    assert job.status is JobStatus.COMPLETED, job.error
    assert world.runs["image", 1] == drawn, "what was drawn is not drawn again"
    assert made.item.id == failed.item_id
    assert job.steps["video"].inputs["still"] == failed.assets["transparent_image"].id
    for planned in job.assets.values():
        asset, _ = assets.get(world.ports, tenant.who, planned.id)
        assert asset.status is AssetStatus.READY
        checks.is_public(world, asset)
    checks.nothing_is_left_over(world, tenant)
    assert job.cost_credits == 20


def test_a_canceled_job_can_be_taken_up_again(world: World, tenant: Tenant) -> None:
    job = world.generate(tenant).job
    jobs.cancel(world.ports, tenant.who, job.id)
    made = again.retry(world.ports, world.settings, tenant.who, job.id)
    world.drain()
    checks.is_whole(world, tenant, made.job)
    assert made.job.cost_credits == 21


def test_only_what_failed_is_retried(world: World, tenant: Tenant) -> None:
    job = world.generate(tenant).job
    with pytest.raises(Conflict, match="pending"):
        again.retry(world.ports, world.settings, tenant.who, job.id)
    world.drain()
    with pytest.raises(Conflict, match="completed"):
        again.retry(world.ports, world.settings, tenant.who, job.id)
    with pytest.raises(NotFound):
        again.retry(world.ports, world.settings, world.tenant("Other").who, job.id)


def test_an_asset_is_made_anew_with_what_follows(world: World, tenant: Tenant) -> None:
    old = world.generate(tenant, {**FILM, "sizes": [64]}).job
    with pytest.raises(Conflict, match="still at work"):
        again.regenerate(world.ports, world.settings, tenant.who, old.assets["video"].id)
    world.drain()
    made = again.regenerate(world.ports, world.settings, tenant.who, old.assets["video"].id)
    world.drain()
    checks.is_whole(world, tenant, made.job)
    assert set(made.job.assets) == set(old.assets) - {"image", "transparent_image"}
    assert len(world.assets(tenant)) == len(old.assets) + len(made.job.assets)
    for planned in old.assets.values():
        checks.is_public(world, assets.get(world.ports, tenant.who, planned.id)[0])
    deletion.delete_collection(world.ports, tenant.who, tenant.collection.id)
    world.drain()
    checks.is_gone(world, tenant)


def test_what_it_was_made_from_must_be_there(world: World, tenant: Tenant, failed: Job) -> None:
    with pytest.raises(Conflict, match="make that anew"):
        again.regenerate(world.ports, world.settings, tenant.who, failed.assets["webm"].id)
    deletion.delete_asset(world.ports, tenant.who, failed.assets["transparent_image"].id)
    world.drain()
    with pytest.raises(Conflict, match="was deleted"):
        again.retry(world.ports, world.settings, tenant.who, failed.id)


def test_an_upload_cannot_be_made_again(world: World, tenant: Tenant) -> None:
    with pytest.raises(BadRequest, match="upload"):
        again.regenerate(world.ports, world.settings, tenant.who, world.upload(tenant).id)
