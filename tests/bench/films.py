"""What it takes to make every format of a film, in all its sizes, beside its encoders alone: the
seconds, the bytes, and the peak memory of a short film and of a long one.

python -m tests.bench.films [SECONDS]: the memory in megabytes, for a film of that length.
"""

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from itertools import chain, islice, repeat
from pathlib import Path
from typing import Final

import psutil

from shared.media import ffmpeg
from shared.media.encode import CONVERSION, TAGS, Report, arrange, scale, transcode
from shared.media.ffmpeg import Frame
from shared.media.formats import FORMATS, HEVC, WEBM, Format, Quality
from shared.media.verify import verify_film
from tests.bench import keyer
from tests.bench.keyer_cast import CAST, FPS, MOVES, SIZE, truth

SECONDS: Final = 4
LONG_SECONDS: Final = 60
SIZES: Final = (256, 128, 64)
LIMIT: Final = 600_000
SAMPLED_SECONDS: Final = 0.1
ROOT: Final = Path(__file__).parents[2]


def clip(folder: Path, seconds: int) -> keyer.Clip:
    """A film of the bench's first character, again and again until it is long enough."""
    model, move = CAST[0], MOVES[1]
    true = list(truth(model, move))
    film = keyer.shot(model, move, folder, true, keyer.QUALITIES[0])
    frames = list(keyer.decoded(film.path, SIZE))
    wanted = islice(chain.from_iterable(repeat(frames)), seconds * int(FPS))
    path = folder / f"{seconds}.mp4"
    keyer.encode(path, wanted, SIZE, keyer.QUALITIES[0])
    return film._replace(path=path)


def targets(folder: Path, format_: Format) -> dict[int | None, Path]:
    """Where each size of a format goes."""
    return {size: folder / f"{size}.{format_.extension}" for size in (None, *SIZES)}


def encoders_alone(folder: Path, frames: list[Frame], format_: Format) -> float:
    """The seconds for the same files out of frames that are there already, as they are stored."""
    sized = {
        size: [arrange(scale(one, (size or SIZE, size or SIZE)), format_.layout) for one in frames]
        for size in (None, *SIZES)
    }
    options = (
        *("-vf", CONVERSION + format_.pixels, *format_.options(Quality.STANDARD)),
        *("-pix_fmt", format_.pixels, *TAGS),
    )
    began = time.perf_counter()
    with ExitStack() as stack:
        writers = []
        for size, path in targets(folder, format_).items():
            shape = format_.frame_size(size or SIZE, size or SIZE)
            writer = ffmpeg.write_frames(path, *shape, Fraction(FPS), options)
            writers.append((sized[size], stack.enter_context(writer)))
        for number in range(len(frames)):
            for pictures, write in writers:
                write(pictures[number])
    return time.perf_counter() - began


def measure() -> dict[str, float]:
    """Seconds over all formats, `bytes_*` of the full sizes, and `mb_4` and `mb_60`."""
    found = {"ours_s": 0.0, "alone_s": 0.0, "verify_s": 0.0}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        film = clip(folder, SECONDS)
        frames = [frame for frame, _ in keyer.keyed(film)]
        for format_ in FORMATS.values():
            began = time.perf_counter()
            report = transcode(film.path, format_, targets(folder, format_), wardrobe=film.wardrobe)
            found["ours_s"] += time.perf_counter() - began
            found[f"bytes_{format_.name}"] = report.outputs[None].bytes
            found["verify_s"] += _verified(folder, format_, report)
            found["alone_s"] += encoders_alone(folder, frames, format_)
    found["ratio"] = found["ours_s"] / found["alone_s"]
    for seconds in (SECONDS, LONG_SECONDS):
        found[f"mb_{seconds}"] = _peak(seconds)
    return found


def _verified(folder: Path, format_: Format, report: Report) -> float:
    began = time.perf_counter()
    for size, path in targets(folder, format_).items():
        output = report.outputs[size]
        verify_film(
            path,
            format_,
            (output.width, output.height),
            report.frames,
            report.fps,
            samples=output.samples,
        )
    return time.perf_counter() - began


def _peak(seconds: int) -> float:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.films", str(seconds)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=3_600,
    )
    return float(done.stdout.split()[-1])


@contextmanager
def _watched() -> Iterator[list[float]]:
    """The megabytes that this process and its children take, sampled until the end."""
    me, ended, found = psutil.Process(), threading.Event(), [0.0]

    def watch() -> None:
        while not ended.wait(SAMPLED_SECONDS):
            total = 0
            for one in (me, *me.children(recursive=True)):
                try:
                    memory = one.memory_full_info()
                except psutil.Error:
                    continue  # it has just ended
                total += getattr(memory, "pss", memory.rss)
            found.append(total / 1e6)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield found
    finally:
        ended.set()
        watcher.join()


def memory(seconds: int) -> float:
    """The most that a step takes, of the two formats whose encoders take most."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        film = clip(folder, seconds)
        film.true.clear()
        with _watched() as found:
            for format_ in (WEBM, HEVC):
                transcode(film.path, format_, targets(folder, format_), wardrobe=film.wardrobe)
    return max(found)


if __name__ == "__main__":
    print(memory(int(sys.argv[1]) if len(sys.argv) > 1 else SECONDS))
