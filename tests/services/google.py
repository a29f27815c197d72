"""A Google of one's own: it signs Firebase's tokens, and serves the certificates for them."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from google.auth.crypt import RSAVerifier

from shared.ports import Clock
from shared.services.certificates import Certificates

FIREBASE = "felix-app"

Json = dict[str, Any]


class Signer:
    """A key that tokens are signed with, and its certificate."""

    def __init__(self, id_: str) -> None:
        self.id = id_
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "securetoken.test")])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(1)
            .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
            .not_valid_after(datetime(2036, 1, 1, tzinfo=UTC))
            .sign(self._key, hashes.SHA256())
        )
        self.pem = certificate.public_bytes(serialization.Encoding.PEM).decode()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message, padding.PKCS1v15(), hashes.SHA256())


@cache
def signer(id_: str = "one") -> Signer:
    """Each is made once: it takes its time."""
    return Signer(id_)


def claims(now: datetime, **changes: Any) -> Json:
    """What a good token says; a change to None leaves a claim out."""
    seconds = int(now.timestamp())
    good = {
        "iss": f"https://securetoken.google.com/{FIREBASE}",
        "aud": FIREBASE,
        "sub": "user-1",
        "iat": seconds - 60,
        "auth_time": seconds - 600,
        "exp": seconds + 3_540,
        "firebase": {"sign_in_provider": "password", "identities": {}},
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def encode(
    said: Any,
    *,
    by: Signer | None = None,
    header: Any = None,
    sign: Callable[[bytes], bytes] | None = None,
) -> str:
    """A token that says this; signed by Google, unless something else is wanted."""
    by = by or signer()
    if header is None:
        header = {"alg": "RS256", "kid": by.id, "typ": "JWT"}
    message = ".".join(_part(json.dumps(part).encode()) for part in (header, said))
    return f"{message}.{_part((sign or by.sign)(message.encode()))}"


def token(now: datetime, **changes: Any) -> str:
    """A token as Firebase gives it to a user."""
    return encode(claims(now, **changes))


def certificates(clock: Clock) -> Certificates:
    """What a process knows of this Google without a network."""
    verifier = RSAVerifier.from_string(signer().pem)  # type: ignore[no-untyped-call]
    return Certificates(clock, lambda: ({signer().id: verifier}, timedelta(hours=1)))


def _part(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


@dataclass
class Google:
    """A server of certificates: what it answers, and how often it was asked."""

    url: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(
        default_factory=lambda: {"Cache-Control": "public, max-age=3600, must-revalidate"}
    )
    body: bytes | None = None
    """Something else than the certificates of these:"""
    signers: list[Signer] = field(default_factory=lambda: [signer()])
    during: Callable[[], object] = lambda: None
    """Called before it answers."""
    asked: int = 0


@contextmanager
def serve() -> Iterator[Google]:
    google = Google()

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            google.asked += 1
            google.during()
            body = google.body
            if body is None:
                body = json.dumps({one.id: one.pem for one in google.signers}).encode()
            try:
                self.send_response(google.status)
                for name, value in google.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                return  # who asked has had enough

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    google.url = f"http://127.0.0.1:{server.server_port}/certificates"
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield google
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
