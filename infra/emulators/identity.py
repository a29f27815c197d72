"""Google's part as an issuer of identity tokens: signs them, and serves what they are checked with.

It is also the token service that a service account with a key asks: it gives an identity token for
an assertion that the account has signed. Where the platform would ask its metadata server, a test
asks an `Issuer`.
"""

import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from google.auth import jwt
from google.auth.crypt import RSASigner

from infra.emulators.http_server import HttpServer
from shared.ports import Clock

ISSUER = "https://accounts.google.com"
PATH = "/oauth2/v1/certs"
TOKEN_PATH = "/token"  # noqa: S105 - a path
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_SERVICE = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
"""What an assertion names as its audience, wherever it is sent."""
LIFETIME = timedelta(hours=1)
HOUR, SKEW = 3600, 60
"""Seconds: how long an assertion may be good for, and how far ahead a clock may be."""


class Issuer:
    """Signs with a key of its own, and has a certificate for it, as Google publishes them."""

    def __init__(self, clock: Clock, *, max_age: int = 3600) -> None:
        """`max_age`: how many seconds the certificates may be kept."""
        self.max_age = max_age
        self.fetches = 0
        """How often the certificates were asked for."""
        self.status = 200
        """What asking for them is answered with."""
        self.clock = clock
        self.accounts: dict[str, rsa.RSAPublicKey] = {}
        """The keys of the accounts that may ask for a token with an assertion, by e-mail."""
        self._server: HttpServer | None = None
        self.certificates: dict[str, str] = {}
        self.rotate()

    def rotate(self) -> None:
        """Sign with a new key from now on; the certificates of the others stay."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        key_id = secrets.token_hex(20)
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        self._signer: RSASigner = RSASigner.from_string(private, key_id)  # type: ignore[no-untyped-call]
        self.certificates = {**self.certificates, key_id: _certificate(key)}

    def claims(self, audience: str, account: str) -> dict[str, Any]:
        """What Google says of a service account in a token for `audience`."""
        now = int(self.clock.now().timestamp())
        return {
            "iss": ISSUER,
            "aud": audience,
            "azp": "103729546281735480129",
            "sub": "103729546281735480129",
            "email": account,
            "email_verified": True,
            "iat": now,
            "exp": now + int(LIFETIME.total_seconds()),
        }

    def token(self, audience: str, account: str) -> str:
        """An identity token of a service account."""
        return self.sign(self.claims(audience, account))

    def sign(self, claims: dict[str, Any]) -> str:
        """A token that says whatever it should say."""
        token: bytes = jwt.encode(self._signer, claims)  # type: ignore[no-untyped-call]
        return token.decode()

    def exchange(self, form: Mapping[str, str]) -> str | None:
        """The identity token that an account asks for with a signed assertion; None for one that is
        not its own, not for this service, not of now, or asks for something else."""
        header, payload, signature = _split(form.get("assertion", ""))
        account = self.accounts.get(payload.get("iss", ""))
        if form.get("grant_type") != GRANT or account is None or header.get("alg") != "RS256":
            return None
        signed = form["assertion"].rpartition(".")[0].encode()
        try:
            account.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return None
        now, audience = self.clock.now().timestamp(), payload.get("target_audience")
        is_current = payload["iat"] - SKEW <= now < payload["exp"] <= payload["iat"] + HOUR
        if payload["aud"] != TOKEN_SERVICE or not is_current or not audience:
            return None
        return self.token(audience, payload["iss"])

    # --- over HTTP -------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Where the certificates are, once it was started."""
        return self._address(PATH)

    @property
    def token_url(self) -> str:
        """Where assertions are exchanged for tokens, once it was started."""
        return self._address(TOKEN_PATH)

    def _address(self, path: str) -> str:
        if self._server is None:
            raise RuntimeError("start() comes first")
        return f"http://127.0.0.1:{self._server.server_address[1]}{path}"

    def start(self) -> None:
        """Serve the certificates and tokens on a free port."""
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 30

            def do_GET(self) -> None:
                issuer.fetches += 1
                self._answer(issuer.status if self.path == PATH else 404, issuer.certificates)

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                form = dict(parse_qsl(self.rfile.read(length).decode()))
                token = issuer.exchange(form) if self.path == TOKEN_PATH else None
                if token is None:
                    self._answer(400, {"error": "invalid_grant"})
                else:
                    self._answer(200, {"id_token": token})

            def _answer(self, status: int, content: Mapping[str, str]) -> None:
                body = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json; charset=UTF-8")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Cache-Control", f"public, max-age={issuer.max_age}")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = HttpServer(("127.0.0.1", 0), Handler)
        self._server.start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None


def _split(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    """Header, payload and signature of a token; empty ones of what is none."""
    try:
        parts = [base64.urlsafe_b64decode(part + "==") for part in token.split(".")]
        header, payload, signature = parts
        return json.loads(header), json.loads(payload), signature
    except (ValueError, binascii.Error):
        return {}, {}, b""


def _certificate(key: rsa.RSAPrivateKey) -> str:
    """A certificate that the key has signed itself. Nobody looks at how long it is valid."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tokens.emulated.example")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
