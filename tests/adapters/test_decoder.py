"""What the client of `decode` makes of a function that cannot be reached, has no room, dies, or was
broken into and answers whatever somebody likes."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import urllib3

from infra.emulators.startup import free_port
from shared.adapters.gcp import decoder
from shared.adapters.gcp.blobs import StorageBlobs
from shared.adapters.gcp.decoder import DecodeFunction
from shared.errors import (
    BadRequest,
    Busy,
    DecoderLost,
    MascotryError,
    PermanentError,
    TransientError,
)
from shared.ports import Bucket
from tests.contract.cloud_storage import CloudStorage

NAME, MASTER = "w/asset/film.mp4", "w/job/intake/1/video.mp4"
FACTS: Mapping[str, Any] = {
    "sha256": "0" * 64,
    "bytes": 6,
    "width": 64,
    "height": 48,
    "frames": 12,
    "fps": 12.0,
    "duration": 1.0,
    "source": {"codec": "h264"},
    "background": None,
    "palette": [[1, 2, 3]],
    "verification": {},
}


class Answers:
    """A function that answers what it is told to, and remembers what it was sent."""

    def __init__(self) -> None:
        self.status = 200
        self.body = b""
        self.master: bytes | None = None
        """What it sends to the URL of the master."""
        self.order: dict[str, Any] = {}
        self.token = ""
        self.pause = 0.0
        """Seconds between two bytes of an answer."""


@pytest.fixture
def answers() -> Answers:
    return Answers()


@contextmanager
def served(answers: Answers) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answers.token = self.headers["Authorization"]
            if self.path.endswith("/film"):
                answers.order = json.loads(body)
                if answers.master is not None:
                    target = answers.order["target"]
                    urllib3.request(
                        "PUT", target["url"], body=answers.master, headers=target["headers"]
                    )
            self.send_response(answers.status)
            self.send_header("Content-Length", str(len(answers.body)))
            self.end_headers()
            if not answers.pause:
                self.wfile.write(answers.body)
                return
            with suppress(OSError):
                for at in range(len(answers.body)):
                    self.wfile.write(answers.body[at : at + 1])
                    time.sleep(answers.pause)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/decode"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def store(cloud_storage: CloudStorage) -> Iterator[StorageBlobs]:
    with cloud_storage.open(cloud_storage.buckets()) as blobs:
        blobs.put(Bucket.UPLOADS, NAME, b"a film", content_type="video/mp4")
        blobs.put(Bucket.UPLOADS, "w/other", b"another", content_type="video/mp4")
        yield blobs


@pytest.fixture
def function(answers: Answers, store: StorageBlobs) -> Iterator[DecodeFunction]:
    with served(answers) as address:
        yield DecodeFunction(address, lambda: "a.b.c", store)


def test_it_shows_its_token(function: DecodeFunction, answers: Answers) -> None:
    answers.body = b'{"moves": true}'
    assert function.moves(b"GIF89a")
    assert answers.token == "Bearer a.b.c"


def test_out_of_reach(store: StorageBlobs, tmp_path: Path) -> None:
    function = DecodeFunction(f"http://127.0.0.1:{free_port()}", lambda: "a.b.c", store)
    for ask in (
        lambda: function.moves(b"GIF89a"),
        lambda: function.picture(b"GIF89a", tmp_path / "x.png"),
        lambda: function.film(NAME, MASTER),
    ):
        with pytest.raises(Busy):
            ask()


@pytest.mark.parametrize(
    ("status", "expected"),
    [(429, Busy), (401, Busy), (403, Busy), (500, TransientError), (503, TransientError)],
)
def test_what_the_platform_answers(
    function: DecodeFunction, answers: Answers, status: int, expected: type[MascotryError]
) -> None:
    """Without room it is asked again later. A film that an instance does not survive is a try of
    its step, so that it ends."""
    answers.status, answers.body = status, b"Rate exceeded."
    with pytest.raises(expected):
        function.film(NAME, MASTER)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_who_waits_for_a_picture_may_ask_again(
    function: DecodeFunction, answers: Answers, tmp_path: Path, status: int
) -> None:
    answers.status = status
    with pytest.raises(Busy) as caught:
        function.picture(b"GIF89a", tmp_path / "x.png")
    # So that a picture which ends every instance is given up.
    assert isinstance(caught.value, DecoderLost) == (status != 429)
    with pytest.raises(Busy):
        function.moves(b"GIF89a")


@pytest.mark.parametrize(
    ("fault", "expected", "reason"),
    [
        ({"kind": "bad_request"}, BadRequest, None),
        ({"kind": "permanent", "reason": "film_too_large"}, PermanentError, "film_too_large"),
        ({"kind": "transient", "reason": "store_failed"}, TransientError, "store_failed"),
        ({"kind": "else"}, TransientError, "decoder_failed"),
        ({"kind": "permanent", "reason": "x" * 1000}, TransientError, "decoder_failed"),
        ({"kind": "permanent", "module": "os"}, TransientError, "decoder_failed"),
    ],
)
def test_refusals_are_raised_again(
    function: DecodeFunction,
    answers: Answers,
    fault: dict[str, str],
    expected: type[MascotryError],
    reason: str | None,
) -> None:
    answers.status, answers.body = 422, json.dumps({"message": "It is no film.", **fault}).encode()
    with pytest.raises(expected) as caught:
        function.film(NAME, MASTER)
    assert getattr(caught.value, "reason", None) == reason


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no picture",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 8,
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\xff" * 8,
        b"GIF89a" + b"\1" * 100,
    ],
)
def test_what_is_no_png_is_not_taken(
    function: DecodeFunction, answers: Answers, tmp_path: Path, body: bytes
) -> None:
    answers.body = body
    with pytest.raises(Busy):
        function.picture(b"GIF89a", tmp_path / "x.png")


def test_an_endless_answer_is_cut_off(
    function: DecodeFunction, answers: Answers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoder, "MAX_PNG", 1000)
    answers.body = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1" + b"\0" * 1000
    with pytest.raises(Busy):
        function.picture(b"GIF89a", tmp_path / "x.png")


def test_a_trickle_meets_the_deadline(
    function: DecodeFunction, answers: Answers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each piece comes in time, and all of them would take an hour."""
    monkeypatch.setattr(decoder, "PICTURE_SECONDS", 1.0)
    answers.body, answers.pause = b"\x89PNG" * 1000, 0.2
    with pytest.raises(Busy):
        function.picture(b"GIF89a", tmp_path / "x.png")


def test_a_film_is_taken(function: DecodeFunction, answers: Answers, store: StorageBlobs) -> None:
    answers.master, answers.body = b"master", json.dumps(FACTS).encode()
    film = function.film(NAME, MASTER)
    assert (film.width, film.palette, film.background) == (64, ((1, 2, 3),), None)
    assert store.read(Bucket.WORK, MASTER) == b"master"


@pytest.mark.parametrize(
    "changes",
    [
        {"sha256": "short"},
        {"bytes": -1},
        {"width": 10**9},
        {"fps": 0},
        {"fps": 1e999},
        {"palette": [[1, 2, 300]]},
        {"palette": [[1, 2, 3]] * 65},
        {"background": "#fff"},
        {"workspace": "another"},
        {"source": "x"},
        {"source": {"x": "y" * 300_000}},
    ],
    ids=lambda changes: str(changes)[:40],
)
def test_facts_that_cannot_be_are_not_taken(
    function: DecodeFunction, answers: Answers, changes: dict[str, Any]
) -> None:
    answers.master, answers.body = b"master", json.dumps({**FACTS, **changes}).encode()
    with pytest.raises(TransientError):
        function.film(NAME, MASTER)


@pytest.mark.parametrize("master", [None, b"of another size"])
def test_a_master_that_is_not_there_is_not_taken(
    function: DecodeFunction, answers: Answers, master: bytes | None
) -> None:
    answers.master, answers.body = master, json.dumps(FACTS).encode()
    with pytest.raises(TransientError):
        function.film(NAME, MASTER)


# --- what somebody can do with the URLs -----------------------------------------------------------


@pytest.fixture
def order(function: DecodeFunction, answers: Answers) -> dict[str, Any]:
    """What an intruder in `decode` holds."""
    answers.body = b"{}"
    with pytest.raises(TransientError):
        function.film(NAME, MASTER)
    return answers.order


def test_the_urls_reach_two_objects(store: StorageBlobs, order: dict[str, Any]) -> None:
    source, target = order["source"], order["target"]

    def ask(method: str, url: str, **changes: str) -> int:
        headers = {**target["headers"], **changes} if method == "PUT" else changes
        body = b"x" if method == "PUT" else None
        return urllib3.request(method, url, body=body, headers=headers, redirect=False).status

    assert urllib3.request("GET", source).data == b"a film"
    assert ask("DELETE", source) == ask("POST", source) == 403
    assert ask("PUT", source) in (400, 403)
    assert ask("GET", source.replace(NAME, "w/other")) == 403
    assert ask("GET", target["url"]) in (400, 403)
    assert ask("PUT", target["url"].replace("/1/video.mp4", "/2/video.mp4")) == 403
    assert ask("PUT", target["url"], **{"x-goog-if-generation-match": "7"}) == 403
    assert ask("PUT", target["url"]) == 200
    assert ask("PUT", target["url"]) == 412, "it works once"
    assert store.read(Bucket.UPLOADS, NAME) == b"a film"
    assert store.read(Bucket.UPLOADS, "w/other") == b"another"


def test_a_large_master_is_not_taken(
    function: DecodeFunction, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoder, "MAX_MASTER", 3)
    answers.master, answers.body = b"master", json.dumps(FACTS).encode()
    with pytest.raises(TransientError):
        function.film(NAME, MASTER)


def test_the_slower_of_two_does_not_replace_what_the_faster_wrote(
    function: DecodeFunction, answers: Answers, store: StorageBlobs, order: dict[str, Any]
) -> None:
    answers.master, answers.body = b"master", json.dumps(FACTS).encode()
    function.film(NAME, MASTER)
    target = order["target"]
    late = urllib3.request("PUT", target["url"], body=b"late", headers=target["headers"])
    assert late.status == 412
    assert store.read(Bucket.WORK, MASTER) == b"master"


def test_the_urls_end(store: StorageBlobs, answers: Answers) -> None:
    class Earlier:
        def now(self) -> datetime:
            return datetime.now(UTC) - timedelta(seconds=decoder.FILM_SECONDS + 1)

    with served(answers) as address:
        answers.body = b"{}"
        with pytest.raises(TransientError):
            DecodeFunction(address, lambda: "a.b.c", store, clock=Earlier()).film(NAME, MASTER)
    assert urllib3.request("GET", answers.order["source"]).status == 400
