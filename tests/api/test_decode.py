"""The function `decode` does what it is for, and follows no URL that leads elsewhere."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from functions import composition
from shared import config
from shared.config import settings
from shared.errors import PermanentError, TransientError
from shared.services import transfer
from shared.services.transfer import Store
from tests.api.client import function
from tests.infra.slim import PIXEL
from tests.services.world import World

SMALL = 1000


class Place:
    """A server that remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.headers: dict[str, str] = {}
        self.status = 200
        self.body = b"no film"
        self.url = ""


@contextmanager
def serving() -> Iterator[Place]:
    place = Place()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            place.asked.append((self.command, self.path))
            place.headers = dict(self.headers)
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(place.status)
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.send_header("Content-Length", str(len(place.body)))
            self.end_headers()
            self.wfile.write(place.body)

        def do_PUT(self) -> None:
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    place.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield place
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def store(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    with serving() as place:
        monkeypatch.setenv("MASCOTRY_STORAGE_URL", place.url)
        monkeypatch.setenv("MASCOTRY_MAX_UPLOAD_BYTES", str(SMALL))
        config.settings.cache_clear()
        yield place


def ask(path: str, **sent: Any) -> TestResponse:
    headers = {"Authorization": f"Bearer {composition.task_token(settings())}"}
    return function("decode").open(path, method="POST", headers=headers, **sent)


def film(source: str, target: str) -> TestResponse:
    order = {"source": source, "target": {"url": target, "headers": {}}}
    return ask("/film", json=order)


def test_a_picture_comes_in_pieces_of_no_stated_length(store: Place) -> None:
    """Since Cloud Run takes at most 32 MiB at once."""
    answer = ask("/picture", data=PIXEL)
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert "Content-Length" not in answer.headers
    assert answer.get_data().startswith(b"\x89PNG")


def test_a_refusal_says_why(store: Place) -> None:
    answer = ask("/picture", data=b"no picture")
    assert answer.status_code == 422
    assert answer.get_json() == {
        "kind": "bad_request",
        "message": "the picture is not a PNG, JPEG, WebP or GIF picture",
    }
    assert ask("/picture", data=b"x" * (SMALL + 1)).status_code == 422
    assert ask("/film", json={"source": "x"}).status_code == 422
    assert ask("/elsewhere").status_code == 404


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "http://127.0.0.1:9/bucket/film",
        "http://metadata.google.internal/computeMetadata/v1/",
        "https://storage.googleapis.com/bucket/film",
        "{store}.evil.example/bucket/film",
        "{store}@evil.example/bucket/film",
        "https{store}/bucket/film",
        "bucket/film",
        "",
    ],
)
def test_no_url_leads_elsewhere(store: Place, url: str) -> None:
    elsewhere = url.format(store=store.url if not url.startswith("https{") else store.url[4:])
    answer = film(elsewhere, f"{store.url}/work/master")
    assert answer.status_code == 422
    assert answer.get_json()["reason"] == "not_our_store"
    assert store.asked == []
    with pytest.raises(PermanentError) as caught:
        Store(store.url).put(elsewhere, Path(__file__), {}, max_bytes=10**6)
    assert caught.value.reason == "not_our_store"
    assert store.asked == []


def test_what_is_no_film_is_refused_and_nothing_is_written(store: Place) -> None:
    answer = film(f"{store.url}/uploads/film?signature=x", f"{store.url}/work/master")
    assert answer.status_code == 422
    assert answer.get_json()["reason"] == "film_unsupported"
    assert store.asked == [("GET", "/uploads/film?signature=x")]


@pytest.mark.parametrize("status", [302, 307, 403, 404, 500])
def test_a_redirect_is_not_followed(store: Place, status: int) -> None:
    store.status = status
    answer = film(f"{store.url}/uploads/film", f"{store.url}/work/master")
    assert answer.get_json() == {
        "kind": "transient",
        "reason": "store_failed",
        "message": f"The store did not give or take a file: it answered with status {status}.",
    }
    assert len(store.asked) == 1


# --- the transfer itself --------------------------------------------------------------------------


def test_what_is_sent_says_its_length_and_what_was_signed(store: Place, tmp_path: Path) -> None:
    (tmp_path / "master").write_bytes(b"master")
    signed = {"Content-Type": "video/mp4", "x-goog-if-generation-match": "0"}
    Store(store.url).put(f"{store.url}/m", tmp_path / "master", signed, max_bytes=6)
    sent = {name.lower(): value for name, value in store.headers.items()}
    assert {name.lower(): value for name, value in signed.items()}.items() <= sent.items()
    assert sent["content-length"] == "6"
    assert "transfer-encoding" not in sent


def test_what_is_too_large_is_cut_off(store: Place, tmp_path: Path) -> None:
    store.body = b"x" * 100
    with pytest.raises(PermanentError, match="more than 99 bytes"):
        Store(store.url).get(f"{store.url}/film", tmp_path / "film", max_bytes=99)
    (tmp_path / "master").write_bytes(b"x" * 100)
    with pytest.raises(PermanentError):
        Store(store.url).put(f"{store.url}/m", tmp_path / "master", {}, max_bytes=99)
    assert ("PUT", "/m") not in store.asked


def test_what_takes_too_long_is_given_up(
    store: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "SECONDS", -1.0)
    with pytest.raises(TransientError):
        Store(store.url).get(f"{store.url}/film", tmp_path / "film", max_bytes=99)


def test_a_store_that_is_away(tmp_path: Path) -> None:
    gone = "http://127.0.0.1:9"
    with pytest.raises(TransientError):
        Store(gone).get(f"{gone}/film", tmp_path / "film", max_bytes=99)
    with pytest.raises(TransientError):
        Store(gone).put(f"{gone}/film", Path(__file__), {}, max_bytes=10**6)
