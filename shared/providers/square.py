"""Square mascots and models that want something else: stills on the way out, films on the way in.

A cut-out goes out on the request's background colour, widened to 16:9 where a model takes nothing
else. What comes back is made square (`window`) and given exactly the size, the rate and the number
of frames that were asked for.
"""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from shared.errors import BadRequest, PermanentError
from shared.media import ffmpeg
from shared.media.film_colour import FilmColour, film_colour
from shared.media.formats import SPACE, TAGS
from shared.media.probe import Probe, parse_packets, probe_film
from shared.media.stills import open_image
from shared.providers.base import Rgb, VideoRequest
from shared.providers.window import Size, Window, middle, window

HEIGHT = 720
WIDE = (1280, HEIGHT)
SQUARE = (HEIGHT, HEIGHT)

MARGIN = 0.04
"""What stays free beside a figure when a picture is cropped, as a share of the short side."""
DIFFERENT = 24
"""Levels by which a pixel of the figure differs from what is behind it."""
LOOKED_AT = 512
"""Pixels a side of the copy on which the figure is looked for."""

MISSING = 0.5
"""Seconds by which a film may be shorter than it was asked for; its last frame fills them."""

ENCODE = (
    *("-an", "-c:v", "libx264", "-preset", "medium", "-tune", "animation", "-crf", "15"),
    *(*TAGS, "-color_range", "tv", "-movflags", "+faststart", "-map_metadata", "-1"),
)


def padded(still: Path, background: Rgb, size: tuple[int, int]) -> bytes:
    """The cut-out `still` in the middle of a plain PNG of `size` (width, height)."""
    picture = open_image(still).convert("RGBA")
    side = min(size)
    picture = picture.resize((side, side), Image.Resampling.LANCZOS)
    frame = Image.new("RGBA", size, (*background, 255))
    frame.alpha_composite(picture, ((size[0] - side) // 2, (size[1] - side) // 2))
    stream = io.BytesIO()
    frame.convert("RGB").save(stream, "PNG")
    return stream.getvalue()


def square_png(picture: bytes, target: Path, size: int) -> dict[str, str]:
    """Write a picture that a provider drew as a PNG of `size` × `size`; gives what the asset should
    say of it: `made_square`, a sentence, if it had another ratio.

    It was paid for, so another ratio is no reason to lose it: it is cropped around the figure, or,
    where the figure does not fit into its largest square, padded by what is behind it. Nothing is
    distorted. Raises `PermanentError("provider_answer")` for what is no picture or cut off.
    """
    try:
        image = open_image(picture)
    except BadRequest as error:
        raise PermanentError("provider_answer", f"What came: {error.message}.") from error
    notes: dict[str, str] = {}
    if _differ(image.size, (1, 1)):
        drawn = f"{image.width}×{image.height}"
        image, how = _made_square(image)
        notes["made_square"] = f"The model drew {drawn} instead of a square; it was {how}."
    if image.size != (size, size):
        image = image.resize((size, size), Image.Resampling.LANCZOS)
    image.save(target, "PNG")
    return notes


def _made_square(image: Image.Image) -> tuple[Image.Image, str]:
    """The picture with equal sides, and what was done for it."""
    short, long = sorted(image.size)
    behind = _behind(image)
    box = _figure(image, behind)
    is_wide = image.width > image.height
    start, end = (box[0], box[2]) if is_wide else (box[1], box[3])
    margin = round(MARGIN * short)
    if end - start + 2 * margin <= short:
        first = min(max((start + end - short) // 2, 0), long - short)
        left, top = (first, 0) if is_wide else (0, first)
        return image.crop((left, top, left + short, top + short)), "cropped around the figure"
    square = Image.new(image.mode, (long, long), behind)
    square.paste(image, ((long - image.width) // 2, (long - image.height) // 2))
    return square, "padded"


def _behind(image: Image.Image) -> tuple[int, ...]:
    """The median colour of the picture's border; clear where that has alpha and is mostly clear."""
    pixels = np.asarray(image)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return tuple(int(value) for value in np.median(border, axis=0))


def _figure(image: Image.Image, behind: tuple[int, ...]) -> tuple[int, int, int, int]:
    """The box around all that differs from what is behind it; the whole picture if nothing does."""
    small = image.copy()
    small.thumbnail((LOOKED_AT, LOOKED_AT))
    away = np.abs(np.asarray(small).astype(np.int16) - np.array(behind, np.int16)).max(axis=2)
    rows, columns = (np.flatnonzero((away > DIFFERENT).any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return 0, 0, *image.size
    scale = image.width / small.width
    return (
        math.floor(columns[0] * scale),
        math.floor(rows[0] * scale),
        math.ceil((columns[-1] + 1) * scale),
        math.ceil((rows[-1] + 1) * scale),
    )


def longer(duration: float, offered: Sequence[int]) -> int:
    """The shortest of the lengths that a model offers, in seconds, that holds `duration`.

    Raises `PermanentError("provider_rejected")` when none does.
    """
    enough = [seconds for seconds in sorted(offered) if seconds >= duration]
    if not enough:
        raise PermanentError(
            "provider_rejected",
            f"The model makes films of up to {max(offered)} s; {duration:g} s were asked for.",
        )
    return enough[0]


@dataclass(frozen=True, slots=True)
class Squared:
    """What a provider's film was: its length in seconds, and what the asset should say of it:
    `made_square`, a sentence, if it had another ratio, or its figure left the middle."""

    seconds: float
    notes: dict[str, str] = field(default_factory=dict)


def square_film(
    source: Path, target: Path, request: VideoRequest, sent: Size, *, ended: bool
) -> Squared:
    """Write the provider's film as the one that was asked for, out of stills of the size `sent`.

    `ended` says that the provider was given the last frame. Such a film is played faster until it
    fits, since a cut would lose the pose that it ends in, and with it a loop's seam; any other is
    cut. Raises `PermanentError("provider_answer")` for what is no film or much too short.
    """
    try:
        film = probe_film(source)
        opened = (*ffmpeg.opening(source), "-map", "0:v:0")
        look = ("-frames:v", "1", "-vf", "showinfo", "-f", "framecrc", "pipe:1")
        listing, log = ffmpeg.examine((*opened, *look))
        shown = parse_packets(listing.decode(errors="replace"))
        size, colour = (shown.width, shown.height), film_colour(log, film.height)
        kept = middle(size)
        if _differ(size, (1, 1)):
            seconds = film.duration if ended else request.duration
            kept = window(source, size, colour.filters(), seconds)
        ffmpeg.run(
            (
                *opened,
                *("-vf", ",".join(_filters(film, request, kept, colour, ended=ended))),
                *(*ENCODE, "-y", ffmpeg.url(target)),
            )
        )
    except (PermanentError, LookupError, ValueError, ArithmeticError) as error:
        reason = error.message if isinstance(error, PermanentError) else "no picture in it"
        raise PermanentError("provider_answer", f"What came: {reason}") from error
    if film.duration < request.duration - MISSING:
        raise PermanentError(
            "provider_answer",
            f"The film lasts {film.duration:.1f} s instead of {request.duration:g} s.",
        )
    return Squared(film.duration, _notes(kept, sent))


def _notes(kept: Window, sent: Size) -> dict[str, str]:
    width, height = kept.size
    if _differ(kept.size, sent):
        why = f"The model filmed {width}×{height} instead of {sent[0]}×{sent[1]}"
    elif kept != middle(kept.size):
        why = f"The figure left the middle of the film of {width}×{height}"
    else:
        return {}
    return {"made_square": f"{why}; the film was {kept.what_was_done}."}


def _differ(size: Size, other: Size) -> bool:
    """Whether two sizes have different ratios."""
    one, two = size[0] * other[1], size[1] * other[0]
    return abs(one - two) > max(one, two) // 50


def _filters(
    film: Probe, request: VideoRequest, kept: Window, colour: FilmColour, *, ended: bool
) -> list[str]:
    size, fps = request.size, request.fps
    frames = round(request.duration * fps)
    width, height = kept.scaled(size)
    return [
        f"setpts={_pace(film, request, frames, ended=ended)}*(PTS-STARTPTS)",
        # The end that ffmpeg assumes is not paced with the frames, and would drop the last ones.
        f"fps={fps}:start_time=0:round=near:eof_action=pass",
        "tpad=stop=-1:stop_mode=clone",
        f"trim=end_frame={frames}",
        kept.crop(),
        colour.filters(),
        f"scale={width}:{height}:flags=lanczos+accurate_rnd+full_chroma_int"
        ":out_color_matrix=bt709:out_range=tv",
        SPACE,
        "setsar=1",
        "format=yuv420p",
        kept.pad(size),
    ]


def _pace(film: Probe, request: VideoRequest, frames: int, *, ended: bool) -> str:
    """The factor on the timestamps, as ffmpeg reads it.

    A pose at the end lands on the last frame. A loop's last frame is its first again, so it lands
    one frame later, where the loop starts over.
    """
    if not ended or film.frames < 2:
        return "1"
    last = Fraction(film.frames - 1) / film.fps
    wanted = Fraction(frames if request.loop else frames - 1, request.fps)
    factor = wanted / last
    return f"{factor.numerator}/{factor.denominator}"
