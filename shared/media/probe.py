"""What is in a film, learned from its packets without decoding them."""

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from shared.errors import PermanentError
from shared.media import ffmpeg

# Rates that containers with millisecond timestamps (Matroska) can only approximate.
USUAL_RATES = tuple(Fraction(n) for n in (12, 15, 20, 24, 25, 30, 48, 50, 60)) + tuple(
    Fraction(n * 1000, 1001) for n in (24, 30, 60)
)

UNEVEN = 0.5
"""How much longer than another a frame may be shown in a film that is called even."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A film's codec, its frames' size in pixels, their number and rate."""

    codec: str
    width: int
    height: int
    frames: int
    fps: Fraction
    even: bool = True
    """Whether the frames come at one rate; otherwise `fps` is the mean of it."""

    @property
    def duration(self) -> float:
        """In seconds."""
        return float(self.frames / self.fps)


def probe_film(path: Path, *, stream: int = 0, demuxer: str | None = None) -> Probe:
    """Read what is in the film `path`, in the first or another `stream` of it, opened as
    `ffmpeg.opening` says; raises `PermanentError("unreadable_film")` if there is none."""
    try:
        copy = ("-map", f"0:v:{stream}", "-c", "copy", "-f", "framecrc", "pipe:1")
        listing = ffmpeg.run((*ffmpeg.opening(path, demuxer), *copy), timeout=120).decode()
        return parse_packets(listing)
    except (PermanentError, LookupError, ValueError, ArithmeticError) as error:
        raise PermanentError("unreadable_film", f"{path.name} is not a film: {error}") from error


def parse_packets(listing: str) -> Probe:
    """What ffmpeg's `framecrc` format tells: `#key stream: value`, then a line for each packet with
    stream, dts, pts, duration, … Raises LookupError, ValueError or ArithmeticError if it tells
    nothing."""
    facts: dict[str, str] = {}
    stamps: list[int] = []
    last = 0
    for line in listing.splitlines():
        if line.startswith("#"):
            key, _, value = line[1:].partition(":")
            facts[key.split()[0]] = value.strip()
        else:
            fields = line.split(",")
            stamps.append(int(fields[2]))
            last = int(fields[3])
    tick = Fraction(facts["tb"])
    width, height = (int(side) for side in facts["dimensions"].split("x"))
    rate = _rate(stamps, last, tick)
    return Probe(facts["codec_id"], width, height, len(stamps), rate, _is_even(stamps))


def _rate(stamps: list[int], last: int, tick: Fraction) -> Fraction:
    """Frames per second: exact where the timestamps are, else the usual rate that they round."""
    gaps = len(stamps) - 1
    span = (max(stamps) - min(stamps) if gaps else last) * tick
    rate = max(gaps, 1) / span
    nearest = min(USUAL_RATES, key=lambda usual: abs(usual - rate))
    return nearest if abs(max(gaps, 1) / nearest - span) <= tick else rate.limit_denominator(1001)


def _is_even(stamps: list[int]) -> bool:
    """Whether all frames are shown for as long, but for what coarse timestamps round."""
    ordered = sorted(stamps)
    gaps = [after - before for before, after in pairwise(ordered)]
    return not gaps or max(gaps) - min(gaps) <= max(2, UNEVEN * min(gaps))
