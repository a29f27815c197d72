"""What people use today to get alpha out of a key-coloured film, each as well as it can be had."""

import os
import resource
import subprocess
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from shared.media import Rgb, ffmpeg
from shared.media.cutout import load_rembg
from shared.media.ffmpeg import Frame
from shared.providers.offline.raster import Rgba

# Before their runtimes are loaded: what is compared is the work of one core.
ONE_CORE = {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}

FLAT, DEEP = 30.0, 9
"""The RGB distance from the key that is background in a trimap, and the unknown pixels' width."""


class Filter(NamedTuple):
    """One of ffmpeg's keyers with its two numbers."""

    name: str
    similarity: float
    blend: float

    def __str__(self) -> str:
        return f"{self.name} {self.similarity}/{self.blend}"


GRID = {
    "chromakey": [
        Filter("chromakey", s, b) for s in (0.04, 0.08, 0.12, 0.18) for b in (0.0, 0.04, 0.08, 0.16)
    ],
    "colorkey": [
        Filter("colorkey", s, b) for s in (0.02, 0.05, 0.1, 0.2) for b in (0.0, 0.1, 0.25, 0.4)
    ],
}


def filtered(path: Path, size: int, key: Rgb, keyer: Filter) -> tuple[list[Rgba], float]:
    """All frames of a film, and the seconds that ffmpeg computed for them, decoding included."""
    planes = "yuva444p" if keyer.name == "chromakey" else "rgba"
    hexed = "0x{:02x}{:02x}{:02x}".format(*key)
    chain = f"format={planes},{keyer.name}={hexed}:{keyer.similarity}:{keyer.blend}"
    if spill := _spill(key):
        chain += f",format=rgba,despill=type={spill}"
    threads = ("-threads", "1", "-filter_threads", "1")
    command = (
        *(ffmpeg.binary(), *ffmpeg.QUIET, *threads, "-i", str(path), "-vf", chain, *threads),
        *("-f", "rawvideo", "-pix_fmt", "rgba", "pipe:1"),
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    raw = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    pixels = np.frombuffer(raw, np.uint8).reshape(-1, size, size, 4)
    seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return list(pixels), seconds


def _spill(key: Rgb) -> str | None:
    """The despill that ffmpeg has for a key: there is one for green screens and one for blue."""
    red, green, blue = key
    if green > max(red, blue) + 30:
        return "green"
    return "blue" if blue > max(red, green) + 30 else None


def segmented(frames: list[Frame], weights: Path) -> Iterator[tuple[Rgba, float]]:
    """rembg, frame by frame, with the seconds that each took."""
    remove = load_rembg().remove
    session = _session(weights)
    for frame in frames:
        began = time.process_time()
        found = np.asarray(remove(frame, session=session))
        yield found, time.process_time() - began


def matted(frames: list[Frame], key: Rgb) -> Iterator[tuple[Rgba, float]]:
    """Closed-form matting with a trimap from a flood of the border, and its estimate of colour."""
    from pymatting import estimate_alpha_cf, estimate_foreground_ml  # type: ignore[import-untyped]

    for frame in frames:
        began = time.process_time()
        picture = frame / 255.0
        alpha = estimate_alpha_cf(picture, _trimap(frame, key))
        colour = estimate_foreground_ml(picture, alpha)
        found = np.rint(np.dstack([colour, alpha]).clip(0, 1) * 255).astype(np.uint8)
        yield found, time.process_time() - began


def _trimap(frame: Frame, key: Rgb) -> Any:
    """0 outside, 1 deep inside, and one half between and where the key shines through."""
    away = np.linalg.norm(frame.astype(np.float32) - np.array(key, np.float32), axis=2)
    near = np.pad((away < FLAT).astype(np.uint8), 1, constant_values=1)
    _, labels = cv2.connectedComponents(near, connectivity=4)
    outside = (labels == labels[0, 0])[1:-1, 1:-1].astype(np.uint8)
    kernel = np.ones((DEEP, DEEP), np.uint8)
    known = np.full(outside.shape, 0.5)
    known[cv2.erode(outside, np.ones((3, 3), np.uint8)) > 0] = 0.0
    known[cv2.dilate(outside, kernel) == 0] = 1.0
    return known


@cache
def _session(weights: Path) -> Any:
    os.environ["U2NET_HOME"] = str(weights.resolve())
    os.environ["MODEL_CHECKSUM_DISABLED"] = "1"
    return load_rembg().new_session("u2netp", providers=["CPUExecutionProvider"])
