"""Characters: their slugs, their settings and their references."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from shared.errors import BadRequest, Conflict, NotFound
from shared.model.collection import Collection, Settings
from shared.services import collections
from shared.services.slugs import MAX_LENGTH, slugify
from tests.graph.jobs import IMAGE
from tests.services.faults import Fuse
from tests.services.world import Tenant, World

UNKNOWN = "99999999-0000-4000-8000-000000000000"


def create(
    world: World, tenant: Tenant, name: str = "Felix", references: Sequence[str] = ()
) -> Collection:
    return collections.create(
        world.ports,
        tenant.who,
        project_id=tenant.project_id,
        name=name,
        prompt="a fox",
        reference_asset_ids=references,
    )


# --- slugs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Felix", "felix"),
        ("  Félix the FOX!! ", "felix-the-fox"),
        ("a__b--c", "a-b-c"),
        ("日本", "ri-ben"),
        ("---", "fallback"),
        ("x" * 100, "x" * MAX_LENGTH),
        ("a" * (MAX_LENGTH - 1) + " b", "a" * (MAX_LENGTH - 1)),
    ],
)
def test_slugify(name: str, slug: str) -> None:
    assert slugify(name, "fallback") == slug


def test_a_taken_slug_gets_a_suffix(world: World, tenant: Tenant) -> None:
    slugs = [tenant.collection.slug, *(create(world, tenant).slug for _ in range(3))]
    assert slugs[0] == "felix"
    assert all(slug.startswith("felix-") and len(slug) == 10 for slug in slugs[1:])
    assert len(set(slugs)) == 4
    assert world.ids(tenant, "slugs") == set(slugs)


def test_slugs_of_other_workspaces_are_not_taken(world: World, tenant: Tenant) -> None:
    assert world.tenant("Other").collection.slug == tenant.collection.slug == "felix"


def test_a_slug_can_be_changed_and_its_old_one_is_free(world: World, tenant: Tenant) -> None:
    id_ = tenant.collection.id
    changed = collections.update(world.ports, tenant.who, id_, {"slug": "reynard"})
    assert changed.slug == "reynard"
    assert world.ids(tenant, "slugs") == {"reynard"}
    assert create(world, tenant).slug == "felix"
    assert collections.update(world.ports, tenant.who, id_, {"slug": "reynard"}).slug == "reynard"


def test_a_taken_slug_cannot_be_chosen(world: World, tenant: Tenant) -> None:
    other = create(world, tenant, "Other")
    with pytest.raises(BadRequest) as caught:
        collections.update(world.ports, tenant.who, other.id, {"slug": "felix"})
    assert caught.value.details["field"] == "slug"
    assert world.ids(tenant, "slugs") == {"felix", "other"}


def test_a_new_slug_counts_for_new_assets(world: World, tenant: Tenant) -> None:
    before = world.generate(tenant, IMAGE).job.assets["image"].path
    collections.update(world.ports, tenant.who, tenant.collection.id, {"slug": "reynard"})
    after = world.generate(tenant, IMAGE).job.assets["image"].path
    assert before.split("/")[1] == "felix"
    assert after.split("/")[1] == "reynard"
    assert before in world.public()


# --- settings ------------------------------------------------------------------------------------


def test_an_update_changes_what_it_names(world: World, tenant: Tenant) -> None:
    world.clock.advance(timedelta(seconds=1))
    changes = {"name": "Reynard", "settings": Settings(animation_sizes=(64,))}
    changed = collections.update(world.ports, tenant.who, tenant.collection.id, changes)
    found, _ = collections.get(world.ports, tenant.who, tenant.collection.id)
    assert found == changed == tenant.collection.with_(**changes, updated_at=world.clock.now())


def test_of_two_updates_at_once_one_is_told_to_try_again(world: World, tenant: Tenant) -> None:
    id_ = tenant.collection.id

    def other() -> None:
        with world.aside():
            collections.update(world.ports, tenant.who, id_, {"name": "theirs"})

    world.light(Fuse({1: other}))
    with pytest.raises(Conflict):
        collections.update(world.ports, tenant.who, id_, {"name": "ours"})
    assert collections.get(world.ports, tenant.who, id_)[0].name == "theirs"


def test_a_character_keeps_its_seed(world: World, tenant: Tenant) -> None:
    other = create(world, tenant)
    assert 0 <= other.seed < 2**31
    changed = collections.update(world.ports, tenant.who, other.id, {"name": "Else"})
    assert changed.seed == other.seed


# --- references ----------------------------------------------------------------------------------


def test_references_can_be_given_at_once(world: World, tenant: Tenant) -> None:
    uploads = [world.upload(tenant).id for _ in range(2)]
    collection = create(world, tenant, references=[*uploads, uploads[0]])
    assert list(collection.reference_asset_ids) == uploads


def test_there_are_at_most_six_references(world: World, tenant: Tenant) -> None:
    uploads = [world.upload(tenant).id for _ in range(7)]
    with pytest.raises(BadRequest) as caught:
        create(world, tenant, references=uploads)
    assert caught.value.details["field"] == "reference_asset_ids"
    collection = create(world, tenant, references=uploads[:6])
    with pytest.raises(BadRequest) as caught:
        collections.add_reference(world.ports, tenant.who, collection.id, uploads[6])
    assert caught.value.details["field"] == "asset_id"


def test_a_collection_of_before_there_were_guides(world: World, tenant: Tenant) -> None:
    stored = {**tenant.collection.stored(), "style_card": None, "cautions": []}
    assert Collection.load(stored) == tenant.collection


def test_references_come_and_go(world: World, tenant: Tenant) -> None:
    upload, id_ = world.upload(tenant), tenant.collection.id
    for _ in range(2):
        added = collections.add_reference(world.ports, tenant.who, id_, upload.id)
        assert added.reference_asset_ids == (upload.id,)
    removed = collections.remove_reference(world.ports, tenant.who, id_, upload.id)
    assert removed.reference_asset_ids == ()
    with pytest.raises(NotFound):
        collections.remove_reference(world.ports, tenant.who, id_, upload.id)


def test_references_are_finished_images_of_the_workspace(world: World, tenant: Tenant) -> None:
    job = world.generate(tenant).job
    foreign = world.upload(world.tenant("Other")).id
    unfinished = job.assets["image"].id

    def refuse(asset_id: str) -> None:
        with pytest.raises(BadRequest) as caught:
            collections.add_reference(world.ports, tenant.who, tenant.collection.id, asset_id)
        assert caught.value.details["field"] == "asset_id"
        with pytest.raises(BadRequest) as caught:
            create(world, tenant, references=[asset_id])
        assert caught.value.details["field"] == "reference_asset_ids"

    for asset_id in (UNKNOWN, foreign, unfinished):
        refuse(asset_id)
    world.drain()
    refuse(job.assets["video"].id)
    collections.add_reference(world.ports, tenant.who, tenant.collection.id, unfinished)


def test_a_collection_needs_a_project(world: World, tenant: Tenant) -> None:
    for project_id in (UNKNOWN, world.tenant("Other").project_id):
        with pytest.raises(BadRequest) as caught:
            collections.create(
                world.ports, tenant.who, project_id=project_id, name="Felix", prompt="a fox"
            )
        assert caught.value.details["field"] == "project_id"
