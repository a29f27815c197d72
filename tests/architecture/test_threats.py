"""The threat model names only tests that are there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
TABLE = [
    line.split("|")[1:-1]
    for line in (TESTS.parent / "docs" / "8-threats.md").read_text().splitlines()
    if line.startswith("| ")
][1:]


@cache
def functions(file: Path) -> frozenset[str]:
    nodes = ast.walk(ast.parse(file.read_text()))
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("row", TABLE, ids=lambda row: str(row[0]).strip())
def test_each_threat_has_its_tests(row: list[str]) -> None:
    threat, defence, tests = (cell.strip() for cell in row)
    assert threat
    assert defence
    named = re.findall(r"`([^`]+)`", tests)
    assert named
    for test in named:
        file, _, name = test.partition("::")
        assert name in functions(TESTS / file), test


def test_there_are_threats() -> None:
    assert len(TABLE) >= 16
