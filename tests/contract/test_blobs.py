"""What every implementation of the Blobs port does."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3

from shared.errors import BadRequest, Conflict, NotFound
from shared.ports import Blob, Blobs, Bucket
from tests.contract.receiver import Answer, Receiver
from tests.contract.world import EVENTS_PATH

NAME = "me/fox/wave-a2b3.png"
PNG: Any = {"content_type": "image/png"}
WEBM: Any = {"content_type": "video/webm", "cache_control": "public, max-age=31536000, immutable"}


def put(blobs: Blobs, name: str = NAME, data: bytes = b"fox", **options: Any) -> Blob:
    return blobs.put(Bucket.WORK, name, data, **(PNG | options))


def stored(blobs: Blobs, name: str = NAME, bucket: Bucket = Bucket.WORK) -> Blob:
    blob = blobs.stat(bucket, name)
    assert blob is not None
    return blob


# --- putting and reading -------------------------------------------------------------------------


def test_an_absent_object(blobs: Blobs, tmp_path: Path) -> None:
    assert blobs.stat(Bucket.WORK, NAME) is None
    with pytest.raises(NotFound):
        blobs.read(Bucket.WORK, NAME)
    with pytest.raises(NotFound):
        blobs.download(Bucket.WORK, NAME, tmp_path / "file")
    assert not (tmp_path / "file").exists()
    assert blobs.delete(Bucket.WORK, NAME) is False


def test_put_says_what_is_stored(blobs: Blobs) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    blob = put(blobs, cache_control="no-store", metadata={"asset": "a", "ż": "ó"})
    assert (blob.bucket, blob.name, blob.size) == (Bucket.WORK, NAME, 3)
    assert (blob.content_type, blob.cache_control) == ("image/png", "no-store")
    assert blob.metadata == {"asset": "a", "ż": "ó"}
    assert before < blob.updated_at < datetime.now(UTC) + timedelta(seconds=2)
    assert stored(blobs) == blob
    assert blobs.read(Bucket.WORK, NAME) == b"fox"


def test_objects_are_private_unless_told(blobs: Blobs) -> None:
    assert put(blobs).cache_control == "private, no-store"


def test_put_takes_a_file(blobs: Blobs, tmp_path: Path) -> None:
    data = bytes(range(256)) * 9000  # more than a chunk
    (tmp_path / "source").write_bytes(data)
    blob = blobs.put(Bucket.WORK, NAME, tmp_path / "source", **PNG)
    assert blob.size == len(data)
    assert (tmp_path / "source").exists()
    assert blobs.download(Bucket.WORK, NAME, tmp_path / "target") == blob
    assert (tmp_path / "target").read_bytes() == data


def test_an_empty_object(blobs: Blobs) -> None:
    assert put(blobs, data=b"").size == 0
    assert blobs.read(Bucket.WORK, NAME) == b""


def test_parts_can_be_read(blobs: Blobs) -> None:
    put(blobs, data=b"0123456789")
    assert blobs.read(Bucket.WORK, NAME, start=3) == b"3456789"
    assert blobs.read(Bucket.WORK, NAME, start=3, end=5) == b"34"
    assert blobs.read(Bucket.WORK, NAME, end=99) == b"0123456789"


def test_put_replaces_the_whole(blobs: Blobs) -> None:
    first = put(blobs, metadata={"a": "1"})
    second = put(blobs, data=b"bear", content_type="image/webp")
    assert second.generation > first.generation
    assert second.etag != first.etag
    assert (second.metadata, second.content_type) == ({}, "image/webp")
    assert blobs.read(Bucket.WORK, NAME) == b"bear"


def test_the_etag_is_of_the_content(blobs: Blobs) -> None:
    assert put(blobs, "a").etag == put(blobs, "b").etag != put(blobs, "c", b"bear").etag


def test_generations_increase_even_over_a_deletion(blobs: Blobs) -> None:
    first = put(blobs)
    blobs.delete(Bucket.WORK, NAME)
    assert put(blobs).generation > first.generation


def test_buckets_are_apart(blobs: Blobs) -> None:
    put(blobs)
    assert blobs.stat(Bucket.ASSETS, NAME) is None
    assert blobs.stat(Bucket.UPLOADS, NAME) is None


# --- preconditions -------------------------------------------------------------------------------


def test_generation_zero_wants_the_object_absent(blobs: Blobs) -> None:
    put(blobs, if_generation=0)
    with pytest.raises(Conflict):
        put(blobs, data=b"bear", if_generation=0)
    assert blobs.read(Bucket.WORK, NAME) == b"fox"
    blobs.delete(Bucket.WORK, NAME)
    put(blobs, data=b"bear", if_generation=0)


def test_a_generation_wants_the_object_unchanged(blobs: Blobs) -> None:
    first = put(blobs)
    second = put(blobs, data=b"bear", if_generation=first.generation)
    with pytest.raises(Conflict):
        put(blobs, data=b"cat", if_generation=first.generation)
    with pytest.raises(Conflict):
        blobs.delete(Bucket.WORK, NAME, if_generation=first.generation)
    assert stored(blobs) == second
    assert blobs.delete(Bucket.WORK, NAME, if_generation=second.generation) is True
    assert blobs.stat(Bucket.WORK, NAME) is None


def test_of_eight_threads_that_create_exactly_one_wins(blobs: Blobs) -> None:
    def create(n: int) -> int | None:
        try:
            put(blobs, data=str(n).encode(), if_generation=0)
        except Conflict:
            return None
        return n

    with ThreadPoolExecutor(8) as pool:
        winners = [n for n in pool.map(create, range(8)) if n is not None]
    assert len(winners) == 1
    assert blobs.read(Bucket.WORK, NAME) == str(winners[0]).encode()


# --- copying -------------------------------------------------------------------------------------


def test_copy_has_the_content_and_its_own_metadata(blobs: Blobs) -> None:
    source = put(blobs, metadata={"of": "source"})
    target = blobs.copy(
        (Bucket.WORK, NAME), (Bucket.ASSETS, "x.webm"), metadata={"asset": "a"}, **WEBM
    )
    assert stored(blobs, "x.webm", Bucket.ASSETS) == target
    assert (target.size, target.etag) == (source.size, source.etag)
    assert (target.content_type, target.cache_control) == tuple(WEBM.values())
    assert target.metadata == {"asset": "a"}
    assert blobs.read(Bucket.ASSETS, "x.webm") == b"fox"
    assert stored(blobs) == source


def test_a_copy_outlives_its_source(blobs: Blobs) -> None:
    put(blobs)
    for name in ("a", "b"):
        blobs.copy((Bucket.WORK, NAME), (Bucket.ASSETS, name), **WEBM)
    blobs.delete(Bucket.WORK, NAME)
    assert blobs.read(Bucket.ASSETS, "a") == b"fox"
    blobs.delete(Bucket.ASSETS, "a")
    assert blobs.read(Bucket.ASSETS, "b") == b"fox"


def test_a_copy_keeps_its_content_when_the_source_changes(blobs: Blobs) -> None:
    put(blobs)
    blobs.copy((Bucket.WORK, NAME), (Bucket.ASSETS, "a"), **WEBM)
    put(blobs, data=b"bear")
    assert blobs.read(Bucket.ASSETS, "a") == b"fox"


def test_copying_an_object_onto_itself_changes_its_metadata(blobs: Blobs) -> None:
    first = put(blobs)
    second = blobs.copy((Bucket.WORK, NAME), (Bucket.WORK, NAME), **WEBM)
    assert second.generation > first.generation
    assert stored(blobs).content_type == "video/webm"
    assert blobs.read(Bucket.WORK, NAME) == b"fox"


def test_the_precondition_of_a_copy_is_on_the_target(blobs: Blobs) -> None:
    put(blobs)
    paths = (Bucket.WORK, NAME), (Bucket.ASSETS, "a")
    target = blobs.copy(*paths, if_generation=0, **WEBM)
    with pytest.raises(Conflict):
        blobs.copy(*paths, if_generation=0, **WEBM)
    blobs.copy(*paths, if_generation=target.generation, **WEBM)


def test_copying_nothing(blobs: Blobs) -> None:
    with pytest.raises(NotFound):
        blobs.copy((Bucket.WORK, NAME), (Bucket.ASSETS, "a"), **WEBM)
    assert blobs.stat(Bucket.ASSETS, "a") is None


# --- listing -------------------------------------------------------------------------------------


def test_list_gives_a_prefix_by_name(blobs: Blobs) -> None:
    for name in ("job/b", "job/a", "job/a/1", "jobs/c", "jo", "job/ż"):
        put(blobs, name)
    page = blobs.list(Bucket.WORK, "job/", limit=9)
    assert [blob.name for blob in page.results] == ["job/a", "job/a/1", "job/b", "job/ż"]
    assert page.next_cursor is None
    assert page.results[0] == stored(blobs, "job/a")
    assert len(blobs.list(Bucket.WORK, "", limit=9).results) == 6
    assert blobs.list(Bucket.ASSETS, "job/", limit=9).results == []


def test_list_has_pages(blobs: Blobs) -> None:
    for n in range(5):
        put(blobs, f"job/{n}")
    names, cursor = [], None
    for expected in (2, 2, 1):
        page = blobs.list(Bucket.WORK, "job/", limit=2, cursor=cursor)
        assert len(page.results) == expected
        names += [blob.name for blob in page.results]
        cursor = page.next_cursor
    assert cursor is None
    assert names == [f"job/{n}" for n in range(5)]


def test_list_refuses_a_cursor_that_it_did_not_give(blobs: Blobs) -> None:
    with pytest.raises(BadRequest) as caught:
        blobs.list(Bucket.WORK, "job/", limit=2, cursor="nonsense")
    assert caught.value.details == {"field": "cursor"}


# --- names and URLs ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "/a", "a/", "a//b", "../a", "a/../b", "a/.", "a\nb", "a\0"])
def test_a_malformed_name_is_an_error(blobs: Blobs, name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        put(blobs, name)
    put(blobs)
    with pytest.raises(ValueError, match="name"):
        blobs.copy((Bucket.WORK, NAME), (Bucket.WORK, name), **WEBM)


def test_a_public_url_serves_what_is_there(blobs: Blobs) -> None:
    name = "me/a fox/wave-ż.webm"
    url = blobs.public_url(name)
    assert url.isascii()
    blob = blobs.put(Bucket.ASSETS, name, b"fox", **WEBM)
    response = urllib3.request("GET", url)
    assert (response.status, response.data) == (200, b"fox")
    assert response.headers["Content-Type"] == blob.content_type
    assert response.headers["Cache-Control"] == blob.cache_control
    assert response.headers["ETag"].startswith('"')


def test_a_public_url_is_of_public_objects_only(blobs: Blobs) -> None:
    put(blobs)
    assert urllib3.request("GET", blobs.public_url(NAME)).status == 404


def test_an_upload_url_takes_one_put(blobs: Blobs) -> None:
    signed = blobs.upload_url(
        "w/a.png", content_type="image/png", expires_at=datetime.now(UTC) + timedelta(minutes=1)
    )
    url, headers = signed.url, signed.headers
    assert urlsplit(url).scheme in ("http", "https")
    assert urllib3.request("PUT", url, body=b"fox", headers=headers).status == 200
    blob = stored(blobs, "w/a.png", Bucket.UPLOADS)
    assert (blob.size, blob.content_type) == (3, "image/png")
    assert urllib3.request("PUT", url, body=b"bear", headers=headers).status in (409, 412)
    assert blobs.read(Bucket.UPLOADS, "w/a.png") == b"fox"


def test_an_upload_url_is_for_one_content_type(blobs: Blobs) -> None:
    signed = blobs.upload_url(
        "w/a.png", content_type="image/png", expires_at=datetime.now(UTC) + timedelta(minutes=1)
    )
    headers = {**signed.headers, "Content-Type": "text/html"}
    assert urllib3.request("PUT", signed.url, body=b"fox", headers=headers).status in (400, 403)
    assert blobs.stat(Bucket.UPLOADS, "w/a.png") is None


# --- events --------------------------------------------------------------------------------------


def test_finalized_objects_are_announced(blobs: Blobs, receiver: Receiver) -> None:
    blob = blobs.put(Bucket.ASSETS, NAME, b"fox", metadata={"asset": "a"}, **WEBM)
    [event] = receiver.wait_for(EVENTS_PATH, 1)
    headers = {name.lower(): value for name, value in event.headers.items()}
    assert headers["ce-specversion"] == "1.0"
    assert headers["ce-type"] == "google.cloud.storage.object.v1.finalized"
    assert headers["ce-subject"] == f"objects/{NAME}"
    assert headers["ce-source"].startswith("//storage.googleapis.com/projects/_/buckets/")
    assert headers["ce-source"].endswith(event.payload["bucket"])
    assert headers["ce-id"]
    assert headers["ce-time"].endswith("Z")
    expected = {
        "name": NAME,
        "generation": str(blob.generation),
        "size": "3",
        "contentType": "video/webm",
        "cacheControl": blob.cache_control,
        "metadata": {"asset": "a"},
    }
    assert {key: event.payload[key] for key in expected} == expected


def test_copies_and_uploads_are_announced_and_work_is_not(blobs: Blobs, receiver: Receiver) -> None:
    put(blobs)
    blobs.put(Bucket.UPLOADS, "upload", b"fox", **PNG)
    blobs.copy((Bucket.WORK, NAME), (Bucket.ASSETS, "copy"), **WEBM)
    put(blobs, "later")
    blobs.put(Bucket.ASSETS, "last", b"fox", **WEBM)
    events = receiver.wait_for(EVENTS_PATH, 3)
    assert {event.payload["name"] for event in events} == {"upload", "copy", "last"}


def test_each_generation_is_announced_with_its_own_id(blobs: Blobs, receiver: Receiver) -> None:
    generations = {str(blobs.put(Bucket.ASSETS, NAME, b"fox", **WEBM).generation) for _ in "ab"}
    events = receiver.wait_for(EVENTS_PATH, 2)
    assert {event.payload["generation"] for event in events} == generations
    assert len({event.headers["ce-id"] for event in events}) == 2


def test_an_event_comes_again_until_it_is_taken(blobs: Blobs, receiver: Receiver) -> None:
    receiver.answer(EVENTS_PATH, Answer(500), Answer(503))
    blobs.put(Bucket.ASSETS, NAME, b"fox", **WEBM)
    events = receiver.wait_for(EVENTS_PATH, 3)
    assert len({event.headers["ce-id"] for event in events}) == 1


def test_a_put_that_conflicts_is_not_announced(blobs: Blobs, receiver: Receiver) -> None:
    blobs.put(Bucket.ASSETS, NAME, b"fox", **WEBM)
    with pytest.raises(Conflict):
        blobs.put(Bucket.ASSETS, NAME, b"bear", if_generation=0, **WEBM)
    blobs.put(Bucket.ASSETS, "last", b"fox", **WEBM)
    events = receiver.wait_for(EVENTS_PATH, 2)
    assert sorted(event.payload["name"] for event in events) == ["last", NAME]
