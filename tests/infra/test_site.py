"""The site is served as Hosting does: the same files, the same headers."""

from pathlib import Path

import pytest
from werkzeug.test import Client, TestResponse

from infra.site import CONFIGURATION, FILES_ORIGIN, Site

FILES = "https://files.example"


@pytest.fixture
def client() -> Client:
    return Client(Site(FILES))


def policy(response: TestResponse) -> dict[str, list[str]]:
    parts = (part.split() for part in response.headers["Content-Security-Policy"].split(";"))
    return {name: values for name, *values in parts}


def test_the_studio_is_at_the_root(client: Client) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert page.content_type == "text/html; charset=utf-8"
    assert "<title>Mascotry studio</title>" in page.text
    assert client.get("/app/main.js").content_type == "text/javascript; charset=utf-8"


def test_what_has_not_changed_is_not_sent_again(client: Client) -> None:
    first = client.get("/app/base.css")
    assert first.headers["Cache-Control"] == "no-cache"
    again = client.get("/app/base.css", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("path", ["/nowhere", "/app", "/app/", "/%2e%2e/main.py", "/.hidden"])
def test_what_is_not_there(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.text
    assert "Content-Security-Policy" in answer.headers


def test_nothing_outside_is_served(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "404.html").write_text("missing")
    (tmp_path / "public" / ".env").write_text("secret")
    (tmp_path / "firebase.json").write_text('{"hosting": {"public": "public"}}')
    client = Client(Site(FILES, tmp_path / "firebase.json"))
    for path in ("/../secret.txt", "/..%2fsecret.txt", "//secret.txt", "/./../secret.txt", "/.env"):
        assert client.get(path).text == "missing", path


def test_only_our_own_scripts_run_and_nothing_comes_from_elsewhere(client: Client) -> None:
    allowed = policy(client.get("/"))
    assert allowed["default-src"] == ["'none'"]
    assert allowed["script-src"] == allowed["style-src"] == ["'self'"]
    assert allowed["frame-ancestors"] == allowed["base-uri"] == ["'none'"]
    assert allowed["require-trusted-types-for"] == ["'script'"]
    for kind in ("img-src", "media-src", "connect-src"):
        assert set(allowed[kind]) <= {"'self'", "blob:", "data:", FILES}


def test_deployed_files_come_from_cloud_storage() -> None:
    assert CONFIGURATION.read_text().count(FILES_ORIGIN) == 3


def test_other_headers(client: Client) -> None:
    headers = client.get("/").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_only_the_player_may_be_read_by_other_pages(client: Client) -> None:
    def origin(path: str) -> str | None:
        return client.get(path).headers.get("Access-Control-Allow-Origin")

    for module in ("player", "canvas", "stacked"):
        assert origin(f"/mascot-{module}.js") == "*"
    assert origin("/mascot-player.d.ts") == "*"
    assert origin("/") is origin("/app/main.js") is None


def test_types_are_no_film(client: Client) -> None:
    """Which is what .ts stands for elsewhere."""
    answer = client.get("/mascot-player.d.ts")
    assert answer.headers["Content-Type"] == "application/typescript; charset=utf-8"


def test_it_is_only_read(client: Client) -> None:
    answer = client.post("/")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert client.head("/").data == b""
