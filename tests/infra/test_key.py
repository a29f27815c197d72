"""The first key, which nobody could ask the API for."""

from pathlib import Path

import pytest

from functions import composition
from infra import key
from shared.model.workspace import Scope
from shared.ports import Ports
from shared.services import keys
from tests.services.world import World


def test_it_opens_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World(tmp_path)

    def ports() -> Ports:
        return world.ports

    monkeypatch.setattr(composition, "ports", ports)
    assert key.main(["--name", "Mine"]) == 0
    secret = capsys.readouterr().out.strip()
    who = keys.authenticate(world.ports, f"Bearer {secret}")
    who.require(Scope.ADMIN)
    world.close()
