"""A stranger's URL reaches the public internet or nothing."""

import gzip
import ipaddress
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote, unquote_to_bytes

import pytest

from shared.errors import BadRequest
from shared.services import fetch as module
from shared.services.fetch import fetch
from shared.services.guard import Address, is_public

LIMIT = 1000


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        answers = {
            "/picture": self._picture,
            "/endless": self._endless,
            "/slow": self._slow,
            "/drip-head": self._drip_head,
            "/drip-status": self._drip_status,
            "/short": self._short,
        }
        if self.path.startswith("/raw?"):
            head = b"HTTP/1.1 302 Found\r\nLocation: " + unquote_to_bytes(self.path[5:])
            self.wfile.write(head + b"\r\n\r\n")
            self.close_connection = True
            return
        if self.path.startswith("/late?"):
            time.sleep(0.3)
            self.path = self.path.replace("/late", "/to")
        if self.path.startswith("/echo"):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(f"{self.headers['Host']} {self.path}".encode())
            return
        if self.path.startswith("/coded?"):
            coding, data = self.path[7:].split("&")
            self.send_response(200)
            self.send_header("Content-Encoding", coding)
            self.end_headers()
            self.wfile.write(unquote_to_bytes(data))
            return
        if self.path.startswith("/to?"):
            self.send_response(302)
            self.send_header("Location", self.path[4:])
            self.end_headers()
        elif self.path in answers:
            answers[self.path]()
        else:
            self.send_error(404)

    def _picture(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"picture of " + self.headers["Host"].encode())

    def _endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"x" * 1000)
        except OSError:
            return

    def _slow(self) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            for _ in range(200):
                self.wfile.write(b"x")
                time.sleep(0.02)
        except OSError:
            return

    def _drip_head(self) -> None:
        self._drip(b"HTTP/1.1 200 OK\r\n", b"X-More: a\r\n")

    def _drip_status(self) -> None:
        self._drip(b"HTTP/1.1 200 O", b"K")

    def _drip(self, start: bytes, more: bytes) -> None:
        try:
            self.wfile.write(start)
            for _ in range(80):
                self.wfile.write(more)
                time.sleep(0.05)
        except OSError:
            return

    def _short(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"half")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        del format, args


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True  # those that drip end when they are cut off
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def anything(address: Address) -> bool:
    del address
    return True


def refused(url: str, **options: Any) -> str:
    with pytest.raises(BadRequest) as caught:
        fetch(url, max_bytes=LIMIT, **options)
    assert caught.value.details["field"] == "url"
    return caught.value.message


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.3.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104
        "224.0.0.1",
        "240.0.0.1",
        "::1",
        "fe80::1",
        "fd00::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "2002:7f00:1::",
        "64:ff9b:1::1",
        "64:ff9b::169.254.169.254",
        "192.0.0.192",
        "192.88.99.1",
        "168.63.129.16",
        "fec0::1",
        "ff02::1",
        "::ffff:192.0.0.192",
        "4000::1",  # given to nobody
    ],
)
def test_addresses_inside_are_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


# All rows of IANA's registries of special-purpose addresses, as they stand there.
REGISTERED = (
    *("0.0.0.0/8", "0.0.0.0/32", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
    *("172.16.0.0/12", "192.0.0.0/24", "192.0.0.0/29", "192.0.0.8/32", "192.0.0.9/32"),
    *("192.0.0.10/32", "192.0.0.170/32", "192.0.0.171/32", "192.0.2.0/24", "192.31.196.0/24"),
    *("192.52.193.0/24", "192.88.99.0/24", "192.88.99.2/32", "192.168.0.0/16", "192.175.48.0/24"),
    *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4", "255.255.255.255/32"),
    *("::1/128", "::/128", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23"),
    *("2001::/32", "2001:1::1/128", "2001:1::2/128", "2001:1::3/128", "2001:2::/48", "2001:3::/32"),
    *("2001:4:112::/48", "2001:10::/28", "2001:20::/28", "2001:30::/28", "2001:db8::/32"),
    *("2620:4f:8000::/48", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10"),
)


@pytest.mark.parametrize("row", REGISTERED)
def test_no_special_network_is_public(row: str) -> None:
    network = ipaddress.ip_network(row)
    for address in (network[0], network[network.num_addresses // 2], network[-1]):
        assert not is_public(address)
        if address.version == 4:
            assert not is_public(ipaddress.ip_address(f"::ffff:{address}"))
            assert not is_public(ipaddress.ip_address(f"64:ff9b::{address}"))


def test_addresses_outside_are_public() -> None:
    assert is_public(ipaddress.ip_address("64:ff9b::93.184.216.34"))
    assert is_public(ipaddress.ip_address("192.0.1.1"))
    assert is_public(ipaddress.ip_address("93.184.216.34"))
    assert is_public(ipaddress.ip_address("2606:2800:220:1:248:1893:25c8:1946"))


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://example.com/x", "//example.com", "http://", "http://x:99999/"],
)
def test_other_schemes_are_refused(url: str) -> None:
    assert refused(url)


def test_a_loopback_url_is_refused(address: str) -> None:
    assert "public internet" in refused(f"{address}/picture")


def test_a_name_with_one_address_inside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_: Any, **__: Any) -> list[Any]:
        family = socket.AF_INET
        return [
            (family, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 80)),
            (family, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 80)),
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert "public internet" in refused("http://rebinding.example/picture")


def test_a_picture_is_fetched_with_its_host(address: str) -> None:
    body = fetch(f"{address}/picture", max_bytes=LIMIT, allowed=anything)
    assert body == b"picture of " + address.removeprefix("http://").encode()


def test_a_redirect_is_followed(address: str) -> None:
    url = f"{address}/to?{address}/picture"
    assert fetch(url, max_bytes=LIMIT, allowed=anything).startswith(b"picture")


def test_a_redirect_to_an_address_inside_is_refused(address: str) -> None:
    port = int(address.rpartition(":")[2])
    inside = ipaddress.ip_address("127.0.0.2")
    url = f"{address}/to?http://127.0.0.2:{port}/picture"
    assert "public internet" in refused(url, allowed=lambda found: found != inside)


def test_redirects_in_a_circle_end(address: str) -> None:
    assert "redirects" in refused(f"{address}/to?/to?/to?/to?/to?/picture", allowed=anything)


def test_an_endless_body_is_cut_off(address: str) -> None:
    assert "more than" in refused(f"{address}/endless", allowed=anything)


@pytest.mark.parametrize("path", ["/slow", "/drip-head", "/drip-status", "/late?/late?/late?/slow"])
def test_a_trickle_meets_the_deadline(
    address: str, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """In the body, in the headers, in the status, and over redirects that each are quick enough."""
    monkeypatch.setattr(module, "TOTAL_SECONDS", 0.5)
    begun = time.monotonic()
    assert "in time" in refused(f"{address}{path}", allowed=anything)
    assert time.monotonic() - begun < 3


def test_a_name_server_meets_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()

    def resolve(*_: Any, **__: Any) -> list[Any]:
        answered.wait(10)
        return []

    monkeypatch.setattr(module, "TOTAL_SECONDS", 0.2)
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert "in time" in refused("http://slow.example/")
    answered.set()


def test_a_body_that_breaks_off_is_refused(address: str) -> None:
    assert "broke off" in refused(f"{address}/short", allowed=anything)


@pytest.mark.parametrize(
    ("coding", "data"),
    [("gzip", gzip.compress(b"picture", mtime=0)), ("deflate", zlib.compress(b"picture"))],
)
def test_a_body_that_is_compressed_unasked(address: str, coding: str, data: bytes) -> None:
    url = f"{address}/coded?{coding}&{quote(data)}"
    assert fetch(url, max_bytes=LIMIT, allowed=anything) == b"picture"
    half = f"{address}/coded?{coding}&{quote(data[: len(data) // 2])}"
    assert "could not be fetched" in refused(half, allowed=anything)


def test_a_compressed_body_is_measured_as_it_expands(address: str) -> None:
    bomb = quote(gzip.compress(b"0" * 1_000_000, mtime=0))
    assert "more than" in refused(f"{address}/coded?gzip&{bomb}", allowed=anything)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that are looked up; all are this machine."""
    asked: list[str] = []

    def resolve(host: str, port: int, *_: Any, **options: Any) -> list[Any]:
        if options:  # else it is for the connection to the address that was found
            asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("пример.испытание", "xn--e1afmkfd.xn--80akhbyknj4f"),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ("a_b.bücher.example", "a_b.xn--bcher-kva.example"),
        ("a_b.example", "a_b.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_hosts_in_any_script(address: str, names: list[str], host: str, name: str) -> None:
    port = address.rpartition(":")[2]
    body = fetch(f"http://{host}:{port}/echo", max_bytes=LIMIT, allowed=anything)
    assert body.decode() == f"{name}:{port} /echo"
    assert names == [name]


def test_paths_in_any_script(address: str) -> None:
    body = fetch(
        f"{address}/echo/Füchse 1%20.png?q=狐&r=%C3%BC+", max_bytes=LIMIT, allowed=anything
    )
    assert body.decode().partition(" ")[2] == "/echo/F%C3%BCchse%201%20.png?q=%E7%8B%90&r=%C3%BC+"


@pytest.mark.parametrize(
    ("location", "arrives"),
    [
        ("/echo/Åse/Füchse.png?q=狐".encode(), "/echo/%C3%85se/F%C3%BCchse.png?q=%E7%8B%90"),
        ("/echo/Füchse.png".encode("latin-1"), "/echo/F%FCchse.png"),
    ],
)
def test_a_location_in_raw_bytes(address: str, location: bytes, arrives: str) -> None:
    body = fetch(f"{address}/raw?{quote(location)}", max_bytes=LIMIT, allowed=anything)
    assert body.decode().partition(" ")[2] == arrives


def test_a_location_with_a_host_in_any_script(address: str, names: list[str]) -> None:
    port = address.rpartition(":")[2]
    location = quote(f"http://bücher.example:{port}/echo")
    body = fetch(f"{address}/raw?{location}", max_bytes=LIMIT, allowed=anything)
    assert body.decode() == f"xn--bcher-kva.example:{port} /echo"
    assert names == ["127.0.0.1", "xn--bcher-kva.example"]


@pytest.mark.parametrize(
    "host",
    ["１２７.0.0.1", "127。0。0。1", "①②⑦.0.0.1", "ⓛocalhost", "１６９.254.169.254"],
)
def test_an_address_in_other_digits_is_checked_as_what_it_is(host: str) -> None:
    assert "public internet" in refused(f"http://{host}/")


@pytest.mark.parametrize("host", ["a\u2024b", "ab\u200d.example", "ü" * 70, "\x00", "a..ü", "[ü]"])
def test_what_is_no_host_is_refused(host: str) -> None:
    assert refused(f"http://{host}/")


def test_an_error_status_is_told(address: str) -> None:
    assert "404" in refused(f"{address}/nothing", allowed=anything)
