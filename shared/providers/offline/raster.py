"""SVG to pixels, one picture at a time or a film's worth on several cores."""

import os
import subprocess
import sys
from collections.abc import Generator, Iterable
from contextlib import ExitStack
from itertools import cycle, islice
from pathlib import Path
from threading import Timer
from typing import IO, cast

import cv2
import numpy as np
import resvg_py
from numpy.typing import NDArray

from shared.errors import TransientError
from shared.providers.base import Rgb

Rgba = NDArray[np.uint8]
"""(height, width, 4) straight alpha."""

PAINTER = Path(__file__).with_name("painter.py")
PAINTERS = min(2, os.cpu_count() or 1)


def document(marks: str, frame: tuple[float, float, float]) -> str:
    """An SVG document that shows the square (left, top, width) of figure units."""
    x, y, width = frame
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" '
        f'viewBox="{x:.2f} {y:.2f} {width:.2f} {width:.2f}">{marks}</svg>'
    )


def render(svg: str, size: int) -> Rgba:
    """(size, size, 4) pixels of an SVG on nothing."""
    png = resvg_py.svg_to_bytes(svg_string=svg, width=size, height=size, skip_system_fonts=True)
    return _decode(png)


def render_all(svgs: Iterable[str], size: int, timeout: float) -> Generator[Rgba, None, None]:
    """The pixels of each document, in order, rendered ahead on every core.

    Close the iterator to stop the painters early; `timeout` (seconds) bounds the whole run.
    """
    with ExitStack() as stack:
        painters = [stack.enter_context(_painter(size)) for _ in range(PAINTERS)]
        stack.callback(_kill, painters)
        timer = Timer(timeout, _kill, [painters])
        timer.daemon = True
        timer.start()
        stack.callback(timer.cancel)
        waiting = iter(svgs)
        # One document per painter is in flight, so neither end of a pipe can wait for the other.
        left = 0
        for painter, svg in zip(painters, islice(waiting, PAINTERS), strict=False):
            _send(painter, svg)
            left += 1
        turns = cycle(painters)
        while left:
            painter = next(turns)
            png = _receive(painter)
            left -= 1
            for svg in islice(waiting, 1):
                _send(painter, svg)
                left += 1
            yield _decode(png)


def composite(rgba: Rgba, background: Rgb) -> NDArray[np.uint8]:
    """(h, w, 3) RGB of straight-alpha pixels on a flat colour."""
    alpha = rgba[..., 3:].astype(np.uint16)
    mixed = rgba[..., :3] * alpha + np.array(background, np.uint16) * (255 - alpha)
    return ((mixed + 127) // 255).astype(np.uint8)


def _decode(png: bytes) -> Rgba:
    pixels = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise TransientError("raster_failed", "the rasteriser gave no picture")
    return cast(Rgba, cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA))


def _painter(size: int) -> subprocess.Popen[bytes]:
    # -P keeps this folder off the painter's path: its modules are not meant as top-level names.
    return subprocess.Popen(
        [sys.executable, "-P", str(PAINTER), str(size)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def _kill(painters: list[subprocess.Popen[bytes]]) -> None:
    for painter in painters:
        painter.kill()


def _send(painter: subprocess.Popen[bytes], svg: str) -> None:
    data = svg.encode()
    pipe = cast(IO[bytes], painter.stdin)
    try:
        pipe.write(len(data).to_bytes(4, "big") + data)
        pipe.flush()
    except OSError as fault:
        raise TransientError("raster_failed", "a painter went away") from fault


def _receive(painter: subprocess.Popen[bytes]) -> bytes:
    pipe = cast(IO[bytes], painter.stdout)
    head = pipe.read(4)
    png = pipe.read(int.from_bytes(head, "big")) if len(head) == 4 else b""
    if not png:
        raise TransientError("raster_failed", "a painter stopped before it was done")
    return png
