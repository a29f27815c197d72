"""Small films by our own artist, and what others may do to them."""

import re
import subprocess
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from shared.media import Rgb, ffmpeg
from shared.media.ffmpeg import Frame
from shared.media.master import DECODE_RGB, ENCODE_RGB
from shared.media.probe import probe_film
from shared.providers.base import Scene, VideoRequest
from shared.providers.offline.artist import OfflineArtist

SIZE, FPS = 256, 24
COLOURS = "(tv, bt709, progressive)"
CYAN: Rgb = (0, 210, 230)
FOX = "a friendly orange fox wearing a blue scarf"


def film(folder: Path, action: str, motion: str, seconds: float, end: str | None = None) -> Path:
    """A loop, or with `end` the way from one pose to another."""
    request = VideoRequest(
        prompt="",
        scene=Scene(FOX, action, motion),
        still=folder / "not-read.png",
        seed=7,
        duration=seconds,
        loop=end is None,
        background=CYAN,
        size=SIZE,
        fps=FPS,
        end_scene=Scene(FOX, end) if end else None,
    )
    return OfflineArtist().submit(request, folder, lambda share: None).path


def frames(path: Path) -> list[Frame]:
    found = probe_film(path)
    with ffmpeg.read_frames(path, found.width, found.height, select=DECODE_RGB) as decoded:
        return list(decoded)


def encoded(path: Path, pictures: list[Frame]) -> Path:
    height, width = pictures[0].shape[:2]
    with ffmpeg.write_frames(
        path, width, height, Fraction(FPS), ENCODE_RGB, pixels="rgb24"
    ) as write:
        for picture in pictures:
            write(picture)
    return path


def tinted(picture: Frame) -> Frame:
    """The figure in a warmer light, on the same background."""
    figure = np.linalg.norm(picture.astype(float) - CYAN, axis=2) > 40
    warm = np.clip(picture * np.array([1.06, 0.97, 0.94]), 0, 255).round().astype(np.uint8)
    return np.where(figure[..., None], warm, picture)


def shifted(picture: Frame) -> Frame:
    """Two pixels off, a hundredth larger and in another light."""
    matrix = cv2.getRotationMatrix2D((SIZE / 2, SIZE / 2), 0.5, 1.01)
    matrix[:, 2] += (2, -1)
    moved = cv2.warpAffine(picture, matrix, (SIZE, SIZE), borderMode=cv2.BORDER_REPLICATE)
    return tinted(np.asarray(moved, np.uint8))


def listing(path: Path) -> str:
    """What ffmpeg says of a file."""
    return subprocess.run(
        [ffmpeg.binary(), "-hide_banner", "-i", ffmpeg.url(path)],
        capture_output=True,
        text=True,
        check=False,  # nothing is written, which ffmpeg calls a mistake
    ).stderr


def told_colours(path: Path) -> str:
    """What a film says of its colours, as ffmpeg lists it: `COLOURS` if matrix, primaries and
    transfer are all of BT.709, else each of them."""
    [told] = re.findall(r"Video: .*?yuv420p(\(.*?\))", listing(path))
    return str(told)
