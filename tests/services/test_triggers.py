"""The storage trigger believes an object only if its job knows it."""

import pytest

from shared.model.job import StepKind, StepStatus
from shared.ports import Bucket
from shared.services import jobs, placeholders, triggers
from shared.services.steps import Made, StepContext
from tests.services.world import Tenant, World, draw


def test_only_the_jobs_own_objects_fire(world: World, tenant: Tenant) -> None:
    """Everything is tried while the video is published and its transcodings still wait for it."""
    job = world.generate(tenant).job
    video = job.assets["video"]
    good = {"workspace": job.workspace_id, "job": job.id, "asset": video.id}
    other = world.tenant("Other")

    def fires(name: str, metadata: dict[str, str], bucket: Bucket = Bucket.ASSETS) -> bool:
        return triggers.object_finalized(world.ports, world.settings, bucket, name, metadata)

    while world.job(job).steps["video"].status is not StepStatus.SUCCEEDED:
        assert world.deliver_next(*(kind.value for kind in StepKind))
    assert not fires(video.path, {})
    assert not fires(video.path, {**good, "placeholder": "true"})
    assert not fires(video.path, good, Bucket.UPLOADS)
    assert not fires(video.path, good, Bucket.WORK)
    assert not fires("another.mp4", good)
    assert not fires(video.path, {**good, "asset": job.assets["image"].id})
    assert not fires(video.path, {**good, "job": "gone"})
    assert not fires(video.path, {**good, "workspace": other.who.workspace_id})
    assert world.job(job).steps["transcode-webm"].status is StepStatus.BLOCKED
    assert fires(video.path, good)
    assert world.job(job).steps["transcode-webm"].status is StepStatus.READY


def test_the_trigger_runs_nothing(world: World, tenant: Tenant) -> None:
    def never(context: StepContext) -> Made:
        if context.step.fired_by is not None:
            pytest.fail("the trigger ran a step")
        return draw(context)

    world.codes[StepKind.TRANSCODE] = never
    job = world.generate(tenant).job
    while not world.job(job).steps["video"].outputs:
        world.deliver_next()
    while world.deliver_next("storage-events"):
        pass
    queues = [queue for queue, _ in world.deliveries()]
    assert queues == ["transcode"] * 3


def test_what_comes_after_the_end_of_its_job_is_removed(world: World, tenant: Tenant) -> None:
    """A request that is slow to put its placeholders, of a job that is canceled meanwhile."""
    job = world.generate(tenant).job
    jobs.cancel(world.ports, tenant.who, job.id)
    assert world.public() == {}
    placeholders.put_all(world.ports, job)
    assert set(world.public()) == {asset.path for asset in job.assets.values()}
    while world.deliver_next("storage-events"):
        pass
    assert world.public() == {}
