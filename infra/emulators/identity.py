"""Google's part as an issuer of identity tokens: signs them, and serves what they are checked with.

Where the platform would ask its metadata server or its token service, a test asks an `Issuer`.
"""

import json
import secrets
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from google.auth import jwt
from google.auth.crypt import RSASigner

from shared.ports import Clock

ISSUER = "https://accounts.google.com"
PATH = "/oauth2/v1/certs"
LIFETIME = timedelta(hours=1)


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
        self._server: ThreadingHTTPServer | None = None
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

    # --- the certificates over HTTP --------------------------------------------------------------

    @property
    def url(self) -> str:
        """Where the certificates are, once it was started."""
        if self._server is None:
            raise RuntimeError("start() comes first")
        return f"http://127.0.0.1:{self._server.server_address[1]}{PATH}"

    def start(self) -> None:
        """Serve the certificates on a free port."""
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 30

            def do_GET(self) -> None:
                issuer.fetches += 1
                body = json.dumps(issuer.certificates).encode()
                self.send_response(issuer.status if self.path == PATH else 404)
                self.send_header("Content-Type", "application/json; charset=UTF-8")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Cache-Control", f"public, max-age={issuer.max_age}")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), name="certificates", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server = None


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
