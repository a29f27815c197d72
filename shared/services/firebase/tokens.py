"""Firebase ID tokens: whether they are what they say."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from shared.errors import Unauthorized
from shared.services import tokens
from shared.services.certificates import Certificates
from shared.services.tokens import Token

ISSUER: Final = "https://securetoken.google.com/"
MAX_SUBJECT: Final = 128
LEEWAY: Final = 60
"""How many seconds this machine's clock may be behind Google's."""

REFUSED: Final = (
    "This token is not accepted: it must be an ID token of a Firebase project that is registered "
    "here (PUT /v1/workspace/firebase), as Firebase has signed it."
)


def parse(text: str) -> Token:
    """A token's parts; Unauthorized for what is none."""
    token = tokens.parse(text)
    if token is None:
        raise Unauthorized(REFUSED)
    return token


def verify(certificates: Certificates, token: Token, project_id: str, now: datetime) -> str:
    """The user's id, once it is sure that Google has signed the token for this project and that it
    is of this time; else Unauthorized, which tells what is wrong only to who has a signed one."""
    if not tokens.is_signed(token, certificates):
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
