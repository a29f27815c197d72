"""Films that strangers have made, written anew as the masters that we make everything of.

A stranger's file is only ever opened here, and only by an ffmpeg of its own process: with the
demuxer that its first bytes name and no other, few decoders, no other file and no network, frames
no larger than we take, and caps on time, memory and what it writes. What it says of itself is
checked before anything of it is decoded, and what is decoded is counted.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np

from shared.errors import PermanentError, StepError
from shared.media import Rgb, ffmpeg
from shared.media.container import HEAD, film_container, no_film
from shared.media.film_colour import FilmColour, film_colour
from shared.media.formats import SPACE, TAGS
from shared.media.key import palette
from shared.media.probe import Probe, parse_packets, probe_film
from shared.ports import MAX_MASTER

LONGEST: Final = 60.0
"""Seconds."""
LONG_SIDE, SHORT_SIDE, LEAST_SIDE = 1920, 1080, 16
"""In pixels, lying or upright."""
MOST, TOLD = LONG_SIDE * LONG_SIDE, 8192 * 8192
"""Pixels of the largest frame that is decoded, and of the largest whose size we tell."""
MOST_FRAMES: Final = 3600
FASTEST: Final = 30
"""Frames a second of the master; a film with more is thinned out."""
WORK: Final = 500_000_000
"""Pixels of all frames together of a master; a film with more is made smaller, since each of its
formats has to be done within the time that one step has."""

CAPS: Final = ffmpeg.Caps(cpu=900, memory=2_000_000_000, output=MAX_MASTER)
LOOK_TIMEOUT, SAMPLE_TIMEOUT, TIMEOUT = 45.0, 100.0, 380.0
"""Seconds for each of two looks, for samples and for the master: together less than a step has."""

DECODERS: Final = (
    *("h264", "hevc", "mpeg4", "mjpeg", "prores", "qtrle", "png", "apng", "gif"),
    *("libvpx", "libvpx-vp9", "vp8", "vp9", "libdav1d", "av1", "webp", "webp_anim"),
)
TRANSLUCENT: Final = frozenset(
    {"vp8", "vp9", "hevc", "prores", "qtrle", "png", "apng", "gif", "webp_anim"}
)
"""Codecs that can have alpha."""
SAMPLE, SAMPLES, OPAQUE = 64, 120, 250
"""Pixels a side of the samples that are looked at for alpha, about how many of them are looked at,
and the least that is no alpha."""
GROUNDS: Final[tuple[Rgb, ...]] = ((200, 200, 200), (255, 255, 255), (110, 110, 110), (0, 0, 0))
"""Greys: since a film has half as much chroma as luma, its edges would take on another's chroma."""
UPRIGHT: Final = "scale=iw*max(sar\\,1):ih*max(1\\,1/sar),setsar=1"
"""In square pixels. ffmpeg has turned it upright before."""
_ENCODE: Final = ("-c:v", "libx264", "-preset", "medium", "-tune", "animation", "-crf", "8")


@dataclass(frozen=True, slots=True)
class Taken:
    """What a stranger's film was, and what it has become."""

    container: str
    codec: str
    width: int
    height: int
    frames: int
    duration: float
    alpha: bool
    """Whether it came with alpha, which the master carries (`alpha`)."""
    background: Rgb | None
    """The colour that such a film was set on."""
    master: Probe

    def as_dict(self) -> dict[str, Any]:
        """What it was."""
        facts = asdict(self)
        del facts["master"], facts["background"]
        return facts


def take_in(source: Path, target: Path) -> Taken:
    """Write the film `source` to `target` as H.264 with even sides, upright, in square pixels, at
    one rate of at most `FASTEST`, without sound.

    Raises `PermanentError`: "film_unsupported" for what is no film, or none of ours, and
    "film_too_large" for one that is too long or too large; both say what would be right.
    """
    container = _container(source)
    film = _look(source, container)
    (width, height), colour = _first_frame(source, container, film)
    rate = _rate(film)
    size = _master_size(width, height, min(film.duration, LONGEST) * rate)
    behind = _behind(source, container, film, colour)
    if behind is None:
        shown = f"{_sized(size)},{colour.filters()},{_scale(size)}"
        graph = f"[0:V:0]{UPRIGHT},fps={rate},{shown}[colour]"
    else:
        graph = _apart((width, height), size, rate, behind, colour)
    _run(
        (
            *_input(source, container, film.codec),
            *("-filter_complex", graph, "-map", "[colour]", *_ENCODE, "-pix_fmt", "yuv420p", *TAGS),
            *(() if behind is None else ("-map", "[alpha]", *_ENCODE, "-pix_fmt:v:1", "gray")),
            *("-color_range:v:0", "tv", "-map_metadata", "-1", "-map_chapters", "-1"),
            *("-t", str(LONGEST + 1), "-frames:v", str(MOST_FRAMES), "-threads", "2"),
            *("-fs", str(CAPS.output), "-movflags", "+faststart"),
            *("-f", "mp4", "-y", ffmpeg.url(target)),
        ),
        TIMEOUT,
    )
    if target.stat().st_size >= CAPS.output:
        raise PermanentError("film_too_large", "The film cannot be made small enough.")
    master = _master(target)
    return Taken(
        container,
        film.codec,
        width,
        height,
        film.frames,
        film.duration,
        behind is not None,
        behind,
        master,
    )


def _master(target: Path) -> Probe:
    """What was written; a film of which nothing could be decoded leaves an empty one."""
    try:
        return probe_film(target)
    except PermanentError as error:
        raise _unsupported("has no picture that could be decoded") from error


def _container(source: Path) -> str:
    with source.open("rb") as stream:
        head = stream.read(HEAD)
    container = film_container(head)
    if container is None:
        raise _unsupported(no_film(head))
    return container


def _look(source: Path, container: str) -> Probe:
    """What the packets tell, before any of them is decoded."""
    copy = ("-map", "0:V:0", "-c", "copy", "-frames:v", str(MOST_FRAMES + 1))
    listing = _run(
        (*_input(source, container, told=True), *copy, "-f", "framecrc", "pipe:1"), LOOK_TIMEOUT
    ).decode(errors="replace")
    try:
        film = parse_packets(listing)
    except (LookupError, ValueError, ArithmeticError):
        raise _unsupported("has no picture that could be read") from None
    if film.frames > MOST_FRAMES:
        raise _too_large(f"has more than {MOST_FRAMES:,} frames; send fewer")
    if film.frames < 2:
        raise _unsupported("has a single frame; send it as a picture, in a PNG")
    if film.duration > LONGEST + 0.5:
        raise _too_large(f"is {film.duration:.1f} s long; at most {LONGEST:.0f} s are taken")
    _check_size(film.width, film.height)
    return film


def _first_frame(source: Path, container: str, film: Probe) -> tuple[tuple[int, int], FilmColour]:
    """The size at which the first frame is shown, upright and in square pixels, and its colours."""
    first = ("-map", "0:V:0", "-frames:v", "1", "-vf", f"showinfo,{UPRIGHT}")
    listing, log = _examine(
        (*_input(source, container, film.codec), *first, "-f", "framecrc", "pipe:1"), LOOK_TIMEOUT
    )
    try:
        shown = parse_packets(listing.decode(errors="replace"))
    except (LookupError, ValueError, ArithmeticError):
        raise _unsupported("has no picture that could be decoded") from None
    _check_size(shown.width, shown.height)
    return (shown.width, shown.height), film_colour(log, film.height)


def _check_size(width: int, height: int) -> None:
    if not (width and height):
        raise _unsupported("has no picture that could be read")
    if min(width, height) < LEAST_SIDE:
        raise _unsupported(f"is {width}×{height}; at least {LEAST_SIDE} pixels a side are needed")
    if max(width, height) > LONG_SIDE or min(width, height) > SHORT_SIDE:
        raise _too_large(
            f"is {width}×{height}; at most {LONG_SIDE}×{SHORT_SIDE} are taken, lying or upright"
        )


def _behind(source: Path, container: str, film: Probe, colour: FilmColour) -> Rgb | None:
    """The colour to set a film with alpha on, which it does not wear; None for one without."""
    if film.codec not in TRANSLUCENT:
        return None
    shown = colour.filters(alpha=True)
    # By number: the first frame counts, however short the film is.
    every = -(-film.frames // SAMPLES)
    small = f"scale={SAMPLE}:{SAMPLE}:flags=area,{shown},format=rgba"
    chosen = rf"select=not(mod(n\,{every})),{small}"
    raw = ("-map", "0:V:0", "-vf", chosen, "-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1")
    pixels = np.frombuffer(
        _run((*_input(source, container, film.codec), *raw), SAMPLE_TIMEOUT), np.uint8
    )
    samples = pixels[: len(pixels) // (SAMPLE * 4) * SAMPLE * 4].reshape(-1, SAMPLE, 4)
    if not samples.size or samples[..., 3].min() >= OPAQUE:
        return None
    worn = [colour for colour, _ in palette(samples)] or [(0, 0, 0)]
    return max(
        GROUNDS,
        key=lambda key: float(np.linalg.norm(np.subtract(worn, key), axis=1).min()),
    )


def _apart(
    shown: tuple[int, int],
    size: tuple[int, int],
    rate: Fraction,
    behind: Rgb,
    colour: FilmColour,
) -> str:
    """The filters that set a film with alpha on a colour, and keep the alpha beside it."""
    red, green, blue = behind
    ground = f"color=c=0x{red:02x}{green:02x}{blue:02x}:s={shown[0]}x{shown[1]}:r={rate}"
    return (
        f"[0:V:0]{UPRIGHT},fps={rate},{colour.filters(alpha=True)},format=rgba,split[over][keep];"
        f"{ground},format=rgba[ground];"
        f"[ground][over]overlay=format=rgb:shortest=1,{_scale(size)}[colour];"
        f"[keep]alphaextract,scale={size[0]}:{size[1]}:flags=area,format=gray[alpha]"
    )


def _sized(size: tuple[int, int]) -> str:
    return f"scale={size[0]}:{size[1]}:flags=bicubic+accurate_rnd+full_chroma_int"


def _scale(size: tuple[int, int]) -> str:
    return f"{_sized(size)}:out_color_matrix=bt709:out_range=tv,{SPACE},format=yuv420p"


def _rate(film: Probe) -> Fraction:
    """The master's rate: the film's own where its frames come evenly, else one that keeps time."""
    if not film.even:
        return Fraction(FASTEST)
    return min(max(film.fps, Fraction(1)), Fraction(FASTEST))


def _master_size(width: int, height: int, frames: float) -> tuple[int, int]:
    """The size that is small enough for so many frames, both sides even."""
    share = min(1.0, (WORK / (width * height * max(frames, 1))) ** 0.5)
    return _even(width * share), _even(height * share)


def _even(side: float) -> int:
    return max(LEAST_SIDE, int(side) // 2 * 2)


def _input(
    source: Path, container: str, codec: str | None = None, *, told: bool = False
) -> tuple[str, ...]:
    decoder = {"vp8": ("-c:v", "libvpx"), "vp9": ("-c:v", "libvpx-vp9")}.get(codec or "", ())
    return (
        *("-max_alloc", str(256 << 20), "-threads", "2", "-filter_threads", "1"),
        *("-protocol_whitelist", "file", *ffmpeg.demuxing(ffmpeg.DEMUXERS[container])),
        *("-codec_whitelist", ",".join(DECODERS), "-max_pixels", str(TOLD if told else MOST)),
        *("-max_streams", "16", "-probesize", str(16 << 20), "-analyzeduration", "5000000"),
        *(*decoder, "-i", ffmpeg.url(source)),
    )


def _run(arguments: Sequence[str], timeout: float) -> bytes:
    return _examine(arguments, timeout)[0]


def _examine(arguments: Sequence[str], timeout: float) -> tuple[bytes, str]:
    try:
        return ffmpeg.examine(arguments, timeout, caps=CAPS)
    except StepError as error:
        if error.retryable and error.reason != "ffmpeg_crashed":  # it was stopped
            raise _too_large("takes too much to decode; send a shorter or smaller one") from error
        raise _unsupported(
            "is damaged, has no picture, or is of a kind that is not taken"
        ) from error


def _unsupported(what: str) -> PermanentError:
    return PermanentError("film_unsupported", f"The film {what}.")


def _too_large(what: str) -> PermanentError:
    return PermanentError("film_too_large", f"The film {what}.")
