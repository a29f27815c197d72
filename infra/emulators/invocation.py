"""What Cloud Run does with a request before a container sees it: who may call, and as what it
arrives.

https://cloud.google.com/run/docs/authenticating/service-to-service and, for the signature,
https://cloud.google.com/run/docs/troubleshooting#signature-removed.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from google.auth import jwt

from infra.emulators.identity import ISSUER, Issuer
from infra.emulators.policy import Policy
from shared.services.tokens import REMOVED

INVOKE: Final = "run.routes.invoke"
TOKEN_HEADERS: Final = ("x-serverless-authorization", "authorization")
"""Where a caller's token may be; the first that is there counts."""
MAX_BODY: Final = 32 << 20
"""Bytes of a request or an answer by HTTP/1; an answer in chunks may be longer.
https://cloud.google.com/run/quotas"""


class Refused(NamedTuple):
    """An answer of the platform's own. The reason is for people at a terminal."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class Service:
    """What the platform knows of a service. `addresses` are its own URLs, without a slash at the
    end; callers' tokens are for one of them."""

    name: str
    addresses: tuple[str, ...]
    invoker_check: bool = True
    internal_only: bool = False

    @property
    def resource(self) -> str:
        return f"service/{self.name}"


class Invocation:
    """Decides for one project. May be used from any thread."""

    def __init__(self, issuer: Issuer, policy: Policy) -> None:
        self._issuer, self._policy = issuer, policy

    def admit(
        self, service: Service, headers: Mapping[str, str], *, size: int, internal: bool
    ) -> dict[str, str] | Refused:
        """The headers that the container gets, or why it gets nothing. Names are in lower case;
        `size` is that of the body."""
        if service.internal_only and not internal:
            return Refused(404, "Not Found")
        passed = dict(headers)
        if service.invoker_check and not self._policy.is_public(INVOKE, service.resource):
            name = next((one for one in TOKEN_HEADERS if one in headers), "")
            token = headers.get(name, "").partition(" ")[2]
            claims = self._claims(token, service)
            if claims is None:
                return Refused(401, "The request was not authenticated.")
            if not self._policy.allows(claims.get("email"), INVOKE, service.resource):
                return Refused(403, "Your client does not have permission to get this URL.")
            passed[name] = f"Bearer {token.rpartition('.')[0]}.{REMOVED}"
        if size > MAX_BODY:
            return Refused(413, "Request Entity Too Large")
        trace, span = secrets.token_hex(16), secrets.token_hex(8)
        passed.setdefault("traceparent", f"00-{trace}-{span}-00")
        passed.setdefault("x-cloud-trace-context", f"{trace}/{int(span, 16)}")
        passed["x-forwarded-proto"] = "https"
        passed["forwarded"] = f'for="{headers.get("x-forwarded-for", "127.0.0.1")}";proto=https'
        return passed

    def _claims(self, token: str, service: Service) -> Mapping[str, Any] | None:
        try:
            claims: Mapping[str, Any] = jwt.decode(  # type: ignore[no-untyped-call]
                token,
                certs=self._issuer.certificates,
                audience=list(service.addresses),
            )
        except ValueError:
            return None
        return claims if claims.get("iss") == ISSUER else None
