"""Pictures that go straight to the store, by a URL that was signed for one of them."""

import io
import sqlite3
import time

import httpx
from PIL import Image

from tests.e2e.server import Json, Server

SECONDS = 30
LIMIT = 10_000_000


def picture() -> bytes:
    """A JPEG that says where it was taken, which nobody else has to know."""
    image = Image.effect_noise((640, 480), 60).convert("RGB")
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    content = io.BytesIO()
    image.save(content, "JPEG", exif=exif)
    return content.getvalue()


def put(invitation: Json, content: bytes) -> httpx.Response:
    """Send it as anybody would: with what the invitation says, and without a key."""
    return httpx.request(
        invitation["method"],
        invitation["upload_url"],
        headers=invitation["headers"],
        content=content,
        timeout=SECONDS,
    )


def invite(server: Server) -> Json:
    invitation: Json = server.post("/uploads", {"content_type": "image/jpeg"})
    return invitation


def asset(server: Server, invitation: Json) -> Json:
    found: Json = server.get(f"/assets/{invitation['asset_id']}")
    return found


def settled(server: Server, invitation: Json) -> Json:
    """The asset when it is no longer pending."""
    deadline = time.monotonic() + SECONDS
    while (found := asset(server, invitation))["status"] == "pending":
        assert time.monotonic() < deadline, found
        time.sleep(0.02)
    return found


def kept(server: Server) -> int:
    """How many objects of UPLOADS have a content, and reminders of the sweeper."""
    (file,) = server.home.glob("*.sqlite3")
    connection = sqlite3.connect(file, timeout=30)
    try:
        objects = "SELECT count(*) FROM objects WHERE bucket = 'uploads' AND size"
        due = "SELECT count(*) FROM documents WHERE kind = 'due'"
        return sum(connection.execute(query).fetchone()[0] for query in (objects, due))
    finally:
        connection.close()


def nothing_is_kept(server: Server) -> None:
    deadline = time.monotonic() + SECONDS
    while kept(server):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_sent_picture_becomes_a_reference(server: Server) -> None:
    invitation = invite(server)
    assert asset(server, invitation)["status"] == "pending"
    content = picture()
    assert put(invitation, content).status_code == 200

    ready = settled(server, invitation)
    assert (ready["status"], ready["error"]) == ("ready", None)
    assert (ready["content"]["width"], ready["content"]["height"]) == (640, 480)
    public = server.http.get(ready["url"])
    assert public.headers["content-type"] == "image/png"
    assert "immutable" in public.headers["cache-control"]
    assert b"a camera" in content
    assert b"a camera" not in public.content
    with Image.open(io.BytesIO(public.content)) as image:
        assert (image.format, image.size) == ("PNG", (640, 480))
    nothing_is_kept(server)
    collection = server.collection(reference_asset_ids=[ready["id"]])
    assert collection["config"]["reference_asset_ids"] == [ready["id"]]

    ready = asset(server, invitation)
    assert put(invitation, b"something else").status_code == 409
    nothing_is_kept(server)
    assert asset(server, invitation) == ready
    assert server.http.get(ready["url"]).content == public.content


def test_bad_files_fail_and_say_why(server: Server) -> None:
    disguised, truncated = invite(server), invite(server)
    put(disguised, b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    put(truncated, picture()[:5_000])
    for invitation, reason in (
        (disguised, "is an SVG drawing"),
        (truncated, "is damaged or cut off"),
    ):
        failed = settled(server, invitation)
        assert failed["status"] == "failed"
        assert failed["error"]["code"] == "upload_refused"
        assert reason in failed["error"]["message"]
        assert server.http.get(failed["url"]).status_code == 404
    nothing_is_kept(server)


def test_what_is_too_large_is_not_taken(server: Server) -> None:
    invitation = invite(server)
    assert put(invitation, b"x" * (LIMIT + 1)).status_code == 413
    assert asset(server, invitation)["status"] == "pending"
    assert put(invitation, picture()).status_code == 200, "there is still time to do better"
    assert settled(server, invitation)["status"] == "ready"


def test_a_url_is_for_its_own_picture_alone(server: Server) -> None:
    mine, other = invite(server), invite(server)
    query = mine["upload_url"].partition("?")[2]
    forged = {**other, "upload_url": f"{other['upload_url'].partition('?')[0]}?{query}"}
    assert put(forged, picture()).status_code == 403
    wrong = {**mine, "headers": {"Content-Type": "text/html"}}
    assert put(wrong, picture()).status_code == 400
    assert {asset(server, given)["status"] for given in (mine, other)} == {"pending"}


def test_a_sent_picture_survives_a_kill(server: Server) -> None:
    invitation = invite(server)
    assert put(invitation, picture()).status_code == 200
    server.kill()
    server.start()
    at = httpx.URL(str(server.http.base_url))
    assert settled(server, invitation)["status"] == "ready"
    assert (
        server.http.get(
            httpx.URL(settled(server, invitation)["url"]).copy_with(host=at.host, port=at.port)
        ).status_code
        == 200
    )
    nothing_is_kept(server)
