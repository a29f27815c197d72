"""Whose signature upload URLs carry: a key's, where there is one, or else that of the account which
the process runs as. The platform keeps that account's key and signs with it when asked."""

from functools import partial

import google.auth
from google.auth import iam
from google.auth.credentials import Credentials, Signing
from google.auth.transport.requests import Request

from shared.errors import MascotryError

SCOPE = "https://www.googleapis.com/auth/iam"
SECONDS = 10.0
"""For one request to the platform."""


def signing_credentials(given: Credentials | None = None) -> Credentials:
    """Credentials that sign, made of those given or of the process's own.

    They refresh themselves. MascotryError for an account that can't sign: a person's, say.
    """
    found = given or google.auth.default(scopes=[SCOPE])[0]
    if isinstance(found, Signing):
        return found
    request = partial(Request(), timeout=SECONDS)
    if not found.valid:
        # Only then an account of the platform knows its own name.
        found.refresh(request)  # type: ignore[no-untyped-call]
    email = getattr(found, "service_account_email", None)
    if not email:
        raise MascotryError("Upload URLs are signed by service accounts only; run as one.")
    signer = iam.Signer(request, found, email)  # type: ignore[no-untyped-call]
    return _Remote(found, signer, email)


class _Remote(Credentials, Signing):
    """Signs through the platform, in the name of `email`."""

    def __init__(self, credentials: Credentials, signer: iam.Signer, email: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._credentials = credentials
        self._signer = signer
        self._email = email

    @property
    def signer(self) -> iam.Signer:
        return self._signer

    @property
    def signer_email(self) -> str:
        return self._email

    def sign_bytes(self, message: bytes) -> bytes:
        signature: bytes = self._signer.sign(message)
        return signature

    def refresh(self, request: Request) -> None:
        self._credentials.refresh(request)  # type: ignore[no-untyped-call]
