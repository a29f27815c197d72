"""The IAM credentials API as far as it signs: `signBlob`, in the name of a service account."""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from infra.emulators.metadata import AccessTokens
from infra.emulators.policy import Policy

_SIGN = re.compile(r"/v1/projects/-/serviceAccounts/([^/:]+):signBlob")


class Signing:
    """Signs for those who may, with keys that never leave it."""

    def __init__(
        self, keys: Mapping[str, rsa.RSAPrivateKey], policy: Policy, tokens: AccessTokens
    ) -> None:
        self._keys, self._policy, self._tokens = keys, policy, tokens

    def answer(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Any]:
        """Status and JSON of one POST."""
        found = _SIGN.fullmatch(path.partition("?")[0])
        if found is None or found[1] not in self._keys:
            return 404, _error(404, "NOT_FOUND", "Requested entity was not found.")
        account = self._tokens.account(headers.get("authorization"))
        if account is None:
            return 401, _error(401, "UNAUTHENTICATED", "Request had invalid credentials.")
        permission = "iam.serviceAccounts.signBlob"
        if not self._policy.allows(account, permission, f"account/{found[1]}"):
            refused = f"Permission '{permission}' denied on resource (or it may not exist)."
            return 403, _error(403, "PERMISSION_DENIED", refused)
        message = base64.b64decode(json.loads(body)["payload"])
        signature = self._keys[found[1]].sign(message, padding.PKCS1v15(), hashes.SHA256())
        return 200, {"keyId": "emulated", "signedBlob": base64.b64encode(signature).decode()}


def _error(code: int, status: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "status": status, "message": message}}
