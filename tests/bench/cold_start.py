"""How long a new instance of `api` takes to its first answer on Google's clients, beside loading
nothing but what it is built on, turn by turn in processes of their own."""

import os
import subprocess
import sys
import time
from statistics import median
from typing import Final

from infra.emulators import firestore
from shared.adapters.gcp.documents import FirestoreDocuments
from shared.adapters.system import SystemClock, SystemIds, pause
from shared.config import ROOT
from shared.model.workspace import Scope
from shared.ports import Ports
from shared.services import keys

TURNS: Final = 9
PROJECT: Final = "mascotry-emulated"

BARE: Final = "import functions_framework, google.cloud.firestore, pydantic"
OURS: Final = """
import os
import functions_framework

app = functions_framework.create_app(
    target="api", source="functions/main.py", signature_type="http"
)
headers = {"Authorization": f"Bearer {os.environ['KEY']}"}
answer = app.test_client().get("/v1/projects", headers=headers)
assert answer.status_code == 200, answer.get_json()
"""
TELL: Final = "\nimport sys\nprint(*sorted(sys.modules))"


def environment(emulator: str) -> dict[str, str]:
    """What a deployed function is told, and a key that opens an empty workspace."""
    documents = FirestoreDocuments(PROJECT, emulator=emulator)
    # Keys are made of documents alone.
    ports = Ports(documents, None, None, SystemClock(), SystemIds(), None, pause)  # type: ignore[arg-type]
    workspace = keys.create_workspace(ports, "Cold")
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "FIRESTORE_EMULATOR_HOST": emulator,
        "MASCOTRY_BACKEND": "google",
        "MASCOTRY_PROJECT": PROJECT,
        "MASCOTRY_FUNCTIONS_URL": "https://{function}.test",
        "KEY": keys.issue(ports, workspace.id, "cold", (Scope.READ,)),
    }


def run(script: str, variables: dict[str, str]) -> tuple[float, str]:
    """The seconds that a process takes for a script, and what it prints."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return time.perf_counter() - began, done.stdout


def measure() -> dict[str, float]:
    with firestore.running() as emulator:
        variables = environment(emulator)
        for script in (BARE, OURS):  # so that everything is compiled, and in the page cache
            run(script, variables)
        turns = [(run(BARE, variables)[0], run(OURS, variables)[0]) for _ in range(TURNS)]
    return {
        "bare_s": median(bare for bare, _ in turns),
        "ours_s": median(ours for _, ours in turns),
        "ratio": median(ours / bare for bare, ours in turns),
    }
