"""Waiting for a job, following it, and stopping it."""

from datetime import timedelta
from itertools import islice

import pytest

from shared.errors import Conflict, NotFound
from shared.model.asset import AssetStatus
from shared.model.job import JobStatus
from shared.services import deletion, jobs, runner
from shared.services.steps import Made, StepContext
from tests.graph.jobs import IMAGE
from tests.services import checks
from tests.services.world import Tenant, World, draw


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


def test_who_waits_for_long_looks_seldom(world: World, tenant: Tenant) -> None:
    """A film takes minutes, and each look is a read on somebody's bill."""
    job = world.generate(tenant, IMAGE).job
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        world.clock.advance(timedelta(seconds=seconds))
        if world.clock.now() > job.created_at + timedelta(minutes=3):
            world.drain()

    for _ in jobs.follow(world.ports, tenant.who, job.id, 3600, sleep):
        pass
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (jobs.LEAST_PAUSE, jobs.MOST_PAUSE)
    assert len(pauses) < 170


def test_waiting_ends_with_the_time(world: World, tenant: Tenant) -> None:
    job = world.generate(tenant, IMAGE).job
    found = jobs.wait(world.ports, tenant.who, job.id, 0, lambda seconds: pytest.fail("too long"))
    assert found.status is JobStatus.PENDING


def test_waiting_ends_when_it_has_to(world: World, tenant: Tenant) -> None:
    job = world.generate(tenant, IMAGE).job
    pauses: list[float] = []

    def pause(seconds: float) -> bool:
        pauses.append(seconds)
        return len(pauses) % 3 == 0

    assert not jobs.wait(world.ports, tenant.who, job.id, 60, pause).finished
    assert len(pauses) == 3
    assert len([*jobs.follow(world.ports, tenant.who, job.id, 60, pause)]) == 3
    assert len(pauses) == 6


def test_nobody_waits_for_a_job_that_is_not_there(world: World, tenant: Tenant) -> None:
    with pytest.raises(NotFound):
        jobs.wait(world.ports, tenant.who, "gone", 60)


def test_following_shows_each_state_until_the_end(world: World, tenant: Tenant) -> None:
    job = world.generate(tenant, IMAGE).job
    states = []

    def sleep(seconds: float) -> None:
        assert world.deliver_next()

    for state in jobs.follow(world.ports, tenant.who, job.id, 60, sleep):
        if state:
            states.append(state.status)
    assert states[0] is JobStatus.PENDING
    assert states[-1] is JobStatus.COMPLETED
    assert set(states[1:-1]) == {JobStatus.PROCESSING}


def test_following_ends_with_the_time(world: World, tenant: Tenant) -> None:
    job = world.generate(tenant, IMAGE).job
    found = jobs.follow(world.ports, tenant.who, job.id, 0, lambda seconds: pytest.fail("too long"))
    assert [state.status for state in found if state] == [JobStatus.PENDING]


def test_a_look_that_finds_nothing_new_gives_nothing(world: World, tenant: Tenant) -> None:
    job = world.generate(tenant, IMAGE).job
    found = jobs.follow(world.ports, tenant.who, job.id, 60, lambda seconds: None)
    assert [state is None for state in islice(found, 3)] == [False, True, True]


def test_progress_alone_is_news(world: World, tenant: Tenant) -> None:
    world.settings = world.settings.model_copy(update={"progress_interval": 0})
    job = world.generate(tenant, IMAGE).job
    watch = jobs.Watch(world.ports, tenant.who, job.id)
    news: list[bool] = []
    shares: list[float] = []

    def tell(context: StepContext) -> Made:
        watch.look()
        for share in (0.25, 0.5, 0.4):
            context.progress(share)
            news.extend((watch.look(), watch.look()))
            shares.append(jobs.progress(world.ports, watch.job)["image"])
        return draw(context)

    [(_, delivery)] = world.deliveries()
    runner.deliver(world.ports, world.settings, delivery, tell)
    assert news == [True, False, True, False, True, False]
    assert shares == [0.25, 0.5, 0.5], "what is made once more takes nothing back"


# --- cancelling ----------------------------------------------------------------------------------


def test_a_canceled_job_leaves_what_is_done_and_nothing_else(world: World, tenant: Tenant) -> None:
    job = world.generate(tenant).job
    world.drain("image", "cutout", "validate")
    canceled = jobs.cancel(world.ports, tenant.who, job.id)
    assert (canceled.status, canceled.error) == (JobStatus.FAILED, jobs.CANCELED)
    assert jobs.cancel(world.ports, tenant.who, job.id) == canceled, "once is enough"
    world.drain()
    checks.nothing_is_left_over(world, tenant)
    ready = {a.type.value for a in world.assets(tenant) if a.status is AssetStatus.READY}
    assert ready == {"image", "transparent_image"}
    assert len(world.public()) == 3
    assert world.runs["video", 1] == 0


def test_what_has_ended_cannot_be_canceled(world: World, tenant: Tenant) -> None:
    job = world.generate(tenant, IMAGE).job
    world.drain()
    with pytest.raises(Conflict, match="completed already"):
        jobs.cancel(world.ports, tenant.who, job.id)
    deletion_job = deletion.delete_collection(world.ports, tenant.who, tenant.collection.id)
    with pytest.raises(Conflict, match="deletion"):
        jobs.cancel(world.ports, tenant.who, deletion_job.id)
    with pytest.raises(NotFound):
        jobs.cancel(world.ports, world.tenant("Other").who, job.id)
