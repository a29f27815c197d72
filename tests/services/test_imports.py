"""Pictures and films that a client has made himself, as items."""

from datetime import timedelta
from pathlib import Path

import pytest

from shared.adapters.embedded.events import EVENTS_QUEUE
from shared.errors import BadRequest, Conflict, NotFound
from shared.model.asset import Asset, AssetStatus
from shared.model.item import ItemType
from shared.model.job import Job, JobStatus, JobType, StepKind
from shared.ports import Bucket
from shared.services import again, generation, imports, jobs, uploads
from shared.services.imports import Target
from tests.services import checks
from tests.services.test_crashes import (
    Story,
    after_a_restart,
    among_others,
    dies,
    everywhere,
    is_deleted,
)
from tests.services.test_webhooks import fail
from tests.services.world import Tenant, World

MP4 = b"\0\0\0\x18ftypisom\0\0\0\0isommp42"


def bring(world: World, tenant: Tenant, upload: Asset) -> Job:
    proposal = imports.propose(
        world.ports, tenant.who, tenant.collection.id, upload, Target("Mine"), sizes=[32]
    )
    return generation.accept(world.ports, world.settings, tenant.who, proposal).job


def invited(world: World, tenant: Tenant) -> Asset:
    made = uploads.invite(world.ports, tenant.who, "video/mp4", is_film=True)
    return imports.uploaded(world.ports, tenant.who, made.asset_id, field="asset_id")


def send(world: World, tenant: Tenant, upload: Asset, content: bytes = MP4) -> None:
    raw = uploads.Upload(tenant.who.workspace_id, upload.id, upload.path).raw
    world.ports.blobs.put(Bucket.UPLOADS, raw, content, content_type="video/mp4")


def a_film(world: World, tenant: Tenant) -> None:
    prepared = uploads.prepare(world.ports, tenant.who, MP4, Path())
    upload = uploads.keep(world.ports, tenant.who, prepared)
    bring(world, tenant, upload)
    world.drain()


def a_picture(world: World, tenant: Tenant) -> None:
    bring(world, tenant, world.upload(tenant))
    world.drain()


def test_a_picture_becomes_an_item_as_it_is(world: World, tenant: Tenant) -> None:
    a_picture(world, tenant)
    [job] = world.jobs(tenant)
    assert (job.type, job.cost_credits, job.needs_review) == (JobType.IMPORT, 0, False)
    assert set(job.assets) == {"image", "transparent_image"}  # a picture of one pixel has no sizes
    checks.is_whole(world, tenant, job)


def test_a_film_becomes_an_item_with_every_format(world: World, tenant: Tenant) -> None:
    a_film(world, tenant)
    [job] = world.jobs(tenant)
    assert job.status is JobStatus.COMPLETED
    formats = {"webm", "hevc", "stacked_video"}
    assert set(job.assets) == {"video", *formats, *(f"{name}_32" for name in formats)}
    world.settle()  # the film itself goes when its day is over
    checks.is_whole(world, tenant, job)
    [item] = world.documents(tenant, "items")
    assert item.data["type"] == ItemType.ANIMATION


def test_a_film_may_be_imported_before_it_has_arrived(world: World, tenant: Tenant) -> None:
    """Whoever has sent it need not ask whether it is there."""
    upload = invited(world, tenant)
    job = bring(world, tenant, upload)
    for _ in range(5):
        world.deliver_next()
    assert not world.job(job).finished
    send(world, tenant, upload)
    world.drain()
    assert world.job(job).status is JobStatus.COMPLETED


def test_what_is_no_film_is_refused_when_it_has_arrived(world: World, tenant: Tenant) -> None:
    upload = invited(world, tenant)
    job = bring(world, tenant, upload)
    send(world, tenant, upload, b"#EXTM3U\nfile:///etc/passwd\n")
    world.drain(EVENTS_QUEUE, uploads.QUEUE)
    world.drain()
    error = world.job(job).error
    assert error
    assert error.code == "upload_refused"
    assert error.message == (
        "The film is a playlist (HLS, M3U8), not a film itself; "
        "send an MP4, MOV, WebM or GIF, or a PNG or WebP that moves."
    )
    [left] = world.ports.blobs.list(Bucket.UPLOADS, "", limit=9).results
    assert left.size == 0
    with pytest.raises(BadRequest, match=r"cannot be imported: The film is a playlist") as refused:
        imports.uploaded(world.ports, tenant.who, upload.id, field="asset_id")
    assert refused.value.details["field"] == "asset_id"


def test_a_film_is_never_public_as_it_came_and_is_kept_for_a_day(
    world: World, tenant: Tenant
) -> None:
    upload = invited(world, tenant)
    send(world, tenant, upload)
    world.drain()
    assert world.public() == {}
    for hours, kept in ((1, 1), (22, 1), (2, 0)):
        world.clock.advance(timedelta(hours=hours))
        world.sweep()
        world.drain()
        assert len(world.ports.blobs.list(Bucket.UPLOADS, "", limit=9).results) == kept
    [asset] = world.assets(tenant)
    assert asset.status is AssetStatus.FAILED
    assert asset.error
    assert asset.error.message == "A film is kept for a day; send it again."
    assert world.due() == []


def test_a_film_that_never_arrives_ends_its_import(world: World, tenant: Tenant) -> None:
    job = bring(world, tenant, invited(world, tenant))
    world.clock.advance(timedelta(minutes=20))
    world.sweep()
    world.drain()
    error = world.job(job).error
    assert error
    assert error.code == "upload_expired"


def test_an_import_is_taken_up_again_as_long_as_its_film_is_there(
    world: World, tenant: Tenant
) -> None:
    taking = world.codes[StepKind.INTAKE]
    world.codes[StepKind.INTAKE] = fail
    a_film(world, tenant)
    [failed] = world.jobs(tenant)
    world.codes[StepKind.INTAKE] = taking
    made = again.retry(world.ports, world.settings, tenant.who, failed.id).job
    world.drain()
    assert world.job(made).status is JobStatus.COMPLETED


def test_an_import_is_not_taken_up_again_without_its_film(world: World, tenant: Tenant) -> None:
    world.codes[StepKind.INTAKE] = fail
    a_film(world, tenant)
    [failed] = world.jobs(tenant)
    world.clock.advance(timedelta(hours=25))
    world.settle()
    with pytest.raises(Conflict, match="which is not there"):
        again.retry(world.ports, world.settings, tenant.who, failed.id)


def test_what_cannot_be_imported(world: World, tenant: Tenant) -> None:
    upload = world.upload(tenant)
    for asset_id, says in (
        (world.generate(tenant).job.assets["image"].id, "was made here"),
        (uploads.invite(world.ports, tenant.who, "image/png").asset_id, "wait until its status"),
        ("0b3f0000-0000-4000-8000-000000000000", "no such asset"),
    ):
        with pytest.raises(BadRequest, match=says):
            imports.uploaded(world.ports, tenant.who, asset_id, field="asset_id")
    stranger = world.tenant("Stranger")
    with pytest.raises(BadRequest, match="no such asset"):
        imports.uploaded(world.ports, stranger.who, upload.id, field="asset_id")
    with pytest.raises(NotFound):
        imports.propose(world.ports, stranger.who, tenant.collection.id, upload, Target("Mine"))


def test_a_cancelled_import_leaves_nothing_public(world: World, tenant: Tenant) -> None:
    job = bring(world, tenant, invited(world, tenant))
    jobs.cancel(world.ports, tenant.who, job.id)
    world.settle()
    assert world.public() == {}


def is_whole_when_its_day_is_over(world: World, tenant: Tenant) -> None:
    world.settle()
    assets = [asset for job in world.jobs(tenant) for asset in job.assets.values()]
    made = {path for asset in assets for path in asset.paths}
    assert set(world.public()) == made
    assert len(world.documents(tenant, "items")) == len(world.jobs(tenant))
    for job in world.jobs(tenant):
        checks.is_whole(world, tenant, job)


@pytest.mark.parametrize("recover", [after_a_restart, among_others])
def test_an_import_is_finished_wherever_it_is_cut_off(folder: Path, recover: Story) -> None:
    everywhere(folder, a_film, dies, check=is_whole_when_its_day_is_over, recover=recover)


def nothing_is_public_when_its_day_is_over(world: World, tenant: Tenant) -> None:
    world.settle()
    assert world.served() == {}
    assert all(job.finished and job.settled for job in world.jobs(tenant))
    assert world.documents(tenant, "items") == world.documents(tenant, "links") == []


def test_an_import_whose_character_is_deleted_leaves_nothing(folder: Path) -> None:
    check = nothing_is_public_when_its_day_is_over
    everywhere(folder, a_film, is_deleted, check=check, recover=among_others)
