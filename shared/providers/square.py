"""Square mascots and models that want something else: stills on the way out, films on the way in.

A cut-out goes out on the request's background colour, widened to 16:9 where a model takes nothing
else. What comes back is cropped to its middle square and given exactly the size, the rate and the
number of frames that were asked for.
"""

import io
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from PIL import Image

from shared.errors import BadRequest, PermanentError
from shared.media import ffmpeg
from shared.media.film_colour import FilmColour, film_colour
from shared.media.formats import SPACE, TAGS
from shared.media.probe import Probe, probe_film
from shared.media.stills import open_image
from shared.providers.base import Rgb, VideoRequest

HEIGHT = 720
WIDE = (1280, HEIGHT)
SQUARE = (HEIGHT, HEIGHT)

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


def square_png(picture: bytes, target: Path, size: int) -> None:
    """Write a picture that a provider drew as a PNG of `size` × `size`.

    Raises `PermanentError("provider_answer")` for what is no picture, cut off or not square.
    """
    try:
        image = open_image(picture)
    except BadRequest as error:
        raise PermanentError("provider_answer", f"What came: {error.message}.") from error
    if abs(image.width - image.height) > max(image.size) // 50:
        raise PermanentError(
            "provider_answer", f"The picture is {image.width}×{image.height} and not square."
        )
    if image.size != (size, size):
        image = image.resize((size, size), Image.Resampling.LANCZOS)
    image.save(target, "PNG")


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


def square_film(source: Path, target: Path, request: VideoRequest, *, ended: bool) -> float:
    """Write the provider's film as the one that was asked for; returns the source's seconds.

    `ended` says that the provider was given the last frame. Such a film is played faster until it
    fits, since a cut would lose the pose that it ends in, and with it a loop's seam; any other is
    cut. Raises `PermanentError("provider_answer")` for what is no film or much too short.
    """
    frames = round(request.duration * request.fps)
    try:
        film = probe_film(source)
        opened = (*ffmpeg.reading(), "-i", ffmpeg.url(source), "-map", "0:v:0")
        look = ("-frames:v", "1", "-vf", "showinfo", "-f", "null", "pipe:1")
        colour = film_colour(ffmpeg.examine((*opened, *look))[1], film.height)
        ffmpeg.run(
            (
                *opened,
                *("-vf", ",".join(_filters(film, request, frames, colour, ended=ended))),
                *(*ENCODE, "-y", ffmpeg.url(target)),
            )
        )
    except PermanentError as error:
        raise PermanentError("provider_answer", f"What came: {error.message}") from error
    if film.duration < request.duration - MISSING:
        raise PermanentError(
            "provider_answer",
            f"The film lasts {film.duration:.1f} s instead of {request.duration:g} s.",
        )
    return film.duration


def _filters(
    film: Probe, request: VideoRequest, frames: int, colour: FilmColour, *, ended: bool
) -> list[str]:
    size, fps = request.size, request.fps
    return [
        f"setpts={_pace(film, request, frames, ended=ended)}*(PTS-STARTPTS)",
        # The end that ffmpeg assumes is not paced with the frames, and would drop the last ones.
        f"fps={fps}:start_time=0:round=near:eof_action=pass",
        "tpad=stop=-1:stop_mode=clone",
        f"trim=end_frame={frames}",
        "crop='min(iw,ih)':'min(iw,ih)'",
        colour.filters(),
        f"scale={size}:{size}:flags=lanczos+accurate_rnd+full_chroma_int"
        ":out_color_matrix=bt709:out_range=tv",
        SPACE,
        "setsar=1",
        "format=yuv420p",
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
