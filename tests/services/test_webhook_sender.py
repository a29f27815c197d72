"""A message reaches a stranger's endpoint and nothing else, and is never in anybody's way."""

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from shared.errors import BadRequest
from shared.services.webhooks import sender
from shared.services.webhooks.sender import Answer, locate
from tests.services.endpoint import Endpoint, serve, trickle


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serve() as endpoint:
        yield endpoint


def post(url: str, *, loopback: bool = True) -> Answer:
    return sender.post(url, '{"naïve": 1}', {"X-Mine": "yes"}, loopback=loopback)


def test_a_message_arrives_to_the_byte(endpoint: Endpoint) -> None:
    answer = post(endpoint.url)
    assert (answer.status, answer.error, answer.response) == (200, None, "")
    [message] = endpoint.messages
    assert message.path == "/hook?for=tests"
    assert message.body == '{"naïve": 1}'.encode()
    assert message.headers["X-Mine"] == "yes"
    assert message.headers["Content-Type"] == "application/json"
    assert message.headers["Host"] in endpoint.url


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://localhost/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[fd00::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://0.0.0.0/",
        "http://93.184.216.34/",
        "ftp://93.184.216.34/",
        "file:///etc/passwd",
        "https://user:word@93.184.216.34/",
        "https://",
        "https://nowhere.invalid/",
    ],
)
def test_where_no_message_goes(url: str) -> None:
    with pytest.raises(BadRequest) as caught:
        locate(url, loopback=False)
    assert caught.value.details["field"] == "url"
    answer = post(url, loopback=False)
    assert answer.status is None
    assert answer.error == f"The URL {caught.value.message}."


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "https://169.254.169.254/"])
def test_loopback_is_no_licence_for_other_addresses(url: str) -> None:
    with pytest.raises(BadRequest):
        locate(url, loopback=True)


def test_a_name_that_moves_inside_later(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When it was registered the name was fine; each message looks again."""
    monkeypatch.setattr(socket, "getaddrinfo", _resolving("93.184.216.34"))
    url = endpoint.url.replace("http", "https").replace("127.0.0.1", "rebinding.example")
    locate(url, loopback=False)
    monkeypatch.setattr(socket, "getaddrinfo", _resolving("127.0.0.1"))
    answer = post(url, loopback=False)
    assert answer.error == "The URL does not lead to the public internet."
    assert endpoint.messages == []


def _resolving(address: str) -> Any:
    def resolve(_: str, port: int, *__: Any, **___: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    return resolve


def test_a_redirect_is_not_followed(endpoint: Endpoint) -> None:
    endpoint.status, endpoint.headers = 307, {"Location": endpoint.url}
    answer = post(endpoint.url)
    assert answer.status == 307
    assert "not followed" in (answer.error or "")
    assert len(endpoint.messages) == 1


@pytest.mark.parametrize("byte", ["x", "é", "🦊"])
def test_of_a_refusal_the_beginning_is_kept(endpoint: Endpoint, byte: str) -> None:
    endpoint.status, endpoint.body = 503, byte.encode() * 100_000
    endpoint.headers = {"Retry-After": "120"}
    answer = post(endpoint.url)
    assert (answer.status, answer.response, answer.retry_after) == (503, byte * 500, 120)


@pytest.mark.parametrize("begun", [False, True])
def test_a_slow_endpoint_is_left(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, begun: bool
) -> None:
    """Nor does it help to answer byte by byte."""
    monkeypatch.setattr(sender, "SECONDS", 0.3)
    endpoint.behave = trickle if begun else lambda _: time.sleep(1)
    answer = post(endpoint.url)
    assert answer.status is None
    assert answer.error == "The endpoint did not answer within 0.3 seconds."
    assert 300 <= answer.milliseconds < 900


def test_a_name_server_is_left_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()

    def resolve(*_: Any, **__: Any) -> list[Any]:
        answered.wait(10)
        return []

    monkeypatch.setattr(sender, "SECONDS", 0.2)
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    answer = post("https://slow.example/")
    answered.set()
    assert answer.error == "The URL has a host name that could not be resolved in time."


def test_an_endpoint_in_any_script(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _resolving("127.0.0.1"))
    port = endpoint.url.split(":")[2].split("/")[0]
    assert post(f"http://bücher.example:{port}/Füchse?q=狐").status == 200
    [message] = endpoint.messages
    assert message.path == "/F%C3%BCchse?q=%E7%8B%90"
    assert message.headers["Host"] == f"xn--bcher-kva.example:{port}"


def test_a_refusal_without_an_end(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "SECONDS", 0.3)

    def endless(write: Any) -> None:
        write(b"HTTP/1.1 500 Oh\r\n\r\nsorry")
        time.sleep(1)

    endpoint.behave = endless
    answer = post(endpoint.url)
    assert (answer.status, answer.response) == (500, "sorry")
    assert answer.milliseconds < 900


def test_faults_are_told_in_words(endpoint: Endpoint) -> None:
    port = int(endpoint.url.split(":")[2].split("/")[0])
    assert post(f"https://127.0.0.1:{port}/").error == (
        "No secure connection could be made to the endpoint."
    )
    endpoint.behave = lambda write: write(b"what?\r\n\r\n")
    assert post(endpoint.url).error == "The endpoint's answer is not HTTP."
    endpoint.behave = lambda write: write(b"")
    assert post(endpoint.url).error == "The endpoint broke off the connection."
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    assert post(f"http://127.0.0.1:{closed}/").error == "The endpoint refused the connection."
