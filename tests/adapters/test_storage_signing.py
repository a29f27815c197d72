"""Upload URLs of Cloud Storage: what is signed, by whom, and what the store makes of it."""

import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3
from google.auth import iam
from google.auth.compute_engine import _metadata

from infra.emulators.account import ServiceAccount
from infra.emulators.signatures import Refusal, refusal
from shared.adapters.gcp.blobs import StorageBlobs
from shared.errors import Busy, MascotryError
from shared.ports import Bucket, SignedUpload
from tests.contract.cloud_storage import CloudStorage

LIMIT = 10_000_000
SOON = timedelta(minutes=15)


@pytest.fixture
def buckets(cloud_storage: CloudStorage) -> dict[Bucket, str]:
    return cloud_storage.buckets()


@pytest.fixture
def blobs(cloud_storage: CloudStorage, buckets: dict[Bucket, str]) -> Iterator[StorageBlobs]:
    with cloud_storage.open(buckets) as blobs:
        yield blobs


@pytest.fixture
def signed(blobs: StorageBlobs) -> SignedUpload:
    return sign(blobs)


def sign(blobs: StorageBlobs) -> SignedUpload:
    return blobs.upload_url(
        "w/a b.png", content_type="image/png", expires_at=datetime.now(UTC) + SOON
    )


def put(signed: SignedUpload, data: bytes = b"fox", **changes: str | None) -> tuple[int, str]:
    """The status of sending something, and the store's word for what is wrong."""
    headers = {**signed.headers, **{name.replace("_", "-"): to for name, to in changes.items()}}
    sent = {name: value for name, value in headers.items() if value is not None}
    answer = urllib3.request("PUT", signed.url, body=data, headers=sent)
    said = json.loads(answer.data)["error"]["message"] if answer.status >= 400 else ""
    return answer.status, said


def stored(blobs: StorageBlobs) -> bytes | None:
    there = blobs.stat(Bucket.UPLOADS, "w/a b.png")
    return blobs.read(Bucket.UPLOADS, there.name) if there else None


def test_what_is_signed(
    cloud_storage: CloudStorage, buckets: dict[Bucket, str], signed: SignedUpload
) -> None:
    url = urlsplit(signed.url)
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert url.path == f"/{buckets[Bucket.UPLOADS]}/w/a%20b.png"
    assert query["X-Goog-Algorithm"] == "GOOG4-RSA-SHA256"
    assert query["X-Goog-Credential"].startswith(cloud_storage.account.email + "/")
    assert (
        query["X-Goog-SignedHeaders"]
        == "content-type;host;x-goog-content-length-range;x-goog-if-generation-match"
    )
    assert timedelta() <= SOON - timedelta(seconds=int(query["X-Goog-Expires"])) < SOON / 10
    assert signed.headers == {
        "Content-Type": "image/png",
        "x-goog-content-length-range": f"0,{LIMIT}",
        "x-goog-if-generation-match": "0",
    }


def test_a_url_is_good_until_it_expires(cloud_storage: CloudStorage, signed: SignedUpload) -> None:
    url = urlsplit(signed.url)
    target = f"{url.path}?{url.query}"
    headers = {**signed.headers, "Host": url.netloc, "Content-Length": "3"}
    keys = {cloud_storage.account.email: cloud_storage.account.public_key}
    now = datetime.now(UTC)
    assert refusal("PUT", target, headers, keys, now + SOON - timedelta(minutes=1)) is None
    expired = Refusal(400, "ExpiredToken")
    assert refusal("PUT", target, headers, keys, now + SOON + timedelta(seconds=1)) == expired
    forged = Refusal(403, "SignatureDoesNotMatch")
    assert refusal("DELETE", target, headers, keys, now) == forged
    assert refusal("PUT", target.replace("a%20b", "b"), headers, keys, now) == forged
    other = ServiceAccount(cloud_storage.account.email)
    assert refusal("PUT", target, headers, {other.email: other.public_key}, now) == forged


def test_one_picture_of_one_type_that_is_not_too_large(
    blobs: StorageBlobs, signed: SignedUpload
) -> None:
    assert put(signed, Content_Type="text/html") == (403, "SignatureDoesNotMatch")
    assert put(signed, b"x" * (LIMIT + 1)) == (400, "EntityTooLarge")
    more = f"0,{2 * LIMIT}"
    assert put(signed, x_goog_content_length_range=more) == (403, "SignatureDoesNotMatch")
    assert put(signed, x_goog_content_length_range=None) == (400, "MalformedSecurityHeader")
    assert put(signed, x_goog_if_generation_match=None) == (400, "MalformedSecurityHeader")
    assert put(signed, x_goog_meta_fires="true") == (400, "MalformedSecurityHeader")
    assert stored(blobs) is None
    assert put(signed, b"x" * LIMIT)[0] == 200
    assert put(signed, b"another")[0] == 412
    assert stored(blobs) == b"x" * LIMIT


@pytest.mark.parametrize(
    "ahead", [timedelta(), timedelta(seconds=-1), timedelta(days=7, minutes=1)], ids=str
)
def test_a_time_that_cannot_be_signed(blobs: StorageBlobs, ahead: timedelta) -> None:
    with pytest.raises(ValueError, match="expires_at must be ahead, by at most 7 days"):
        blobs.upload_url("a", content_type="image/png", expires_at=datetime.now(UTC) + ahead)


# --- an account without a key --------------------------------------------------------------------


@dataclass
class Platform:
    """The metadata server of an instance, and IAM, which signs for the account."""

    account: ServiceAccount
    url: str = ""
    lifetime: int = 3600
    failures: list[int] = field(default_factory=list)
    scopes: list[str] = field(default_factory=list)
    tokens: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Each signature: in whose name, by which token."""

    def answer(self, path: str, authorization: str, body: bytes) -> tuple[int, Any]:
        url = urlsplit(path)
        if url.path.endswith("/token"):
            self.tokens += 1
            self.scopes += parse_qs(url.query).get("scopes", [])
            return 200, {
                "access_token": f"token-{self.tokens}",
                "expires_in": self.lifetime,
                "token_type": "Bearer",
            }
        if "/service-accounts/" in url.path:
            return 200, {"email": self.account.email, "scopes": [], "aliases": ["default"]}
        if url.path.endswith(":signBlob"):
            if self.failures:
                return self.failures.pop(0), {"error": {"message": "not now"}}
            self.asked.append((url.path.rsplit("/", 1)[1].partition(":")[0], authorization))
            message = base64.b64decode(json.loads(body)["payload"])
            signature = self.account.credentials.sign_bytes(message)
            return 200, {"signedBlob": base64.b64encode(signature).decode()}
        return 200, "emulated"


@pytest.fixture
def platform(
    cloud_storage: CloudStorage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Platform]:
    """This process runs as an account of the platform, which is that of the other tests."""
    platform = Platform(cloud_storage.account)

    class Handler(BaseHTTPRequestHandler):
        def serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, said = platform.answer(self.path, self.headers.get("Authorization", ""), body)
            content = json.dumps(said).encode() if not isinstance(said, str) else said.encode()
            self.send_response(status)
            kind = "text/plain" if isinstance(said, str) else "application/json"
            self.send_header("Content-Type", kind)
            self.send_header("Metadata-Flavor", "Google")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = serve  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    host = f"127.0.0.1:{server.server_port}"
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))  # nobody is logged in here
    monkeypatch.setenv("GCE_METADATA_IP", host)
    monkeypatch.setattr(_metadata, "_GCE_METADATA_HOST", host)
    monkeypatch.setattr(iam, "_IAM_SIGN_ENDPOINT", f"http://{host}/v1/accounts/{{}}:signBlob")
    platform.url = f"http://{host}"
    try:
        yield platform
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def keyless(
    cloud_storage: CloudStorage, buckets: dict[Bucket, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[StorageBlobs]:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", cloud_storage.server.url)
    blobs = StorageBlobs("emulated", buckets, cdn_url=None)
    yield blobs
    blobs.close()


def test_the_platform_signs_for_an_account_without_a_key(
    platform: Platform, keyless: StorageBlobs
) -> None:
    assert put(sign(keyless))[0] == 200
    assert put(sign(keyless), b"another")[0] == 412
    assert platform.asked == [(platform.account.email, "Bearer token-1")] * 2
    assert platform.tokens == 1, "it is kept while it is good"
    assert platform.scopes == ["https://www.googleapis.com/auth/iam"], "it can do nothing else"


def test_a_token_that_ends_is_renewed(platform: Platform, keyless: StorageBlobs) -> None:
    platform.lifetime = 0
    sign(keyless)
    sign(keyless)
    tokens = [token for _, token in platform.asked]
    assert len(set(tokens)) == 2


def test_a_platform_that_does_not_sign_is_busy(platform: Platform, keyless: StorageBlobs) -> None:
    platform.failures += [403]
    with pytest.raises(Busy):
        sign(keyless)
    assert put(sign(keyless))[0] == 200


def test_a_key_in_a_file_signs(
    cloud_storage: CloudStorage,
    keyless: StorageBlobs,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    cloud_storage.account.write(tmp_path / "key.json")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "key.json"))
    assert put(sign(keyless))[0] == 200


def test_a_person_cannot_sign(
    keyless: StorageBlobs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: Platform
) -> None:
    person = {
        "type": "authorized_user",
        "client_id": "a",
        "client_secret": "b",
        "refresh_token": "c",
        "token_uri": f"{platform.url}/token",
    }
    (tmp_path / "person.json").write_text(json.dumps(person))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "person.json"))
    with pytest.raises(MascotryError):
        sign(keyless)
