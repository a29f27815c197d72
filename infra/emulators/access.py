"""Which permission on a bucket a request to Cloud Storage needs, and who is asking.

https://cloud.google.com/storage/docs/access-control/iam-json (and iam-xml for the URLs of files).
"""

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote

from infra.emulators.bridge import Bridge, Reply, Request
from infra.emulators.metadata import AccessTokens
from infra.emulators.policy import Policy
from infra.emulators.signatures import ALGORITHM

_OBJECTS: Final = re.compile(r"/storage/v1/b/(?P<bucket>[^/]+)/o/?")
_OBJECT: Final = re.compile(r"/(?:download/)?storage/v1/b/(?P<bucket>[^/]+)/o/(?P<name>[^/]+)")
_COPY: Final = re.compile(
    r"/storage/v1/b/(?P<from>[^/]+)/o/[^/]+/(?:rewriteTo|copyTo)/b/(?P<bucket>[^/]+)/o/(?P<name>[^/]+)"
)
_UPLOAD: Final = re.compile(r"/upload/storage/v1/b/(?P<bucket>[^/]+)/o")
_FILE: Final = re.compile(r"/(?P<bucket>[^/]+)/(?P<name>.+)")
_VERBS: Final = {
    "GET": "get",
    "HEAD": "get",
    "DELETE": "delete",
    "PATCH": "update",
    "PUT": "create",
}

Need = tuple[str, str]
"""A verb and the bucket that it is done in."""


class Access:
    """Refuses what the sender of a request may not do."""

    def __init__(self, policy: Policy, tokens: AccessTokens) -> None:
        self._policy, self._tokens = policy, tokens

    def guard(self, bridge: Callable[[], Bridge]) -> Callable[[Request], Reply | None]:
        """What a bridge asks before it answers."""

        def refusal(request: Request) -> Reply | None:
            if request.method == "OPTIONS" or "upload_id" in request.query:
                return None  # a session was opened by somebody who may
            account = self._sender(request)
            found = _needs(request)
            for verb, bucket in found:
                if not self._may(account, verb, bucket):
                    status = 403 if account else 401
                    return Reply.error(status, f"storage.objects.{verb} denied on {bucket}")
            return self._hidden(request, account, found, bridge())

        return refusal

    def _hidden(
        self, request: Request, account: str | None, needs: list[Need], bridge: Bridge
    ) -> Reply | None:
        """What is not there is only told to those who may list; what is there is replaced only by
        those who may delete."""
        match = _OBJECT.fullmatch(request.path) or _COPY.fullmatch(request.path)
        match = match or (
            None if needs and needs[0][0] == "list" else _FILE.fullmatch(request.path)
        )
        if match is None or request.path.startswith(("/upload/", "/storage/v1/b?")):
            return None
        verb, bucket = needs[-1]
        if verb == "get" and not self._may(account, "list", bucket):
            there = bridge.stat(bucket, unquote(match["name"]))
            return None if there else Reply.error(403, "storage.objects.get denied (or not there)")
        if verb == "create" and not self._may(account, "delete", bucket):
            there = bridge.stat(bucket, unquote(match["name"]))
            return Reply.error(403, "storage.objects.delete denied") if there else None
        return None

    def _sender(self, request: Request) -> str | None:
        if request.query.get("X-Goog-Algorithm") == ALGORITHM:
            return request.query.get("X-Goog-Credential", "").partition("/")[0]
        return self._tokens.account(request.headers.get("authorization"))

    def _may(self, account: str | None, verb: str, bucket: str) -> bool:
        return self._policy.allows(account, f"storage.objects.{verb}", f"bucket/{bucket}")


def _needs(request: Request) -> list[Need]:
    """All that a request needs; a request for nothing that we know needs what nobody has."""
    if match := _COPY.fullmatch(request.path):
        return [("get", match["from"]), ("create", match["bucket"])]
    if match := _UPLOAD.fullmatch(request.path):
        return [("create", match["bucket"])]
    if match := _OBJECTS.fullmatch(request.path):
        return [("list", match["bucket"])]
    match = _OBJECT.fullmatch(request.path) or _FILE.fullmatch(request.path)
    return [(_VERBS.get(request.method, "other"), match["bucket"] if match else "")]
