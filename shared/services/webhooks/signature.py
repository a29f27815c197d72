"""Signatures: how a receiver knows that a message is ours, whole and recent.

`webhook-id`, `webhook-timestamp` and `webhook-signature` are those of Standard Webhooks
(https://www.standardwebhooks.com), whose key are the bytes that the secret's text encodes.
`X-Masko-Signature` is HMAC-SHA256 over the body alone, whose key is the secret's text as it is.
"""

import hashlib
import hmac
from datetime import datetime

from standardwebhooks import Webhook

from shared.model.webhook import Secrets


def headers(secrets: Secrets, message_id: str, now: datetime, body: str) -> dict[str, str]:
    """The headers that sign a message which is sent now."""
    current = secrets.current.get_secret_value()
    signing = [current]
    if secrets.previous and secrets.previous_until and now < secrets.previous_until:
        signing.append(secrets.previous.get_secret_value())
    signatures = [Webhook(secret).sign(message_id, now, body) for secret in signing]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
        "X-Masko-Signature": hmac.new(current.encode(), body.encode(), hashlib.sha256).hexdigest(),
    }
