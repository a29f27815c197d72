"""Frames to a film: H.264 in MP4, written as the frames come."""

import subprocess
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from threading import Timer
from typing import IO, cast

import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe
from numpy.typing import NDArray

from shared.errors import TransientError
from shared.media.formats import SPACE, TAGS
from shared.providers.base import Progress

CRF = 15
"""Fine enough that a keyer sees a flat background."""

SCALE = "bicubic+accurate_rnd+full_chroma_int"
"""The quick conversion is two levels off, and a key colour should be what it says."""


def encode(
    frames: Iterable[NDArray[np.uint8]],
    path: Path,
    *,
    size: int,
    fps: int,
    count: int,
    timeout: float,
    progress: Progress,
) -> None:
    """Write `count` RGB frames (size, size, 3) to `path`; whatever goes wrong, no process stays.

    One frame is in memory at a time. `timeout` is in seconds and bounds the whole film.
    """
    with tempfile.TemporaryFile() as log:
        encoder = subprocess.Popen(
            _command(path, size, fps), stdin=subprocess.PIPE, stdout=log, stderr=log
        )
        timer = Timer(timeout, encoder.kill)
        timer.daemon = True
        timer.start()
        pipe = cast(IO[bytes], encoder.stdin)
        try:
            try:
                for index, frame in enumerate(frames):
                    pipe.write(np.ascontiguousarray(frame).data)
                    progress((index + 1) / (count + 1))
                pipe.close()
            except BrokenPipeError:
                encoder.wait()
            _check(encoder.wait(), log)
            progress(1.0)
        except BaseException:
            encoder.kill()
            encoder.wait()
            path.unlink(missing_ok=True)
            raise
        finally:
            timer.cancel()
            with suppress(BrokenPipeError):
                pipe.close()


def _check(code: int, log: IO[bytes]) -> None:
    if code != 0:
        log.seek(0)
        words = log.read().decode(errors="replace").strip()[-400:]
        raise TransientError("film_failed", f"the encoder stopped: {words}")


def _command(path: Path, size: int, fps: int) -> list[str]:
    source = f"-f rawvideo -pix_fmt rgb24 -s {size}x{size} -r {fps} -i -"
    # The matrix is asked for in the conversion too: tags alone would only rename the colours.
    convert = f"-vf {SPACE},scale=out_color_matrix=bt709:out_range=tv:flags={SCALE},format=yuv420p"
    tags = f"{' '.join(TAGS)} -color_range tv"
    codec = f"-an -c:v libx264 -preset veryfast -tune animation -crf {CRF} -movflags +faststart"
    words = f"-hide_banner -loglevel error -y {source} {convert} {codec} {tags}".split()
    return [get_ffmpeg_exe(), *words, str(path)]
