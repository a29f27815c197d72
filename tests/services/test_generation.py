"""From a request to a started job, or to a refusal that names the field."""

from typing import Any

import pytest

from shared.errors import BadRequest, NotFound
from shared.model.asset import AssetType
from shared.model.item import ItemType
from shared.model.job import JobType
from shared.model.request import GenerateRequest
from shared.services import assets, collections, deletion, generation, items, ledger
from tests.graph.jobs import EDIT, FILM, FILM_FROM_STILL, IMAGE, LOGO
from tests.services import checks
from tests.services.world import Tenant, World

UNKNOWN = "99999999-0000-4000-8000-000000000000"


def refused(world: World, tenant: Tenant, request: dict[str, Any]) -> BadRequest:
    """The refusal of a request, which must not leave a trace."""
    before = [world.ids(tenant, kind) for kind in ("items", "assets", "jobs", "links")]
    public = set(world.public())
    with pytest.raises(BadRequest) as caught:
        world.generate(tenant, request)
    after = [world.ids(tenant, kind) for kind in ("items", "assets", "jobs", "links")]
    assert after == before
    assert set(world.public()) == public
    return caught.value


def test_a_new_item_is_made_with_the_job(world: World, tenant: Tenant) -> None:
    made = world.generate(tenant, {**FILM, "name": "Big Wave!"})
    item, _ = items.get(world.ports, tenant.who, made.item.id)
    assert (item.name, item.slug, item.type) == ("Big Wave!", "big-wave", ItemType.ANIMATION)
    assert made.job.item_name == "Big Wave!"
    assert {asset.item_id for asset in world.assets(tenant)} == {item.id}


def test_an_existing_item_gets_fresh_assets(world: World, tenant: Tenant) -> None:
    first = world.generate(tenant, IMAGE)
    world.drain()
    second = world.generate(tenant, {**IMAGE, "name": None, "item_id": first.item.id})
    world.drain()
    assert second.item.id == first.item.id
    assert len(world.ids(tenant, "items")) == 1
    assert len(world.public()) == 6
    for job in (first.job, second.job):
        for asset in world.assets(tenant):
            if asset.job_id == job.id:
                checks.is_public(world, asset)


def test_paths_start_with_the_workspaces_prefix(world: World, tenant: Tenant) -> None:
    made = world.generate(tenant)
    [prefix] = {asset.path.split("/")[0] for asset in made.job.assets.values()}
    other = world.tenant("Other")
    [others] = {a.path.split("/")[0] for a in world.generate(other).job.assets.values()}
    assert len(prefix) == len(others) == 8
    assert prefix != others


def test_a_plain_image_that_has_a_cutout_is_not_cut_out_again(world: World, tenant: Tenant) -> None:
    image = world.generate(tenant, {**IMAGE, "sizes": [64]}).job
    world.drain()
    request = {**FILM_FROM_STILL, "source_image_asset_id": image.assets["image"].id}
    film = world.generate(tenant, request).job
    assert "cutout" not in film.steps
    assert film.steps["video"].inputs["still"] == image.assets["transparent_image"].id
    world.drain()
    checks.is_whole(world, tenant, film)


def test_an_upload_is_cut_out_for_a_film(world: World, tenant: Tenant) -> None:
    upload = world.upload(tenant)
    film = world.generate(tenant, {**FILM_FROM_STILL, "source_image_asset_id": upload.id}).job
    world.drain()
    checks.is_whole(world, tenant, film)
    [link] = assets.links_from(world.ports, tenant.who, upload.id)
    assert link.target_asset_id == film.assets["transparent_image"].id


def test_a_transition(world: World, tenant: Tenant) -> None:
    first, second = world.upload(tenant), world.upload(tenant)
    request = {
        **FILM_FROM_STILL,
        "source_image_asset_id": first.id,
        "end_image_asset_id": second.id,
    }
    job = world.generate(tenant, request).job
    world.drain()
    checks.is_whole(world, tenant, job)
    assert job.steps["video"].params["loop"] is False


# --- refusals ------------------------------------------------------------------------------------


def test_an_unknown_collection(world: World, tenant: Tenant) -> None:
    request = GenerateRequest.model_validate({"name": "Wave", **IMAGE})
    with pytest.raises(NotFound):
        generation.generate(world.ports, world.settings, tenant.who, UNKNOWN, request)


def test_an_unknown_item(world: World, tenant: Tenant) -> None:
    error = refused(world, tenant, {**IMAGE, "item_id": UNKNOWN})
    assert error.details["field"] == "item_id"


def test_an_item_of_another_collection(world: World, tenant: Tenant) -> None:
    other = collections.create(
        world.ports, tenant.who, project_id=tenant.project_id, name="Other", prompt="a cat"
    )
    item = items.create(world.ports, tenant.who, other.id, ItemType.IMAGE, "Sit")
    error = refused(world, tenant, {**IMAGE, "item_id": item.id})
    assert error.details["field"] == "item_id"
    assert "another collection" in error.message


@pytest.mark.parametrize("field", ["source_image_asset_id", "end_image_asset_id"])
def test_stills_that_will_not_do(world: World, tenant: Tenant, field: str) -> None:
    made = world.generate(tenant).job
    good = world.upload(tenant).id
    request = {**FILM_FROM_STILL, "source_image_asset_id": good}

    def reason(asset_id: str) -> str:
        error = refused(world, tenant, {**request, field: asset_id})
        assert error.details["field"] == field
        return error.message

    assert "no such asset" in reason(UNKNOWN)
    assert "no such asset" in reason(world.upload(world.tenant("Other")).id)
    assert "not finished" in reason(made.assets["image"].id)
    world.drain()
    assert "must be an image" in reason(made.assets[AssetType.VIDEO].id)
    deletion.delete_item(world.ports, tenant.who, made.item_id or "")
    assert "no such asset" in reason(made.assets["image"].id)


def test_an_edit_goes_to_the_item_of_its_image(world: World, tenant: Tenant) -> None:
    first = world.generate(tenant, IMAGE)
    world.drain()
    image = first.job.assets["image"].id
    edit = {**EDIT, "name": None, "source_image_asset_id": image}

    same = world.generate(tenant, edit)
    assert same.item.id == first.item.id
    # The picture itself is edited, not its cut-out.
    assert same.job.steps["image"].inputs == {"edited": image}
    assert world.generate(tenant, {**edit, "name": "Red scarf"}).item.id != first.item.id
    world.drain()
    checks.is_whole(world, tenant, same.job)


def test_an_edit_of_an_upload_needs_a_name(world: World, tenant: Tenant) -> None:
    upload = world.upload(tenant)
    edit = {**EDIT, "source_image_asset_id": upload.id}
    assert refused(world, tenant, {**edit, "name": None}).details["field"] == "name"
    assert world.generate(tenant, {**edit, "name": "Own"}).item.type is ItemType.IMAGE


def test_a_logo_is_an_item_of_its_own_kind(world: World, tenant: Tenant) -> None:
    made = world.generate(tenant, LOGO)
    assert made.item.type is ItemType.LOGO
    assert made.job.type is JobType.LOGO
    world.drain()
    checks.is_whole(world, tenant, made.job)


def test_a_source_that_is_deleted_meanwhile_takes_its_links_along(
    world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    still, begin = world.upload(tenant), ledger.begin

    def too_late(*arguments: Any, **more: Any) -> None:
        deletion.delete_asset(world.ports, tenant.who, still.id)
        world.drain()
        begin(*arguments, **more)

    monkeypatch.setattr(ledger, "begin", too_late)
    job = world.generate(tenant, {**FILM_FROM_STILL, "source_image_asset_id": still.id}).job
    world.drain()
    job = world.job(job)
    assert job.error
    assert job.error.code == "source_deleted"
    links = [document.data for document in world.documents(tenant, "links")]
    assert still.id not in {link["source_asset_id"] for link in links}
    assert links, "those between its own files stay"
