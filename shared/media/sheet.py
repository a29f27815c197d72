"""The contact sheet: everything that was made, on one picture."""

from collections.abc import Mapping
from pathlib import Path

from shared.media.formats import Format


def contact_sheet(
    stills: Mapping[str, Path],
    films: Mapping[str, tuple[Path, Format | None]],
    target: Path,
) -> tuple[int, int]:
    """Draw the labelled stills, and six frames of each film, to the PNG `target`.

    What has alpha is shown over a checkerboard and over a dark colour; films are decoded from the
    files themselves, and a film without a format is shown as it is. Returns (width, height).
    """
    raise NotImplementedError
