"""What it takes to make the formats of a film, in all their sizes, beside their encoders alone: the
seconds, the bytes, the alpha that is delivered, and the peak memory of a short film and a long one.

python -m tests.bench.films [SECONDS]: the memory in megabytes, for a film of that length.
"""

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from itertools import chain, cycle, islice, repeat
from pathlib import Path
from typing import Final

import numpy as np
import psutil

from shared.media import decode, ffmpeg
from shared.media.encode import Report, arrange, scale, transcode
from shared.media.ffmpeg import Frame
from shared.media.fidelity import seen
from shared.media.formats import FORMATS, Cells, Format, Layout, Quality
from shared.media.verify import verify_film
from shared.model.asset import USUAL_FORMATS
from tests.bench import keyer
from tests.bench.keyer_cast import CAST, FPS, MOVES, SIZE, truth

SECONDS: Final = 4
LONG_SECONDS: Final = 60
SIZES: Final = (256, 128, 64)
USUAL: Final = tuple(FORMATS[type_] for type_ in USUAL_FORMATS)
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


def targets(folder: Path, formats: Iterable[Format]) -> dict[Format, dict[int | None, Path]]:
    """Where each size of each format goes."""
    return {
        format_: {
            size: folder / f"{format_.name}-{size}.{format_.extension}" for size in (None, *SIZES)
        }
        for format_ in formats
    }


def encoders_alone(folder: Path, frames: list[Frame], formats: Iterable[Format]) -> float:
    """The seconds for the same files out of frames that are there already, as they are stored."""
    sized: dict[tuple[int, int, Layout], list[Frame]] = {}
    began_with: list[tuple[list[Frame], Path, Format, tuple[int, int, Cells]]] = []
    for format_, paths in targets(folder, formats).items():
        for size, path in paths.items():
            shape = format_.picture(SIZE, SIZE, size, len(frames))
            look = (*shape[:2], format_.layout)
            if look not in sized:
                sized[look] = [arrange(scale(one, shape[:2]), format_.layout) for one in frames]
            began_with.append((sized[look], path, format_, shape))
    began = time.perf_counter()
    with ExitStack() as stack:
        writers = []
        for pictures, path, format_, (width, height, cells) in began_with:
            options = format_.options(Quality.STANDARD, 0, cells)
            frame_size = format_.frame_size(width, height)
            writer = ffmpeg.write_frames(path, *frame_size, Fraction(FPS), options)
            writers.append((pictures, stack.enter_context(writer)))
        for number in range(len(frames)):
            for pictures, write in writers:
                write(pictures[number])
    return time.perf_counter() - began


def measure() -> dict[str, float]:
    """Of the usual formats, the seconds that they take together; of the others, `seconds_*` each;
    of all `bytes_*` of the full size and the `error_*` of its alpha against the truth; `mb_4` and
    `mb_60`."""
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        film = clip(folder, SECONDS)
        frames = [frame for frame, _ in keyer.keyed(film)]
        for formats in (
            USUAL,
            *((format_,) for format_ in FORMATS.values() if format_ not in USUAL),
        ):
            began = time.perf_counter()
            report = transcode(film.path, targets(folder, formats), wardrobe=film.wardrobe)
            seconds = time.perf_counter() - began
            for format_ in formats:
                found[f"bytes_{format_.name}"] = report.outputs[format_][None].bytes
                found[f"error_{format_.name}"] = _error(folder, film, format_, report)
            if formats == USUAL:
                found["verify_s"] = _verified(folder, formats, report)
                found["ours_s"] = seconds - found["verify_s"]
                found["alone_s"] = encoders_alone(folder, frames, formats)
            else:
                found[f"seconds_{formats[0].name}"] = seconds
    found["ratio"] = found["ours_s"] / found["alone_s"]
    for length in (SECONDS, LONG_SECONDS):
        found[f"mb_{length}"] = _peak(length)
    return found


def _error(folder: Path, film: keyer.Clip, format_: Format, report: Report) -> float:
    """The mean error of alpha in the full size, of 255. The film is its truth again and again."""
    output, path = report.outputs[format_][None], targets(folder, [format_])[format_][None]
    size = (output.width, output.height)
    probe = decode.probe(path, format_)
    errors = []
    with decode.read(path, format_, probe, size, report.frames, report.fps) as pictures:
        for picture, true in zip(pictures, cycle(film.true), strict=False):
            alpha = seen(picture, format_.layout).alpha.astype(int)
            errors.append(float(np.abs(alpha - scale(true, size)[..., 3]).mean()))
    return sum(errors) / len(errors)


def _verified(folder: Path, formats: Iterable[Format], report: Report) -> float:
    """The seconds of a verification, which `transcode` did too."""
    began = time.perf_counter()
    for format_, paths in targets(folder, formats).items():
        for size, path in paths.items():
            output = report.outputs[format_][size]
            shape = (output.width, output.height)
            verify_film(path, format_, shape, report.frames, report.fps)
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
    """The most that the step of the usual formats takes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        film = clip(folder, seconds)
        film.true.clear()
        with _watched() as found:
            transcode(film.path, targets(folder, USUAL), wardrobe=film.wardrobe)
    return max(found)


if __name__ == "__main__":
    print(memory(int(sys.argv[1]) if len(sys.argv) > 1 else SECONDS))
