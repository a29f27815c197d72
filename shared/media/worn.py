"""What the figure of a film wears, learned from the film itself where there is no cut-out of it.

To know whether an enclosed area of the key's colour is a gap or a part of the figure takes more
than one frame: an arm that moves opens and closes gaps, and a white belly stays.
"""

from pathlib import Path
from typing import Final

import numpy as np

from shared.media import Rgb, ffmpeg
from shared.media.key import FILM, NEAR, estimate_background, key_still, palette
from shared.media.probe import Probe

SAMPLES: Final = 8
SIDE: Final = 384
"""Pixels of the wider side of a sample."""
GLINT: Final = 0.0002
"""The share of the picture up to which an area of the key's colour is nothing that is worn."""


def colours_worn(source: Path, film: Probe) -> list[Rgb]:
    """The main colours of the figure of a film on a flat background; none on another. The key's own
    is among them when no frame is without an enclosed area of it."""
    share = min(1.0, SIDE / max(film.width, film.height))
    width, height = (max(2, round(side * share)) for side in (film.width, film.height))
    every = max(1, film.frames // SAMPLES)
    few = f"select=not(mod(n\\,{every})),scale={width}:{height}:flags=area"
    select = ("-vf", few, "-frames:v", str(SAMPLES))
    with ffmpeg.read_frames(source, width, height, select=select) as frames:
        samples = list(frames)
    behind = estimate_background(samples)
    if not samples or not behind.is_flat:
        return []
    looks = [_look(sample, behind.colour) for sample in samples]
    enclosed, worn = min(looks, key=lambda look: look[0])
    return [*worn, behind.colour] if enclosed > GLINT else worn


def _look(rgb: ffmpeg.Frame, behind: Rgb) -> tuple[float, list[Rgb]]:
    """The share of enclosed areas of the key's colour, and the colours of all else."""
    figure = key_still(rgb, behind, opens_gaps=False, tuning=FILM)
    away = np.linalg.norm(rgb.astype(np.float32) - np.array(behind, np.float32), axis=-1)
    enclosed = (away < NEAR) & (figure[..., 3] > 250)
    figure[enclosed] = 0
    return float(enclosed.mean()), [colour for colour, _ in palette(figure)]
