"""The storage trigger believes an object only if its job knows it."""

from dataclasses import replace
from typing import Any

import pytest

from shared.model.job import StepKind, StepStatus, files
from shared.ports import Bucket
from shared.services import collections, jobs, placeholders, triggers
from shared.services.steps import Made, StepContext
from tests.services.world import Tenant, World, draw


def test_only_the_jobs_own_objects_fire(world: World, tenant: Tenant) -> None:
    """Everything is tried while the video is published and its transcodings still wait for it."""
    job = world.generate(tenant).job
    video = job.assets["video"]
    other = world.tenant("Other")

    def fires(name: str, metadata: dict[str, str], bucket: Bucket = Bucket.ASSETS) -> bool:
        return triggers.object_finalized(world.ports, bucket, name, "1", metadata)

    while world.job(job).steps["video"].status is not StepStatus.SUCCEEDED:
        assert world.deliver_next(*(kind.value for kind in StepKind))
    good = dict(world.public()[video.path].metadata)
    assert not fires(video.path, {})
    assert not fires(video.path, {key: good[key] for key in good.keys() - {"fires"}})
    assert not fires(video.path, {**good, "sha256": "of what was there before"})
    assert not fires(video.path, good, Bucket.UPLOADS)
    assert not fires(video.path, good, Bucket.WORK)
    assert not fires("another.mp4", good)
    assert not fires(video.path, {**good, "asset": job.assets["image"].id})
    assert not fires(video.path, {**good, "job": "gone"})
    assert not fires(video.path, {**good, "workspace": other.who.workspace_id})
    assert world.job(job).steps["transcode"].status is StepStatus.BLOCKED
    assert fires(video.path, good)
    assert world.job(job).steps["transcode"].status is StepStatus.READY


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
    assert queues == ["transcode"]


def test_what_fires_nothing_is_not_looked_up(world: World, tenant: Tenant) -> None:
    """Of fifteen files and as many placeholders of a film, one is waited for."""
    collections.update(
        world.ports, tenant.who, tenant.collection.id, {}, {"animation_sizes": (64,)}
    )
    told: list[str] = []

    class Watched:
        def __getattr__(self, name: str) -> Any:
            told.append(name)
            return getattr(plain, name)

    job = world.generate(tenant).job
    while not world.job(job).finished:
        assert world.deliver_next(*(kind.value for kind in StepKind), "storage-events")
    plain = world.ports.documents
    blobs = [*world.public().values()]
    assert len(blobs) == len(files(job.assets)) == 10
    world.ports = replace(world.ports, documents=Watched())
    for blob in blobs:
        triggers.object_finalized(
            world.ports, Bucket.ASSETS, blob.name, str(blob.generation), blob.metadata
        )
    assert told == ["get"], "for the film"


def test_who_is_slow_to_put_placeholders_takes_them_away(world: World, tenant: Tenant) -> None:
    """Of a job that is canceled meanwhile."""
    job = world.generate(tenant).job
    jobs.cancel(world.ports, tenant.who, job.id)
    assert world.public() == {}
    placeholders.put_all(world.ports, job)
    assert world.public() == {}
