from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import pytest
from werkzeug.test import Client, TestResponse

from shared.adapters.embedded.cdn import Cdn, Uploads
from shared.ports import Blob, Bucket
from tests.adapters.stack import Stack

NAME = "me/fox/wave ż.webm"
URL = "/me/fox/wave%20%C5%BC.webm"
IMMUTABLE = "public, max-age=31536000, immutable"
DATA = bytes(range(200)) * 1000  # more than a chunk


@pytest.fixture
def blob(stack: Stack) -> Blob:
    return stack.blobs.put(
        Bucket.ASSETS, NAME, DATA, content_type="video/webm", cache_control=IMMUTABLE
    )


@pytest.fixture
def client(stack: Stack) -> Client:
    return Client(Cdn(stack.blobs))


def get(client: Client, **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get(URL, headers=named, buffered=True)


# --- serving -------------------------------------------------------------------------------------


def test_get(client: Client, blob: Blob) -> None:
    response = get(client)
    assert response.status_code == 200
    assert response.data == DATA
    assert response.headers["Content-Type"] == "video/webm"
    assert response.headers["Content-Length"] == str(len(DATA))
    assert response.headers["Cache-Control"] == IMMUTABLE
    assert response.headers["ETag"] == f'"{blob.etag}"'
    assert response.headers["Last-Modified"] == "Thu, 01 Jan 2026 00:00:00 GMT"
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    exposed = response.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"ETag", "Content-Range", "Content-Length", "Accept-Ranges"} <= set(exposed)


def test_head_is_get_without_the_body(client: Client, blob: Blob) -> None:
    response = client.head(URL, buffered=True)
    assert response.status_code == 200
    assert response.data == b""
    skipped = {"Date"}
    assert set(response.headers) - skipped == set(get(client).headers) - skipped


@pytest.mark.usefixtures("blob")
def test_an_empty_file(stack: Stack, client: Client) -> None:
    stack.blobs.put(Bucket.ASSETS, NAME, b"", content_type="video/webm")
    assert get(client).data == b""
    assert get(client, Range="bytes=0-").status_code in (200, 416)


@pytest.mark.parametrize("url", ["/absent", "/", "", "/../mascotry.sqlite3", "/%2e%2e/x", "/a\0"])
def test_what_is_not_there(client: Client, url: str) -> None:
    response = client.get(url)
    assert response.status_code == 404
    assert response.json is not None
    assert response.json["error"]["code"] == "not_found"
    assert response.json["error"]["message"]
    assert response.headers["Access-Control-Allow-Origin"] == "*"


def test_only_assets_are_public(stack: Stack, client: Client) -> None:
    for bucket in (Bucket.WORK, Bucket.UPLOADS):
        stack.blobs.put(bucket, NAME, DATA, content_type="video/webm")
    assert get(client).status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_other_methods(client: Client, blob: Blob, method: str) -> None:
    response = client.open(URL, method=method)
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert response.json is not None
    assert response.json["error"]["code"] == "method_not_allowed"


def test_preflight(client: Client) -> None:
    response = client.options(URL, headers={"Access-Control-Request-Headers": "range"})
    assert response.status_code == 204
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "GET" in response.headers["Access-Control-Allow-Methods"]
    assert "Range" in response.headers["Access-Control-Allow-Headers"]


# --- ranges --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-299", 100, 300),
        ("bytes=70000-150000", 70000, 150001),
        ("bytes=199990-", 199990, 200000),
        ("bytes=-10", 199990, 200000),
        ("bytes=199990-999999", 199990, 200000),
    ],
)
@pytest.mark.usefixtures("blob")
def test_a_range(client: Client, asked: str, start: int, stop: int) -> None:
    response = get(client, Range=asked)
    assert response.status_code == 206
    assert response.data == DATA[start:stop]
    assert response.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(DATA)}"
    assert response.headers["Content-Length"] == str(stop - start)
    assert response.headers["Content-Type"] == "video/webm"


@pytest.mark.usefixtures("blob")
def test_a_range_beyond_the_end(client: Client) -> None:
    response = get(client, Range="bytes=200000-")
    assert response.status_code == 416
    assert response.headers["Content-Range"] == f"bytes */{len(DATA)}"
    assert response.json is not None
    assert response.json["error"]["code"] == "requested_range_not_satisfiable"


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "lines=1-2", "nonsense", "bytes=5-1"])
@pytest.mark.usefixtures("blob")
def test_ranges_that_are_ignored(client: Client, asked: str) -> None:
    response = get(client, Range=asked)
    assert response.status_code == 200
    assert response.data == DATA


def test_a_range_of_what_the_client_has_a_part_of(client: Client, blob: Blob) -> None:
    same = get(client, Range="bytes=0-9", If_Range=f'"{blob.etag}"')
    assert (same.status_code, same.data) == (206, DATA[:10])
    other = get(client, Range="bytes=0-9", If_Range='"other"')
    assert (other.status_code, other.data) == (200, DATA)


# --- conditional requests ------------------------------------------------------------------------


def test_what_the_client_has_is_not_sent_again(client: Client, blob: Blob) -> None:
    for headers in (
        {"If_None_Match": f'"{blob.etag}"'},
        {"If_None_Match": f'"other", W/"{blob.etag}"'},
        {"If_Modified_Since": "Thu, 01 Jan 2026 00:00:00 GMT"},
    ):
        response = get(client, **headers)
        assert response.status_code == 304, headers
        assert response.data == b""
        assert response.headers["ETag"] == f'"{blob.etag}"'
        assert response.headers["Cache-Control"] == IMMUTABLE
        assert response.headers["Access-Control-Allow-Origin"] == "*"


def test_what_has_changed_is_sent(stack: Stack, client: Client, blob: Blob) -> None:
    stack.clock.advance(60)
    stack.blobs.put(Bucket.ASSETS, NAME, b"new", content_type="video/webm")
    assert get(client, If_None_Match=f'"{blob.etag}"').data == b"new"
    assert get(client, If_Modified_Since="Thu, 01 Jan 2026 00:00:00 GMT").data == b"new"


def test_a_precondition_that_fails(client: Client, blob: Blob) -> None:
    assert get(client, If_Match='"other"').status_code == 412
    assert get(client, If_Match=f'"{blob.etag}"').data == DATA


# --- uploads -------------------------------------------------------------------------------------


@pytest.fixture
def uploads(stack: Stack) -> Client:
    return Client(Uploads(stack.blobs))


@pytest.fixture
def signed(stack: Stack) -> str:
    return stack.blobs.upload_url(
        "w/a b.png",
        content_type="image/png",
        expires_at=stack.clock.now() + timedelta(minutes=15),
        max_bytes=1000,
    ).url.removeprefix("http://mascotry.test/uploads")


def put(uploads: Client, url: str, data: bytes = b"fox", **options: Any) -> TestResponse:
    return uploads.put(url, data=data, **({"content_type": "image/png"} | options))


def code(response: TestResponse) -> str:
    assert response.json is not None
    return str(response.json["error"]["code"])


def test_a_signed_upload(stack: Stack, uploads: Client, signed: str) -> None:
    response = put(uploads, signed)
    blob = stack.blobs.stat(Bucket.UPLOADS, "w/a b.png")
    assert response.status_code == 200
    assert blob is not None
    assert response.headers["ETag"] == f'"{blob.etag}"'
    assert blob.content_type == "image/png"
    assert stack.blobs.read(Bucket.UPLOADS, "w/a b.png") == b"fox"


def test_it_works_once(stack: Stack, uploads: Client, signed: str) -> None:
    put(uploads, signed)
    response = put(uploads, signed, b"bear")
    assert (response.status_code, code(response)) == (409, "conflict")
    assert stack.blobs.read(Bucket.UPLOADS, "w/a b.png") == b"fox"


def test_it_expires(stack: Stack, uploads: Client, signed: str) -> None:
    stack.clock.advance(15 * 60 - 1)
    assert put(uploads, signed, content_type="image/gif").status_code == 400  # still in time
    stack.clock.advance(1)
    response = put(uploads, signed)
    assert (response.status_code, code(response)) == (403, "forbidden")


@pytest.mark.parametrize(
    "change",
    [{"content_type": "text/html"}, {"expires": "99999999999"}, {"signature": "0" * 64}, {}],
)
def test_what_was_signed_cannot_be_changed(
    stack: Stack, uploads: Client, signed: str, change: dict[str, str]
) -> None:
    parts = urlsplit(signed)
    query = dict(parse_qsl(parts.query)) | change
    path = parts.path if change else "/w/b.png"
    url = urlunsplit(("", "", path, urlencode(query), ""))
    response = put(uploads, url, content_type=query["content_type"])
    assert (response.status_code, code(response)) == (403, "forbidden")
    assert stack.files() == set()


@pytest.mark.parametrize("name", ["expires", "max_bytes"])
@pytest.mark.parametrize("written", ["{}_{}", "+{}{}", " {}{}", "\uff11{1}"])
def test_what_was_signed_cannot_be_written_otherwise(
    uploads: Client, signed: str, name: str, written: str
) -> None:
    """Python would read the same numbers."""
    parts = urlsplit(signed)
    query = dict(parse_qsl(parts.query))
    first, rest = query[name][0], query[name][1:]
    query[name] = written.format(first, rest)
    url = urlunsplit(("", "", parts.path, urlencode(query), ""))
    assert put(uploads, url, content_type=query["content_type"]).status_code == 403


@pytest.mark.parametrize("query", ["", "?expires=x", "?signature=%C5%BC&expires=1"])
def test_an_unsigned_upload(uploads: Client, query: str) -> None:
    assert put(uploads, "/w/a.png" + query).status_code == 403


def test_the_content_type_is_the_signed_one(uploads: Client, signed: str) -> None:
    for content_type in ("image/webp", "image/png; charset=utf-8", None):
        response = put(uploads, signed, content_type=content_type)
        assert (response.status_code, code(response)) == (400, "bad_request")


@pytest.mark.parametrize("chunked", [False, True])
def test_the_size_is_limited(stack: Stack, uploads: Client, signed: str, chunked: bool) -> None:
    environ: Any = {"wsgi.input_terminated": True, "CONTENT_LENGTH": ""} if chunked else {}
    response = put(uploads, signed, b"x" * 1001, environ_overrides=environ)
    assert (response.status_code, code(response)) == (413, "request_entity_too_large")
    assert stack.files() == set()
    fits = 999 if chunked else 1000  # werkzeug wants to see the end of a stream below the limit
    assert put(uploads, signed, b"x" * fits, environ_overrides=environ).status_code == 200


def test_an_upload_that_breaks_off_is_not_stored(
    stack: Stack, uploads: Client, signed: str
) -> None:
    response = put(uploads, signed, environ_overrides={"CONTENT_LENGTH": "900"})
    assert response.status_code == 400
    assert stack.blobs.stat(Bucket.UPLOADS, "w/a b.png") is None
    assert stack.files() == set()


def test_browsers_may_upload(uploads: Client, signed: str) -> None:
    response = uploads.options(signed)
    assert response.headers["Access-Control-Allow-Methods"] == "PUT, OPTIONS"
    assert "Content-Type" in response.headers["Access-Control-Allow-Headers"]
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert uploads.get(signed).status_code == 405
