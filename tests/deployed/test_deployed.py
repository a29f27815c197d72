"""The whole project as Terraform deploys it, on this machine.

`make as-deployed` runs all of it, each function from exactly its image's packages. Otherwise a
short form runs, in which the functions of the media image have the packages of the tests.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from infra.emulators import firestore, storage
from tests import emulators
from tests.deployed import namespace, scenario
from tests.infra import planning
from tests.infra.terraform import ROOT

SHORT: Final = ("a_picture_by_form", "a_webhook", "a_firebase_user", "the_schedule")
SETTINGS: Final = {"rate_limit_per_minute": "6000", "rate_limit_per_hour": "60000"}
"""What an operator may choose, since one client asks for everything here."""
WHOLE: Final = os.environ.get("MASCOTRY_AS_DEPLOYED") == "all"
SECONDS: Final = 2400


def _namespaces() -> Path | None:
    """The program that makes a namespace, where this user may have one."""
    command = namespace.enter(["true"])
    try:
        done = subprocess.run(command, capture_output=True, timeout=30, check=False)
    except OSError:
        return None
    return Path(command[0]) if done.returncode == 0 else None


@pytest.mark.timeout(SECONDS + 300)
def test_every_function_works_as_deployed(tmp_path: Path) -> None:
    emulators.require("the Firestore emulator", firestore.find(), firestore.HOW_TO_GET)
    emulators.require("fake-gcs-server", storage.find(), storage.HOW_TO_GET)
    emulators.require(
        "a network namespace",
        _namespaces(),
        "It takes Linux, and a user who may make one (unshare --net --mount --map-root-user).",
        comes_with="",
    )
    with planning.terraform(tmp_path / "terraform") as terraform:
        plan = terraform.plan(settings=SETTINGS)
    file = tmp_path / "plan.json"
    file.write_text(json.dumps({"resources": plan.resources, "outputs": plan.outputs}))
    venvs = {"slim": ROOT / ".venv-slim", "media": ROOT / ".venv-media"}
    if not WHOLE:
        venvs["media"] = Path(sys.prefix)
    for name, venv in venvs.items():
        assert (venv / "bin").is_dir(), (
            f"the packages of the {name} image: make {venv.name}/installed"
        )
    parts = [f"--only={name}" for name in (() if WHOLE else SHORT)]
    chosen = [f"--venv={name}={venv}" for name, venv in venvs.items()]
    command = [sys.executable, "-m", "tests.deployed", str(file), *chosen, *parts]
    logs = tmp_path / "logs"
    done = subprocess.run(
        namespace.enter([*command, f"--keep={logs}"]),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=None if WHOLE else subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, _told(done.stdout or "", logs)


def _told(printed: str, logs: Path) -> str:
    ends = (f"--- {log.name}\n{log.read_text()[-2000:]}" for log in sorted(logs.glob("*.log")))
    return "\n".join([printed, *ends])


def test_the_short_form_is_a_part_of_the_whole() -> None:
    assert {*SHORT} <= {part.__name__ for part in scenario.PARTS}
