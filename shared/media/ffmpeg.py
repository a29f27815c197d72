"""The one place that runs ffmpeg: the binary inside imageio-ffmpeg, never the system's."""

import errno
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from threading import Event, Timer
from types import MappingProxyType
from typing import IO, Final, cast

import numpy as np
from numpy.typing import NDArray

from shared.errors import PermanentError, StepError, StorageFull, TransientError
from shared.media.container import HEAD, film_container, identify
from shared.media.formats import HEVC, Quality

Frame = NDArray[np.uint8]
"""A picture of shape (height, width, channels): RGB, or RGBA with straight alpha; `shape` says
what it is for planes."""

TIMEOUT = 900.0
PIPE_BYTES = 1 << 20
NO_SPACE = os.strerror(errno.ENOSPC)
"""What ffmpeg says, among other things, when it cannot write on."""

LOG_BYTES = 1 << 20
"""What is read of a log: what a stranger's file says of itself may be long."""

QUIET = ("-nostdin", "-hide_banner", "-loglevel", "error")
TELLING = ("-nostdin", "-hide_banner", "-nostats", "-loglevel", "info")
DEMUXERS: Final[Mapping[str, str]] = MappingProxyType(
    {"mov": "mov", "webm": "matroska", "gif": "gif", "apng": "apng", "webp": "webp_anim"}
)
"""The demuxer of each container (`container.FILM_TYPES`)."""
FILMS: Final = ("mov", "webm")
"""The containers of masters, and of the films that providers send."""
DECODERS = (
    "h264,hevc,vp9,libvpx-vp9,av1,libdav1d,webp,webp_anim,apng,png,gif,rawvideo,wrapped_avframe"
)
"""The decoders of what we write, and of what providers send: no other of ffmpeg's is run."""


def opening(path: Path, demuxer: str | None = None) -> tuple[str, ...]:
    """`-i` with all that belongs in front of it: the file is read by one demuxer, whatever it is
    called, and by the decoders of our own formats.

    Without a `demuxer` it is that of the container which the first bytes name, one of `FILMS`. A
    playlist with a film's name must not make ffmpeg open other files or the network. A file that
    somebody got `decode` to write as a master must not reach a decoder that we have no use for.
    Raises `PermanentError("unreadable_film")` for what is no film.
    """
    return (
        *("-protocol_whitelist", "file", "-codec_whitelist", DECODERS),
        *demuxing(demuxer or _demuxer(path)),
        *("-i", url(path)),
    )


def demuxing(demuxer: str) -> tuple[str, ...]:
    """What makes ffmpeg read a file by this demuxer alone. An MP4 may name other files as its own
    content: they are not opened."""
    alone = ("-format_whitelist", demuxer, "-f", demuxer)
    return (*alone, "-enable_drefs", "0", "-use_absolute_path", "0") if demuxer == "mov" else alone


def _demuxer(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD)
    except FileNotFoundError as error:
        raise PermanentError("unreadable_film", f"{path.name} is not there") from error
    container = film_container(head)
    if container not in FILMS:
        kind = identify(head)
        found = f"is {kind.name}" if kind else "begins as no film does"
        raise PermanentError("unreadable_film", f"{path.name} {found}")
    return DEMUXERS[container]


COLOUR_FILTERS: Final = frozenset({"zscale", "tonemap"})
"""Filters that not every ffmpeg is built with (`film_colour` needs them)."""

CAPPED = 'ulimit -c 0; ulimit -t "$1"; ulimit -v "$2"; ulimit -f "$3"; shift 3; exec "$@"'
"""For a shell: caps on what a process may use, then the process itself, under the same id."""


@dataclass(frozen=True, slots=True)
class Caps:
    """What ffmpeg may use for a stranger's file: seconds of one core, and bytes of memory (address
    space) and of each file that it writes. Who needs more is killed, or fails to get it."""

    cpu: int
    memory: int
    output: int

    def around(self, command: Sequence[str]) -> tuple[str, ...]:
        """The command that runs another within these caps."""
        caps = (self.cpu, self.memory // 1024, self.output // 512)
        return ("/bin/sh", "-c", CAPPED, "sh", *map(str, caps), *command)


CRASHES = frozenset(
    -number for number in (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)
)
"""The exit statuses of a process that met a fault of its own, and was not stopped by anybody."""

CHANNELS = {"gray": 1, "rgb24": 3, "rgba": 4}


def shape(pixels: str, width: int, height: int) -> tuple[int, int, int]:
    """The shape of a raw frame. In yuv420p, the sides even, the planes lie one after another: luma,
    then chroma at half resolution."""
    if pixels == "yuv420p":
        return height * 3 // 2, width, 1
    return height, width, CHANNELS[pixels]


def binary() -> str:
    """The path of the ffmpeg that everything here runs."""
    import imageio_ffmpeg

    return str(imageio_ffmpeg.get_ffmpeg_exe())


def run(arguments: Sequence[str], timeout: float = TIMEOUT, *, caps: Caps | None = None) -> bytes:
    """Run ffmpeg to its end and return what it wrote to its standard output."""
    with _process(arguments, timeout, caps=caps) as (output, _):
        return output.read()


def examine(
    arguments: Sequence[str], timeout: float = TIMEOUT, *, caps: Caps | None = None
) -> tuple[bytes, str]:
    """Run ffmpeg as `run` does; returns also what it tells of its inputs and by its filters."""
    with tempfile.TemporaryFile() as log:
        with _process(arguments, timeout, caps=caps, log=log) as (output, _):
            written = output.read()
        log.seek(0)
        return written, log.read(LOG_BYTES).decode(errors="replace")


@contextmanager
def read_frames(
    path: Path,
    width: int,
    height: int,
    *,
    pixels: str = "rgb24",
    demuxer: str | None = None,
    decode: Sequence[str] = (),
    graph: str = "",
    select: Sequence[str] = (),
    strict: bool = False,
    stream: int = 0,
    upright: bool = False,
    timeout: float = TIMEOUT,
) -> Iterator[Iterator[Frame]]:
    """Open a film of `width` × `height`; gives an iterator over its frames as they are decoded.

    `pixels` is gray, rgb24, rgba or yuv420p, `stream` the film in the file that is read, unless a
    filter `graph` says what is. It is opened as `opening` says; `decode` goes in front of
    `-i` and `select` behind it;
    `strict` fails on the first flaw in the file instead of patching it up; with `upright` frames
    are turned as the file says. The process ends with the context. Raises
    `PermanentError("ffmpeg_failed")`, `TransientError("ffmpeg_killed", "ffmpeg_crashed",
    "ffmpeg_timeout")`.
    """
    arguments = (
        *(("-xerror", "-err_detect", "explode") if strict else ()),
        *decode,
        *(*(() if upright else ("-noautorotate",)), *opening(path, demuxer)),
        *(("-filter_complex", graph) if graph else ("-map", f"0:v:{stream}")),
        *select,
        *("-fps_mode", "passthrough"),
        *("-f", "rawvideo", "-pix_fmt", pixels, "pipe:1"),
    )
    with _process(arguments, timeout) as (output, _):
        yield _frames(output, shape(pixels, width, height))


def _frames(stream: IO[bytes], of: tuple[int, int, int]) -> Iterator[Frame]:
    size = of[0] * of[1] * of[2]
    while True:
        frame = np.empty(size, np.uint8)
        if stream.readinto(frame.data) < size:  # type: ignore[attr-defined]
            return
        yield frame.reshape(of)


@contextmanager
def write_frames(
    path: Path,
    width: int,
    height: int,
    fps: Fraction,
    encode: Sequence[str],
    *,
    pixels: str = "rgba",
    timeout: float = TIMEOUT,
) -> Iterator[Callable[[Frame], None]]:
    """Start an encoder of `path` with the options `encode`; gives the function that feeds it.

    Every frame has the `shape` of its `pixels`. The file is complete when the context ends; if it
    ends with an exception, or the encoder fails, there is no file. Raises as `read_frames` does.
    """
    arguments = (
        *("-f", "rawvideo", "-pix_fmt", pixels, "-video_size", f"{width}x{height}"),
        *("-framerate", str(fps), "-i", "pipe:0", "-an", *encode, "-y", url(path)),
    )
    expected = shape(pixels, width, height)

    def write(frame: Frame) -> None:
        if frame.shape != expected:
            raise ValueError(f"a frame of shape {frame.shape} for an encoder of {expected}")
        try:
            stdin.write(np.ascontiguousarray(frame).data)
        except BrokenPipeError:
            raise failure() from None

    try:
        with _process(arguments, timeout, feed=True) as (stdin, failure):
            yield write
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def url(path: Path) -> str:
    """`path` as ffmpeg takes it literally, whatever characters are in it."""
    return f"file:{path.absolute()}"


@contextmanager
def _process(
    arguments: Sequence[str],
    timeout: float,
    *,
    feed: bool = False,
    caps: Caps | None = None,
    log: IO[bytes] | None = None,
) -> Iterator[tuple[IO[bytes], Callable[[], StepError]]]:
    """Run ffmpeg for the length of the context, which waits for it, or kills it on any failure.

    Gives its standard input with `feed`, else its standard output, and a function that waits for
    it to die and tells why. What it complains of goes to a file, since a full pipe that nobody
    reads would stop it: to `log`, together with what it tells besides, if there is one.
    """
    expired = Event()
    command = (binary(), *(TELLING if log else QUIET), *arguments)
    with nullcontext(log) if log else tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            caps.around(command) if caps else command,
            stdin=subprocess.PIPE if feed else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if feed else subprocess.PIPE,
            stderr=errors,
            pipesize=PIPE_BYTES,
        )

        def stop() -> None:
            expired.set()
            process.kill()

        def failure() -> StepError:
            status = process.wait()
            errors.seek(0)
            said = errors.read()[-2000:].decode(errors="replace").strip()
            if NO_SPACE in said:
                return PermanentError(StorageFull.code, StorageFull().message)
            if expired.is_set():
                return TransientError("ffmpeg_timeout", f"ffmpeg took longer than {timeout:.0f} s")
            if status in CRASHES:
                return TransientError("ffmpeg_crashed", f"ffmpeg crashed by signal {-status}")
            if status < 0:
                return TransientError("ffmpeg_killed", f"ffmpeg died of signal {-status}. {said}")
            return PermanentError("ffmpeg_failed", f"ffmpeg failed with status {status}: {said}")

        stream = cast(IO[bytes], process.stdin if feed else process.stdout)
        timer = Timer(timeout, stop)
        timer.daemon = True
        timer.start()
        try:
            yield stream, failure
            # If it no longer listens, its status says whether that is a failure.
            with suppress(BrokenPipeError):
                stream.close()
            if process.wait():
                raise failure()
        finally:
            timer.cancel()
            process.kill()
            process.wait()
            with suppress(BrokenPipeError):
                stream.close()


@cache
def require_colour_filters() -> None:
    """Check once per process that films in HDR and wide colours can be converted to sRGB.

    Raises `PermanentError("colour_filters_missing")`, which says what to do.
    """
    lines = run(("-filters",), timeout=60).decode(errors="replace").splitlines()
    missing = COLOUR_FILTERS - {name for line in lines for name in line.split()[1:2]}
    if missing:
        raise PermanentError(
            "colour_filters_missing",
            f"The ffmpeg of this installation has no filter {' or '.join(sorted(missing))}, without"
            " which films in HDR or wide colours cannot be converted. Send such a film as SDR"
            " (BT.709), or install imageio-ffmpeg>=0.8.1 and unset IMAGEIO_FFMPEG_EXE.",
        )


@cache
def require_hevc_alpha() -> None:
    """Prove once per process that HEVC with alpha works, by encoding and decoding a tiny film.

    The list of pixel formats proves nothing: many builds accept yuva420p and drop the alpha.
    Raises `PermanentError("hevc_alpha_unsupported")`, which says what to install.
    """
    width, height = 64, 64
    frame = np.full((height, width, 4), 255, np.uint8)
    frame[:, : width // 2, 3] = 0
    encode = HEVC.options(Quality.DRAFT)
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "probe.mov"
            with write_frames(path, width, height, Fraction(24), encode, timeout=60) as write:
                write(frame)
                write(frame)
            with read_frames(path, width, height, pixels="rgba", timeout=60) as frames:
                alphas = [decoded[..., 3] for decoded in frames]
        works = len(alphas) == 2 and all(
            a[:, 0].max() < 16 and a[:, -1].min() > 239 for a in alphas
        )
        reason = "the alpha was lost"
    except (StepError, OSError) as error:
        works, reason = False, str(error)
    if not works:
        raise PermanentError(
            "hevc_alpha_unsupported",
            f"{binary()} cannot write HEVC with alpha ({reason}). Install imageio-ffmpeg>=0.8.1,"
            " whose ffmpeg is built with an x265 that can, and unset IMAGEIO_FFMPEG_EXE.",
        )
