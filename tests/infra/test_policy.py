"""Checkov's rules for Terraform and Dockerfiles hold, but for those that are excepted in the files,
each with its reason."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests import emulators
from tests.infra.terraform import FOLDER, ROOT

IMAGES = ROOT / "infra" / "images"
EXCEPTION = re.compile(r"#checkov:skip=(\w+):(.*)")


def checkov(folder: Path) -> dict[str, dict[str, int]]:
    """By framework, how many checks passed, failed and were excepted, and in how many resources."""
    program = ROOT / ".venv-checks" / "bin" / "checkov"
    found = program if program.exists() else None
    emulators.require("checkov", found, "`make .venv-checks/installed` installs it.")
    where = ["--directory", str(folder)]
    what = ["--framework", "terraform", "dockerfile"]
    how = ["--compact", "--quiet", "--skip-download", "--output", "json"]
    done = subprocess.run(
        [program, *where, *what, *how],
        cwd=ROOT,
        env={**os.environ, "CKV_SKIP_PACKAGE_UPDATE_CHECK": "true"},  # it would ask PyPI
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.stdout, done.stderr
    reports = json.loads(done.stdout)
    reports = reports if isinstance(reports, list) else [reports]
    for report in reports:
        for failed in report["results"]["failed_checks"]:
            print(failed["check_id"], failed["check_name"], failed["resource"])  # noqa: T201
    return {report["check_type"]: report["summary"] for report in reports}


def test_no_rule_is_broken() -> None:
    found = checkov(ROOT / "infra")
    assert {*found} == {"terraform", "dockerfile"}
    for summary in found.values():
        assert summary["failed"] == summary["parsing_errors"] == 0
        # Checkov counts what a `for` expression makes as one resource.
        assert summary["passed"] > 40


def test_a_broken_rule_would_be_found(tmp_path: Path) -> None:
    text = (FOLDER / "buckets.tf").read_text()
    broken = text.replace(
        "uniform_bucket_level_access = true", "uniform_bucket_level_access = false"
    )
    assert broken != text
    (tmp_path / "buckets.tf").write_text(broken)
    assert checkov(tmp_path)["terraform"]["failed"] == 1


@pytest.mark.parametrize(
    "path", [*FOLDER.glob("*.tf"), IMAGES / "Dockerfile"], ids=lambda p: p.name
)
def test_every_exception_says_why(path: Path) -> None:
    for rule, why in EXCEPTION.findall(path.read_text()):
        assert len(why.split()) >= 5, f"{rule} in {path.name}"
