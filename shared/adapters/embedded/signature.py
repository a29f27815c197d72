"""Signed upload URLs: who holds one may put one object, of one type and not too
large, until a given time."""

import hashlib
import hmac
import json
from datetime import datetime
from urllib.parse import quote, urlencode

from shared.errors import Forbidden
from shared.ports import Clock


class UploadSigner:
    """Makes and checks the query of an upload URL, with one secret for both."""

    def __init__(self, secret: bytes, clock: Clock) -> None:
        self._secret = secret
        self._clock = clock

    def path(self, name: str, *, content_type: str, expires_at: datetime, max_bytes: int) -> str:
        """`/uploads/{name}` with its signed query; the time is cut to a full second."""
        expires = int(expires_at.timestamp())
        query = {
            "content_type": content_type,
            "expires": expires,
            "max_bytes": max_bytes,
            "signature": self._signature(name, content_type, expires, max_bytes),
        }
        return f"/uploads/{quote(name)}?{urlencode(query)}"

    def verify(
        self, name: str, *, content_type: str, expires: int, max_bytes: int, signature: str
    ) -> None:
        """Raises Forbidden unless the query is as it was signed and has not expired."""
        expected = self._signature(name, content_type, expires, max_bytes)
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            raise Forbidden("the signature of the upload URL does not match")
        if self._clock.now().timestamp() >= expires:
            raise Forbidden("the upload URL has expired; ask for a new one")

    def _signature(self, name: str, content_type: str, expires: int, max_bytes: int) -> str:
        message = json.dumps([name, content_type, expires, max_bytes]).encode()
        return hmac.new(self._secret, message, hashlib.sha256).hexdigest()
