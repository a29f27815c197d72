"""A service account of nobody's, with a key that was made just now: for what has to be signed."""

import json
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.oauth2 import service_account


class ServiceAccount:
    """Its tokens would come from `token_uri`, where nothing is by default."""

    def __init__(self, email: str, *, token_uri: str = "http://127.0.0.1:9/token") -> None:  # noqa: S107
        self.email = email
        self._token_uri = token_uri
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @property
    def public_key(self) -> rsa.RSAPublicKey:
        return self._key.public_key()

    @cached_property
    def credentials(self) -> service_account.Credentials:
        made: service_account.Credentials = service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
            self._info()
        )
        return made

    def write(self, path: Path) -> None:
        """Write what GOOGLE_APPLICATION_CREDENTIALS may point to."""
        path.write_text(json.dumps(self._info()))

    def _info(self) -> dict[str, str]:
        private = self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return {
            "type": "service_account",
            "client_email": self.email,
            "private_key_id": "emulated",
            "private_key": private.decode(),
            "token_uri": self._token_uri,
        }
