"""A process may die in front of any effect, and a character may be deleted at any moment: no work
is lost, and nothing is left behind."""

import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from shared.errors import NotFound, PermanentError
from shared.model.asset import AssetStatus, AssetType
from shared.model.job import JobStatus, JobType, StepKind
from shared.services import collections, deletion
from shared.services.steps import StepContext, StepResult
from tests.graph.jobs import FILM, IMAGE
from tests.services import checks
from tests.services.faults import Crash, Fuse, crash
from tests.services.world import Tenant, World, accept_the_second, draw

Story = Callable[[World, Tenant], None]
Faults = Callable[[int, World, Tenant], Mapping[int, Callable[[], None]]]

MANY = 20
"""A story with fewer effects than that would be another story."""


def everywhere(
    folder: Path,
    story: Story,
    faults: Faults,
    *,
    check: Story,
    before: Story | None = None,
    recover: Story | None = None,
) -> None:
    """Tell a story again and again, with its fault in front of the first effect, of the second, …
    until it has no more effects; recover, and check."""
    for number in count(1):
        world = World(folder / str(number))
        try:
            tenant = world.tenant()
            if before:
                before(world, tenant)
            fuse = Fuse(faults(number, world, tenant))
            world.light(fuse)
            with suppress(Crash, NotFound):
                story(world, tenant)
            if not fuse.reached(number):
                assert number > MANY
                return
            (recover or after_a_restart)(world, tenant)
            check(world, tenant)
        except Exception as error:
            error.add_note(f"with the fault in front of effect {number}")
            raise
        finally:
            world.close()
            shutil.rmtree(folder / str(number))


# --- faults and recoveries -----------------------------------------------------------------------


def dies(number: int, world: World, tenant: Tenant) -> Mapping[int, Callable[[], None]]:
    return {number: crash}


def is_deleted(number: int, world: World, tenant: Tenant) -> Mapping[int, Callable[[], None]]:
    """Somebody else deletes the character, and everything below it is removed at once."""

    def delete() -> None:
        with world.aside():
            deletion.delete_collection(world.ports, tenant.who, tenant.collection.id)
            world.drain(StepKind.PURGE)

    return {number: delete}


def is_deleted_and_dies(
    number: int, world: World, tenant: Tenant
) -> Mapping[int, Callable[[], None]]:
    """The worker that was overtaken has one more effect."""
    return {**is_deleted(number, world, tenant), number + 1: crash}


def after_a_restart(world: World, tenant: Tenant) -> None:
    """One process was everything; the next one begins with an orphaned sweep."""
    world.restart()
    world.drain()


def by_the_queue_alone(world: World, tenant: Tenant) -> None:
    """Nobody sweeps: what was not acknowledged comes back, and that is enough."""
    world.reopen()
    world.drain()


def among_others(world: World, tenant: Tenant) -> None:
    """One of many workers died; the queue and the sweeper notice in their own time."""
    world.reopen()
    world.settle()


# --- stories -------------------------------------------------------------------------------------


def a_film(world: World, tenant: Tenant) -> None:
    world.generate(tenant, FILM)
    world.drain()


def an_image_in_two_sizes(world: World, tenant: Tenant) -> None:
    world.generate(tenant, {**IMAGE, "sizes": [64]})
    world.drain()


def its_deliveries(world: World, tenant: Tenant) -> None:
    world.drain()


def ask_for_a_film(world: World, tenant: Tenant) -> None:
    world.generate(tenant, FILM)


def two_items(world: World, tenant: Tenant) -> None:
    an_image_in_two_sizes(world, tenant)
    world.generate(tenant, IMAGE)
    world.drain()


def is_whole_or_nothing(world: World, tenant: Tenant) -> None:
    jobs = world.jobs(tenant)
    if not jobs:  # the first commit did not happen, so nothing did
        assert world.documents(tenant, "items") == world.documents(tenant, "assets") == []
        assert world.public() == {}
        return
    [job] = jobs
    checks.is_whole(world, tenant, job)
    assert set(world.public()) == {path for asset in job.assets.values() for path in asset.paths}
    assert len(world.documents(tenant, "items")) == 1


def an_image_at_the_second_take(world: World, tenant: Tenant) -> None:
    world.codes[StepKind.VALIDATE] = accept_the_second
    an_image_in_two_sizes(world, tenant)


def is_whole_and_learned(world: World, tenant: Tenant) -> None:
    is_whole_or_nothing(world, tenant)
    if world.jobs(tenant):
        checks.is_learned_once(world, tenant)


@pytest.mark.parametrize("recover", [after_a_restart, among_others])
def test_a_take_is_judged_once_wherever_it_is_cut_off(folder: Path, recover: Story) -> None:
    everywhere(
        folder, an_image_at_the_second_take, dies, check=is_whole_and_learned, recover=recover
    )


@pytest.mark.parametrize(
    ("story", "recover"), [(a_film, after_a_restart), (an_image_in_two_sizes, among_others)]
)
def test_work_is_finished_wherever_it_is_cut_off(
    folder: Path, story: Story, recover: Story
) -> None:
    everywhere(folder, story, dies, check=is_whole_or_nothing, recover=recover)


def test_once_it_is_in_the_queue_work_needs_no_sweeper(folder: Path) -> None:
    everywhere(
        folder,
        its_deliveries,
        dies,
        check=is_whole_or_nothing,
        before=ask_for_a_film,
        recover=by_the_queue_alone,
    )


def ask_for_a_film_that_will_fail(world: World, tenant: Tenant) -> None:
    def fail(context: StepContext) -> StepResult:
        if "gif" in context.step.makes:
            raise PermanentError("no_encoder", "There is no encoder.")
        return draw(context)

    world.codes[StepKind.TRANSCODE] = fail
    changes = {"extra_formats": (AssetType.GIF,)}
    collections.update(world.ports, tenant.who, tenant.collection.id, {}, changes)
    ask_for_a_film(world, tenant)


def has_failed_in_part(world: World, tenant: Tenant) -> None:
    checks.nothing_is_left_over(world, tenant)
    [job] = world.jobs(tenant)
    assert job.status is JobStatus.FAILED
    assert job.error
    assert job.error.code == "no_encoder"
    for asset in world.assets(tenant):
        if asset.type is AssetType.GIF:
            assert asset.status is AssetStatus.FAILED
            assert not {*asset.paths} & world.public().keys()
        else:
            assert asset.status is AssetStatus.READY
            checks.is_public(world, asset)


def test_a_failure_in_part_is_settled_wherever_it_is_cut_off(folder: Path) -> None:
    everywhere(
        folder,
        its_deliveries,
        dies,
        check=has_failed_in_part,
        before=ask_for_a_film_that_will_fail,
        recover=by_the_queue_alone,
    )


def test_a_queue_may_be_faster_than_we_are(world: World, tenant: Tenant) -> None:
    """In front of every effect, everything that the queue holds is delivered."""

    def deliver_all() -> None:
        with world.aside():
            at = world.clock.now()
            while world.deliver_next(until=at):
                pass

    world.light(Fuse(dict.fromkeys(range(1, 500), deliver_all)))
    job = world.generate(tenant).job
    while world.deliver_next(until=world.clock.now()):
        pass
    checks.is_whole(world, tenant, job)
    assert set(world.runs.values()) == {1}


def delete_project(world: World, tenant: Tenant) -> None:
    deletion.delete_project(world.ports, tenant.who, tenant.project_id)
    world.drain()


def is_gone_if_it_was_begun(world: World, tenant: Tenant) -> None:
    if any(job.type is JobType.DELETION for job in world.jobs(tenant)):
        checks.is_gone(world, tenant)
    else:
        assert world.documents(tenant, "projects")
        assert (len(world.assets(tenant)), len(world.public())) == (5, 8)


@pytest.mark.parametrize("recover", [after_a_restart, among_others])
def test_a_deletion_goes_on_wherever_it_is_cut_off(folder: Path, recover: Story) -> None:
    everywhere(
        folder,
        delete_project,
        dies,
        check=is_gone_if_it_was_begun,
        before=two_items,
        recover=recover,
    )


def films_end_with_their_character(world: World, tenant: Tenant) -> None:
    checks.is_gone(world, tenant)
    for job in world.jobs(tenant):
        assert job.finished
        assert job.settled
        if job.status is JobStatus.FAILED:
            assert job.error
            assert job.error.code == "canceled"


def test_a_film_whose_character_is_deleted_leaves_nothing(folder: Path) -> None:
    everywhere(
        folder, a_film, is_deleted, check=films_end_with_their_character, recover=among_others
    )


def test_nor_does_it_when_its_worker_dies_as_well(folder: Path) -> None:
    everywhere(
        folder,
        its_deliveries,
        is_deleted_and_dies,
        check=films_end_with_their_character,
        before=ask_for_a_film,
        recover=among_others,
    )
