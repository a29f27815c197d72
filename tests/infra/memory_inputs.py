"""The largest pictures and films that are accepted, made when they are first asked for."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from PIL import Image

from shared.media import ffmpeg
from shared.media.decoding import MAX_PIXELS
from shared.media.ffmpeg import Frame
from shared.media.foreign import LONG_SIDE, SHORT_SIDE, WORK
from shared.media.formats import WEBM, Quality
from shared.media.master import ENCODE_RGB
from shared.media.stills import MAX_SIDE

SIDE: Final = int(MAX_PIXELS**0.5)
"""Of the largest square that is accepted."""
JUST_BELOW: Final = 2 * MAX_SIDE - 1
"""The largest square that cannot be reduced by a whole factor before it is made smaller."""
FRAMES: Final = 48
"""Of a short film: more than encoders look ahead."""
MOST_FRAMES: Final = WORK // (LONG_SIDE * SHORT_SIDE)
"""Of a film in the largest size that is not made smaller."""
GREY: Final = (200, 200, 200)


def input_path(folder: Path, name: str) -> Path:
    """The file of that name, made once."""
    path = folder / name
    if not path.exists():
        draft = path.with_name(f"draft-{name}")
        _MAKERS[name](draft)
        draft.rename(path)
    return path


def _figure(width: int, height: int, turn: float = 0.0) -> Frame:
    """A round character with two eyes and a gap, as RGBA without a background."""
    rgba = np.zeros((height, width, 4), np.uint8)
    unit = min(width, height) / 100
    middle = (width // 2 + round(10 * unit * np.sin(turn)), height // 2)

    def disc(x: float, y: float, radius: float, colour: tuple[int, ...]) -> None:
        place = (round(middle[0] + x * unit), round(middle[1] + y * unit))
        cv2.circle(rgba, place, round(radius * unit), colour, -1, cv2.LINE_AA)

    disc(0, 0, 34, (60, 30, 20, 255))
    disc(0, 0, 32, (235, 120, 40, 255))
    disc(0, 12, 14, (250, 240, 225, 255))
    disc(-12, -10, 5, (30, 30, 40, 255))
    disc(12, -10, 5, (30, 30, 40, 255))
    disc(30, 22, 5, (0, 0, 0, 0))
    return rgba


def _on_grey(width: int, height: int, turn: float = 0.0) -> Frame:
    rgba = _figure(width, height, turn)
    rgb = rgba[..., :3].copy()
    rgb[rgba[..., 3] == 0] = GREY
    return rgb


def _on_sky(side: int) -> Frame:
    """Before a background that no key takes away."""
    rgba = _figure(side, side)
    rgb = np.empty((side, side, 3), np.uint8)
    for channel, (top, bottom) in enumerate(((90, 230), (140, 240), (220, 240))):
        rgb[..., channel] = np.linspace(top, bottom, side)[:, None]
    shown = rgba[..., 3] > 0
    rgb[shown] = rgba[shown, :3]
    return rgb


def _still(pixels: Callable[[], Frame], mode: str | None = None, **options: Any) -> Any:
    def make(path: Path) -> None:
        image = Image.fromarray(pixels())
        image = image.quantize(64, Image.Quantize.FASTOCTREE) if mode == "P" else image
        image.convert(mode or image.mode).save(path, **options)

    return make


def _moving(path: Path) -> None:
    first = Image.fromarray(_figure(SIDE, SIDE))
    more = [first.rotate(180)]
    first.save(path, save_all=True, append_images=more, lossless=True, quality=0, method=0)


def _moving_gif(path: Path) -> None:
    first = Image.fromarray(_on_sky(JUST_BELOW)).quantize(64, Image.Quantize.FASTOCTREE)
    first.save(path, save_all=True, append_images=[first.rotate(180)], transparency=0)


def _frames(count: int, draw: Callable[[float], Frame]) -> Iterator[Frame]:
    for number in range(count):
        yield draw(2 * np.pi * number / count)


def _film(count: int) -> Callable[[Path], None]:
    """A master at the limits."""

    def make(path: Path) -> None:
        size = (LONG_SIDE, SHORT_SIDE)
        with ffmpeg.write_frames(path, *size, Fraction(30), ENCODE_RGB, pixels="rgb24") as write:
            for frame in _frames(count, lambda turn: _on_grey(*size, turn)):
                write(frame)

    return make


def _film_with_alpha(count: int) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        size, options = (LONG_SIDE, SHORT_SIDE), WEBM.options(Quality.DRAFT)
        with ffmpeg.write_frames(path, *size, Fraction(30), options) as write:
            for frame in _frames(count, lambda turn: _figure(*size, turn)):
                write(frame)

    return make


_MAKERS: Final[dict[str, Callable[[Path], None]]] = {
    "rgba.png": _still(lambda: _figure(JUST_BELOW, JUST_BELOW), compress_level=1),
    "palette.png": _still(lambda: _on_grey(SIDE, SIDE), "P", transparency=0, compress_level=1),
    "flat.png": _still(lambda: _on_grey(SIDE, SIDE), compress_level=1),
    "sky.webp": _still(lambda: _on_sky(SIDE), quality=60, method=0),
    # libjpeg holds all coefficients of a progressive picture, however small it is asked for.
    "progressive.jpg": _still(
        lambda: _on_sky(SIDE), "CMYK", progressive=True, quality=90, subsampling=0
    ),
    "moving.webp": _moving,
    "moving.gif": _moving_gif,
    "kept.png": _still(lambda: _on_grey(MAX_SIDE, MAX_SIDE), compress_level=1),
    "kept-sky.png": _still(lambda: _on_sky(MAX_SIDE), compress_level=1),
    "kept-cutout.png": _still(lambda: _figure(MAX_SIDE, MAX_SIDE), compress_level=1),
    "film.mp4": _film(FRAMES),
    "film-long.mp4": _film(MOST_FRAMES),
    "alpha.webm": _film_with_alpha(FRAMES),
    "alpha-long.webm": _film_with_alpha(MOST_FRAMES),
}
