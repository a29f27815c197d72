"""Public files that nobody owns are found and removed, and no others."""

from datetime import timedelta
from pathlib import Path

import pytest

from shared.model import paths
from shared.model.asset import Asset, AssetStatus
from shared.model.finding import Finding
from shared.model.job import Job
from shared.ports import Bucket, Delete, Put
from shared.services import deletion, jobs, orphans, placeholders
from tests.graph.jobs import IMAGE
from tests.services.counting import Reads
from tests.services.test_crashes import among_others, dies, everywhere
from tests.services.told import told
from tests.services.world import Tenant, World


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level("INFO", "shared")
    return caplog


def an_image(world: World, tenant: Tenant) -> Job:
    """An image with its cut-out, finished more than an hour ago."""
    job = world.generate(tenant, IMAGE).job
    world.drain()
    world.clock.advance(orphans.GRACE)
    return world.job(job)


def forget(world: World, tenant: Tenant, asset_id: str) -> None:
    """Leave a file behind, as who dies after he has removed an asset's document."""
    world.ports.documents.commit([Delete(paths.asset(tenant.who.workspace_id, asset_id))])


def a_round(world: World) -> int:
    """Sweep until every file has been looked at, and what was suspected once more; how many sweeps
    that took."""
    world.clock.advance(orphans.REST)
    for number in range(1, 100):
        world.sweep()
        document = world.ports.documents.get(paths.walk(orphans.WALK))
        assert document
        if document.data["rests_until"] and not document.data["suspects"]:
            return number
    raise AssertionError("the round has no end")


def test_an_orphan_goes_at_the_second_look(
    world: World, tenant: Tenant, log: pytest.LogCaptureFixture
) -> None:
    job = an_image(world, tenant)
    kept, lost = job.assets["image"], job.assets["transparent_image"]
    forget(world, tenant, lost.id)
    world.sweep()
    assert told(log) == {Finding.BLOB_SUSPECTED: 4}, "its files, and what its stable URLs serve"
    assert {*lost.paths} <= world.public().keys()
    world.sweep()
    assert told(log) == {Finding.BLOB_ORPHANED: 2, Finding.ALIAS_STALE: 1}
    assert set(world.public()) == {kept.path}
    [alias] = world.served().keys() - world.public().keys()
    assert world.served()[alias].metadata["asset"] == kept.id
    a_round(world)
    assert told(log) == {}


def test_what_is_young_is_left_alone(
    world: World, tenant: Tenant, log: pytest.LogCaptureFixture
) -> None:
    job = world.generate(tenant, IMAGE).job
    world.drain()
    forget(world, tenant, job.assets["image"].id)
    world.sweep()
    world.sweep()
    assert told(log) == {}
    assert len(world.public()) == 3


def test_what_is_in_use_is_no_orphan(
    world: World, tenant: Tenant, log: pytest.LogCaptureFixture
) -> None:
    """Files, stable URLs, uploads, and placeholders of what is still being made."""
    an_image(world, tenant)
    upload = world.upload(tenant)
    world.ports.blobs.put(
        Bucket.ASSETS,
        upload.path,
        b"png",
        content_type="image/png",
        metadata={"workspace": tenant.who.workspace_id, "asset": upload.id},
    )
    world.generate(tenant, IMAGE)
    before = set(world.served())
    assert len(before) == 3 + 3 + 1 + 3
    world.clock.advance(orphans.GRACE)
    orphans.sweep(world.ports)
    orphans.sweep(world.ports)
    assert told(log) == {}
    assert set(world.served()) == before


def test_a_placeholder_of_what_failed_goes(
    world: World, tenant: Tenant, log: pytest.LogCaptureFixture
) -> None:
    """Put there by a request that came too late, and died before it could notice."""
    job = world.generate(tenant, IMAGE).job
    jobs.cancel(world.ports, tenant.who, job.id)
    world.drain()
    placeholders._put(world.ports, job)
    assert {asset.status for asset in world.assets(tenant)} == {AssetStatus.FAILED}
    world.clock.advance(orphans.GRACE)
    a_round(world)
    assert told(log)[Finding.BLOB_ORPHANED] == 3
    assert world.public() == {}


def test_a_job_that_is_at_work_keeps_its_files(
    world: World, tenant: Tenant, log: pytest.LogCaptureFixture
) -> None:
    job = world.generate(tenant, IMAGE).job
    forget(world, tenant, job.assets["image"].id)
    world.clock.advance(orphans.GRACE)
    for _ in range(3):
        orphans.sweep(world.ports)
    assert told(log) == {}
    assert len(world.public()) == 3


def test_a_deletion_takes_its_own_along(
    world: World, tenant: Tenant, log: pytest.LogCaptureFixture
) -> None:
    job = an_image(world, tenant)
    deletion.delete_asset(world.ports, tenant.who, job.assets["image"].id)
    for _ in range(3):
        orphans.sweep(world.ports)
    assert len(world.public()) == 3
    world.drain()
    assert len(world.public()) == 2
    a_round(world)
    assert told(log) == {}


def test_what_changed_between_two_looks_stays(
    world: World, tenant: Tenant, log: pytest.LogCaptureFixture
) -> None:
    """The document is there again, as after a backup; or somebody has written the file anew."""
    job = an_image(world, tenant)
    image, cutout = job.assets["image"], job.assets["transparent_image"]
    found = {asset.id: asset for asset in world.assets(tenant)}
    for asset in (image, cutout):
        forget(world, tenant, asset.id)
    world.sweep()
    assert told(log)[Finding.BLOB_SUSPECTED] == 6
    path = paths.asset(tenant.who.workspace_id, image.id)
    world.ports.documents.commit([Put(path, found[image.id].stored())])
    blob = world.served()[cutout.path]
    world.ports.blobs.put(
        Bucket.ASSETS, cutout.path, b"new", content_type="image/png", metadata=blob.metadata
    )
    orphans.sweep(world.ports)
    assert set(world.public()) == {image.path, cutout.path}
    assert told(log)[Finding.BLOB_ORPHANED] == 1, "the sibling, which nobody wrote anew"


def test_what_we_have_not_written_stays(
    world: World, tenant: Tenant, log: pytest.LogCaptureFixture
) -> None:
    for name, metadata in (
        ("robots.txt", {}),
        ("a/b.png", {"workspace": "../x", "asset": tenant.who.workspace_id}),
        ("a/c.png", {"workspace": tenant.who.workspace_id, "asset": "a/b"}),
    ):
        world.ports.blobs.put(
            Bucket.ASSETS, name, b"x", content_type="text/plain", metadata=metadata
        )
    world.clock.advance(orphans.GRACE)
    world.lose_deliveries()
    a_round(world)
    world.sweep()
    assert told(log) == {Finding.BLOB_UNKNOWN: 3}, "once in a round"
    assert len(world.public()) == 3
    a_round(world)
    assert told(log) == {Finding.BLOB_UNKNOWN: 3}


# --- cost ----------------------------------------------------------------------------------------


def uploads(world: World, tenant: Tenant) -> list[Asset]:
    found = [world.upload(tenant) for _ in range(12)]
    for asset in found:
        metadata = {"workspace": tenant.who.workspace_id, "asset": asset.id}
        world.ports.blobs.put(
            Bucket.ASSETS, asset.path, b"png", content_type="image/png", metadata=metadata
        )
    return found


def test_a_sweep_reads_a_page(
    world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orphans, "PAGE", 5)
    known = uploads(world, tenant)
    for asset in known[::2]:
        forget(world, tenant, asset.id)
    world.clock.advance(orphans.GRACE)
    for left in (12, 7, 2):
        reads = Reads(world.ports)
        orphans.sweep(reads.ports)
        assert reads.calls["list"] == 1
        assert reads.documents <= 1 + 6 * min(5, left) + 2
        world.reopen()
    orphans.sweep(world.ports)
    assert set(world.public()) == {asset.path for asset in known[1::2]}
    reads = Reads(world.ports)
    orphans.sweep(reads.ports)
    assert (reads.documents, reads.objects) == (1, 0), "it rests"
    world.clock.advance(orphans.REST - timedelta(seconds=1))
    orphans.sweep(reads.ports)
    assert reads.calls["list"] == 0
    world.clock.advance(timedelta(seconds=1))
    orphans.sweep(reads.ports)
    assert reads.calls["list"] == 1


# --- crashes -------------------------------------------------------------------------------------


def many_orphans(world: World, tenant: Tenant) -> None:
    """Uploads that nobody owns, and an image whose cut-out somebody does."""
    lost = [asset.id for asset in uploads(world, tenant)]
    for id_ in (*lost, an_image(world, tenant).assets["image"].id):
        forget(world, tenant, id_)


def sweeps(world: World, tenant: Tenant) -> None:
    a_round(world)


def only_what_is_owned_is_left(world: World, tenant: Tenant) -> None:
    a_round(world)
    assert set(world.public()) == {path for asset in world.assets(tenant) for path in asset.paths}
    known = world.ids(tenant, "assets")
    assert {blob.metadata["asset"] for blob in world.served().values()} == known
    assert len(known) == 1


def test_orphans_go_wherever_a_sweep_is_cut_off(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orphans, "PAGE", 2)
    everywhere(
        folder,
        sweeps,
        dies,
        check=only_what_is_owned_is_left,
        before=many_orphans,
        recover=among_others,
    )
