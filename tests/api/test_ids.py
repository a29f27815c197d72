"""Ids are UUIDs, which clients may write in either case; answers have them in lower case."""

import json

import pytest

from functions.api.jobs import NEVER_MADE
from shared.model.job import JobType
from shared.services import collections
from tests.api.client import Client
from tests.graph.jobs import IMAGE
from tests.services.world import Tenant, World


def test_in_paths(api: Client, tenant: Tenant, world: World) -> None:
    job = world.generate(tenant, IMAGE).job
    world.drain()
    for path in (
        f"/v1/projects/{tenant.project_id}",
        f"/v1/collections/{tenant.collection.id}",
        f"/v1/jobs/{job.id}",
        f"/v1/items/{job.item_id}",
        f"/v1/assets/{job.assets['image'].id}",
    ):
        noun, id_ = path.rsplit("/", 1)
        for written in (id_.upper(), id_.title()):
            assert api.get(f"{noun}/{written}").data == api.get(path).data


def test_in_what_is_deleted(api: Client, tenant: Tenant) -> None:
    path = f"/v1/projects/{tenant.project_id.upper()}"
    assert api.delete(path).data["id"] == tenant.project_id


def test_in_bodies(api: Client, ingest: Client, tenant: Tenant, world: World) -> None:
    upper = tenant.project_id.upper()
    made = ingest.post("/v1/collections", project_id=upper, name="Felix").data
    assert made["project_id"] == tenant.project_id
    still = world.generate(tenant, IMAGE).job
    world.drain()
    asset_id = still.assets["transparent_image"].id
    references = f"/v1/collections/{made['id'].upper()}/references"
    changed = ingest.post(references, asset_id=asset_id.upper()).data
    assert changed["config"]["reference_asset_ids"] == [asset_id]
    path = f"/v1/collections/{tenant.collection.id}"
    again = api.post(f"{path}/generate", **IMAGE, item_id=(still.item_id or "").upper()).data
    assert again["item_id"] == still.item_id
    node = {"id": "idle", "name": "Idle", "asset_id": asset_id.upper()}
    assert api.post(f"{path}/canvases", name="C", nodes=[node]).data["nodes"][0]["asset_id"] == (
        asset_id
    )


def test_in_filters(api: Client, tenant: Tenant, world: World) -> None:
    world.generate(tenant, IMAGE)
    for path, name, id_ in (
        ("/v1/collections", "project_id", tenant.project_id),
        ("/v1/jobs", "collection_id", tenant.collection.id),
    ):
        found = api.get(path, **{name: id_.upper()})
        assert found.data == api.get(path, **{name: id_}).data
        assert len(found.data) == 1


def test_in_what_is_sent_again(api: Client, tenant: Tenant) -> None:
    """That it is the same request does not depend on how its ids are written."""
    headers = {"Idempotency-Key": "once"}
    path, body = f"/v1/projects/{tenant.project_id}", json.dumps({"name": "App"})
    first = api.ask("PATCH", path, data=body, headers=headers)
    upper = f"/v1/projects/{tenant.project_id.upper()}"
    second = api.ask("PATCH", upper, data=body, headers=headers)
    assert second.response.headers["Idempotent-Replayed"] == "true"
    assert second.data == first.data


@pytest.mark.parametrize("type_", [*JobType, *NEVER_MADE])
def test_every_type_of_job_can_be_asked_for(api: Client, type_: str) -> None:
    assert api.get("/v1/jobs", type=type_).data == []


def test_a_reference_is_deleted_when_asked_to(
    api: Client, ingest: Client, tenant: Tenant, world: World
) -> None:
    upload, path = world.upload(tenant).id, f"/v1/collections/{tenant.collection.id}"
    ingest.post(f"{path}/references", asset_id=upload)
    refused = api.delete(f"/v1/assets/{upload}")
    assert (refused.status, refused.error["code"]) == (409, "conflict")
    assert refused.error["collection_ids"] == [tenant.collection.id]
    assert tenant.collection.name in refused.error["message"]
    assert api.delete(f"/v1/assets/{upload}?detach=perhaps").error["field"] == "detach"
    assert api.delete(f"/v1/assets/{upload.upper()}?detach=true").data["id"] == upload
    assert api.get(path).data["config"]["reference_asset_ids"] == []
    assert api.get(f"/v1/assets/{upload}").status == 404


@pytest.mark.parametrize("root", ["project", "collection", "item"])
def test_what_holds_a_reference_is_deleted_when_asked_to(
    api: Client, tenant: Tenant, world: World, root: str
) -> None:
    made = world.generate(tenant, IMAGE)
    world.settle()
    still = made.job.assets["image"].id
    project = api.post("/v1/projects", name="Other").data["id"]
    other = collections.create(
        world.ports,
        tenant.who,
        project_id=project,
        name="Reynard",
        prompt="a fox",
        reference_asset_ids=[still],
    ).id
    path = {
        "project": f"/v1/projects/{tenant.project_id}",
        "collection": f"/v1/collections/{tenant.collection.id}",
        "item": f"/v1/items/{made.item.id}",
    }[root]
    refused = api.delete(path)
    assert (refused.status, refused.error["collection_ids"]) == (409, [other])
    assert api.delete(f"{path}?detach=perhaps").error["field"] == "detach"
    assert api.delete(f"{path}?detach=true").status == 202
    assert api.get(f"/v1/collections/{other}").data["config"]["reference_asset_ids"] == []
