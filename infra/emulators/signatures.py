"""What Cloud Storage checks of a signed URL (V4): the signature, the time, and what it was signed
for. The codes are those of its XML interface."""

import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

ALGORITHM = "GOOG4-RSA-SHA256"


@dataclass(frozen=True, slots=True)
class Refusal:
    status: int
    code: str


def refusal(
    method: str,
    target: str,
    headers: Mapping[str, str],
    keys: Mapping[str, RSAPublicKey],
    now: datetime,
) -> Refusal | None:
    """Why a request with a signed URL is not let through, if it isn't.

    `target` is path and query as they were sent, `keys` are those of service accounts by e-mail.
    """
    path, _, query = target.partition("?")
    given = {name: values[0] for name, values in parse_qs(query).items()}
    sent = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    signed = given.get("X-Goog-SignedHeaders", "").split(";")
    unsigned = {name for name in sent if name.startswith("x-goog-")} - set(signed)
    if unsigned or not set(signed) <= sent.keys():
        return Refusal(400, "MalformedSecurityHeader")
    account, _, scope = given.get("X-Goog-Credential", "").partition("/")
    request = "\n".join(
        [
            method,
            path,
            "&".join(
                sorted(
                    part for part in query.split("&") if not part.startswith("X-Goog-Signature=")
                )
            ),
            *(f"{name}:{sent[name]}" for name in signed),
            "",
            ";".join(signed),
            "UNSIGNED-PAYLOAD",
        ]
    )
    digest = hashlib.sha256(request.encode()).hexdigest()
    message = "\n".join([ALGORITHM, given.get("X-Goog-Date", ""), scope, digest])
    try:
        signature = binascii.unhexlify(given.get("X-Goog-Signature", ""))
        keys[unquote(account)].verify(signature, message.encode(), padding.PKCS1v15(), SHA256())
    except (KeyError, ValueError, InvalidSignature):
        return Refusal(403, "SignatureDoesNotMatch")
    # What follows was signed, so that it is well-formed.
    made = datetime.strptime(given["X-Goog-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    if now >= made + timedelta(seconds=int(given["X-Goog-Expires"])):
        return Refusal(400, "ExpiredToken")
    if "x-goog-content-length-range" in sent:
        least, _, most = sent["x-goog-content-length-range"].partition(",")
        size = int(sent.get("content-length", 0))
        if size > int(most):
            return Refusal(400, "EntityTooLarge")
        if size < int(least):
            return Refusal(400, "EntityTooSmall")
    return None
