"""One delivery at a time: claiming, running, committing, publishing."""

import errno
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.errors import Busy, NotFound, PermanentError, StorageFull, TransientError
from shared.graph.events import Cancelled, Claimed
from shared.graph.policy import POLICIES
from shared.model import paths
from shared.model.asset import AssetStatus, AssetType
from shared.model.job import Fault, Job, JobStatus, StepKind, StepStatus
from shared.ports import Bucket, Delete, Document
from shared.providers.base import Refused, Waiting
from shared.services import collections, jobs, jobstore, runner
from shared.services.steps import Accepted, Delivery, Made, StepContext, StepResult, SupersededError
from tests.graph.jobs import FILM, IMAGE
from tests.services import checks
from tests.services.faults import Crash, Fuse, crash
from tests.services.world import Tenant, World, accept, draw


@pytest.fixture
def job(world: World, tenant: Tenant) -> Job:
    """An image that nobody has begun."""
    return world.generate(tenant, IMAGE).job


@pytest.fixture
def delivery(world: World, job: Job) -> Delivery:
    [(_, delivery)] = world.deliveries()
    assert delivery == Delivery(job.workspace_id, job.id, "image", 1, 1)
    return delivery


def run(world: World, delivery: Delivery, code: Any = draw) -> None:
    runner.deliver(world.ports, world.settings, delivery, code)


def never(context: StepContext) -> StepResult:
    pytest.fail("this must not run")


def status(world: World, job: Job, step: str = "image") -> StepStatus:
    return world.job(job).steps[step].status


# --- the way it should go ------------------------------------------------------------------------


@pytest.mark.parametrize("request_", [IMAGE, {**IMAGE, "sizes": [64, 32]}, FILM])
def test_a_job_is_made_whole(world: World, tenant: Tenant, request_: dict[str, Any]) -> None:
    job = world.generate(tenant, request_).job
    world.drain()
    checks.is_whole(world, tenant, job)
    assert set(world.runs.values()) == {1}


def test_until_it_is_made_a_file_has_a_placeholder(world: World, job: Job) -> None:
    for asset in job.assets.values():
        blob = world.ports.blobs.stat(Bucket.ASSETS, asset.path)
        assert blob
        assert blob.metadata["placeholder"] == "true"
        assert blob.cache_control == "no-store"
        assert blob.content_type == "image/png"
        assert world.ports.blobs.read(Bucket.ASSETS, asset.path).startswith(b"\x89PNG")


def test_a_file_stays_private_until_its_step_is_committed(
    world: World, job: Job, delivery: Delivery
) -> None:
    paths_ = {asset.path for asset in job.assets.values()}
    run(world, delivery)
    world.drain(StepKind.CUTOUT)
    drafts = [world.job(job).steps[step].outputs for step in ("image", "cutout")]
    assert all(drafts)
    assert all("placeholder" in world.public()[path].metadata for path in paths_)
    world.drain(StepKind.VALIDATE)
    assert {world.public()[path].metadata["job"] for path in paths_} == {job.id}


def test_a_step_sees_its_inputs(world: World, tenant: Tenant) -> None:
    upload = world.upload(tenant)
    seen = {}

    def look(context: StepContext) -> Made:
        source = context.source("image")
        seen[source.asset_id] = source.path.read_bytes()
        assert source.path.parent == context.folder
        assert context.has_source("image")
        assert not context.has_source("video")
        return draw(context)

    world.codes[StepKind.CUTOUT] = look
    film = {key: FILM[key] for key in ("type", "animation_prompt")}
    world.generate(tenant, {**film, "source_image_asset_id": upload.id})
    world.drain()
    assert seen == {upload.id: b"png"}


def test_the_folder_goes_away(world: World, delivery: Delivery) -> None:
    folders = []

    def look(context: StepContext) -> Made:
        folders.append(context.folder)
        return draw(context)

    run(world, delivery, look)
    assert not folders[0].exists()


# --- two workers ---------------------------------------------------------------------------------


def test_a_second_worker_is_sent_away(world: World, job: Job, delivery: Delivery) -> None:
    def meanwhile(context: StepContext) -> Made:
        with pytest.raises(Busy):
            run(world, delivery, never)
        return draw(context)

    run(world, delivery, meanwhile)
    assert status(world, job) is StepStatus.SUCCEEDED


def test_of_two_workers_that_claim_at_once_one_is_sent_away(
    world: World, job: Job, delivery: Delivery
) -> None:
    """Both have read that the step is ready; the other one is the first to write."""

    def claim() -> None:
        with world.aside():
            jobstore.apply(world.ports, job.workspace_id, job.id, Claimed("image", 1, 1))

    world.light(Fuse({1: claim}))
    with pytest.raises(Busy):
        run(world, delivery, never)
    assert status(world, job) is StepStatus.RUNNING


def test_a_delivery_that_comes_again_does_nothing(
    world: World, tenant: Tenant, job: Job, delivery: Delivery
) -> None:
    run(world, delivery)
    before = world.job(job)
    run(world, delivery, never)
    assert world.job(job) == before
    world.drain()
    run(world, delivery, never)
    checks.is_whole(world, tenant, job)


def test_a_delivery_for_a_job_that_is_gone_does_nothing(world: World, delivery: Delivery) -> None:
    run(world, replace(delivery, job_id="gone"), never)
    run(world, replace(delivery, step="gone"), never)
    run(world, replace(delivery, delivery=7), never)


@pytest.mark.parametrize("dies", [False, True])
def test_the_late_result_of_a_superseded_worker_is_discarded(
    world: World, tenant: Tenant, job: Job, delivery: Delivery, *, dies: bool
) -> None:
    def sleep(context: StepContext) -> Made:
        made = draw(context)
        world.clock.advance(POLICIES[StepKind.IMAGE].lease)
        world.sweep()
        world.drain()
        if dies:
            raise TransientError("boom", "It broke, but nobody cares any more.")
        return made

    run(world, delivery, sleep)
    checks.is_whole(world, tenant, job)
    path = world.job(job).assets["image"].path
    assert world.ports.blobs.read(Bucket.ASSETS, path) == b"image.png of attempt 2"
    assert world.job(job).steps["image"].attempt == 2


def test_a_late_result_does_not_pass_for_the_one_that_is_being_made(
    world: World, tenant: Tenant, job: Job, delivery: Delivery
) -> None:
    def sleep(context: StepContext) -> Made:
        world.clock.advance(POLICIES[StepKind.IMAGE].lease)
        world.sweep()
        jobstore.apply(world.ports, job.workspace_id, job.id, Claimed("image", 2, 1))
        return draw(context)

    run(world, delivery, sleep)
    assert status(world, job) is StepStatus.RUNNING
    assert "placeholder" in world.public()[job.assets["image"].path].metadata
    world.settle()  # the second worker is never heard of again
    checks.is_whole(world, tenant, job)
    assert world.job(job).steps["image"].attempt == 3


# --- progress and being stopped ------------------------------------------------------------------


@pytest.fixture
def eager(world: World) -> None:
    """Every word about progress is written."""
    world.settings = world.settings.model_copy(update={"progress_interval": 0})


@pytest.mark.usefixtures("eager")
def test_progress_is_there_while_a_step_runs(
    world: World, tenant: Tenant, job: Job, delivery: Delivery
) -> None:
    shares = []

    def tell(context: StepContext) -> Made:
        for share in (0.25, 7, -1, 0.5):
            context.progress(share)
            shares.append(jobs.progress(world.ports, world.job(job))["image"])
        return draw(context)

    run(world, delivery, tell)
    assert shares == [0.25, 1, 1, 1]
    assert jobs.progress(world.ports, world.job(job)) == {
        "image": 1,
        "cutout": 0,
        "validate": 0,
        "style_card": 0,
    }
    world.settle()
    assert world.documents(tenant, "progress") == []


@pytest.mark.usefixtures("eager")
def test_progress_of_an_earlier_attempt_does_not_count(
    world: World, tenant: Tenant, job: Job, delivery: Delivery
) -> None:
    def fail(context: StepContext) -> Made:
        context.progress(0.9)
        raise TransientError("provider_unavailable", "Later, perhaps.")

    run(world, delivery, fail)
    seen: list[float] = []

    def look(context: StepContext) -> Made:
        seen.append(jobs.progress(world.ports, world.job(job))["image"])
        return draw(context)

    world.codes[StepKind.IMAGE] = look
    world.settle()
    assert seen == [0.0]


@pytest.mark.usefixtures("eager")
def test_who_is_late_leaves_no_progress_behind(
    world: World, tenant: Tenant, job: Job, delivery: Delivery
) -> None:
    def dawdle(context: StepContext) -> Made:
        jobs.cancel(world.ports, tenant.who, job.id)
        context.ports = Fuse({2: crash}).ports(context.ports)
        context.progress(0.5)
        return draw(context)

    with suppress(Crash):
        run(world, delivery, dawdle)
    assert world.documents(tenant, "progress") == []


@pytest.mark.usefixtures("eager")
def test_work_that_nobody_wants_is_stopped(
    world: World, tenant: Tenant, job: Job, delivery: Delivery
) -> None:
    stopped = []

    def go_on(context: StepContext) -> Made:
        context.progress(0.1)
        cancel(world, job)
        try:
            context.progress(0.2)
        except SupersededError:
            stopped.append(True)
            raise
        return draw(context)

    run(world, delivery, go_on)
    assert stopped
    world.drain()
    checks.nothing_is_left_over(world, tenant)
    assert world.public() == {}


def cancel(world: World, job: Job) -> None:
    fault = Fault(code="canceled", message="Nobody wants it.")
    with world.aside():
        runner.apply(world.ports, job.workspace_id, job.id, Cancelled(fault))


@pytest.mark.parametrize("moment", range(1, 5))
def test_a_cancelled_job_leaves_nothing_public(
    world: World, tenant: Tenant, delivery: Delivery, job: Job, moment: int
) -> None:
    """Before the claim, the private file, the commit, and the copy."""
    world.light(Fuse({moment: lambda: cancel(world, job)}))
    run(world, delivery)
    world.drain()
    assert world.job(job).status is JobStatus.FAILED
    checks.nothing_is_left_over(world, tenant)
    assert world.public() == {}
    assert {asset.status for asset in world.assets(tenant)} == {AssetStatus.FAILED}


def test_a_file_that_was_published_into_a_cancelled_job_is_taken_away(
    world: World, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no placeholder any more, so nothing keeps the copy from happening."""
    get = world.ports.documents.get

    def cancel_first(path: str) -> Document | None:
        if path.endswith(job.assets["image"].id):
            monkeypatch.undo()
            cancel(world, job)
        return get(path)

    def code(context: StepContext) -> Accepted:
        for asset in job.assets.values():
            world.ports.blobs.delete(Bucket.ASSETS, asset.path)
        monkeypatch.setattr(world.ports.documents, "get", cancel_first)
        return accept(context)

    world.codes[StepKind.VALIDATE] = code
    world.drain(StepKind.IMAGE, StepKind.CUTOUT, StepKind.VALIDATE)
    assert world.job(job).status is JobStatus.FAILED
    assert world.public() == {}


# --- failure -------------------------------------------------------------------------------------


def test_a_transient_failure_is_tried_again(world: World, tenant: Tenant, job: Job) -> None:
    tries = []

    def fail_twice(context: StepContext) -> Made:
        tries.append(world.clock.now())
        if len(tries) < 3:
            raise TransientError("boom", "It broke.")
        return draw(context)

    world.codes[StepKind.IMAGE] = fail_twice
    world.drain()
    checks.is_whole(world, tenant, job)
    assert tries[2] - tries[1] > tries[1] - tries[0] > timedelta(0)


@pytest.mark.parametrize(
    ("failure", "code", "tries"),
    [
        (PermanentError("boom", "It broke."), "boom", 1),
        (TransientError("boom", "It broke."), "boom", 5),
        (NotFound("There is no such file."), "source_missing", 1),
        (Refused("Not that."), "content_refused", 1),
        (OSError(errno.ENOSPC, "No space left on device"), "storage_full", 1),
        (StorageFull(), "storage_full", 1),
    ],
)
def test_a_failure_ends_the_job(
    world: World,
    tenant: Tenant,
    job: Job,
    failure: Exception | Refused,
    code: str,
    tries: int,
) -> None:
    def fail(context: StepContext) -> StepResult:
        if isinstance(failure, Refused):
            return failure
        raise failure

    world.codes[StepKind.IMAGE] = fail
    world.drain()
    after = world.job(job)
    assert after.status is JobStatus.FAILED
    assert after.error
    assert (after.error.code, after.error.step) == (code, "image")
    assert sum(world.runs.values()) == tries
    assert {asset.status for asset in world.assets(tenant)} == {AssetStatus.FAILED}
    checks.nothing_is_left_over(world, tenant)
    assert world.public() == {}


def test_an_unforeseen_failure_is_logged_and_tried_again(
    world: World, tenant: Tenant, job: Job, caplog: pytest.LogCaptureFixture
) -> None:
    def fail_once(context: StepContext) -> Made:
        if context.step.attempt == 1:
            raise ZeroDivisionError("secret details")
        return draw(context)

    world.codes[StepKind.IMAGE] = fail_once
    with caplog.at_level("ERROR", "shared"):
        world.drain()
    checks.is_whole(world, tenant, job)
    assert "secret details" in caplog.text


def test_what_was_finished_before_a_failure_stays(world: World, tenant: Tenant) -> None:
    changes = {"extra_formats": (AssetType.GIF,)}
    collections.update(world.ports, tenant.who, tenant.collection.id, {}, changes)
    job = world.generate(tenant, FILM).job

    def refuse_gif(context: StepContext) -> StepResult:
        return Refused("No.") if "gif" in context.step.makes else draw(context)

    world.codes[StepKind.TRANSCODE] = refuse_gif
    world.drain()
    assert world.job(job).status is JobStatus.FAILED
    ready = {asset.type for asset in world.assets(tenant) if asset.status is AssetStatus.READY}
    assert (len(ready), len(world.public())) == (6, 7)
    assert "gif" not in ready


# --- waiting and paying --------------------------------------------------------------------------


def test_waiting_hands_the_worker_back(world: World, tenant: Tenant, job: Job) -> None:
    seen = []

    def wait(context: StepContext) -> StepResult:
        seen.append((context.step.operation, world.clock.now()))
        return Waiting("operation", 30) if len(seen) < 3 else draw(context)

    world.codes[StepKind.IMAGE] = wait
    begun = world.clock.now()
    world.drain()
    checks.is_whole(world, tenant, job)
    pause = timedelta(seconds=30)
    assert seen == [(None, begun), ("operation", begun + pause), ("operation", begun + 2 * pause)]


def test_the_intent_is_stored_before_money_is_spent(
    world: World, job: Job, delivery: Delivery
) -> None:
    def submit(context: StepContext) -> Made:
        context.intend()
        assert world.job(job).steps["image"].intent
        return draw(context)

    run(world, delivery, submit)
    assert status(world, job) is StepStatus.SUCCEEDED


def test_who_is_superseded_spends_nothing(world: World, job: Job, delivery: Delivery) -> None:
    submits = []

    def submit(context: StepContext) -> Made:
        cancel(world, job)
        context.intend()
        submits.append(context)
        return draw(context)

    run(world, delivery, submit)
    assert submits == []


@pytest.mark.parametrize("end", ["death", "surprise"])
def test_a_submit_whose_outcome_is_unknown_is_not_repeated(
    world: World, job: Job, end: str
) -> None:
    class DeathError(BaseException):
        pass

    def submit(context: StepContext) -> Made:
        context.intend()
        raise DeathError if end == "death" else RuntimeError("Nobody foresaw it.")

    world.codes[StepKind.IMAGE] = submit
    with suppress(DeathError):
        world.drain()
    world.reopen()
    world.settle()
    after = world.job(job)
    assert after.error
    assert after.error.code == "provider_outcome_unknown"
    assert sum(world.runs.values()) == 1


def test_a_deleted_collection_ends_a_step_for_good(world: World, tenant: Tenant, job: Job) -> None:

    def look(context: StepContext) -> Made:
        assert context.collection().id == tenant.collection.id
        path = paths.collection(job.workspace_id, tenant.collection.id)
        world.ports.documents.commit([Delete(path)])
        context.collection()
        return draw(context)

    world.codes[StepKind.IMAGE] = look
    world.drain()
    after = world.job(job)
    assert after.error
    assert after.error.code == "collection_deleted"
