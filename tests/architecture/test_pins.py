"""What is installed is what was tried."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def lines(name: str) -> list[str]:
    """The packages of a file, without comments, options and blanks."""
    found = (line.split("#")[0].strip() for line in (ROOT / name).read_text().splitlines())
    return [line for line in found if line and not line.startswith("-")]


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "constraints.txt"])
def test_every_package_has_one_version(name: str) -> None:
    assert lines(name)
    for line in lines(name):
        assert re.fullmatch(
            r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==[0-9][A-Za-z0-9.+!]*(\s*;.*)?", line
        ), line
