"""Identity tokens of the service account that this process runs as, for one audience.

They come from the platform's metadata server, or from Google's token service for the key file that
GOOGLE_APPLICATION_CREDENTIALS names.
"""

import threading
from functools import cached_property, partial
from typing import Any

from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request
from google.oauth2 import id_token

from shared.errors import Busy

SECONDS = 10.0
"""For one request to the platform."""


class IdentityToken:
    """A token for `audience`, fetched anew shortly before it expires. For any thread."""

    def __init__(self, audience: str) -> None:
        self._audience = audience
        self._lock = threading.Lock()

    def text(self) -> str:
        """A token that is good for some minutes at least; Busy when none can be had."""
        with self._lock:
            try:
                if not self._credentials.valid:
                    self._credentials.refresh(self._request)
            except GoogleAuthError as error:
                raise Busy("No identity token can be had; try again.") from error
            return str(self._credentials.token)

    @cached_property
    def _request(self) -> Any:
        return partial(Request(), timeout=SECONDS)

    @cached_property
    def _credentials(self) -> Any:
        return id_token.fetch_id_token_credentials(  # type: ignore[no-untyped-call]
            self._audience, request=self._request
        )
