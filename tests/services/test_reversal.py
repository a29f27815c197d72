"""The way back of a video that is there already."""

import pytest

from shared.errors import BadRequest, Conflict, NotFound
from shared.model.asset import Purpose
from shared.model.job import Job, JobStatus, JobType, StepKind
from shared.services import again, reversal
from tests.graph.jobs import FILM_FROM_STILL
from tests.services import checks
from tests.services.test_webhooks import fail
from tests.services.world import Tenant, World


@pytest.fixture
def film(world: World, tenant: Tenant) -> Job:
    """A loop of an upload, finished."""
    still = world.upload(tenant)
    job = world.generate(tenant, {**FILM_FROM_STILL, "source_image_asset_id": still.id}).job
    world.drain()
    return world.job(job)


def test_a_video_is_turned_round_on_its_own_item(world: World, tenant: Tenant, film: Job) -> None:
    video = film.assets["video"].id
    made = reversal.reverse(world.ports, world.settings, tenant.who, video)
    assert (made.job.type, made.job.cost_credits) == (JobType.REVERSE, 0)
    assert made.item.id == film.item_id
    world.drain()
    checks.is_whole(world, tenant, made.job)
    back = {asset.id: asset for asset in world.assets(tenant)}[made.job.assets["reverse_video"].id]
    assert back.purpose is Purpose.REVERSE
    with pytest.raises(BadRequest, match="is a way back already"):
        reversal.reverse(world.ports, world.settings, tenant.who, back.id)


def test_a_way_back_that_failed_is_taken_up_again(world: World, tenant: Tenant, film: Job) -> None:
    world.codes[StepKind.REVERSE] = fail
    video = film.assets["video"].id
    failed = reversal.reverse(world.ports, world.settings, tenant.who, video).job
    world.drain()
    assert world.job(failed).status is JobStatus.FAILED
    world.codes[StepKind.REVERSE] = world.codes[StepKind.TRANSCODE]
    made = again.retry(world.ports, world.settings, tenant.who, failed.id)
    assert (made.job.type, made.job.cost_credits) == (JobType.REVERSE, 0)
    world.drain()
    assert world.job(made.job).status is JobStatus.COMPLETED


def test_what_cannot_be_turned_round(world: World, tenant: Tenant, film: Job) -> None:
    def turn(asset_id: str, who: Tenant = tenant) -> None:
        reversal.reverse(world.ports, world.settings, who.who, asset_id)

    for key in ("webm", "transparent_image"):
        with pytest.raises(BadRequest, match="must be a video") as caught:
            turn(film.assets[key].id)
        assert caught.value.details["field"] == "video_id"
    with pytest.raises(BadRequest, match="must be a video"):
        turn(world.upload(tenant).id)
    with pytest.raises(NotFound):
        turn(film.assets["video"].id, world.tenant("Stranger"))
    pending = world.generate(tenant).job.assets["video"].id
    with pytest.raises(Conflict, match="not ready"):
        turn(pending)
