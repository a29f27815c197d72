"""The embedded stack as a process that a test may kill, and a client of its API."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60
JOB_SECONDS = 180

Json = dict[str, Any]


class Server:
    """`python -m infra.local` on one data folder, or another `module` that serves the same.

    `python` is the command that runs the module, and `environment` what it is given instead of the
    tests' own.
    """

    def __init__(
        self,
        home: Path,
        module: str = "infra.local",
        *,
        python: Sequence[str] = (sys.executable, "-m"),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.home = home
        self._module, self._python = module, python
        self._environment = os.environ if environment is None else environment
        self._process: subprocess.Popen[bytes] | None = None
        self._http: httpx.Client | None = None

    @property
    def http(self) -> httpx.Client:
        assert self._http is not None, "the server does not run"
        return self._http

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server does not run"
        return self._process.pid

    def start(self) -> None:
        self.home.mkdir(exist_ok=True)
        address = self.home / "address"
        address.unlink(missing_ok=True)
        environment = {
            **self._environment,
            "MASCOTRY_HOME": str(self.home),
            "PYTHONPATH": str(ROOT),
        }
        with (self.home / "log.jsonl").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._python, self._module, "--port", "0", "--quiet"],
                env=environment,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_SECONDS
        while not address.exists() or not address.read_text().endswith("\n"):
            alive = self._process.poll() is None and time.monotonic() < deadline
            assert alive, (self.home / "log.jsonl").read_text()
            time.sleep(0.02)
        self._http = httpx.Client(
            base_url=address.read_text().strip(),
            headers={"Authorization": f"Bearer {(self.home / 'dev-key').read_text().strip()}"},
            timeout=70,
        )

    def kill(self) -> None:
        """SIGKILL: not a line more is run."""
        self._end(signal.SIGKILL)

    def sigkill(self) -> None:
        """The same from another thread, at any moment; `kill` has to follow."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._http is not None:
            self._http.close()
            self._http = None
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=30)
            self._process = None

    # --- as a client -----------------------------------------------------------------------------

    def get(self, path: str, **parameters: str) -> Any:
        response = self.http.get(f"/v1{path}", params=parameters)
        assert response.status_code == 200, response.text
        return response.json()["data"]

    def post(self, path: str, body: Json) -> Any:
        response = self.http.post(f"/v1{path}", json=body)
        assert response.is_success, response.text
        return response.json()["data"]

    def delete(self, path: str) -> Any:
        response = self.http.delete(f"/v1{path}")
        assert response.status_code == 202, response.text
        return response.json()["data"]

    def collection(self, name: str = "Felix", **settings: Any) -> Json:
        project = self.post("/projects", {"name": "Test"})
        body = {
            "project_id": project["id"],
            "name": name,
            "description": "A friendly orange fox mascot wearing a blue scarf",
            "quality": "draft",
        }
        created: Json = self.post("/collections", {**body, **settings})
        return created

    def generate(self, collection: Json, **fields: Any) -> Json:
        generated: Json = self.post(f"/collections/{collection['id']}/generate", fields)
        return generated

    def finished(self, job_id: str) -> Json:
        """The job when it is finished."""
        deadline = time.monotonic() + JOB_SECONDS
        while time.monotonic() < deadline:
            job: Json = self.get(f"/jobs/{job_id}", wait="true", timeout="5")
            if job["status"] in ("completed", "failed"):
                return job
        raise AssertionError(f"job {job_id} was not finished after {JOB_SECONDS} s")
