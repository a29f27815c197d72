"""The files of stills: how small they are beside plain ones, and how well poses line up.

The artist draws four characters, flat and with a painter's light and grain; each pose is also put
somewhere else in its picture, larger or smaller, as a model would draw it.
"""

import tempfile
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shared.media.compact import write_png, write_webp
from shared.media.stance import anchor, placed, stance
from shared.providers.base import Scene
from shared.providers.offline.artist import true_alpha
from shared.providers.offline.framing import frame
from shared.providers.offline.lexicon import read
from shared.providers.offline.repertoire import ACTIONS

CAST: Final = (
    "an orange fox with a blue scarf",
    "a grey robot with glasses",
    "a purple dragon with wings",
    "a green frog",
)
SEED: Final = 7
POSES: Final = ("wave", "sit", "jump")
"""Of which files are made; all of them are laid over each other."""

Pixels = NDArray[np.uint8]


def measure() -> dict[str, Any]:
    """Mean bytes and milliseconds of files, by kind; and how far poses are off, in shares."""
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for who in CAST:
            for pose in POSES:
                flat = true_alpha(Scene(who, ACTIONS[pose][0]), SEED, 1024)
                for kind, pixels in (("flat", flat), ("painted", _painted(flat))):
                    for side in (1024, 256):
                        image = Image.fromarray(pixels).resize(
                            (side, side), Image.Resampling.LANCZOS
                        )
                        _files(image, f"{kind} {side}", Path(folder), found)
    result = {name: float(np.mean(values)) for name, values in found.items()}
    return {**result, **_alignment()}


def _files(image: Image.Image, name: str, folder: Path, found: dict[str, list[float]]) -> None:
    plain, png, webp = (folder / f"{kind}" for kind in ("plain.png", "our.png", "our.webp"))
    image.save(plain, optimize=True)
    for path, write in ((png, write_png), (webp, write_webp)):
        began = time.perf_counter()
        write(image, path)
        kind = path.suffix[1:]
        found.setdefault(f"{name} {kind} ms", []).append((time.perf_counter() - began) * 1000)
        found.setdefault(f"{name} {kind} bytes", []).append(path.stat().st_size)
    found.setdefault(f"{name} plain bytes", []).append(plain.stat().st_size)


def _painted(pixels: Pixels) -> Pixels:
    """Light that falls off from the top, and the grain of a brush."""
    side = len(pixels)
    grain = np.random.default_rng(1).normal(0, 2, (side, side, 1))
    light = np.linspace(30, -30, side)[:, None, None]
    colour = np.clip(pixels[..., :3] + light + grain, 0, 255)
    seen = pixels[..., 3:] > 0
    return np.dstack([np.where(seen, colour, 0), pixels[..., 3]]).astype(np.uint8)


def _alignment() -> dict[str, float]:
    """How far the origin of each figure is from where it is in most poses, to the side, and how far
    its size, when nothing is known but the picture."""
    dice = np.random.default_rng(5)
    across, sizes, fits = [], [], []
    for who in CAST:
        left, _, width = frame(read(Scene(who, ACTIONS["idle"][0])).sheet, SEED)
        own, common = [], None
        for words in ACTIONS.values():
            pixels = true_alpha(Scene(who, words[0]), SEED, 512)
            side = round(512 * dice.uniform(0.75, 1.1))
            x, y = (int(place) for place in dice.integers(20, 110, 2))
            picture = Image.new("RGBA", (700, 700))
            picture.paste(
                Image.fromarray(pixels).resize((side, side), Image.Resampling.LANCZOS), (x, y)
            )
            one = stance(np.asarray(picture))
            common = common or anchor(one, 700)
            there = placed(one, common, 1000)
            zoom = there.unit / one.unit
            own.append((there.centre + (x - left * side / width - one.centre) * zoom, side * zoom))
            fits.append(there.fit)
        origins, scales = np.array(own).T
        across += [*np.abs(origins - np.median(origins)) / 1000]
        sizes += [*np.abs(scales / np.median(scales) - 1)]
    return {
        "across, mean": float(np.mean(across)),
        "across, worst": float(max(across)),
        "size, mean": float(np.mean(sizes)),
        "size, worst": float(max(sizes)),
        "smallest fit": min(fits),
    }
