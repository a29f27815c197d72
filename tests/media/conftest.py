"""One short film of the test character on each background, keyed and encoded once per session."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.media import Rgb, ffmpeg
from shared.media.ffmpeg import Frame
from tests.media import character

SIZE, COUNT = 512, 4


@dataclass(frozen=True, slots=True)
class Clip:
    """A film of the character: its file, its frames as decoded, and the truth behind them."""

    path: Path
    background: Rgb
    frames: list[Frame] = field(repr=False)
    raw: list[Frame] = field(repr=False)
    true: list[Frame] = field(repr=False)


Filmed = Callable[[Rgb], Clip]


@pytest.fixture(scope="session")
def drawn() -> list[NDArray[np.float32]]:
    """Four poses of the character, premultiplied."""
    return [character.draw(number / COUNT, SIZE) for number in range(COUNT)]


@pytest.fixture(scope="session")
def filmed(drawn: list[NDArray[np.float32]], tmp_path_factory: pytest.TempPathFactory) -> Filmed:
    """Gives the film of the character on a background, made once."""
    folder = tmp_path_factory.mktemp("films")
    true = [character.straight(pose) for pose in drawn]

    @cache
    def film(background: Rgb) -> Clip:
        path = folder / "-".join(map(str, background))
        frames = [character.over(pose, background) for pose in drawn]
        character.film(path.with_suffix(".mp4"), frames)
        with ffmpeg.read_frames(path.with_suffix(".mp4"), SIZE, SIZE) as decoded:
            shown = list(decoded)
        raw = character.raw_frames(path.with_suffix(".mp4"), SIZE)
        return Clip(path.with_suffix(".mp4"), background, shown, raw, true)

    return film
