"""Pictures and films of the client's own, over the API."""

import io
from typing import Any

import pytest
from PIL import Image

from shared.model.job import JobStatus
from shared.ports import Bucket
from tests.api.client import Client
from tests.media import pngs
from tests.services.test_imports import MP4
from tests.services.world import Tenant, World


def png(size: tuple[int, int] = (64, 64)) -> bytes:
    content = io.BytesIO()
    Image.new("RGBA", size, "orange").save(content, "PNG")
    return content.getvalue()


def moving(kind: str, frames: int) -> bytes:
    content = io.BytesIO()
    pictures = [Image.new("RGB", (64, 64), (shade, 0, 0)) for shade in range(0, frames * 40, 40)]
    pictures[0].save(content, kind, save_all=True, append_images=pictures[1:])
    return content.getvalue()


NOTE = pngs.chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + b" " * 10_000)
LATE = pngs.before_pixels(moving("PNG", 3), NOTE)
"""An animation that says so behind its metadata."""


@pytest.fixture
def path(tenant: Tenant) -> str:
    return f"/v1/collections/{tenant.collection.id}/items/import"


@pytest.fixture
def ingest(tenant: Tenant, world: World) -> Client:
    return Client("ingest", tenant.key)


def form(content: bytes, **fields: Any) -> dict[str, Any]:
    return {"file": (io.BytesIO(content), "whatever.txt"), **fields}


STILL = {"image", "transparent_image"}
FILM = {"video", "webm", "hevc", "stacked_video"}


@pytest.mark.parametrize(
    ("content", "keys"),
    [
        pytest.param(png(), STILL, id="PNG"),
        pytest.param(pngs.before_pixels(png(), NOTE), STILL, id="PNG with metadata"),
        *(
            pytest.param(moving(kind, frames), keys, id=f"{kind} of {frames}")
            for kind in ("GIF", "PNG", "WEBP")
            for frames, keys in ((1, STILL), (3, FILM))
        ),
        pytest.param(LATE, FILM, id="PNG of 3 with metadata"),
        pytest.param(MP4, FILM, id="MP4"),
    ],
)
def test_a_file_is_imported_as_what_it_is(
    ingest: Client, world: World, tenant: Tenant, path: str, content: bytes, keys: set[str]
) -> None:
    quote = ingest.ask("POST", path, data=form(content, name="Mine", dry_run="true"))
    assert (quote.status, quote.data["cost_credits"]) == (200, 0)
    assert {asset["key"] for asset in quote.data["assets"]} == keys
    assert not world.jobs(tenant)
    assert not world.assets(tenant)
    made = ingest.ask("POST", path, data=form(content, name="Mine"))
    assert (made.status, made.data["cost_credits"]) == (202, 0)
    assert {key for key in made.data["urls"] if not key.endswith("_webp")} == keys
    world.drain()
    [job] = world.jobs(tenant)
    assert job.status is JobStatus.COMPLETED


def test_sizes_and_items(ingest: Client, world: World, tenant: Tenant, path: str) -> None:
    first = ingest.ask("POST", path, data=form(png(), name="Mine", sizes=["32", "200x200"]))
    assert "transparent_image_32" in first.data["urls"]
    assert first.data["warnings"] == ["size 200 was left out: the full size is 64"]
    more = ingest.ask("POST", path, data=form(png(), item_id=first.data["item_id"]))
    assert more.data["item_id"] == first.data["item_id"]


def test_a_film_is_sent_past_the_api(
    ingest: Client, api: Client, world: World, tenant: Tenant, path: str
) -> None:
    moving = [{"content_type": f"image/{kind}", "film": True} for kind in ("gif", "png", "webp")]
    bodies: list[dict[str, Any]] = [{"content_type": "video/webm"}, *moving]
    for body in bodies:
        invitation = api.post("/v1/uploads", bytes=150_000_000, **body)
        assert invitation.status == 201
        asset_id = invitation.data["asset_id"]
        made = ingest.post(path, asset_id=asset_id, name="Mine")
        assert set(made.data["urls"]) == FILM
        [asset] = [one for one in world.assets(tenant) if one.id == asset_id]
        raw = f"{tenant.who.workspace_id}/{asset_id}/{asset.path}"
        world.ports.blobs.put(Bucket.UPLOADS, raw, MP4, content_type="video/webm")
        world.drain()
        assert {job.status for job in world.jobs(tenant)} == {JobStatus.COMPLETED}
        assert api.get(f"/v1/assets/{asset_id}").data["status"] == "pending"


def test_the_same_request_twice_is_one_import(
    ingest: Client, world: World, tenant: Tenant, path: str
) -> None:
    answers = [
        ingest.ask(
            "POST", path, data=form(png(), name="Mine"), headers={"Idempotency-Key": "once"}
        ).data
        for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert len(world.jobs(tenant)) == 1


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({}, "name", "either a name"),
        ({"name": "x", "item_id": "x"}, "item_id", "must be an id"),
        ({"name": "x", "sizes": "big"}, "sizes[0]", "a width in pixels"),
        ({"name": "x", "dry_run": "perhaps"}, "dry_run", "true or false"),
        ({"name": "x", "colour": "red"}, "colour", "is not a field"),
    ],
)
def test_a_form_that_is_wrong(
    ingest: Client,
    world: World,
    tenant: Tenant,
    path: str,
    fields: dict[str, str],
    field: str,
    says: str,
) -> None:
    refused = ingest.ask("POST", path, data=form(png(), **fields))
    assert (refused.status, refused.body["error"]["field"]) == (400, field)
    assert says in refused.body["error"]["message"]
    assert world.assets(tenant) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"PK\3\4 an archive", b"#EXTM3U\n", b"<html>", b"\x1aE\xdf\xa3 matroska"],
)
def test_a_file_that_is_neither(
    ingest: Client, world: World, tenant: Tenant, path: str, content: bytes
) -> None:
    refused = ingest.ask("POST", path, data=form(content, name="Mine"))
    assert (refused.status, refused.body["error"]["field"]) == (400, "file")
    assert world.assets(tenant) == []


def test_bodies_that_are_wrong(ingest: Client, api: Client, tenant: Tenant, path: str) -> None:
    for body, field in (
        ({"name": "x"}, "asset_id"),
        ({"name": "x", "asset_id": tenant.project_id, "url": "https://x.example"}, "asset_id"),
        ({"name": "x", "asset_id": tenant.project_id}, "asset_id"),
        ({"asset_id": tenant.project_id}, "name"),
    ):
        refused = ingest.post(path, **body)
        assert (refused.status, refused.body["error"]["field"]) == (400, field), body
    sent: tuple[tuple[dict[str, Any], str], ...] = (
        ({"content_type": "video/mp4", "bytes": 200_000_001}, "bytes"),
        ({"content_type": "image/png", "bytes": 10_000_001}, "bytes"),
        ({"content_type": "image/jpeg", "film": True}, "film"),
        ({"content_type": "video/x-msvideo"}, "content_type"),
    )
    for body, field in sent:
        refused = api.post("/v1/uploads", **body)
        assert (refused.status, refused.body["error"]["field"]) == (400, field), body


def test_sizes_that_are_added_later_are_made(
    api: Client, world: World, tenant: Tenant, path: str
) -> None:
    collection = f"/v1/collections/{tenant.collection.id}"
    nothing = api.ask("PATCH", collection, json={"animation_sizes": [16]})
    assert nothing.data["sizes_job"] is None
    world.generate(tenant)
    world.drain()
    headers = {"Idempotency-Key": "once"}
    changed, again = (
        api.ask("PATCH", collection, json={"animation_sizes": [16, 32]}, headers=headers)
        for _ in range(2)
    )
    assert changed.data == again.data
    world.drain()
    job = api.get(f"/v1/jobs/{changed.data['sizes_job']['job_id']}").data
    assert (job["status"], job["type"]) == ("completed", "size_variant_batch")
    made = api.ask("GET", "/v1/jobs", query_string={"type": "size_variant"}).body["data"]
    assert [(one["batch_id"], len(one["urls"])) for one in made] == [(job["id"], 3)]
