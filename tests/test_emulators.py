"""A run without an emulator says so at its end, and fails where it should have been there."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEST = "tests/contract/test_documents.py::test_an_empty_batch_is_fine"


def run(path: str, **environment: str) -> tuple[int, list[str]]:
    """The exit status and the lines of a run of one test, for which only `path` has programs."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--color=no", TEST],
        cwd=ROOT,
        env={**kept, "CI": "", **environment, "PATH": path},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    return result.returncode, result.stdout.splitlines()


def test_the_last_lines_tell_what_was_not_tested(tmp_path: Path) -> None:
    status, lines = run(str(tmp_path))
    assert status == 0
    title, told, end = lines[-3:]
    assert re.fullmatch(r"!+ not tested here !+", title)
    assert told.startswith("1 test was skipped. NOT TESTED: Firestore's emulator is missing.")
    assert "gcloud components install cloud-firestore-emulator" in told
    assert "1 passed, 1 skipped" in end


def test_it_fails_where_gcloud_was_installed_for_it(tmp_path: Path) -> None:
    gcloud = tmp_path / "gcloud"
    gcloud.write_text("#!/bin/sh\nexit 1\n")
    gcloud.chmod(0o755)
    status, lines = run(str(tmp_path), CI="true")
    assert status == 1
    assert any("NOT TESTED: Firestore's emulator is missing." in line for line in lines)
