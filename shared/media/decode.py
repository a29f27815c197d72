"""Reading our own films back, in whatever format they are."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

from shared.media import ffmpeg
from shared.media.ffmpeg import Frame
from shared.media.formats import Format, Layout
from shared.media.probe import Probe, probe_film


def probe(path: Path, format_: Format) -> Probe:
    """What is in a film of a format; raises as `probe_film` does."""
    return probe_film(path, stream=format_.stream, demuxer=format_.demuxer)


@contextmanager
def read(
    path: Path, format_: Format, film: Probe, size: tuple[int, int], frames: int, fps: float
) -> Iterator[Iterator[Frame]]:
    """Open a film of so many `frames` at so many in a second, whose pictures are (width, height);
    gives its frames as RGBA, laid out as the format does. `film` is what was found in the file.

    Raises as `ffmpeg.read_frames` does, also on the first flaw.
    """
    grid = format_.layout is Layout.GRID
    rate = Fraction(fps).limit_denominator(1001)
    columns, rows = (film.width // size[0], film.height // size[1]) if grid else (1, 1)
    with ffmpeg.read_frames(
        path,
        *format_.frame_size(*size),
        pixels="rgba",
        demuxer=format_.demuxer,
        decode=format_.decode,
        graph=format_.graph.format(columns=columns, rows=rows, fps=rate),
        select=("-frames:v", str(frames)) if grid else (),
        strict=True,
    ) as found:
        yield found
