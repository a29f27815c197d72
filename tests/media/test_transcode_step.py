"""The step that transcodes, on jobs of this edition and of the one before."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from functions.steps import transcode
from shared.model.asset import EXTENSIONS, AssetType
from shared.model.collection import Quality
from tests.media import character
from tests.media.conftest import COUNT, Filmed


@pytest.mark.parametrize(
    ("makes", "params"),
    [(("webm", "hevc"), {}), (("webm",), {"format": "webm"})],
    ids=["together", "as it was planned before"],
)
def test_the_planned_assets_say_which_formats_are_made(
    filmed: Filmed, tmp_path: Path, makes: tuple[str, ...], params: dict[str, str]
) -> None:
    assets = {key: SimpleNamespace(type=AssetType(key), size=64) for key in makes}
    context: Any = SimpleNamespace(
        step=SimpleNamespace(makes=makes, params=params),
        job=SimpleNamespace(assets=assets),
        settings=SimpleNamespace(weights=None),
        progress=None,
        source=lambda _: SimpleNamespace(path=filmed(character.GREEN).path, metadata={}),
        collection=lambda: SimpleNamespace(settings=SimpleNamespace(quality=Quality.DRAFT)),
    )
    context.target = lambda key: tmp_path / f"{key}.{EXTENSIONS[AssetType(key)]}"
    made = transcode.run(context).files
    models = {key: file.provenance.model for key, file in made.items()}
    assert models == {key: {"webm": "ffmpeg-vp9", "hevc": "ffmpeg-hevc"}[key] for key in makes}
    assert {(file.width, file.frames) for file in made.values()} == {(64, COUNT)}
