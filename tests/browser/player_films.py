"""Small films of which every pixel is known, written as the encoder writes them."""

from fractions import Fraction
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from shared.media import Rgb, ffmpeg
from shared.media.encode import arrange
from shared.media.ffmpeg import Frame
from shared.media.formats import HEVC, STACKED_VIDEO, WEBM, Format, Quality

SIDE: Final = 96
FPS: Final = 12
SOLID: Final = (1 / 3, 1 / 2)
HALF: Final = (2 / 3, 1 / 2)
EMPTY: Final = (1 / 12, 1 / 12)
"""Places in the picture, as shares of its sides: an opaque one, one of half alpha, a clear one."""

NAMES: Final = {"webm": WEBM, "hevc": HEVC, "stacked": STACKED_VIDEO}


def picture(colour: Rgb, side: int = SIDE) -> Frame:
    """A figure of one colour, of which a strip is half transparent, as straight RGBA."""
    found = np.zeros((side, side, 4), np.uint8)
    found[..., :3] = colour
    found[side // 6 : -side // 6, side // 6 : side // 2, 3] = 255
    found[side // 6 : -side // 6, side * 7 // 12 : side * 3 // 4, 3] = 128
    return found


def still(colour: Rgb, side: int = SIDE) -> bytes:
    """The figure as a PNG."""
    return png(picture(colour, side))


def film(folder: Path, kind: str, colour: Rgb, frames: int = 8, side: int = SIDE) -> bytes:
    """The figure for so many frames, as the player's `kind` of file. Nothing moves, so that each
    frame says which film it is."""
    return encoded(folder, NAMES[kind], picture(colour, side), frames)


def png(shown: Frame) -> bytes:
    """A picture in straight RGBA as a PNG."""
    written, found = cv2.imencode(".png", cv2.cvtColor(shown, cv2.COLOR_RGBA2BGRA))
    assert written
    return found.tobytes()


def encoded(folder: Path, format_: Format, shown: Frame, frames: int) -> bytes:
    """A square picture in straight RGBA, as so many frames of a film in the format."""
    path = folder / f"film.{format_.extension}"
    side = len(shown)
    arranged = arrange(shown, format_.layout)
    size = format_.frame_size(side, side)
    options = format_.options(Quality.STANDARD)
    with ffmpeg.write_frames(path, *size, Fraction(FPS), options) as write:
        for _ in range(frames):
            write(arranged)
    return path.read_bytes()
