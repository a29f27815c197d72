"""Firebase ID tokens: reading them, and whether they are what they say. No word of a token is ever
in a fault, so that none gets into logs or answers."""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from shared.errors import Unauthorized
from shared.services.firebase.certificates import Certificates

ALGORITHM: Final = "RS256"
ISSUER: Final = "https://securetoken.google.com/"
MAX_LENGTH: Final = 8_192
MAX_SUBJECT: Final = 128
LEEWAY: Final = 60
"""How many seconds this machine's clock may be behind Google's."""

REFUSED: Final = (
    "This token is not accepted: it must be an ID token of a Firebase project that is registered "
    "here (PUT /v1/workspace/firebase), as Firebase has signed it."
)

_PART = "[A-Za-z0-9_-]+"
_TOKEN = re.compile(rf"({_PART})\.({_PART})\.({_PART})")


@dataclass(frozen=True, slots=True)
class Token:
    """What a token says of itself; nothing of it is proven."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes

    @property
    def project_id(self) -> str:
        """The Firebase project that it is for."""
        return str(self.claims.get("aud"))


def parse(text: str) -> Token:
    """A token's parts; Unauthorized for what is none."""
    found = _TOKEN.fullmatch(text) if len(text) <= MAX_LENGTH else None
    if not found:
        raise Unauthorized(REFUSED)
    try:
        header, claims = json.loads(_decoded(found[1])), json.loads(_decoded(found[2]))
        signature = _decoded(found[3])
    except (ValueError, RecursionError):
        raise Unauthorized(REFUSED) from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise Unauthorized(REFUSED)
    return Token(header, claims, f"{found[1]}.{found[2]}".encode(), signature)


def verify(certificates: Certificates, token: Token, project_id: str, now: datetime) -> str:
    """The user's id, once it is sure that Google has signed the token for this project and that it
    is of this time; else Unauthorized, which tells what is wrong only to who has a signed one."""
    key_id = token.header.get("kid")
    if token.header.get("alg") != ALGORITHM or not isinstance(key_id, str):
        raise Unauthorized(REFUSED)
    verifier = certificates.verifier(key_id)
    if verifier is None or not verifier.verify(token.signed, token.signature):
        raise Unauthorized(REFUSED)
    if fault := _fault(token.claims, project_id, int(now.timestamp())):
        raise Unauthorized(f"This token is not accepted: {fault}.")
    return str(token.claims["sub"])


def _fault(claims: Mapping[str, Any], project_id: str, now: int) -> str | None:
    """What is wrong with signed claims, if anything is."""
    if claims.get("aud") != project_id:
        return "its 'aud' is not the Firebase project"
    if claims.get("iss") != ISSUER + project_id:
        return "its 'iss' is not Firebase Authentication for that project"
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT:
        return f"its 'sub' is not the id of a user, 1 to {MAX_SUBJECT} characters"
    for name in ("exp", "iat", "auth_time"):
        if type(claims.get(name)) is not int:
            return f"its {name!r} is not a time in seconds"
    for name in ("iat", "auth_time"):
        if claims[name] > now + LEEWAY:
            return f"its {name!r} is in the future"
    if claims["exp"] <= now:
        return "it has expired; get a fresh one from Firebase (getIdToken)"
    return None


def _decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))
