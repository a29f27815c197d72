"""The metadata server of one container: it tells the code inside whose account it runs as, and
gives it tokens of that account.

What is answered, and under which paths: https://cloud.google.com/run/docs/container-contract
(section "Container instance metadata server").
"""

import json
import secrets
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from infra.emulators.http_server import HttpServer
from infra.emulators.identity import Issuer

FLAVOR: Final = ("Metadata-Flavor", "Google")
ROOT: Final = "/computeMetadata/v1/"
ACCOUNT: Final = "instance/service-accounts/default/"
SECONDS: Final = 3599
SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"


class AccessTokens:
    """Access tokens as their holders see them: opaque, each of one account."""

    def __init__(self) -> None:
        self._accounts: dict[str, str] = {}

    def issue(self, account: str) -> str:
        token = f"ya29.{secrets.token_urlsafe(40)}"
        self._accounts[token] = account
        return token

    def account(self, header: str | None) -> str | None:
        """Whose token an Authorization header carries; None without one that was issued here."""
        scheme, _, token = (header or "").partition(" ")
        return self._accounts.get(token) if scheme.lower() == "bearer" else None


class MetadataServer:
    """Serves one account at `address`."""

    def __init__(
        self,
        account: str,
        project: str,
        *,
        issuer: Issuer,
        tokens: AccessTokens,
        address: tuple[str, int] = ("127.0.0.1", 0),
    ) -> None:
        self._account, self._project = account, project
        self._issuer, self._tokens = issuer, tokens
        self._server = _server(self, address)
        host, port = self._server.server_address[:2]
        self.address = f"{host!s}:{port}"

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop()

    def answer(self, path: str, query: Mapping[str, list[str]]) -> Any:
        """The text or JSON of an entry; None when there is none of that name."""
        if path == f"{ACCOUNT}identity":
            audience = query.get("audience", [""])[0]
            return self._issuer.token(audience, self._account) if audience else None
        entries: dict[str, Any] = {
            ACCOUNT: {"aliases": ["default"], "email": self._account, "scopes": [SCOPE]},
            f"{ACCOUNT}email": self._account,
            f"{ACCOUNT}token": {
                "access_token": self._tokens.issue(self._account),
                "expires_in": SECONDS,
                "token_type": "Bearer",
            },
            "project/project-id": self._project,
            "universe/universe-domain": "googleapis.com",
        }
        return entries.get(path.replace(f"service-accounts/{self._account}", ACCOUNT[9:-1]))


def _server(metadata: MetadataServer, address: tuple[str, int]) -> HttpServer:
    class Handler(BaseHTTPRequestHandler):
        timeout = 30

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            found: Any = ""  # the root says only that this is a metadata server
            if parts.path.startswith(ROOT):
                # Without the header a request may have been provoked by somebody else (SSRF).
                if self.headers.get(FLAVOR[0]) != FLAVOR[1]:
                    return self.reply(403, "Missing Metadata-Flavor:Google header.")
                found = metadata.answer(parts.path.removeprefix(ROOT), parse_qs(parts.query))
            elif parts.path != "/":
                found = None
            return self.reply(404, "") if found is None else self.reply(200, found)

        def reply(self, status: int, found: Any) -> None:
            text = found if isinstance(found, str) else json.dumps(found)
            kind = "application/text" if isinstance(found, str) else "application/json"
            self.send_response(status)
            self.send_header(*FLAVOR)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            pass

    return HttpServer(address, Handler)
