"""Deletion takes a whole subtree along, and nothing beside it."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from shared.errors import Busy, NotFound
from shared.model import paths
from shared.model.item import ItemType
from shared.model.job import Job, JobStatus, JobType, StepKind
from shared.ports import Bucket, Ports, Put
from shared.services import assets, collections, deletion, items, projects
from shared.services.generation import Generation
from shared.services.keys import Principal
from shared.services.steps import Made, StepContext
from tests.graph.jobs import FILM, FILM_FROM_STILL, IMAGE
from tests.services import checks
from tests.services.world import Tenant, World, draw

ENTITIES = ("collections", "items", "assets", "links", "slugs")


def generated(world: World, tenant: Tenant) -> Generation:
    made = world.generate(tenant, {**FILM, "sizes": [64]})
    world.drain()
    return made


def ids(world: World, tenant: Tenant) -> dict[str, set[str]]:
    return {kind: world.ids(tenant, kind) for kind in ENTITIES}


def test_a_deleted_project_takes_everything_along(world: World, tenant: Tenant) -> None:
    generated(world, tenant)
    world.generate(tenant, IMAGE)
    job = deletion.delete_project(world.ports, tenant.who, tenant.project_id)
    with pytest.raises(NotFound):
        projects.get(world.ports, tenant.who, tenant.project_id)
    with pytest.raises(NotFound):
        collections.get(world.ports, tenant.who, tenant.collection.id)
    world.drain()
    assert world.job(job).status is JobStatus.COMPLETED
    checks.is_gone(world, tenant)


def test_a_deleted_collection_leaves_its_siblings(world: World, tenant: Tenant) -> None:
    generated(world, tenant)
    before, public = ids(world, tenant), set(world.public())
    other = collections.create(
        world.ports, tenant.who, project_id=tenant.project_id, name="Other", prompt="a cat"
    )
    doomed = Tenant(tenant.who, tenant.key, tenant.project_id, other)
    generated(world, doomed)
    items.create(world.ports, tenant.who, other.id, ItemType.LOGO, "Empty")
    assert ids(world, tenant) != before
    deletion.delete_collection(world.ports, tenant.who, other.id)
    world.drain()
    assert ids(world, tenant) == before
    assert set(world.public()) == public
    checks.nothing_is_left_over(world, tenant)
    projects.get(world.ports, tenant.who, tenant.project_id)


def test_a_deleted_item_leaves_its_siblings(world: World, tenant: Tenant) -> None:
    generated(world, tenant)
    before, public = ids(world, tenant), set(world.public())
    made = generated(world, tenant)
    deletion.delete_item(world.ports, tenant.who, made.item.id)
    with pytest.raises(NotFound):
        items.get(world.ports, tenant.who, made.item.id)
    with pytest.raises(NotFound):
        assets.get(world.ports, tenant.who, made.job.assets["webm"].id)
    world.drain()
    assert ids(world, tenant) == before
    assert set(world.public()) == public


def test_a_deleted_asset_takes_its_file_and_its_links(world: World, tenant: Tenant) -> None:
    made = generated(world, tenant)
    doomed = made.job.assets["webm"]
    links = len(assets.links_of_asset(world.ports, tenant.who, doomed.id))
    assert links == 2
    before, public = ids(world, tenant), set(world.public())
    deletion.delete_asset(world.ports, tenant.who, doomed.id)
    world.drain()
    after = ids(world, tenant)
    assert after["assets"] == before["assets"] - {doomed.id}
    assert len(after["links"]) == len(before["links"]) - links
    assert after["items"] == before["items"]
    assert set(world.public()) == public - {*doomed.paths}


@pytest.mark.parametrize("level", ["project", "collection", "item", "asset"])
def test_the_cdn_forgets_what_is_gone(world: World, tenant: Tenant, level: str) -> None:
    """After the file is gone, since it would be fetched again, and before its document is, which
    knows the name. A CDN that is out of reach is asked once more."""
    made = generated(world, tenant)
    doomed = made.job.assets["transparent_image"]
    public = {name for name in world.public() if "/best/" not in name}
    forgotten: list[str] = []

    def forget(names: Sequence[str]) -> None:
        assert not {*names} & {*world.public()}
        forgotten.extend(names)
        if len(forgotten) == len(names):
            raise Busy("The CDN is out of reach; try again.")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.ports.blobs, "forget", forget)
        if level == "project":
            deletion.delete_project(world.ports, tenant.who, tenant.project_id)
        elif level == "collection":
            deletion.delete_collection(world.ports, tenant.who, tenant.collection.id)
        elif level == "item":
            deletion.delete_item(world.ports, tenant.who, made.item.id)
        else:
            deletion.delete_asset(world.ports, tenant.who, doomed.id)
        world.settle()
    assert {*forgotten} == ({*doomed.paths} if level == "asset" else public)
    assert len(forgotten) == 2 * len({*forgotten})
    checks.nothing_is_left_over(world, tenant)


def test_a_link_into_another_item_goes_with_its_source(world: World, tenant: Tenant) -> None:
    image = world.generate(tenant, IMAGE)
    world.drain()
    still = image.job.assets["transparent_image"].id
    film = world.generate(tenant, {**FILM_FROM_STILL, "source_image_asset_id": still})
    world.drain()
    video = film.job.assets["video"].id
    assert len(assets.links_of_asset(world.ports, tenant.who, video)) == 5
    deletion.delete_item(world.ports, tenant.who, image.item.id)
    world.drain()
    left = assets.links_of_asset(world.ports, tenant.who, video)
    assert {link.source_asset_id for link in left} == {video}


def test_an_upload_can_be_deleted(world: World, tenant: Tenant) -> None:
    asset = world.upload(tenant)
    deletion.delete_asset(world.ports, tenant.who, asset.id)
    world.drain()
    assert world.public() == {}
    assert world.assets(tenant) == []


def test_a_slug_is_free_again(world: World, tenant: Tenant) -> None:
    def create() -> str:
        return collections.create(
            world.ports, tenant.who, project_id=tenant.project_id, name="Felix", prompt="a fox"
        ).slug

    deletion.delete_collection(world.ports, tenant.who, tenant.collection.id)
    assert create() != "felix"
    world.drain()
    assert create() == "felix"


def test_a_slug_that_was_given_to_another_is_left_alone(world: World, tenant: Tenant) -> None:
    deletion.delete_collection(world.ports, tenant.who, tenant.collection.id)
    path = paths.slug(tenant.who.workspace_id, "felix")
    found = world.ports.documents.get(path)
    assert found

    world.ports.documents.commit([Put(path, {"collection_id": "another"})])
    world.drain()
    assert world.ports.documents.get(path)


Deletion = Callable[[Ports, Principal, str], Job]


@pytest.mark.parametrize(
    ("delete", "kind"),
    [
        (deletion.delete_project, "project"),
        (deletion.delete_collection, "collection"),
        (deletion.delete_item, "item"),
        (deletion.delete_asset, "asset"),
    ],
)
def test_what_is_deleted_cannot_be_deleted_again(
    world: World, tenant: Tenant, delete: Deletion, kind: str
) -> None:
    made = generated(world, tenant)
    id_ = {
        "project": tenant.project_id,
        "collection": tenant.collection.id,
        "item": made.item.id,
        "asset": made.job.assets["hevc"].id,
    }[kind]
    job = delete(world.ports, tenant.who, id_)
    assert job.type is JobType.DELETION
    with pytest.raises(NotFound):
        delete(world.ports, tenant.who, id_)


@pytest.mark.parametrize("level", ["project", "collection", "item"])
def test_what_is_being_made_there_is_stopped(world: World, tenant: Tenant, level: str) -> None:
    """The deletion is complete while a worker is still at a step."""
    made = world.generate(tenant, FILM)

    def meanwhile(context: StepContext) -> Made:
        if level == "project":
            deletion.delete_project(world.ports, tenant.who, tenant.project_id)
        elif level == "collection":
            deletion.delete_collection(world.ports, tenant.who, tenant.collection.id)
        else:
            deletion.delete_item(world.ports, tenant.who, made.item.id)
        world.drain(StepKind.PURGE)
        return draw(context)

    world.codes[StepKind.VIDEO] = meanwhile
    world.drain()
    job = world.job(made.job)
    assert job.status is JobStatus.FAILED
    assert job.error
    assert job.error.code == "canceled"
    assert world.runs["transcode", 1] == 0
    assert world.public() == {}
    assert world.ids(tenant, "assets") == set()
    checks.nothing_is_left_over(world, tenant)


def test_an_asset_that_is_deleted_while_it_is_made_never_appears(
    world: World, tenant: Tenant
) -> None:
    made = world.generate(tenant, FILM)
    doomed = made.job.assets["hevc"]

    def meanwhile(context: StepContext) -> Made:
        if "hevc" in context.step.makes:
            deletion.delete_asset(world.ports, tenant.who, doomed.id)
            world.drain(StepKind.PURGE)
        return draw(context)

    world.codes[StepKind.TRANSCODE] = meanwhile
    world.drain()
    assert world.job(made.job).status is JobStatus.COMPLETED
    assert doomed.path not in world.public()
    assert doomed.id not in world.ids(tenant, "assets")
    assert len(world.public()) == 6
    checks.nothing_is_left_over(world, tenant)


def test_a_job_whose_source_is_deleted_ends(world: World, tenant: Tenant) -> None:
    """The video goes while its transcodings wait for it."""
    made = world.generate(tenant, FILM)
    doomed = made.job.assets["video"]

    def meanwhile(context: StepContext) -> Made:
        made = draw(context)
        deletion.delete_asset(world.ports, tenant.who, doomed.id)
        world.drain(StepKind.PURGE)
        return made

    world.codes[StepKind.VIDEO] = meanwhile
    world.settle()
    job = world.job(made.job)
    assert job.status is JobStatus.FAILED
    assert job.error
    assert job.error.code == "source_missing"
    checks.nothing_is_left_over(world, tenant)
    assert len(world.public()) == 3


def test_many_children_are_removed_page_by_page(
    world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, "BATCH", 2)
    for _ in range(3):
        generated(world, tenant)
    for _ in range(3):
        world.generate(tenant, IMAGE)
    deletion.delete_project(world.ports, tenant.who, tenant.project_id)
    world.drain()
    checks.is_gone(world, tenant)
    assert all(job.finished for job in world.jobs(tenant))


def test_finished_jobs_stay_as_the_record_of_what_was_paid(world: World, tenant: Tenant) -> None:
    made = generated(world, tenant)
    deletion.delete_project(world.ports, tenant.who, tenant.project_id)
    world.clock.advance(timedelta(days=1))
    world.drain()
    assert world.job(made.job).status is JobStatus.COMPLETED
    assert world.ports.blobs.stat(Bucket.ASSETS, made.job.assets["webm"].path) is None


@pytest.mark.parametrize("level", ["project", "collection", "item"])
def test_what_is_below_a_deleted_root_cannot_be_reached(
    world: World, tenant: Tenant, level: str
) -> None:
    """At once, long before the last document of it is removed."""
    item = generated(world, tenant)
    asset_id = item.job.assets["webm"].id
    reach: dict[str, Callable[[], object]] = {
        "collection": lambda: collections.get(world.ports, tenant.who, tenant.collection.id),
        "item": lambda: items.get(world.ports, tenant.who, item.item.id),
        "asset": lambda: assets.get(world.ports, tenant.who, asset_id),
        "links": lambda: assets.links_of_asset(world.ports, tenant.who, asset_id),
    }
    if level == "project":
        deletion.delete_project(world.ports, tenant.who, tenant.project_id)
    elif level == "collection":
        deletion.delete_collection(world.ports, tenant.who, tenant.collection.id)
    else:
        deletion.delete_item(world.ports, tenant.who, item.item.id)
        reach.pop("collection")()
    assert asset_id in world.ids(tenant, "assets")
    for get in reach.values():
        with pytest.raises(NotFound):
            get()
