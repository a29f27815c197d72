"""Failed jobs taken up where they failed, and assets made anew with what follows."""

from pathlib import Path

import pytest

from shared.errors import BadRequest, Conflict, InsufficientCredits, NotFound, PermanentError
from shared.model import paths
from shared.model.asset import AssetStatus, AssetType
from shared.model.credit import Bucket
from shared.model.job import Job, JobStatus, StepKind
from shared.ports import Put
from shared.services import again, assets, deletion, generation, jobs
from shared.services.steps import Made, StepContext
from tests.graph.jobs import FILM, IMAGE
from tests.services import checks, money
from tests.services.test_crashes import among_others, dies, everywhere
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
    deletion.delete_asset(world.ports, tenant.who, failed.assets["transparent_image"].id)
    world.drain()
    with pytest.raises(Conflict, match="was deleted"):
        again.retry(world.ports, world.settings, tenant.who, failed.id)


# --- once ----------------------------------------------------------------------------------------


def retry(world: World, tenant: Tenant, job: Job) -> Job:
    return again.retry(world.ports, world.settings, tenant.who, job.id).job


def fails(context: StepContext) -> Made:
    raise PermanentError("no_encoder", "There is no encoder.")


def test_of_those_who_retry_at_once_one_goes_through(
    world: World, tenant: Tenant, failed: Job
) -> None:
    money.meter(world, tenant, topup=100)
    proposals = [again.propose_retry(world.ports, tenant.who, failed.id) for _ in range(6)]
    first = generation.accept(world.ports, world.settings, tenant.who, proposals[0]).job
    for proposal in proposals[1:]:
        with pytest.raises(Conflict, match=f"{first.id} retries it already") as refused:
            generation.accept(world.ports, world.settings, tenant.who, proposal)
        assert refused.value.details == {"job_id": first.id}
    assert world.ids(tenant, "jobs") == {failed.id, first.id}
    assert money.available(world, tenant)[Bucket.TOPUP] == 80
    assert (world.job(first).retry_of, world.job(failed).retry_id) == (failed.id, first.id)
    world.drain()
    checks.is_whole(world, tenant, first)
    money.balances(world, tenant)


def test_what_was_retried_is_not_retried_again(world: World, tenant: Tenant, failed: Job) -> None:
    made = retry(world, tenant, failed)
    with pytest.raises(Conflict, match=f"{made.id} retries it already"):
        again.propose_retry(world.ports, tenant.who, failed.id)
    world.drain()
    with pytest.raises(Conflict, match=f"{made.id} has made what was missing"):
        again.propose_retry(world.ports, tenant.who, failed.id)
    anew = again.regenerate(world.ports, world.settings, tenant.who, made.assets["video"].id)
    assert anew.job.cost_credits == 20, "another take"
    assert len(world.jobs(tenant)) == 3


@pytest.mark.parametrize("named", ["the first", "the retry"])
def test_a_retry_that_failed_is_what_is_taken_up(
    world: World, tenant: Tenant, failed: Job, named: str
) -> None:
    """What it has made by then is not made again, whichever of the two is named."""
    world.codes[StepKind.TRANSCODE] = fails
    second = retry(world, tenant, failed)
    world.drain()
    world.codes[StepKind.TRANSCODE] = draw
    moved = world.runs["video", 1]
    third = retry(world, tenant, failed if named == "the first" else second)
    world.drain()
    assert (third.retry_of, world.job(second).retry_id) == (second.id, third.id)
    assert world.runs["video", 1] == moved
    assert "video" not in third.assets
    assert third.cost_credits == 20, "it was given back, as the formats were not made"
    checks.is_whole(world, tenant, third)
    money.balances(world, tenant)
    for job in (failed, second):
        with pytest.raises(Conflict, match=f"{third.id} has made"):
            again.propose_retry(world.ports, tenant.who, job.id)


def test_a_canceled_retry_may_be_retried(world: World, tenant: Tenant, failed: Job) -> None:
    money.meter(world, tenant, topup=20)
    second = retry(world, tenant, failed)
    jobs.cancel(world.ports, tenant.who, second.id)
    made = retry(world, tenant, failed)
    world.drain()
    checks.is_whole(world, tenant, made)
    assert not money.available(world, tenant).get(Bucket.TOPUP)
    money.balances(world, tenant)


def test_a_refused_retry_leaves_the_job_to_others(
    world: World, tenant: Tenant, failed: Job
) -> None:
    money.meter(world, tenant, topup=19)
    with pytest.raises(InsufficientCredits):
        retry(world, tenant, failed)
    with pytest.raises(BadRequest, match="costs 20"):
        again.propose_retry(world.ports, tenant.who, failed.id, 19)
    assert world.job(failed).retry_id is None
    money.meter(world, tenant, topup=1)
    made = retry(world, tenant, failed)
    world.drain()
    checks.is_whole(world, tenant, made)


def test_making_anew_what_was_never_made_is_the_retry(
    world: World, tenant: Tenant, failed: Job
) -> None:
    """Else each of its files could be asked for, and the film that was given back be had twice."""
    who = tenant.who
    made = again.regenerate(world.ports, world.settings, who, failed.assets["webm"].id).job
    assert (made.retry_of, made.cost_credits) == (failed.id, 20)
    for key in ("webm", "video"):
        with pytest.raises(Conflict, match=f"{made.id} retries it already"):
            again.regenerate(world.ports, world.settings, who, failed.assets[key].id)
    world.drain()
    checks.is_whole(world, tenant, made)


def test_formats_that_were_given_back_are_made_together(world: World, tenant: Tenant) -> None:
    """They are one film: one after another they would cost nothing."""
    settings = tenant.collection.settings.with_(extra_formats=(AssetType.GIF,))
    path = paths.collection(tenant.who.workspace_id, tenant.collection.id)
    world.ports.documents.commit([Put(path, tenant.collection.with_(settings=settings).stored())])
    world.codes[StepKind.TRANSCODE] = fails
    old = world.generate(tenant).job
    world.drain()
    world.codes[StepKind.TRANSCODE] = draw
    made = again.regenerate(world.ports, world.settings, tenant.who, old.assets["gif"].id).job
    assert {*made.assets} == {"webm", "hevc", "stacked_video", "gif"}
    assert made.cost_credits == 20


def test_a_job_of_a_deleted_item_is_not_retried(world: World, tenant: Tenant, failed: Job) -> None:
    second = retry(world, tenant, failed)
    deletion.delete_item(world.ports, tenant.who, failed.item_id or "-")
    world.drain()
    for job in (failed, second):
        with pytest.raises(NotFound):
            again.propose_retry(world.ports, tenant.who, job.id)


def failing(world: World, tenant: Tenant) -> None:
    """A picture that was never drawn."""
    world.codes[StepKind.IMAGE] = fails
    world.generate(tenant, IMAGE)
    world.drain()
    world.codes[StepKind.IMAGE] = draw


def retried(world: World, tenant: Tenant) -> None:
    again.retry(world.ports, world.settings, tenant.who, old(world, tenant).id)
    world.drain()


def old(world: World, tenant: Tenant) -> Job:
    [job] = [one for one in world.jobs(tenant) if one.retry_of is None]
    return job


def is_retried_once(world: World, tenant: Tenant) -> None:
    """Or not at all, and then it may be."""
    made = [job for job in world.jobs(tenant) if job.retry_of]
    assert [job.id for job in made] == [one for one in [old(world, tenant).retry_id] if one]
    for job in made or [retry(world, tenant, old(world, tenant))]:
        world.drain()
        checks.is_whole(world, tenant, job)
    money.balances(world, tenant)


def test_wherever_it_is_cut_off_a_job_is_retried_once(folder: Path) -> None:
    everywhere(folder, retried, dies, check=is_retried_once, before=failing, recover=among_others)


# --- what nobody can make -------------------------------------------------------------------------


def test_an_upload_cannot_be_made_again(world: World, tenant: Tenant) -> None:
    with pytest.raises(BadRequest, match="upload"):
        again.regenerate(world.ports, world.settings, tenant.who, world.upload(tenant).id)
