"""A picture that characters are drawn by is not deleted unasked, and never leaves its id behind."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from shared.errors import Conflict, NotFound
from shared.model import paths
from shared.model.job import Job, JobStatus
from shared.ports import Replace, Update
from shared.services import assets, collections, deletion, guides, projects, references
from tests.graph.jobs import IMAGE
from tests.services.world import Tenant, World


def referring(world: World, tenant: Tenant, *names: str) -> tuple[str, list[str]]:
    """An upload, and the collections of these names that have it as a reference beside another."""
    upload, other = world.upload(tenant).id, world.upload(tenant).id
    made = [
        collections.create(
            world.ports,
            tenant.who,
            project_id=tenant.project_id,
            name=name,
            prompt="a fox",
            reference_asset_ids=[other, upload],
        ).id
        for name in names
    ]
    return upload, made


def references_of(world: World, tenant: Tenant, collection_id: str) -> tuple[str, ...]:
    return collections.get(world.ports, tenant.who, collection_id)[0].reference_asset_ids


def test_a_reference_is_not_deleted_unasked(world: World, tenant: Tenant) -> None:
    upload, made = referring(world, tenant, "Felix", "Reynard")
    with pytest.raises(Conflict, match=f"'Felix' .{made[0]}., 'Reynard' .*detach=true") as caught:
        deletion.delete_asset(world.ports, tenant.who, upload)
    assert caught.value.details["collection_ids"] == made
    world.drain()
    assert assets.get(world.ports, tenant.who, upload)
    assert all(upload in references_of(world, tenant, id_) for id_ in made)


def test_many_collections_are_counted(world: World, tenant: Tenant) -> None:
    upload, made = referring(world, tenant, *(f"Fox {number}" for number in range(7)))
    with pytest.raises(Conflict, match=r"'Fox 4' .*, 2 more\. ") as caught:
        deletion.delete_asset(world.ports, tenant.who, upload)
    assert caught.value.details["collection_ids"] == made


def test_a_detached_reference_leaves_the_others(world: World, tenant: Tenant) -> None:
    upload, made = referring(world, tenant, "Felix", "Reynard")
    before = references_of(world, tenant, made[0])
    job = deletion.delete_asset(world.ports, tenant.who, upload, detach=True)
    with pytest.raises(NotFound):
        assets.get(world.ports, tenant.who, upload)
    world.drain()
    assert world.job(job).status is JobStatus.COMPLETED
    assert all(references_of(world, tenant, id_) == before[:1] for id_ in made)


def test_a_detached_reference_clears_the_card(world: World, tenant: Tenant) -> None:
    """Pictures that were drawn by it go on to say so: that is how they were made."""
    upload, made = referring(world, tenant, "Felix")
    collection, _ = collections.get(world.ports, tenant.who, made[0])
    world.generate(Tenant(tenant.who, tenant.key, tenant.project_id, collection), IMAGE)
    world.drain()
    guide = guides.load(world.ports.documents, tenant.who.workspace_id, made[0])
    assert guide
    assert guide.card_for(collection.reference_asset_ids)
    links = world.ids(tenant, "links")
    deletion.delete_asset(world.ports, tenant.who, upload, detach=True)
    world.drain()
    after = guides.load(world.ports.documents, tenant.who.workspace_id, made[0])
    assert after
    assert after.card_for(references_of(world, tenant, made[0])) is None
    assert world.ids(tenant, "links") == links


def test_a_reference_of_what_is_deleted_is_free(world: World, tenant: Tenant) -> None:
    upload, made = referring(world, tenant, "Felix")
    deletion.delete_collection(world.ports, tenant.who, made[0])
    assert deletion.delete_asset(world.ports, tenant.who, upload)
    upload, made = referring(world, tenant, "Felix")
    deletion.delete_project(world.ports, tenant.who, tenant.project_id)
    assert deletion.delete_asset(world.ports, tenant.who, upload)


def test_a_deletion_and_a_new_reference_at_once(
    world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What becomes a reference after the deletion has looked for some is not deleted, and what is
    deleted after it was looked at becomes none."""
    ports, who, id_ = world.ports, tenant.who, tenant.collection.id
    upload = world.upload(tenant).id
    holders_of = references.holders_of

    def then_refer(*asked: Any) -> Any:
        found = holders_of(*asked)
        collections.add_reference(ports, who, id_, upload)
        return found

    with monkeypatch.context() as patch, pytest.raises(Conflict):
        patch.setattr(references, "holders_of", then_refer)
        deletion.delete_asset(ports, who, upload)
    assert assets.get(ports, who, upload)
    collections.remove_reference(ports, who, id_, upload)
    picture = assets.picture

    def then_delete(*asked: Any, **more: Any) -> Any:
        found = picture(*asked, **more)
        deletion.delete_asset(ports, who, upload)
        return found

    with monkeypatch.context() as patch, pytest.raises(Conflict):
        patch.setattr(assets, "picture", then_delete)
        collections.add_reference(ports, who, id_, upload)
    assert references_of(world, tenant, id_) == ()


# --- references that lie below what is deleted ----------------------------------------------------


def drawn_by(world: World, tenant: Tenant, project_id: str | None = None) -> tuple[str, str, str]:
    """A still of the tenant's collection, its item, and another collection that has the still as a
    reference beside an upload."""
    made = world.generate(tenant, IMAGE)
    world.settle()
    still = made.job.assets["image"]
    other = collections.create(
        world.ports,
        tenant.who,
        project_id=project_id or projects.create(world.ports, tenant.who, "Other").id,
        name="Reynard",
        prompt="a fox",
        reference_asset_ids=[still.id, world.upload(tenant).id],
    )
    return still.id, made.item.id, other.id


DELETIONS: dict[str, Callable[..., Job]] = {
    "project": lambda world, tenant, item, **options: deletion.delete_project(
        world.ports, tenant.who, tenant.project_id, **options
    ),
    "collection": lambda world, tenant, item, **options: deletion.delete_collection(
        world.ports, tenant.who, tenant.collection.id, **options
    ),
    "item": lambda world, tenant, item, **options: deletion.delete_item(
        world.ports, tenant.who, item, **options
    ),
}
each_deletion = pytest.mark.parametrize("delete", DELETIONS.values(), ids=DELETIONS.keys())


@each_deletion
def test_what_holds_a_reference_is_not_deleted_unasked(
    world: World, tenant: Tenant, delete: Callable[..., Job]
) -> None:
    still, item, other = drawn_by(world, tenant)
    with pytest.raises(Conflict, match=f"'Reynard' .{other}.*detach=true") as caught:
        delete(world, tenant, item)
    assert caught.value.details["collection_ids"] == [other]
    world.drain()
    assert assets.get(world.ports, tenant.who, still)
    assert still in references_of(world, tenant, other)


@each_deletion
def test_a_reference_below_what_is_deleted_is_detached(
    world: World, tenant: Tenant, delete: Callable[..., Job]
) -> None:
    """At once, so that the other collection never names what is gone."""
    still, item, other = drawn_by(world, tenant)
    (_, upload) = references_of(world, tenant, other)
    job = delete(world, tenant, item, detach=True)
    assert references_of(world, tenant, other) == (upload,)
    with pytest.raises(NotFound):
        assets.get(world.ports, tenant.who, still)
    world.drain()
    assert world.job(job).status is JobStatus.COMPLETED
    assert references_of(world, tenant, other) == (upload,)


def test_a_collection_that_is_drawn_by_its_own_item_holds_it(world: World, tenant: Tenant) -> None:
    """Deleted with the collection it would leave nobody behind, deleted alone it does."""
    made = world.generate(tenant, IMAGE)
    world.settle()
    still = made.job.assets["image"].id
    collections.add_reference(world.ports, tenant.who, tenant.collection.id, still)
    with pytest.raises(Conflict) as caught:
        deletion.delete_item(world.ports, tenant.who, made.item.id)
    assert caught.value.details["collection_ids"] == [tenant.collection.id]
    deletion.delete_collection(world.ports, tenant.who, tenant.collection.id)
    world.drain()
    assert world.ids(tenant, "assets") == set()


def test_references_inside_a_deleted_project_do_not_count(world: World, tenant: Tenant) -> None:
    _, _, other = drawn_by(world, tenant, tenant.project_id)
    with pytest.raises(Conflict) as caught:
        deletion.delete_collection(world.ports, tenant.who, tenant.collection.id)
    assert caught.value.details["collection_ids"] == [other]
    deletion.delete_project(world.ports, tenant.who, tenant.project_id)
    world.drain()
    assert world.ids(tenant, "collections") == set()


@each_deletion
def test_a_picture_that_becomes_a_reference_during_its_deletion(
    world: World, tenant: Tenant, delete: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The deletion has looked already; its job takes the picture away again."""
    still, item, other = drawn_by(world, tenant)
    collections.remove_reference(world.ports, tenant.who, other, still)
    delete_root = deletion._begin

    def late(*arguments: Any) -> Job:
        collections.add_reference(world.ports, tenant.who, other, still)
        return delete_root(*arguments)

    monkeypatch.setattr(deletion, "_begin", late)
    delete(world, tenant, item)
    assert still in references_of(world, tenant, other)
    world.drain()
    assert still not in references_of(world, tenant, other)


def test_a_picture_that_becomes_a_reference_while_its_document_is_removed(
    world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the job's look at references and the removal, by a request that began before."""
    still, item, other = drawn_by(world, tenant)
    deletion.delete_item(world.ports, tenant.who, item, detach=True)
    collection, version = collections.get(world.ports, tenant.who, other)
    known = (*collection.reference_asset_ids, still)
    remove = deletion._remove_files
    added: list[str] = []

    def late(*arguments: Any) -> None:
        if not added:
            added.append(still)
            world.ports.documents.commit(
                [
                    Replace(
                        paths.collection(tenant.who.workspace_id, other),
                        collection.with_(reference_asset_ids=known).stored(),
                        version,
                    ),
                    Update(paths.asset(tenant.who.workspace_id, still), {"review": None}),
                ]
            )
        remove(*arguments)

    monkeypatch.setattr(deletion, "_remove_files", late)
    world.drain()
    assert added
    assert still not in references_of(world, tenant, other)


def test_collections_beyond_a_batch_of_writes_are_detached_by_the_job(
    world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(references, "MAX_IN_A_BATCH", 1)
    upload, made = referring(world, tenant, "Felix", "Reynard", "Vix")
    deletion.delete_asset(world.ports, tenant.who, upload, detach=True)
    assert [upload in references_of(world, tenant, id_) for id_ in made] == [False, True, True]
    world.drain()
    assert not any(upload in references_of(world, tenant, id_) for id_ in made)


@each_deletion
def test_a_detaching_deletion_that_was_cut_off_is_repeated(
    world: World, tenant: Tenant, delete: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same request with the same ids finds the job that it began."""
    still, item, other = drawn_by(world, tenant)
    monkeypatch.setattr(type(world.ports.ids), "uuid", lambda _: str(UUID(int=1)))
    first = delete(world, tenant, item, detach=True)
    again = delete(world, tenant, item, detach=True)
    assert again.id == first.id
    assert still not in references_of(world, tenant, other)
