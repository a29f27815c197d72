"""What Firebase's rules say to clients that ask the database or the buckets themselves."""

import re

import pytest

from tests.infra.terraform import ROOT


@pytest.mark.parametrize("name", ["firestore.rules", "storage.rules"])
def test_clients_are_allowed_nothing(name: str) -> None:
    rules = re.sub(r"//.*", "", (ROOT / "infra" / name).read_text())
    assert re.findall(r"allow\s+([^;]*);", rules) == ["read, write: if false"]
    assert re.search(r"match /\{\w+=\*\*\}", rules)
