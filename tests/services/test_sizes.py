"""Sizes that are chosen when there are films already."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from shared.errors import Conflict
from shared.model.asset import Asset, AssetStatus
from shared.model.job import Job, JobStatus, JobType, StepKind
from shared.services import again, deletion, items, jobs, reversal, sizes
from tests.graph.jobs import FILM, FILM_FROM_STILL, IMAGE
from tests.services import checks
from tests.services.test_crashes import (
    among_others,
    dies,
    everywhere,
    is_deleted,
)
from tests.services.test_webhooks import fail
from tests.services.world import Tenant, World

FORMATS = ("webm", "hevc", "stacked_video")


def choose(world: World, tenant: Tenant, *wanted: int) -> Job | None:
    changes = {"animation_sizes": wanted}
    return sizes.update(world.ports, tenant.who, tenant.collection.id, {}, changes)[1]


def two_films(world: World, tenant: Tenant) -> None:
    world.generate(tenant, FILM)
    world.generate(tenant, FILM)
    world.generate(tenant, IMAGE)
    world.drain()


def chosen_later(world: World, tenant: Tenant) -> None:
    choose(world, tenant, 32, 16)
    world.drain()


def variants(world: World, tenant: Tenant) -> list[Asset]:
    return [asset for asset in world.assets(tenant) if asset.size is not None]


def test_films_get_the_sizes_that_are_added(world: World, tenant: Tenant) -> None:
    two_films(world, tenant)
    batch = choose(world, tenant, 32, 16)
    assert batch
    world.drain()
    assert (batch.type, batch.cost_credits) == (JobType.SIZE_VARIANT_BATCH, 0)
    assert world.job(batch).status is JobStatus.COMPLETED
    made = [job for job in world.jobs(tenant) if job.batch_id == batch.id]
    assert [job.type for job in made] == [JobType.SIZE_VARIANT] * 2
    for job in made:
        checks.is_whole(world, tenant, job)
        assert job.cost_credits == 0
        assert set(job.assets) == {f"{name}_{size}" for name in FORMATS for size in (32, 16)}
    full = {asset.path for asset in world.assets(tenant) if asset.size is None}
    for asset in variants(world, tenant):  # as if they had been made with the film
        stem, _, extension = asset.path.rpartition(".")
        assert f"{stem.removesuffix(f'-{asset.size}')}.{extension}" in full


def test_what_is_there_is_not_made_again_and_what_is_left_out_stays(
    world: World, tenant: Tenant
) -> None:
    two_films(world, tenant)
    chosen_later(world, tenant)
    before = {asset.id for asset in variants(world, tenant)}
    assert choose(world, tenant, 16) is None  # nothing was added
    assert choose(world, tenant, 16, 2000)  # larger than the film
    world.drain()
    assert {asset.id for asset in variants(world, tenant)} == before
    choose(world, tenant, 16, 32, 48)
    world.drain()
    new = [asset for asset in variants(world, tenant) if asset.id not in before]
    assert {asset.size for asset in new} == {48}
    assert len(new) == 2 * len(FORMATS)


def test_films_get_the_formats_that_are_added(world: World, tenant: Tenant) -> None:
    """In all sizes, on the way there and back; what is asked for from now on comes in them too."""
    film = world.generate(tenant, FILM)
    world.drain()
    reversal.reverse(world.ports, world.settings, tenant.who, film.job.assets["video"].id)
    world.drain()
    chosen_later(world, tenant)

    def choose_formats(*wanted: str) -> Job | None:
        changes = {"extra_formats": wanted}
        return sizes.update(world.ports, tenant.who, tenant.collection.id, {}, changes)[1]

    batch = choose_formats("gif", "sprite_sheet")
    assert batch
    world.drain()
    assert world.job(batch).status is JobStatus.COMPLETED
    [made] = [job for job in world.jobs(tenant) if job.batch_id == batch.id]
    checks.is_whole(world, tenant, made)
    assert made.cost_credits == 0
    assert set(made.assets) == {
        f"{back}{name}{size}"
        for name in ("gif", "sprite_sheet")
        for size in ("", "_32", "_16")
        for back in ("", "reverse_")
    }
    assert choose_formats("gif") is None, "what is left out stays"
    again = choose_formats("gif", "sprite_sheet")
    world.drain()
    assert again is None or not [one for one in world.jobs(tenant) if one.batch_id == again.id]
    next_one = world.generate(tenant, FILM)
    world.drain()
    assert {"gif", "gif_16", "sprite_sheet", "webm"} <= set(world.job(next_one.job).assets)
    checks.is_whole(world, tenant, world.job(next_one.job))


def test_a_format_that_only_an_older_film_comes_in_is_made_of_the_newest_one(
    world: World, tenant: Tenant
) -> None:
    """And the sizes that the older one lacks with it, once."""

    def change(**settings: Sequence[object]) -> Job | None:
        return sizes.update(world.ports, tenant.who, tenant.collection.id, {}, settings)[1]

    change(extra_formats=("gif",))
    older = world.generate(tenant, FILM)
    world.drain()
    change(extra_formats=())
    newest = world.generate(tenant, {**FILM, "item_id": older.job.item_id})
    world.drain()
    batch = change(extra_formats=("gif",), animation_sizes=(32,))
    assert batch
    world.drain()
    [made] = [job for job in world.jobs(tenant) if job.batch_id == batch.id]
    checks.is_whole(world, tenant, made)
    video = newest.job.assets["video"].id
    assert {step.inputs["video"] for step in made.steps.values()} == {video}
    assert {"gif", "gif_32", "webm_32"} <= set(made.assets)


def test_a_collection_without_items_needs_no_job(world: World, tenant: Tenant) -> None:
    assert choose(world, tenant, 32) is None
    assert world.jobs(tenant) == []


def test_it_waits_for_what_is_being_made(world: World, tenant: Tenant) -> None:
    world.generate(tenant, FILM)
    batch = choose(world, tenant, 32)
    assert batch
    world.drain()
    assert world.job(batch).status is JobStatus.COMPLETED
    assert len(variants(world, tenant)) == len(FORMATS)


def test_a_size_that_could_not_be_made_is_made_under_another_name(
    world: World, tenant: Tenant
) -> None:
    """No name is given twice; and the batch says that something is missing."""
    two_films(world, tenant)
    works = world.codes[StepKind.TRANSCODE]
    world.codes[StepKind.TRANSCODE] = fail
    batch = choose(world, tenant, 32)
    assert batch
    world.drain()
    failed = world.job(batch)
    assert failed.error
    assert (failed.error.code, failed.error.message[:6]) == ("sizes_incomplete", "2 of 2")
    with pytest.raises(Conflict, match="Retry the jobs that it has begun"):
        again.retry(world.ports, world.settings, tenant.who, batch.id)
    world.codes[StepKind.TRANSCODE] = works
    choose(world, tenant)
    choose(world, tenant, 32)
    world.drain()
    paths = [asset.path for asset in world.assets(tenant)]
    assert len(paths) == len(set(paths))
    ready = [one for one in variants(world, tenant) if one.status is AssetStatus.READY]
    assert len(ready) == 2 * len(FORMATS)


def test_a_batch_that_is_canceled_takes_its_jobs_with_it(world: World, tenant: Tenant) -> None:
    two_films(world, tenant)
    batch = choose(world, tenant, 32)
    assert batch
    world.deliver_next(StepKind.SIZES)
    jobs.cancel(world.ports, tenant.who, batch.id)
    world.drain()
    for job in world.jobs(tenant):
        if job.batch_id:
            assert job.error
            assert job.error.code == "canceled"
    assert not any(one.status is AssetStatus.READY for one in variants(world, tenant))


def test_an_item_that_is_deleted_meanwhile_is_passed_over(world: World, tenant: Tenant) -> None:
    two_films(world, tenant)
    batch = choose(world, tenant, 32)
    assert batch
    [first, *_] = world.documents(tenant, "items")
    deletion.delete_item(world.ports, tenant.who, first.id)
    world.drain()
    assert world.job(batch).status is JobStatus.COMPLETED
    assert len(variants(world, tenant)) == len(FORMATS)
    assert items.get(world.ports, tenant.who, world.documents(tenant, "items")[0].id)


def test_another_workspace_cannot_choose(world: World, tenant: Tenant) -> None:
    two_films(world, tenant)
    stranger = world.tenant("Stranger")
    choose(world, stranger, 32)
    world.drain()
    assert variants(world, tenant) == variants(world, stranger) == []


def a_film(world: World, tenant: Tenant) -> None:
    still = world.upload(tenant)
    world.generate(tenant, {**FILM_FROM_STILL, "source_image_asset_id": still.id})
    world.drain()


def one_size_later(world: World, tenant: Tenant) -> None:
    with suppress(Conflict):  # deleted between reading and writing it
        choose(world, tenant, 32)
    world.drain()


def has_its_size_or_was_never_asked(world: World, tenant: Tenant) -> None:
    checks.nothing_is_left_over(world, tenant)
    batches = [job for job in world.jobs(tenant) if job.type is JobType.SIZE_VARIANT_BATCH]
    assert all(job.status is JobStatus.COMPLETED for job in world.jobs(tenant))
    made = variants(world, tenant)
    assert len(made) == len(batches) * len(FORMATS)
    for asset in made:
        assert asset.status is AssetStatus.READY
        checks.is_public(world, asset)


def test_sizes_are_made_once_wherever_it_is_cut_off(folder: Path) -> None:
    check = has_its_size_or_was_never_asked
    everywhere(folder, one_size_later, dies, check=check, before=a_film, recover=among_others)


def nothing_is_public_but_the_upload(world: World, tenant: Tenant) -> None:
    checks.nothing_is_left_over(world, tenant)
    assert [name.split("/")[0] for name in world.served()] == ["uploads"]
    assert all(job.finished and job.settled for job in world.jobs(tenant))
    assert world.documents(tenant, "items") == world.documents(tenant, "links") == []


def test_sizes_of_a_deleted_character_leave_nothing(folder: Path) -> None:
    check = nothing_is_public_but_the_upload
    everywhere(folder, one_size_later, is_deleted, check=check, before=a_film, recover=among_others)
