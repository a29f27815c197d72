"""Every route, when all goes well."""

import io
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from PIL import Image

from functions.api.routes import API, EVENTS, INGEST, Routes
from shared.model.job import JobStatus, StepKind
from shared.ports import Bucket, SignedUpload
from tests.api.client import Client
from tests.graph.jobs import FILM, IMAGE
from tests.services.world import Tenant, World


def without_times(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if not name.endswith("_at")}


def test_projects(api: Client, tenant: Tenant) -> None:
    made = api.post("/v1/projects", name="  My app ")
    assert made.status == 201
    project = made.data
    assert without_times(project) == {
        "id": project["id"],
        "name": "My app",
        "organization_id": None,
    }
    assert project["created_at"] == "2026-01-02T03:04:05.000000Z"
    path = f"/v1/projects/{project['id']}"
    assert api.get(path).data == project
    assert {found["id"] for found in api.get("/v1/projects").data} == {
        tenant.project_id,
        project["id"],
    }
    assert api.patch(path, name="Other").data["name"] == "Other"
    gone = api.delete(path)
    assert gone.status == 202
    assert gone.data == {
        "id": project["id"],
        "deleted": True,
        "job_id": gone.data["job_id"],
        "poll_url": f"http://api.test/v1/jobs/{gone.data['job_id']}?wait=true",
    }
    assert api.get(path).status == 404


def test_collections(api: Client, ingest: Client, tenant: Tenant, world: World) -> None:
    made = ingest.post(
        "/v1/collections",
        project_id=tenant.project_id,
        name="Reynard",
        description="a red fox",
        animation_sizes=[128, "64x64"],
        extra_formats=["gif", "apng", "gif"],
        cdn={"enabled": False},
        quality="draft",
        max_retries=1,
    )
    assert made.status == 201
    collection = made.data
    prefix = collection["user_prefix"]
    assert len(prefix) == 8
    assert without_times(collection) == {
        "id": collection["id"],
        "project_id": tenant.project_id,
        "name": "Reynard",
        "type": "mascot",
        "slug": "reynard",
        "public_slug": "reynard",
        "user_prefix": prefix,
        "is_published": True,
        "config": {
            "prompt": "a red fox",
            "reference_asset_ids": [],
            "style_card": None,
            "caution_list": [],
            "animation_sizes": [128, 64],
            "extra_formats": ["gif", "apng"],
            "cdn": {"enabled": False, "slug": None, "cache_seconds": 31_536_000},
            "max_retries": 1,
            "quality": "draft",
        },
    }
    path = f"/v1/collections/{collection['id']}"
    assert api.get(path).data == collection
    listed = api.get("/v1/collections", project_id=tenant.project_id).data
    assert [found["name"] for found in listed] == ["Felix", "Reynard"]
    assert "config" not in listed[0]
    changed = api.patch(path, description="a grey fox", quality="best", slug="grey").data
    assert changed["config"]["prompt"] == "a grey fox"
    assert changed["config"]["quality"] == "best"
    assert changed["config"]["animation_sizes"] == [128, 64], "what was not named stays"
    assert (changed["slug"], changed["public_slug"]) == ("grey", "grey")
    assert api.patch(path, cdn={"slug": "brand"}).data["public_slug"] == "brand"
    assert api.delete(path).status == 202
    assert api.get(path).status == 404


def test_the_name_has_to_do_when_there_is_no_description(ingest: Client, tenant: Tenant) -> None:
    made = ingest.post("/v1/collections", project_id=tenant.project_id, name="Red fox").data
    assert made["config"]["prompt"] == "Red fox"


def test_collections_of_a_deleted_project_are_not_listed(api: Client, tenant: Tenant) -> None:
    api.delete(f"/v1/projects/{tenant.project_id}")
    assert api.get("/v1/collections").data == []


def test_references(api: Client, ingest: Client, tenant: Tenant, world: World) -> None:
    upload, path = world.upload(tenant), f"/v1/collections/{tenant.collection.id}/references"
    added = ingest.post(path, asset_id=upload.id)
    assert added.status == 201
    assert added.data["config"]["reference_asset_ids"] == [upload.id]
    removed = api.delete(f"{path}/{upload.id}")
    assert removed.data["config"]["reference_asset_ids"] == []
    assert api.delete(f"{path}/{upload.id}").status == 404


def test_items(api: Client, tenant: Tenant) -> None:
    items = f"/v1/collections/{tenant.collection.id}/items"
    made = api.post(items, type="logo", name="Big Logo")
    assert made.status == 201
    item = made.data
    assert without_times(item) == {
        "id": item["id"],
        "project_id": tenant.project_id,
        "collection_id": tenant.collection.id,
        "type": "logo",
        "name": "Big Logo",
        "slug": "big-logo",
        "canvas_id": None,
    }
    path = f"/v1/items/{item['id']}"
    assert api.get(path).data == item
    assert api.get(items).data == [item]
    assert api.patch(path, name="Small Logo").data["slug"] == "small-logo"
    assert api.get(f"{path}/assets").data == api.get(f"{path}/links").data == []
    assert api.delete(path).status == 202
    assert api.get(path).status == 404


def test_generating(api: Client, tenant: Tenant, world: World) -> None:
    made = api.post(
        f"/v1/collections/{tenant.collection.id}/generate", name="Wave", **FILM, sizes=[64, 512]
    )
    assert made.status == 202
    data = made.data
    job_id = data["job_id"]
    assert data["poll_url"] == f"http://api.test/v1/jobs/{job_id}?wait=true"
    assert data["cost_credits"] == 21
    assert len(data["warnings"]) == 1
    keys = {"image", "transparent_image", "transparent_image_webp", "video"} | {
        f"{format_}{size}" for format_ in ("webm", "hevc", "stacked_video") for size in ("", "_64")
    }
    assert set(data["asset_ids"]) == set(data["urls"]) == keys
    assert all(url.startswith("http://cdn.test/cdn/") for url in data["urls"].values())

    pending = api.get(f"/v1/jobs/{job_id}").data
    assert pending["status"] == "pending"
    assert pending["completed_at"] is None
    assert "error" not in pending
    world.drain()
    job = api.get(f"/v1/jobs/{job_id}").data
    assert job["status"] == "completed"
    assert job["completed_at"]
    assert job["urls"] == data["urls"]
    assert job["item_id"] == data["item_id"]
    assert (job["type"], job["item_name"]) == ("item_generation", "Wave")
    assert [step["id"] for step in job["steps"]][:4] == [
        "image",
        "cutout",
        "validate",
        "style_card",
    ]
    assert {step["progress"] for step in job["steps"]} == {1}

    item = f"/v1/items/{data['item_id']}"
    found = api.get(f"{item}/assets").data
    urls = {(asset["id"], url) for asset in found for url in asset["sibling_urls"].values()}
    urls |= {(asset["id"], asset["url"]) for asset in found}
    assert urls == {(data["asset_ids"][key], data["urls"][key]) for key in keys}
    assert {asset["status"] for asset in found} == {"ready"}
    assert "path" not in found[0]
    asset = f"/v1/assets/{data['asset_ids']['webm']}"
    assert api.get(asset).data in found
    links = api.get(f"{asset}/links").data
    assert links == [
        {
            "source_asset_id": data["asset_ids"]["video"],
            "target_asset_id": data["asset_ids"]["webm"],
            "role": "source",
        },
        {
            "source_asset_id": data["asset_ids"]["webm"],
            "target_asset_id": data["asset_ids"]["webm_64"],
            "role": "source",
        },
    ]
    assert len(api.get(f"{item}/links").data) == 9
    assert api.delete(asset).status == 202
    assert api.get(asset).status == 404


def test_a_failed_job_says_why(api: Client, tenant: Tenant, world: World) -> None:
    job = world.generate(tenant, IMAGE).job
    api.delete(f"/v1/collections/{tenant.collection.id}")
    world.drain(StepKind.PURGE)
    shown = api.get(f"/v1/jobs/{job.id}").data
    assert shown["status"] == "failed"
    assert shown["error"]["code"] == "canceled"


def test_jobs_are_listed_newest_first_and_by_filter(
    api: Client, tenant: Tenant, world: World
) -> None:
    first = world.generate(tenant, IMAGE).job
    world.drain()
    second = world.generate(tenant).job

    def listed(**query: str) -> list[str]:
        return [job["id"] for job in api.get("/v1/jobs", **query).data]

    assert set(listed()) == {first.id, second.id}
    assert listed(status=JobStatus.COMPLETED) == [first.id]
    assert listed(status="pending", type="item_generation") == [second.id]
    assert listed(type="image_generation", collection_id=tenant.collection.id) == [first.id]
    assert listed(collection_id=tenant.project_id) == []


@pytest.mark.parametrize("target", ["api", "events"])
def test_waiting_for_a_job(tenant: Tenant, world: World, target: str) -> None:
    job = world.generate(tenant, IMAGE).job
    client = Client(target, tenant.key)
    path = f"/v1/jobs/{job.id}"
    assert client.get(path, wait="true", timeout=0).data["status"] == "pending"
    world.drain()
    assert client.get(path, wait="true").data["status"] == "completed"


def test_uploading(ingest: Client, api: Client, world: World) -> None:
    stream = io.BytesIO()
    Image.new("RGB", (8, 6), (1, 2, 3)).save(stream, "JPEG")
    form = {"file": (io.BytesIO(stream.getvalue()), "fox.jpg")}
    made = ingest.ask("POST", "/v1/upload", data=form, content_type="multipart/form-data")
    assert made.status == 201
    asset = made.data
    assert (asset["type"], asset["status"]) == ("image", "ready")
    assert (asset["content"]["width"], asset["content"]["height"]) == (8, 6)
    assert api.get(f"/v1/assets/{asset['id']}").data == asset


def test_a_signed_url_takes_no_more_than_was_announced(
    api: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed: list[int] = []
    sign = world.ports.blobs.upload_url

    def noted(name: str, **facts: Any) -> SignedUpload:
        signed.append(facts["max_bytes"])
        return sign(name, **facts)

    monkeypatch.setattr(world.ports.blobs, "upload_url", noted)
    for size in ({"bytes": 1_000}, {}):
        assert api.post("/v1/uploads", content_type="image/png", **size).status == 201
    assert signed == [1_000, 10_000_000]


def test_uploading_by_a_signed_url(api: Client, world: World) -> None:
    made = api.post("/v1/uploads", content_type="image/webp", bytes=10_000_000)
    assert made.status == 201
    invitation = made.data
    asset = f"/v1/assets/{invitation.pop('asset_id')}"
    url = invitation.pop("upload_url")
    assert url.startswith("http://cdn.test/uploads/")
    assert invitation == {
        "method": "PUT",
        "headers": {"Content-Type": "image/webp"},
        "expires_at": "2026-01-02T03:19:05.000000Z",
    }
    pending = api.get(asset).data
    assert (pending["type"], pending["status"], pending["error"]) == ("image", "pending", None)

    name = unquote(urlsplit(url).path.removeprefix("/uploads/"))
    world.ports.blobs.put(Bucket.UPLOADS, name, b"no picture", content_type="image/webp")
    world.drain()
    failed = api.get(asset).data
    assert failed["status"] == "failed"
    assert set(failed["error"]) == {"code", "message"}
    assert failed["error"]["code"] == "upload_refused"


def test_the_style_card(api: Client, tenant: Tenant, world: World) -> None:
    path = f"/v1/collections/{tenant.collection.id}/style-card"
    assert api.get(path).status == 404
    assert api.get(f"{path}/diff").status == 404
    world.generate(tenant, IMAGE)
    world.drain()
    card = api.get(path).data
    assert card["version"] == 1
    assert set(card["palette"][0]) == {"name", "hex", "share"}
    assert "portraits" not in card
    whole = api.get(f"/v1/collections/{tenant.collection.id}").data["config"]
    assert whole["style_card"] == card
    assert whole["caution_list"] == ["Draw the outlines thinner."]

    edited = api.patch(path, features=["red scarf"], locked=True).data
    assert (edited["version"], edited["source"], edited["locked"]) == (2, "edited", True)
    assert [one["version"] for one in api.get(f"{path}/versions").data] == [2, 1]
    difference = api.get(f"{path}/diff").data
    assert (difference["from"], difference["to"]) == (1, 2)
    assert "feature new: red scarf" in difference["changes"]
    assert api.get(f"{path}/diff", **{"from": "2", "to": "2"}).data["changes"] == []
    for wrong_body, field in (
        ({"palette": [{"name": "x"}]}, "palette[0].hex"),
        ({"lock": 1}, "lock"),
    ):
        answer = api.patch(path, **wrong_body)
        assert (answer.status, answer.error["field"]) == (400, field)
    for wrong in ({"from": "0"}, {"to": "x"}):
        assert api.get(f"{path}/diff", **wrong).status == 400
    assert api.get(f"{path}/diff", to="7").status == 404

    assert api.delete(path).data["deleted"]
    assert api.get(path).status == 404
    assert [one["version"] for one in api.get(f"{path}/versions").data] == [2, 1]


def test_cautions(api: Client, tenant: Tenant, world: World) -> None:
    path = f"/v1/collections/{tenant.collection.id}/cautions"
    assert api.get(path).data == []
    world.generate(tenant, IMAGE)
    world.drain()
    [caution] = api.get(path).data
    assert (caution["check"], caution["count"], caution["retired"]) == ("line", 1, False)
    one = f"{path}/{caution['id']}"
    assert api.patch(one, text="Thin outlines.").data["edited"]
    assert api.patch(one, retired=True).data["retired"]
    assert api.get(f"/v1/collections/{tenant.collection.id}").data["config"]["caution_list"] == []
    assert api.patch(one, text=" ").error["field"] == "text"


def test_no_route_is_there_twice() -> None:
    routes = [(route.method, route.path) for route in (*API, *INGEST)]
    assert len(set(routes)) == len(routes)


@pytest.mark.parametrize("served", [API, EVENTS, INGEST], ids=["api", "events", "ingest"])
def test_every_route_is_found_by_its_path(served: Routes) -> None:
    assert list(served)
    for route in served:
        assert route in served.of(route.path)
    assert not served.of("/v1/nothing"), "which nobody serves"
    assert not served.of("/v2" + next(iter(served)).path.removeprefix("/v1"))


def test_lists_below_a_deleted_collection_are_gone_at_once(
    api: Client, tenant: Tenant, world: World
) -> None:
    item = world.generate(tenant, IMAGE).item
    paths = (
        f"/v1/collections/{tenant.collection.id}/items",
        f"/v1/items/{item.id}/assets",
        f"/v1/items/{item.id}/links",
    )
    assert {api.get(path).status for path in paths} == {200}
    api.delete(f"/v1/collections/{tenant.collection.id}")
    assert {api.get(path).status for path in paths} == {404}
