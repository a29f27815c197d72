"""A test character whose alpha is known: drawn four times too large, then averaged.

It has what makes keying hard: soft edges, a thin tapering tail, hair-thin whiskers, a gap enclosed
by arm and body, a leaf and a gem that are nearly the green of the screen, white parts at the rim.
"""

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.media import Rgb, ffmpeg
from shared.media.ffmpeg import Frame
from shared.media.key.colour import yuv

GREEN: Rgb = (0, 200, 70)
GREY: Rgb = (200, 200, 200)
MAGENTA: Rgb = (255, 0, 255)
WHITE: Rgb = (255, 255, 255)

OUTLINE, FUR, CREAM, LEAF, GEM = (
    (52, 34, 40),
    (226, 122, 50),
    (250, 240, 226),
    (96, 160, 60),
    (30, 170, 90),
)
FPS = Fraction(24)
SCALE = 4

Points = list[tuple[float, float]]


class Canvas:
    """Shapes on a unit square, y downwards, painted over each other with an outline."""

    def __init__(self, size: int) -> None:
        self.side = size * SCALE
        self.rgb = np.zeros((self.side, self.side, 3), np.uint8)
        self.alpha = np.zeros((self.side, self.side), np.uint8)

    def _at(self, points: Points) -> NDArray[np.int32]:
        return np.round(np.array(points) * self.side).astype(np.int32)

    def line(self, points: Points, width: float, colour: Rgb) -> None:
        thickness = max(1, round(width * self.side))
        shape = [self._at(points)]
        cv2.polylines(self.rgb, shape, False, colour, thickness, cv2.LINE_AA)
        cv2.polylines(self.alpha, shape, False, 255, thickness)

    def ellipse(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        colour: Rgb,
        angle: float = 0,
        line: float = 0.008,
    ) -> None:
        turn = np.deg2rad(angle)
        around = np.linspace(0, 2 * np.pi, 90, endpoint=False)
        dx, dy = rx * np.cos(around), ry * np.sin(around)
        points = np.stack(
            [x + dx * np.cos(turn) - dy * np.sin(turn), y + dx * np.sin(turn) + dy * np.cos(turn)],
            1,
        )
        shape = [self._at([(a, b) for a, b in points])]
        cv2.fillPoly(self.rgb, shape, colour)
        cv2.fillPoly(self.alpha, shape, 255)
        if line:
            cv2.polylines(self.rgb, shape, True, OUTLINE, round(line * self.side), cv2.LINE_AA)
            cv2.polylines(self.alpha, shape, True, 255, round(line * self.side))

    def premultiplied(self, size: int) -> NDArray[np.float32]:
        """The averaged picture: (size, size, 4), colour already multiplied by alpha, 0 to 255."""
        full = np.dstack([self.rgb * (self.alpha > 0)[..., None], self.alpha]).astype(np.float32)
        return cv2.resize(full, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32)


def draw(phase: float, size: int = 512) -> NDArray[np.float32]:
    """The character at `phase` of its wave, 0 to 1: premultiplied RGBA, float 0 to 255."""
    canvas = Canvas(size)
    swing = float(np.sin(2 * np.pi * phase))
    tail: Points = [
        (0.60 + 0.28 * s, 0.80 - 0.25 * s * s + 0.03 * swing * float(np.sin(3 * s)))
        for s in np.linspace(0, 1, 30)
    ]
    for start in range(0, 29, 4):
        canvas.line(tail[start : start + 5], 0.022 - 0.0005 * start, OUTLINE)
    for start in range(0, 29, 4):
        canvas.line(tail[start : start + 5], 0.014 - 0.0004 * start, FUR)
    canvas.ellipse(0.5, 0.68, 0.17, 0.2, FUR)
    canvas.ellipse(0.42, 0.9, 0.07, 0.035, CREAM)
    canvas.ellipse(0.58, 0.9, 0.07, 0.035, CREAM)
    canvas.ellipse(0.5, 0.72, 0.1, 0.12, CREAM, line=0)
    # The left arm rests on the hip: arm and body enclose a gap.
    canvas.line([(0.37, 0.56), (0.24, 0.68), (0.36, 0.78)], 0.055, OUTLINE)
    canvas.line([(0.37, 0.56), (0.24, 0.68), (0.36, 0.78)], 0.04, FUR)
    hand = (0.77 + 0.05 * swing, 0.42 - 0.03 * swing)
    canvas.line([(0.62, 0.6), (0.73, 0.57), hand], 0.055, OUTLINE)
    canvas.line([(0.62, 0.6), (0.73, 0.57), hand], 0.04, FUR)
    canvas.ellipse(*hand, 0.04, 0.04, CREAM, line=0)
    for side in (-1, 1):
        canvas.ellipse(0.5 + side * 0.15, 0.2, 0.055, 0.12, FUR, angle=side * 25)
    canvas.ellipse(0.5, 0.36, 0.22, 0.19, FUR)
    canvas.ellipse(0.5, 0.43, 0.12, 0.08, CREAM, line=0)
    for side in (-1, 1):
        canvas.ellipse(0.5 + side * 0.08, 0.34, 0.026, 0.036, OUTLINE, line=0)
        canvas.ellipse(0.5 + side * 0.072, 0.33, 0.008, 0.01, WHITE, line=0)
        for y in (0.41, 0.44):
            canvas.line([(0.5 + side * 0.1, y), (0.5 + side * 0.31, y - 0.02)], 0.004, OUTLINE)
    canvas.ellipse(0.5, 0.405, 0.022, 0.016, OUTLINE, line=0)
    canvas.ellipse(0.5, 0.56, 0.15, 0.03, LEAF)
    canvas.ellipse(0.5, 0.6, 0.022, 0.026, GEM)
    canvas.ellipse(0.56, 0.16, 0.05, 0.02, LEAF, angle=-40, line=0)
    return cv2.GaussianBlur(canvas.premultiplied(size), (0, 0), 0.5).astype(np.float32)


def straight(premultiplied: NDArray[np.float32]) -> Frame:
    """Straight-alpha RGBA, 0 to 255."""
    alpha = premultiplied[..., 3:]
    rgb = premultiplied[..., :3] * 255 / np.maximum(alpha, 1)
    return np.dstack([rgb, alpha]).round().clip(0, 255).astype(np.uint8)


def over(premultiplied: NDArray[np.float32], colour: Rgb) -> Frame:
    """The character on a flat colour, RGB."""
    share = 1 - premultiplied[..., 3:] / 255
    mixed: Frame = (
        (premultiplied[..., :3] + share * np.array(colour)).round().clip(0, 255).astype(np.uint8)
    )
    return mixed


def film(path: Path, frames: list[Frame], fps: Fraction = FPS) -> Path:
    """Encode RGB frames as a provider would: H.264, chroma at half resolution, tagged bt709."""
    height, width = frames[0].shape[:2]
    encode = (
        *("-c:v", "libx264", "-crf", "18", "-preset", "veryfast"),
        *("-vf", "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p"),
        *("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"),
    )
    with ffmpeg.write_frames(path, width, height, fps, encode, pixels="rgb24") as write:
        for frame in frames:
            write(frame)
    return path


def raw_frames(path: Path, size: int) -> list[Frame]:
    """The frames of a film as it stores them, yuv420p."""
    with ffmpeg.read_frames(path, size, size, pixels="yuv420p") as frames:
        return list(frames)


def raw(picture: Frame) -> Frame:
    """An RGB picture as a raw frame of yuv420p."""
    whole = yuv(picture)
    half = (picture.shape[1] // 2, picture.shape[0] // 2)
    chroma = cv2.resize(whole[..., 1:], half, interpolation=cv2.INTER_AREA)
    parts = [whole[..., 0], chroma[..., 0], chroma[..., 1]]
    flat = np.concatenate([np.rint(part).astype(np.uint8).reshape(-1) for part in parts])
    return flat.reshape(picture.shape[0] * 3 // 2, picture.shape[1], 1)
