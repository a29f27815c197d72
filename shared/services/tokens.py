"""Signed tokens (JWT, RS256): reading them, and who signed them.

What a token must say is for those who accept it. No word of a token is ever in a fault, so that
none gets into logs or answers.
"""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.services.certificates import Certificates

ALGORITHM: Final = "RS256"
MAX_LENGTH: Final = 8_192
REMOVED: Final = "SIGNATURE_REMOVED_BY_GOOGLE"
"""What stands in place of the signature once Cloud Run has checked a token itself:
https://cloud.google.com/run/docs/troubleshooting#signature-removed"""

_PART = "[A-Za-z0-9_-]+"
_TOKEN = re.compile(rf"({_PART})\.({_PART})\.({_PART})")


@dataclass(frozen=True, slots=True)
class Token:
    """What a token says of itself; nothing of it is proven."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes
    stripped: bool
    """Whether it has exactly the platform's marker instead of a signature."""

    @property
    def audience(self) -> str:
        """Whom it is for."""
        return str(self.claims.get("aud"))


def parse(text: str) -> Token | None:
    """A token's parts; None for what is no token."""
    found = _TOKEN.fullmatch(text) if len(text) <= MAX_LENGTH else None
    if not found:
        return None
    try:
        header, claims = json.loads(_decoded(found[1])), json.loads(_decoded(found[2]))
        signature = _decoded(found[3])
    except (ValueError, RecursionError):
        return None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        return None
    signed = f"{found[1]}.{found[2]}".encode()
    return Token(header, claims, signed, signature, stripped=found[3] == REMOVED)


def is_signed(token: Token, certificates: Certificates) -> bool:
    """Whether one of these certificates' keys has signed it, by the one algorithm that we take.

    Busy when that can't be told, since the certificates are not to be had.
    """
    key_id = token.header.get("kid")
    if token.header.get("alg") != ALGORITHM or not isinstance(key_id, str):
        return False
    verifier = certificates.verifier(key_id)
    return verifier is not None and verifier.verify(token.signed, token.signature)


def _decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))
