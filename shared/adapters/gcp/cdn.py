"""Cloud CDN: what it is asked to forget.

https://docs.cloud.google.com/cdn/docs/cache-invalidation-overview: a request names one path, or by
`/*` all below a folder, takes effect in about ten seconds, and there may be 500 in a minute.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, Final
from urllib.parse import quote

import google.auth
import requests
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession

from shared.errors import Busy, MascotryError

MANY: Final = 20
"""From so many files of a folder on the whole of it is forgotten; what was meant to stay is fetched
once more."""
TIMEOUT: Final = (5.0, 30.0)
"""Seconds to connect, and to wait for an answer."""
SCOPE: Final = "https://www.googleapis.com/auth/compute"
_TRANSIENT: Final = (408, 429, 500, 502, 503, 504)
_TOO_OFTEN: Final = ("rateLimitExceeded", "quotaExceeded")  # which this API says with 403

_log = logging.getLogger(__name__)


class CloudCdn:
    """The cache of one URL map. May be used from any thread."""

    def __init__(
        self,
        project: str,
        url_map: str,
        *,
        credentials: Credentials | None = None,
        endpoint: str = "https://compute.googleapis.com",
    ) -> None:
        """Without `credentials` it is asked as the account that the process runs as."""
        self._url = (
            f"{endpoint}/compute/v1/projects/{project}/global/urlMaps/{url_map}/invalidateCache"
        )
        self._given = credentials

    def forget(self, names: Sequence[str]) -> None:
        """Serve no more what was kept of these objects. Busy when it can't be asked now."""
        for path in patterns(names):
            self._ask(path)

    def _ask(self, path: str) -> None:
        told: dict[str, Any] = {"path": path}
        try:
            answer = self._session.post(self._url, json={"path": path}, timeout=TIMEOUT)
        except (requests.RequestException, GoogleAuthError) as error:
            _log.warning("the CDN is out of reach", extra={**told, "reason": type(error).__name__})
            raise Busy("The CDN is out of reach; try again.") from None
        if answer.ok:
            return
        told |= {"status": answer.status_code, "reason": answer.text[:500]}
        if answer.status_code in _TRANSIENT or any(word in answer.text for word in _TOO_OFTEN):
            _log.warning("the CDN is out of reach", extra=told)
            raise Busy("The CDN is out of reach; try again.")
        _log.error("the CDN refuses to forget", extra=told)
        raise MascotryError("The CDN refuses to forget a file; the log says why.")

    @cached_property
    def _session(self) -> AuthorizedSession:
        credentials = self._given or google.auth.default(scopes=[SCOPE])[0]
        return AuthorizedSession(credentials)  # type: ignore[no-untyped-call]


def patterns(names: Iterable[str]) -> list[str]:
    """The paths to name so that all of these objects are forgotten."""
    folders: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for name in names:
        folders[name.rpartition("/")[0]][name] = None
    return [
        "/" + quote(path, safe="/*")
        for folder, known in folders.items()
        for path in ([f"{folder}/*"] if folder and len(known) >= MANY else known)
    ]
