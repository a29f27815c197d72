"""Assets whose files are gone are found, and published again from what is left of them."""

from datetime import timedelta
from pathlib import Path

import pytest

from shared.model import paths
from shared.model.asset import Asset, AssetStatus
from shared.model.finding import Finding
from shared.model.job import Job
from shared.model.version import best_path
from shared.ports import Bucket
from shared.services import deletion, losses, placeholders, versions
from tests.graph.jobs import FILM, IMAGE
from tests.services import checks
from tests.services.counting import Reads
from tests.services.test_crashes import among_others, dies, everywhere
from tests.services.told import told
from tests.services.world import Tenant, World


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level("INFO", "shared")
    return caplog


def an_image(world: World, tenant: Tenant) -> Job:
    job = world.generate(tenant, IMAGE).job
    world.drain()
    return world.job(job)


def lose(world: World, path: str) -> None:
    assert world.ports.blobs.delete(Bucket.ASSETS, path)


def forget_work(world: World) -> None:
    """As the store does after some days."""
    for blob in world.ports.blobs.list(Bucket.WORK, "", limit=1000).results:
        world.ports.blobs.delete(Bucket.WORK, blob.name)


def a_round(world: World) -> None:
    """Sweep until every asset has been looked at."""
    world.clock.advance(losses.REST)
    for _ in range(100):
        world.sweep()
        document = world.ports.documents.get(paths.walk(losses.WALK))
        assert document
        if document.data["rests_until"]:
            return
    raise AssertionError("the round has no end")


def are_all_there(world: World, tenant: Tenant) -> None:
    for asset in world.assets(tenant):
        assert asset.status is AssetStatus.READY
        checks.is_public(world, asset)


def test_a_lost_file_is_published_again(
    world: World, tenant: Tenant, log: pytest.LogCaptureFixture
) -> None:
    job = an_image(world, tenant)
    a_round(world)
    assert told(log) == {}
    lose(world, job.assets["image"].path)
    a_round(world)
    assert told(log) == {Finding.ASSET_RESTORED: 1}
    are_all_there(world, tenant)
    world.drain()
    a_round(world)
    assert told(log) == {}
    checks.nothing_is_left_over(world, tenant)


def test_a_placeholder_is_no_file(
    world: World, tenant: Tenant, log: pytest.LogCaptureFixture
) -> None:
    job = an_image(world, tenant)
    lose(world, job.assets["image"].path)
    placeholders._put(world.ports, job)
    a_round(world)
    assert told(log) == {Finding.ASSET_RESTORED: 1}
    are_all_there(world, tenant)


def test_what_a_stable_url_serves_is_a_copy(
    world: World, tenant: Tenant, log: pytest.LogCaptureFixture
) -> None:
    job = an_image(world, tenant)
    forget_work(world)
    lose(world, job.assets["image"].path)
    a_round(world)
    assert told(log) == {Finding.ASSET_RESTORED: 1}
    are_all_there(world, tenant)


def test_what_cannot_be_mended_is_told_in_each_round(
    world: World, tenant: Tenant, log: pytest.LogCaptureFixture
) -> None:
    """The latest version is the best one, so nothing is left of the other."""
    old = an_image(world, tenant)
    item = old.item_id or ""
    world.generate(tenant, {**IMAGE, "name": None, "item_id": item})
    world.drain()
    forget_work(world)
    upload = world.upload(tenant)
    for path in (old.assets["image"].path, upload.path):
        lose(world, path)
    assets = world.documents(tenant, "assets")
    for _ in range(2):
        a_round(world)
        assert told(log) == {Finding.ASSET_MISSING: 2}
    assert world.documents(tenant, "assets") == assets, "nothing is taken from the client"
    best = versions.best_of(world.ports, tenant.who, item)["image"]
    assert best.id != old.assets["image"].id
    assert best_path(best) in world.served()


def test_what_is_being_deleted_is_not_lost(
    world: World, tenant: Tenant, log: pytest.LogCaptureFixture
) -> None:
    """Its files go before the documents that name them."""
    first = an_image(world, tenant)
    deletion.delete_collection(world.ports, tenant.who, tenant.collection.id)
    lose(world, first.assets["image"].path)
    forget_work(world)
    for path in world.served():
        lose(world, path)
    losses.sweep(world.ports)
    assert told(log) == {}
    world.drain()
    checks.is_gone(world, tenant)


def test_what_is_not_finished_is_not_lost(
    world: World, tenant: Tenant, log: pytest.LogCaptureFixture
) -> None:
    world.generate(tenant, FILM)
    for path in world.public():
        lose(world, path)
    losses.sweep(world.ports)
    assert told(log) == {}


def test_one_that_cannot_be_read_does_not_stop_the_others(
    world: World, tenant: Tenant, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = an_image(world, tenant)
    for asset in job.assets.values():
        lose(world, asset.path)
    load = Asset.load
    seen: list[object] = []

    def broken(data: dict[str, object]) -> Asset:
        if not seen:
            seen.append(data)
            raise ValueError
        return load(data)

    with monkeypatch.context() as patch:
        patch.setattr(Asset, "load", broken)
        losses.sweep(world.ports)
    assert told(log) == {Finding.SWEEP_FAILED: 1, Finding.ASSET_RESTORED: 1}


# --- cost ----------------------------------------------------------------------------------------


def test_a_sweep_reads_a_page(
    world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of as many workspaces as it takes, one of which has more and one of which has nothing."""
    monkeypatch.setattr(losses, "PAGE", 5)
    monkeypatch.setattr(losses, "WORKSPACES", 3)
    tenants = [tenant, *(world.tenant(name) for name in "abcde")]
    for number, one in enumerate(tenants):
        for _ in range((7, 0, 1, 2, 0, 4)[number]):
            lose(world, world.upload(one).path)
    looked = 0
    for _ in range(10):
        reads = Reads(world.ports)
        losses.sweep(reads.ports)
        assert reads.documents <= 1 + 3 * 2 + 5 * 2
        assert reads.objects <= 5
        looked += reads.objects
        world.reopen()
        document = world.ports.documents.get(paths.walk(losses.WALK))
        assert document
        if document.data["rests_until"]:
            break
    assert looked == 14, "each once"
    reads = Reads(world.ports)
    losses.sweep(reads.ports)
    assert (reads.documents, reads.objects) == (1, 0), "it rests"
    world.clock.advance(losses.REST - timedelta(seconds=1))
    losses.sweep(reads.ports)
    assert reads.objects == 0
    world.clock.advance(timedelta(seconds=1))
    losses.sweep(reads.ports)
    assert reads.objects == 5


# --- crashes -------------------------------------------------------------------------------------


def a_lost_film(world: World, tenant: Tenant) -> None:
    world.generate(tenant, {**FILM, "sizes": [64]})
    world.drain()
    for path in world.public():
        lose(world, path)


def test_files_come_back_wherever_a_sweep_is_cut_off(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(losses, "PAGE", 2)

    def sweeps(world: World, tenant: Tenant) -> None:
        a_round(world)

    def come_back(world: World, tenant: Tenant) -> None:
        a_round(world)
        are_all_there(world, tenant)

    everywhere(folder, sweeps, dies, check=come_back, before=a_lost_film, recover=among_others)
