"""The contact sheet: everything that was made, on one picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from shared.media import ffmpeg
from shared.media.ffmpeg import Frame
from shared.media.formats import Format, Layout
from shared.media.probe import probe_film

FRAMES = 6
CELL = 250
GAP = 14
MARGIN = 28
LABEL = 30
PAPER, INK, DARK = (246, 246, 249), (52, 54, 66), (20, 22, 31)
LIGHT_SQUARE, DARK_SQUARE, SQUARE = (255, 255, 255), (222, 224, 231), 12


def contact_sheet(
    stills: Mapping[str, Path],
    films: Mapping[str, tuple[Path, Format | None]],
    target: Path,
) -> tuple[int, int]:
    """Draw the labelled stills, and six frames of each film, to the PNG `target`.

    What has alpha is shown over a checkerboard and over a dark colour; films are decoded from the
    files themselves, and a film without a format is shown as it is. Returns (width, height).
    """
    rows: list[tuple[str, list[Image.Image]]] = []
    shown: list[Image.Image] = []
    for path in stills.values():
        with Image.open(path) as image:
            shown += _grounded(_fitted(image.convert("RGBA")), has_alpha=image.mode == "RGBA")
    names = " · ".join(stills)
    rows += [
        (names if not first else "", shown[first : first + FRAMES])
        for first in range(0, len(shown), FRAMES)
    ]
    for name, (path, format_) in films.items():
        frames = [_fitted(Image.fromarray(frame)) for frame in _frames(path, format_)]
        grounded = [_grounded(frame, has_alpha=format_ is not None) for frame in frames]
        for ground in zip(*grounded, strict=True):
            rows.append((f"{name} ({path.stat().st_size:,} bytes)", list(ground)))
    sheet = _page(rows)
    sheet.save(target, "PNG", optimize=True)
    return sheet.size


def _frames(path: Path, format_: Format | None) -> list[Frame]:
    """Six frames, evenly spread over the film, as straight RGBA."""
    film = probe_film(path)
    wanted = {round(step * (film.frames - 1) / (FRAMES - 1)) for step in range(FRAMES)}
    with ffmpeg.read_frames(
        path,
        film.width,
        film.height,
        pixels="rgba",
        decode=format_.decode if format_ else (),
    ) as frames:
        found = [frame for number, frame in enumerate(frames) if number in wanted]
    if format_ and format_.layout is Layout.STACKED:
        return [_unstacked(frame) for frame in found]
    return found


def _unstacked(frame: Frame) -> Frame:
    """Straight RGBA from premultiplied colour above and alpha below."""
    half = frame.shape[0] // 2
    halves = frame.astype(np.float32)
    alpha = halves[half:, :, 1:2]
    colour = halves[:half, :, :3] * 255 / np.maximum(alpha, 1)
    return np.dstack([np.clip(colour, 0, 255), alpha]).astype(np.uint8)


def _fitted(image: Image.Image) -> Image.Image:
    image.thumbnail((CELL, CELL), Image.Resampling.LANCZOS)
    return image.convert("RGBA")


def _grounded(image: Image.Image, *, has_alpha: bool) -> list[Image.Image]:
    """The picture over the checkerboard and over dark; as it is when it has no alpha."""
    if not has_alpha:
        return [image.convert("RGB")]
    grounds = (_checkerboard(image.size), Image.new("RGBA", image.size, (*DARK, 255)))
    return [Image.alpha_composite(ground, image).convert("RGB") for ground in grounds]


def _checkerboard(size: tuple[int, int]) -> Image.Image:
    y, x = np.indices((size[1], size[0])) // SQUARE
    squares = np.where(((x + y) % 2)[..., None], DARK_SQUARE, LIGHT_SQUARE).astype(np.uint8)
    return Image.fromarray(squares).convert("RGBA")


def _page(rows: Sequence[tuple[str, list[Image.Image]]]) -> Image.Image:
    width = 2 * MARGIN + FRAMES * CELL + (FRAMES - 1) * GAP
    height = 2 * MARGIN + len(rows) * (LABEL + CELL + GAP) - GAP
    page = Image.new("RGB", (width, height), PAPER)
    pen = ImageDraw.Draw(page)
    font = ImageFont.load_default(size=17)
    top = MARGIN
    for label, pictures in rows:
        pen.text((MARGIN, top), label, fill=INK, font=font)
        for column, picture in enumerate(pictures):
            left = MARGIN + column * (CELL + GAP) + (CELL - picture.width) // 2
            page.paste(picture, (left, top + LABEL + (CELL - picture.height) // 2))
        top += LABEL + CELL + GAP
    return page
