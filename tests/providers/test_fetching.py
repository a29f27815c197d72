"""Fetching a film from an address that is anybody's: bounded in time, and never in part."""

import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from shared.errors import StepError, TransientError
from shared.providers import fetching

Behaviour = Callable[[Callable[[bytes], Any]], None]


@pytest.fixture
def server() -> Iterator[Callable[[Behaviour], str]]:
    """Starts servers that answer by writing to the connection; gives the address of a film."""
    running: list[ThreadingHTTPServer] = []

    def start(behave: Behaviour) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                try:
                    behave(self.wfile.write)
                except OSError:
                    return  # the client has had enough

            def log_message(self, *_: Any) -> None:
                pass

        one = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        running.append(one)
        Thread(target=one.serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{one.server_port}/film.mp4"

    yield start
    for one in running:
        one.shutdown()
        one.server_close()


def slow_head(write: Callable[[bytes], Any]) -> None:
    """A head that goes on for 20 seconds, each byte of which comes soon."""
    write(b"HTTP/1.1 200 OK\r\n")
    for number in range(200):
        write(f"X-{number % 90}: y\r\n".encode() if number < 90 else b"y")
        time.sleep(0.1)


def slow_body(write: Callable[[bytes], Any]) -> None:
    write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n")
    for _ in range(200):
        write(b"x")
        time.sleep(0.1)


def says(answer: bytes) -> Behaviour:
    return lambda write: write(answer)


@pytest.mark.parametrize("behave", [slow_head, slow_body])
def test_what_comes_byte_by_byte_is_cut_off(
    server: Callable[[Behaviour], str], tmp_path: Path, behave: Behaviour
) -> None:
    """Each wait is short, so only a deadline for the whole ends it."""
    url, started = server(behave), time.monotonic()
    with pytest.raises(TransientError, match="came too slowly") as caught:
        fetching.fetch(url, tmp_path / "film.mp4", 0.3, plain=True)
    assert caught.value.reason == "film_fetch_failed"
    assert time.monotonic() - started < 18


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "film_fetch_failed"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf", "film_fetch_failed"),
        (b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", "film_fetch_failed"),
        (b"HTTP/1.1 503 Busy\r\n\r\n", "film_fetch_failed"),
        (b"HTTP/1.1 429 Later\r\n\r\n", "film_fetch_failed"),
        (b"no HTTP", "film_fetch_failed"),
        (b"", "film_fetch_failed"),
        (b"HTTP/1.1 410 Gone\r\n\r\n", "provider_answer"),
    ],
)
def test_an_answer_that_is_no_whole_film(
    server: Callable[[Behaviour], str], tmp_path: Path, answer: bytes, reason: str
) -> None:
    with pytest.raises(StepError) as caught:
        fetching.fetch(server(says(answer)), tmp_path / "film.mp4", 5.0, plain=True)
    assert caught.value.reason == reason


@pytest.mark.parametrize("url", ["", "https://", "https://[::1/x", "https://h:99999/", "ftp://h/x"])
def test_an_address_that_is_none(tmp_path: Path, url: str) -> None:
    with pytest.raises(StepError) as caught:
        fetching.fetch(url, tmp_path / "film.mp4", 1.0, plain=True)
    assert caught.value.reason == "provider_answer"


@pytest.mark.parametrize("head", ["Content-Length: 4\r\n", ""])
def test_a_whole_film(server: Callable[[Behaviour], str], tmp_path: Path, head: str) -> None:
    answer = f"HTTP/1.1 200 OK\r\n{head}\r\nfilm".encode()
    fetching.fetch(server(says(answer)), tmp_path / "film.mp4", 5.0, plain=True)
    assert (tmp_path / "film.mp4").read_bytes() == b"film"


def test_a_film_that_is_too_large(
    server: Callable[[Behaviour], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "MAX_BYTES", 3)
    with pytest.raises(StepError, match="too large"):
        fetching.fetch(
            server(says(b"HTTP/1.1 200 OK\r\n\r\nfilm")), tmp_path / "film.mp4", 5.0, plain=True
        )
