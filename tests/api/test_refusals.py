"""What is wrong with a request is said by its field, and then nothing has been written."""

import io
from typing import Any

import pytest
from werkzeug.test import encode_multipart

from tests.api.client import Answer, Client
from tests.graph.jobs import FILM, IMAGE
from tests.services.world import KINDS, Tenant, World

UNKNOWN = "99999999-0000-4000-8000-000000000000"
STILL = {"type": "animation", "animation_prompt": "waves", "source_image_asset_id": UNKNOWN}
TOO_LONG = "x" * 4001


def traces(world: World, tenant: Tenant) -> list[Any]:
    return [*(world.documents(tenant, kind) for kind in KINDS), world.public(), world.deliveries()]


def refuses(answer: Answer, field: str, status: int = 400) -> str:
    """The sentence of a refusal, which must name the field and help."""
    error = answer.error
    assert answer.status == status, error
    assert error["code"] == "bad_request"
    assert error["field"] == field, error
    message = str(error["message"])
    assert len(message) > 8
    assert "Traceback" not in message
    return message


GENERATE: list[tuple[dict[str, Any], str]] = [
    ({}, "type"),
    ({"type": "image"}, "name"),
    ({"type": "sculpture", "name": "Wave"}, "type"),
    ({"type": "image", "name": "Wave"}, "image_prompt"),
    ({**IMAGE, "name": ""}, "name"),
    ({**IMAGE, "name": "   "}, "name"),
    ({**IMAGE, "name": "x" * 121}, "name"),
    ({**IMAGE, "name": 7}, "name"),
    ({**IMAGE, "name": "\ud800"}, "name"),
    ({**IMAGE, "name": "Wave", "image_prompt": " \n"}, "image_prompt"),
    ({**IMAGE, "name": "Wave", "image_prompt": TOO_LONG}, "image_prompt"),
    ({**IMAGE, "name": "Wave", "animation_prompt": "waves"}, "animation_prompt"),
    ({**IMAGE, "name": "Wave", "source_image_asset_id": UNKNOWN}, "source_image_asset_id"),
    ({**IMAGE, "name": "Wave", "end_image_asset_id": UNKNOWN}, "end_image_asset_id"),
    ({**IMAGE, "name": "Wave", "colour": "red"}, "colour"),
    ({**IMAGE, "item_id": UNKNOWN}, "item_id"),
    ({**IMAGE, "item_id": "seven"}, "item_id"),
    ({**IMAGE, "item_id": "a/b"}, "item_id"),
    ({**IMAGE, "item_id": ".."}, "item_id"),
    ({**FILM, "name": "Wave", "animation_prompt": None}, "animation_prompt"),
    ({**FILM, "name": "Wave", "image_prompt": None}, "image_prompt"),
    ({**FILM, "name": "Wave", "source_image_asset_id": UNKNOWN}, "image_prompt"),
    ({**FILM, "name": "Wave", "duration": 0.5}, "duration"),
    ({**FILM, "name": "Wave", "duration": 11}, "duration"),
    ({**FILM, "name": "Wave", "duration": -4}, "duration"),
    ({**FILM, "name": "Wave", "duration": "long"}, "duration"),
    ({**FILM, "name": "Wave", "duration": "4"}, "duration"),
    ({**FILM, "name": "Wave", "loop": "yes"}, "loop"),
    ({**FILM, "name": "Wave", "loop": 1}, "loop"),
    ({**FILM, "name": "Wave", "sizes": [True]}, "sizes[0]"),
    ({**FILM, "name": "Wave", "duration": float("nan")}, "duration"),
    ({**FILM, "name": "Wave", "duration": float("inf")}, "duration"),
    ({**FILM, "name": "Wave", "loop": "perhaps"}, "loop"),
    ({**FILM, "name": "Wave", "sizes": 256}, "sizes"),
    ({**FILM, "name": "Wave", "sizes": [64, 8]}, "sizes[1]"),
    ({**FILM, "name": "Wave", "sizes": [4096]}, "sizes[0]"),
    ({**FILM, "name": "Wave", "sizes": ["64x32"]}, "sizes[0]"),
    ({**FILM, "name": "Wave", "sizes": ["\uff16\uff14"]}, "sizes[0]"),
    ({**FILM, "name": "Wave", "sizes": ["big"]}, "sizes[0]"),
    ({**FILM, "name": "Wave", "sizes": [64.5]}, "sizes[0]"),
    ({**FILM, "name": "Wave", "sizes": list(range(16, 25))}, "sizes"),
    ({**STILL, "name": "Wave"}, "source_image_asset_id"),
    ({**STILL, "name": "Wave", "source_image_asset_id": "../x"}, "source_image_asset_id"),
    ({**FILM, "name": "Wave", "end_image_asset_id": UNKNOWN}, "end_image_asset_id"),
]


@pytest.mark.parametrize(("body", "field"), GENERATE)
def test_generating(
    api: Client, tenant: Tenant, world: World, body: dict[str, Any], field: str
) -> None:
    before = traces(world, tenant)
    refuses(api.post(f"/v1/collections/{tenant.collection.id}/generate", **body), field)
    assert traces(world, tenant) == before


COLLECTION: list[tuple[dict[str, Any], str]] = [
    ({"name": None}, "name"),
    ({"name": ""}, "name"),
    ({"description": ""}, "description"),
    ({"description": TOO_LONG}, "description"),
    ({"animation_sizes": [1]}, "animation_sizes[0]"),
    ({"animation_sizes": "64"}, "animation_sizes"),
    ({"extra_formats": ["bmp"]}, "extra_formats[0]"),
    ({"extra_formats": ["webm"]}, "extra_formats[0]"),  # every film comes in it
    ({"cdn": {"cache_seconds": -1}}, "cdn.cache_seconds"),
    ({"cdn": {"cache_seconds": 31_536_001}}, "cdn.cache_seconds"),
    ({"cdn": {"slug": "../../other"}}, "cdn.slug"),
    ({"cdn": {"slug": "a b"}}, "cdn.slug"),
    ({"cdn": {"slug": ""}}, "cdn.slug"),
    ({"cdn": {"slug": "x" * 61}}, "cdn.slug"),
    ({"cdn": {"colour": "red"}}, "cdn.colour"),
    ({"cdn": "off"}, "cdn"),
    ({"max_retries": 6}, "max_retries"),
    ({"max_retries": "x"}, "max_retries"),
    ({"quality": "great"}, "quality"),
    ({"seed": 7}, "seed"),
]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        *COLLECTION,
        ({"project_id": None}, "project_id"),
        ({"project_id": UNKNOWN}, "project_id"),
        ({"project_id": "a/b"}, "project_id"),
        ({"project_id": ""}, "project_id"),
        ({"reference_asset_ids": [UNKNOWN]}, "reference_asset_ids"),
        ({"reference_asset_ids": ["x"]}, "reference_asset_ids[0]"),
        ({"reference_asset_ids": [UNKNOWN] * 7}, "reference_asset_ids"),
        ({"reference_image_urls": ["http://127.0.0.1:1/"]}, "reference_image_urls[0]"),
        ({"reference_image_urls": ["https://example.org/x.png"] * 7}, "reference_image_urls"),
        (
            {
                "reference_asset_ids": [UNKNOWN] * 3,
                "reference_image_urls": ["https://example.org/x.png"] * 4,
            },
            "reference_image_urls",
        ),
    ],
)
def test_creating_a_collection(
    ingest: Client, tenant: Tenant, world: World, body: dict[str, Any], field: str
) -> None:
    before = traces(world, tenant)
    good = {"project_id": tenant.project_id, "name": "Reynard"}
    refuses(ingest.post("/v1/collections", **{**good, **body}), field)
    assert traces(world, tenant) == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        *COLLECTION,
        ({"slug": "No"}, "slug"),
        ({"slug": "-a"}, "slug"),
        ({"slug": "a--b"}, "slug"),
        ({"slug": "felix\n"}, "slug"),
        ({"slug": "taken"}, "slug"),
        ({"slug": None}, "slug"),
        ({"cdn": None}, "cdn"),
    ],
)
def test_changing_a_collection(
    api: Client,
    ingest: Client,
    tenant: Tenant,
    world: World,
    body: dict[str, Any],
    field: str,
) -> None:
    ingest.post("/v1/collections", project_id=tenant.project_id, name="Taken")
    before = traces(world, tenant)
    refuses(api.patch(f"/v1/collections/{tenant.collection.id}", **body), field)
    assert traces(world, tenant) == before


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": None}, {"name": ["x"]}])
def test_naming(api: Client, tenant: Tenant, world: World, body: dict[str, Any]) -> None:
    item = api.post(f"/v1/collections/{tenant.collection.id}/items", type="image", name="Sit").data[
        "id"
    ]
    before = traces(world, tenant)
    refuses(api.post("/v1/projects", **body), "name")
    refuses(api.patch(f"/v1/projects/{tenant.project_id}", **body), "name")
    refuses(api.patch(f"/v1/items/{item}", **body), "name")
    path = f"/v1/collections/{tenant.collection.id}/items"
    refuses(api.post(path, type="image", **body), "name")
    refuses(api.post(path, type="sculpture", name="Sit"), "type")
    assert traces(world, tenant) == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "asset_id"),
        ({"asset_id": UNKNOWN}, "asset_id"),
        ({"asset_id": "x"}, "asset_id"),
        ({"asset_id": UNKNOWN, "url": "https://example.org/x.png"}, "asset_id"),
        ({"url": "file:///etc/passwd"}, "url"),
        ({"url": "http://127.0.0.1:1/"}, "url"),
    ],
)
def test_adding_a_reference(
    ingest: Client, tenant: Tenant, world: World, body: dict[str, Any], field: str
) -> None:
    before = traces(world, tenant)
    refuses(ingest.post(f"/v1/collections/{tenant.collection.id}/references", **body), field)
    assert traces(world, tenant) == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "asset_id"),
        ({"asset_id": UNKNOWN}, "asset_id"),
        ({"asset_id": "x"}, "asset_id"),
        ({"asset_id": UNKNOWN, "url": "https://example.org/x.png"}, "asset_id"),
        ({"url": "http://127.0.0.1:1/"}, "url"),
        ({"url": "https://example.org/" + "x" * 2048}, "url"),
    ],
)
def test_analyzing_an_image(ingest: Client, body: dict[str, Any], field: str) -> None:
    refuses(ingest.post("/v1/analyze-image", **body), field)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "collection_id"),
        ({"collection_id": UNKNOWN}, "collection_id"),
        ({"collection_id": UNKNOWN, "prompt": "a fox"}, "collection_id"),
        ({"prompt": " "}, "prompt"),
        ({"prompt": TOO_LONG}, "prompt"),
        ({"prompt": "a fox", "count": 0}, "count"),
        ({"prompt": "a fox", "count": 13}, "count"),
    ],
)
def test_suggesting_actions(ingest: Client, body: dict[str, Any], field: str) -> None:
    refuses(ingest.post("/v1/suggest-actions", **body), field)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "prompt"),
        ({"prompt": "a fox", "image_provider": "oracle"}, "image_provider"),
        ({"prompt": "a fox", "image_provider": "openai"}, "image_provider"),
        ({"prompt": "a fox", "reference_image_urls": ["ftp://x"]}, "reference_image_urls[0]"),
        (
            {"prompt": "a fox", "reference_image_urls": ["https://example.org/x.png"] * 7},
            "reference_image_urls",
        ),
    ],
)
def test_previewing(ingest: Client, body: dict[str, Any], field: str) -> None:
    refuses(ingest.post("/v1/generate/preview", **body), field)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"status": "lost"}, "status"),
        ({"type": "sculpture"}, "type"),
        ({"status": ""}, "status"),
    ],
)
def test_listing_jobs(api: Client, query: dict[str, str], field: str) -> None:
    assert "one of" in refuses(api.get("/v1/jobs", **query), field)


@pytest.mark.parametrize("id_", ["", "x", "..", UNKNOWN.replace("-", ""), f"{{{UNKNOWN}}}"])
def test_filtering_by_what_is_no_id(api: Client, id_: str) -> None:
    assert "UUID" in refuses(api.get("/v1/jobs", collection_id=id_), "collection_id")
    assert "UUID" in refuses(api.get("/v1/collections", project_id=id_), "project_id")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"wait": "perhaps"}, "wait"),
        ({"wait": "true", "timeout": "soon"}, "timeout"),
        ({"wait": "true", "timeout": 61}, "timeout"),
        ({"wait": "true", "timeout": -1}, "timeout"),
        ({"wait": "true", "timeout": "1_0"}, "timeout"),
        ({"wait": "1_0"}, "wait"),
    ],
)
def test_waiting(
    api: Client, tenant: Tenant, world: World, query: dict[str, Any], field: str
) -> None:
    job = world.generate(tenant, IMAGE).job
    refuses(api.get(f"/v1/jobs/{job.id}", **query), field)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "content_type"),
        ({"content_type": "image/svg+xml"}, "content_type"),
        ({"content_type": "image/png", "bytes": 10_000_001}, "bytes"),
        ({"content_type": "image/png", "bytes": 0}, "bytes"),
        ({"content_type": "image/png", "name": "../x"}, "name"),
    ],
)
def test_asking_for_an_upload_url(
    api: Client, tenant: Tenant, world: World, body: dict[str, Any], field: str
) -> None:
    before = traces(world, tenant)
    refuses(api.post("/v1/uploads", **body), field)
    assert traces(world, tenant) == before


@pytest.mark.parametrize("content", [b"", b"no picture"])
def test_uploading_no_picture(ingest: Client, tenant: Tenant, world: World, content: bytes) -> None:
    form = {"file": (io.BytesIO(content), "fox.png")}
    answer = ingest.ask("POST", "/v1/upload", data=form, content_type="multipart/form-data")
    refuses(answer, "file")
    assert world.public() == {}
    assert world.assets(tenant) == []


def test_uploading_nothing(ingest: Client) -> None:
    form = {"picture": (io.BytesIO(b"x"), "fox.png")}
    answer = ingest.ask("POST", "/v1/upload", data=form, content_type="multipart/form-data")
    refuses(answer, "file")
    refuses(ingest.post("/v1/upload"), "url")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"7",
        b"\xff\xfe",
        b'{"name": "x"',
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_a_body_that_is_no_json_object(api: Client, body: bytes) -> None:
    refuses(api.ask("POST", "/v1/projects", data=body), "body")


def test_several_faults_are_all_told(ingest: Client, tenant: Tenant) -> None:
    error = ingest.post("/v1/collections", name="", max_retries=9).error
    assert {problem["field"] for problem in error["errors"]} == {
        "project_id",
        "name",
        "max_retries",
    }


def test_a_huge_body(api: Client, tenant: Tenant, world: World) -> None:
    body = b'{"name": "' + b"x" * 1_000_000 + b'"}'
    before = traces(world, tenant)
    assert "1,000,000" in refuses(api.ask("POST", "/v1/projects", data=body), "body")
    assert traces(world, tenant) == before


def test_a_huge_body_of_unknown_length(api: Client) -> None:
    body = io.BytesIO(b'{"name": "' + b"x" * 1_000_000 + b'"}')
    answer = api.ask(
        "POST",
        "/v1/projects",
        input_stream=body,
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    refuses(answer, "body")


def test_a_huge_upload(ingest: Client, world: World) -> None:
    for size in (10_000_001, 12_000_000):
        boundary, body = encode_multipart({"file": (io.BytesIO(bytes(size)), "fox.png")})
        kind = f"multipart/form-data; boundary={boundary}"
        answer = ingest.ask("POST", "/v1/upload", data=body, content_type=kind)
        assert answer.error["field"] in ("file", "body")
        assert answer.status == 400
    assert world.public() == {}
