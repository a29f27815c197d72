"""Identity tokens of this process's own account: by a key, and by the platform."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import urllib3

from infra.emulators.account import ServiceAccount
from infra.emulators.identity import GRANT, Issuer
from infra.emulators.startup import free_port
from shared.adapters.gcp.identity import IdentityToken
from shared.adapters.system import SystemClock
from shared.errors import Busy

ACCOUNT = "mascotry-intake@demo.iam.gserviceaccount.com"
AUDIENCE = "https://mascotry-decode-1.us-central1.run.app"


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    issuer = Issuer(SystemClock())
    issuer.start()
    yield issuer
    issuer.stop()


@pytest.fixture
def account(issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ServiceAccount:
    account = ServiceAccount(ACCOUNT, token_uri=issuer.token_url)
    issuer.accounts[ACCOUNT] = account.public_key
    account.write(tmp_path / "account.json")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "account.json"))
    return account


def claims(token: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))


def test_a_token_is_of_the_account_and_for_the_audience(account: ServiceAccount) -> None:
    found = claims(IdentityToken(AUDIENCE).text())
    assert (found["email"], found["aud"]) == (ACCOUNT, AUDIENCE)


def test_a_token_is_kept_until_shortly_before_it_expires(
    account: ServiceAccount, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = IdentityToken(AUDIENCE)
    first = token.text()
    issuer.rotate()
    assert token.text() == first
    token._credentials.expiry -= timedelta(minutes=57)
    assert token.text() != first


def test_without_a_token_service_it_comes_back(account: ServiceAccount, issuer: Issuer) -> None:
    issuer.accounts.clear()
    with pytest.raises(Busy):
        IdentityToken(AUDIENCE).text()


def test_without_credentials_it_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("GCE_METADATA_IP", f"127.0.0.1:{free_port()}")
    with pytest.raises(Busy):
        IdentityToken(AUDIENCE).text()


# --- the token service is as strict as Google's ---------------------------------------------------


def ask(issuer: Issuer, account: ServiceAccount, **changes: Any) -> int:
    from google.auth import jwt

    now = int(SystemClock().now().timestamp())
    said = {
        "iss": ACCOUNT,
        "aud": "https://oauth2.googleapis.com/token",
        "iat": now,
        "exp": now + 3600,
        "target_audience": AUDIENCE,
        **changes,
    }
    assertion = jwt.encode(account.credentials.signer, said)  # type: ignore[no-untyped-call]
    return urllib3.request(
        "POST",
        issuer.token_url,
        body=f"grant_type={GRANT}&assertion={assertion.decode()}",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    ).status


def test_an_assertion_is_checked(issuer: Issuer, account: ServiceAccount) -> None:
    now = int(SystemClock().now().timestamp())
    assert ask(issuer, account) == 200
    assert ask(issuer, ServiceAccount(ACCOUNT)) == 400, "another key"
    assert ask(issuer, account, iss="somebody@demo.iam.gserviceaccount.com") == 400
    assert ask(issuer, account, aud=AUDIENCE) == 400
    assert ask(issuer, account, exp=now - 1) == 400
    assert ask(issuer, account, iat=now + 3600, exp=now + 7000) == 400
    assert ask(issuer, account, exp=now + 9000) == 400, "longer than an hour"
    assert ask(issuer, account, target_audience="") == 400
