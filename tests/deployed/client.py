"""A client of the deployed API, who knows nothing but its address and a key."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import httpx

from infra.emulators.metadata import MetadataServer
from tests.deployed.cloud import AT_HOME, Cloud
from tests.deployed.google import OPERATOR
from tests.infra.terraform import ROOT

SECONDS = 420

Json = dict[str, Any]


class Client:
    """Asks for one workspace."""

    def __init__(self, base_url: str, key: str) -> None:
        self.key = key
        self.http = httpx.Client(
            base_url=f"{base_url}/v1", headers={"Authorization": f"Bearer {key}"}, timeout=120
        )

    def get(self, path: str, **parameters: str) -> Any:
        return self._data(self.http.get(path, params=parameters))

    def post(self, path: str, body: Json, status: int | None = None) -> Any:
        answer = self.http.post(path, json=body)
        assert status in (None, answer.status_code), answer.text
        return self._data(answer)

    def delete(self, path: str) -> Any:
        return self._data(self.http.delete(path))

    @staticmethod
    def _data(answer: httpx.Response) -> Any:
        assert answer.is_success, f"{answer.request.url}: {answer.status_code} {answer.text[:500]}"
        return answer.json()["data"]

    def job(self, job_id: str) -> Json:
        """The job when it has completed."""
        found: Json = until(
            lambda: self.get(f"/jobs/{job_id}", wait="true", timeout="30"),
            lambda job: job["status"] in ("completed", "failed"),
        )
        assert found["status"] == "completed", (found["error"], found["steps"])
        return found

    def settled(self, asset_id: str) -> Json:
        """The asset when it is no longer pending."""
        found: Json = until(
            lambda: self.get(f"/assets/{asset_id}"), lambda asset: asset["status"] != "pending"
        )
        return found

    def download(self, url: str) -> bytes:
        """A public file, as anybody gets it."""
        answer = httpx.get(url, timeout=120)
        assert answer.status_code == 200, f"{url}: {answer.status_code} {answer.text[:200]}"
        return answer.content

    def send(self, content_type: str, content: bytes, **fields: Any) -> str:
        """The id of the asset of what was sent to a signed URL."""
        invitation = self.post("/uploads", {"content_type": content_type, **fields})
        answer = httpx.request(
            invitation["method"],
            invitation["upload_url"],
            headers=invitation["headers"],
            content=content,
            timeout=120,
        )
        assert answer.status_code == 200, answer.text
        return str(invitation["asset_id"])


def until(look: Callable[[], Any], done: Callable[[Any], bool], seconds: float = SECONDS) -> Any:
    deadline = time.monotonic() + seconds
    while not done(found := look()):
        assert time.monotonic() < deadline, f"not done after {seconds} s: {found}"
        time.sleep(2)  # a key may ask sixty times a minute
    return found


def first(cloud: Cloud) -> Client:
    """The client whose key the operator has made, as infra/README.md says."""
    metadata = MetadataServer(
        OPERATOR,
        cloud.deployment.project,
        issuer=cloud.platform.issuer,
        tokens=cloud.platform.tokens,
        address=(AT_HOME, 80),
    )
    metadata.start()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "infra.key", "--name", "Mine"],
            cwd=ROOT,
            env={
                **os.environ,
                **cloud.deployment.settings,
                "PYTHONPATH": str(ROOT),
                "GCE_METADATA_HOST": AT_HOME,
                "GCE_METADATA_IP": AT_HOME,
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    finally:
        metadata.stop()
    assert done.returncode == 0, done.stderr
    return Client(cloud.deployment.outputs["base_url"], done.stdout.strip())
