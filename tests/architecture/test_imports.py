"""Imports point one way; `.importlinter` says which."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def lint(folder: Path) -> tuple[int, str]:
    """Check a tree; the exit code and the report."""
    done = subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache", "--config", str(ROOT / ".importlinter")],
        cwd=folder,
        env={"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_imports_point_one_way() -> None:
    code, report = lint(ROOT)
    assert code == 0, report


@pytest.mark.parametrize(
    ("module", "imported", "contract"),
    [
        ("shared/graph/new.py", "shared.services.runner", "Imports point one way"),
        ("shared/graph/new.py", "shared.providers.base", "Imports point one way"),
        ("shared/services/new.py", "shared.adapters.embedded.blobs", "Nothing in shared"),
        ("functions/api/new.py", "shared.adapters.embedded.blobs", "Only the composition root"),
        ("shared/adapters/new.py", "shared.services.runner", "Adapters know the ports"),
        ("shared/model/new.py", "sqlite3", "The core is pure"),
        ("shared/services/new.py", "flask", "Services know neither"),
        ("functions/steps/new.py", "functions.api.call", "strangers to each other"),
    ],
)
def test_a_wrong_import_is_noticed(
    tmp_path: Path, module: str, imported: str, contract: str
) -> None:
    for package in ("functions", "infra", "shared"):
        for source in (ROOT / package).rglob("*.py"):
            copy = tmp_path / source.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(source.read_bytes())
    (tmp_path / module).write_text(f"import {imported}\n")
    code, report = lint(tmp_path)
    assert code == 1, report
    assert any(contract in line and "BROKEN" in line for line in report.splitlines()), report


def importers(module: str) -> Iterator[str]:
    """The files of ours that import a module or a part of it."""
    for folder in ("functions", "shared", "infra", "tests"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom):
                    names = [node.module or ""]
                if any(name.partition(".")[0] == module for name in names):
                    yield str(file.relative_to(ROOT))


def test_rembg_is_imported_with_telemetry_off() -> None:
    """onnxruntime below it would report; `load_rembg` turns that off first."""
    assert {*importers("rembg")} == {"shared/media/cutout.py"}
    assert {*importers("onnxruntime")} == {"tests/e2e/offline_cutout.py"}
