"""From a film on a flat key colour to one format with alpha, in all its sizes at once."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from shared.media import Progress, Rgb
from shared.media.formats import Format, Quality


@dataclass(frozen=True, slots=True)
class Output:
    """One encoded file; `width` and `height` are those of the picture, not of a stacked frame."""

    width: int
    height: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Report:
    """What `transcode` made. `background` is the key colour as measured, `outputs` go by size."""

    format: str
    frames: int
    fps: float
    duration: float
    background: Rgb
    outputs: dict[int | None, Output]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def transcode(
    source: Path,
    format_: Format,
    targets: Mapping[int | None, Path],
    *,
    background: Rgb | None,
    palette: Sequence[Rgb] = (),
    quality: Quality = Quality.STANDARD,
    progress: Progress | None = None,
) -> Report:
    """Key the film in `source` and encode it once per target, keeping frames and frame rate.

    `targets` goes from a width in pixels (None: the film's own) to the file to write, with the
    proportions of `picture_size`. `background` is the key colour that was asked for, `palette`
    the character's colours (of its cut-out: `key.palette`): with it, gaps that the character
    encloses are opened too. One decode and one key serve all sizes; memory does not grow with the
    film's length. Raises `PermanentError`: "unreadable_film", "background_not_flat",
    "encoder_failed"; whatever `progress` raises comes through, with every process ended.
    """
    raise NotImplementedError
