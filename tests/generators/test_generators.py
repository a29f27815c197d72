"""The usual programs that write clients take the API's document: without an error or a warning,
with every operation, and with names that are nobody's number."""

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.api import contract
from tests.generators.programs import (
    NODE,
    PYTHON,
    TIMEOUT_SECONDS,
    needs_node,
    run,
    takes_minutes,
)

pytestmark = [takes_minutes, pytest.mark.timeout(TIMEOUT_SECONDS + 30)]
needs_java = pytest.mark.skipif(shutil.which("java") is None, reason="java is not installed")

OPERATIONS = {
    operation["operationId"]
    for methods in contract.served()["paths"].values()
    for operation in methods.values()
}
HARMLESS = ("OpenAPI 3.1 support is still in beta", "Renamed to", "Failed to get the schema name")
"""What openapi-generator says of every such document, of words of a language that it renames, and
once of a reference of its own: nothing is left out or named badly for it, as the tests show."""


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("document") / "openapi.json"
    path.write_text(json.dumps(contract.served(), ensure_ascii=False))
    return path


def names_of(operations: set[str]) -> set[str]:
    """As every language may write them: without underscores, in lower case."""
    return {name.replace("_", "").lower() for name in operations}


def written(folder: Path, pattern: str, suffix: str) -> set[str]:
    """What a pattern finds in the files of a client, written alike."""
    texts = [path.read_text() for path in folder.rglob(f"*{suffix}")]
    return names_of({name for text in texts for name in re.findall(pattern, text)})


def test_openapi_python_client(document: Path, tmp_path: Path) -> None:
    target = tmp_path / "client"
    program = PYTHON / "openapi-python-client"
    said = run(program, "generate", "--path", document, "--output-path", target, folder=tmp_path)
    assert "arning" not in said and "Unable" not in said, said
    assert {path.stem for path in target.rglob("api/*/*.py")} >= OPERATIONS


def test_datamodel_code_generator(document: Path, tmp_path: Path) -> None:
    target = tmp_path / "models.py"
    options = ("--input-file-type", "openapi", "--output-model-type", "pydantic_v2.BaseModel")
    program = PYTHON / "datamodel-codegen"
    run(program, "--input", document, "--output", target, *options, folder=tmp_path)
    assert re.findall(r"^class (\w*\d)\b", target.read_text(), re.MULTILINE) == []
    run(PYTHON / "python", "-c", "import models", folder=tmp_path)


METHODS = {
    "python": (r"def ([a-z_]+)\(", ".py"),
    "typescript-fetch": (r"async (\w+)\(", ".ts"),
    "swift6": (r"func (\w+)\(", ".swift"),
    "kotlin": (r"fun (\w+)\(", ".kt"),
    "go": (r"\) (\w+)\(ctx ", ".go"),
}


@needs_java
@pytest.mark.parametrize("language", METHODS)
def test_openapi_generator(document: Path, tmp_path: Path, language: str) -> None:
    (jar,) = PYTHON.parent.glob("lib/*/site-packages/openapi_generator_cli/*.jar")
    target = tmp_path / "client"
    said = run("java", "-jar", jar, "generate", "-i", document, "-g", language, "-o", target,
               folder=tmp_path)  # fmt: skip
    warnings = [line for line in said.splitlines() if re.search(r"\] (WARN|ERROR)", line)]
    assert [line for line in warnings if not any(word in line for word in HARMLESS)] == []
    assert names_of(OPERATIONS) <= written(target, *METHODS[language])
    stems = {path.stem for path in target.rglob("*") if path.suffix == METHODS[language][1]}
    assert not [name for name in stems if re.search(r"Inline|inline|200|\d$", name)]


@needs_node
def test_hey_api_and_openapi_typescript(document: Path, tmp_path: Path) -> None:
    run(NODE / "openapi-ts", "-i", document, "-o", tmp_path / "client", folder=tmp_path)
    assert names_of(OPERATIONS) <= written(tmp_path / "client", r"export const (\w+) =", ".ts")
    run(NODE / "openapi-typescript", document, "-o", "schema.d.ts", folder=tmp_path)
    assert set(re.findall(r"^    (\w+): {", (tmp_path / "schema.d.ts").read_text(),
                                        re.MULTILINE)) >= OPERATIONS  # fmt: skip
    options = ("--noEmit", "--strict", "--target", "es2022", "--module", "nodenext")
    run(NODE / "tsc", *options, "client/index.ts", "schema.d.ts", folder=tmp_path)


@needs_node
def test_linters(document: Path, tmp_path: Path) -> None:
    said = run(NODE / "redocly", "lint", document, folder=tmp_path)
    assert "Your API description is valid" in said and "You have" not in said, said
    (tmp_path / "ruleset.yaml").write_text('extends: ["spectral:oas"]\n')
    rules = ("--ruleset", "ruleset.yaml", "--fail-severity", "hint")
    run(NODE / "spectral", "lint", document, *rules, folder=tmp_path)
