"""The keyer against the truth and against what people use today.

Eight characters in three motions, each encoded well and badly on the key colour that the project
chooses for it. Nobody is told the truth of any frame: our keyer learns the character's colours from
what our own cut-out step makes of the still, and measures the background in the film.

python -m tests.bench.keyer [--ours]
"""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from itertools import islice, pairwise
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from shared.media import Rgb, ffmpeg
from shared.media.cutout import cut_out
from shared.media.encode import transcode
from shared.media.ffmpeg import Frame
from shared.media.figure import MEASURED_FRAMES, PLANES
from shared.media.formats import HEVC, TAGS, WEBM
from shared.media.key import (
    FilmKeyer,
    Wardrobe,
    choose_key,
    estimate_background,
    learn,
    measure_ground,
)
from shared.media.master import DECODE_RGB
from shared.providers.offline.raster import Rgba, composite
from tests.bench import keyer_pictures as pictures
from tests.bench import keyer_rivals as rivals
from tests.bench.keyer_cast import (
    CAST,
    FPS,
    MOVES,
    SIZE,
    TUNING,
    Model,
    Move,
    key_of_still,
    still,
    truth,
)
from tests.bench.keyer_metrics import Sums, compare, flicker
from tests.bench.keyer_rivals import GRID, Filter

WEIGHTS = Path(".models")
QUALITIES = (18, 28)
TUNING_QUALITY = 23
EVERY = 8
"""The slow rivals see every eighth frame, and the frame after every fourth of those."""
OURS = "ours"
EXACT = "scale=out_color_matrix=bt709:out_range=tv:flags=bicubic+accurate_rnd+full_chroma_int"

Scores = dict[str, float]


class Clip(NamedTuple):
    """A film in a file, what is true of it, and the colours that the cut-out of its still has."""

    name: str
    path: Path
    true: list[Rgba]
    wardrobe: Wardrobe


@dataclass(slots=True)
class Outcome:
    """Scores by keyer on the frames that all see, ours over all frames, and ms per frame."""

    clip: str
    scores: dict[str, Scores] = field(default_factory=dict)
    whole: Scores = field(default_factory=dict)
    ms: dict[str, float] = field(default_factory=dict)

    def best(self, measure: str) -> float:
        """The best rival's score."""
        return min(s[measure] for name, s in self.scores.items() if name != OURS)


def shot(model: Model, move: Move, folder: Path, true: list[Rgba], crf: int) -> Clip:
    """Film a performance on the key colour that the project chooses for its cut-out."""
    wardrobe = cut_from(lambda: still(model, move), key_of_still(model), folder)
    path = folder / f"{crf}.mp4"
    encode(path, (composite(frame, choose_key(wardrobe)) for frame in true), true[0].shape[0], crf)
    return Clip(f"{model.name}, {move.name}, crf {crf}", path, true, wardrobe)


def cut_from(draw: Callable[[], Rgba], on: Rgb, folder: Path) -> Wardrobe:
    """What our cut-out step shows of a still that is drawn on a key; a folder has one, which is
    drawn once."""
    source, cut = folder / "still.png", folder / "cut.png"
    if not cut.exists():
        Image.fromarray(composite(draw(), on)).save(source)
        cut_out(source, cut, on, WEIGHTS)
    return learn([(np.asarray(Image.open(cut)), on)])


def encode(path: Path, frames: Iterable[Frame], size: int, crf: int) -> None:
    options = (
        *("-vf", f"{EXACT},format=yuv420p", "-c:v", "libx264", "-preset", "medium"),
        *("-crf", str(crf), *TAGS, "-color_range", "tv", "-threads", "1"),
    )
    with ffmpeg.write_frames(path, size, size, Fraction(FPS), options, pixels="rgb24") as write:
        for frame in frames:
            write(frame)


def decoded(path: Path, size: int) -> list[Frame]:
    with ffmpeg.read_frames(path, size, size, select=DECODE_RGB) as frames:
        return list(frames)


def raw(path: Path, size: int) -> list[Frame]:
    """A film's frames as the keyer gets them."""
    with ffmpeg.read_frames(
        path, size, size, pixels="yuv420p", select=("-vf", PLANES), strict=True
    ) as frames:
        return list(frames)


def keyed(clip: Clip, size: int = SIZE) -> Iterator[tuple[Rgba, float]]:
    """Our keyer as `transcode` runs it, with the seconds that each frame took."""
    frames = raw(clip.path, size)
    _, ground = measure_ground(frames[:MEASURED_FRAMES])
    keyer = FilmKeyer(ground, clip.wardrobe)
    for frame in frames:
        began = time.process_time()
        found = keyer.matte(frame)
        yield found, time.process_time() - began


@cache
def tuned(key: Rgb) -> tuple[Filter, ...]:
    """The numbers with which ffmpeg's keyers have the least error on another character, filmed on
    the same key colour."""
    errors = {keyer: 0.0 for keyers in GRID.values() for keyer in keyers}
    true = list(islice(truth(TUNING, MOVES[1]), 16))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tuning.mp4"
        encode(path, (composite(frame, key) for frame in true), SIZE, TUNING_QUALITY)
        seen = estimate_background(decoded(path, SIZE)[:4]).colour
        for keyer in errors:
            found, _ = rivals.filtered(path, SIZE, seen, keyer)
            pairs = zip(found[::EVERY], true[::EVERY], strict=True)
            errors[keyer] = sum(compare(f, t).alpha for f, t in pairs)
    return tuple(min(keyers, key=errors.__getitem__) for keyers in GRID.values())


def _trial(task: tuple[int, int, bool]) -> list[Outcome]:
    """One performance in both qualities."""
    cv2.setNumThreads(1)
    model, move, with_rivals = CAST[task[0]], MOVES[task[1]], task[2]
    true = list(truth(model, move))
    with tempfile.TemporaryDirectory() as folder:
        clips = (shot(model, move, Path(folder), true, crf) for crf in QUALITIES)
        return [_measured(clip, with_rivals) for clip in clips]


def _measured(clip: Clip, with_rivals: bool) -> Outcome:
    outcome = Outcome(clip.name)
    true = clip.true
    frames = list(range(0, len(true), EVERY))
    steps = [(k, k + 1) for k in frames[:: EVERY // 2]]
    seen = sorted({*frames, *(after for _, after in steps)})

    def score(name: str, found: dict[int, Rgba], ms: float) -> dict[int, Rgba]:
        sums = sum((compare(found[k], true[k]) for k in frames), Sums())
        for k, after in steps:
            sums += flicker((found[k], found[after]), (true[k], true[after]))
        outcome.scores[name], outcome.ms[name] = sums.scores(), ms
        return found

    all_ours, seconds = zip(*keyed(clip), strict=True)
    ours = dict(enumerate(all_ours))
    score(OURS, ours, 1000 * float(np.mean(seconds)))
    whole = sum((compare(f, t) for f, t in zip(all_ours, true, strict=True)), Sums())
    for k, after in pairwise(range(len(true))):
        whole += flicker((ours[k], ours[after]), (true[k], true[after]))
    outcome.whole = whole.scores()
    best = ours
    if with_rivals:
        sources = decoded(clip.path, SIZE)
        key = estimate_background(sources[:4]).colour
        tries: dict[str, dict[int, Rgba]] = {}
        for keyer in tuned(choose_key(clip.wardrobe)):
            planes, spent = rivals.filtered(clip.path, SIZE, key, keyer)
            ms = 1000 * spent / len(planes)
            tries[keyer.name] = score(keyer.name, dict(enumerate(planes)), ms)
        some = [sources[k] for k in seen]
        for name, results in (
            ("rembg u2netp", rivals.segmented(some, WEIGHTS)),
            ("pymatting closed form", rivals.matted(some, key)),
        ):
            each, times = zip(*results, strict=True)
            found = dict(zip(seen, each, strict=True))
            tries[name] = score(name, found, 1000 * float(np.median(times)))
        best = tries[min(tries, key=lambda name: outcome.scores[name]["alpha"])]
    worst = max(frames, key=lambda k: compare(ours[k], true[k]).alpha)
    label = f"{outcome.whole['alpha']:.2f} {clip.name}"
    pictures.write(label, decoded(clip.path, SIZE)[worst], true[worst], ours[worst], best[worst])
    return outcome


def run(*, with_rivals: bool) -> list[Outcome]:
    """Every clip, on two cores."""
    tasks = [(model, move, with_rivals) for model in range(len(CAST)) for move in range(len(MOVES))]
    with ProcessPoolExecutor(2) as pool:
        return [outcome for group in pool.map(_trial, tasks) for outcome in group]


def delivered() -> dict[str, float]:
    """The mean error of alpha in the files that are delivered, by format, over four clips."""
    found: dict[str, list[float]] = {WEBM.name: [], HEVC.name: []}
    for number in range(4):
        model, move = CAST[2 * number], MOVES[number % len(MOVES)]
        true = list(truth(model, move))
        with tempfile.TemporaryDirectory() as folder:
            clip = shot(model, move, Path(folder), true, QUALITIES[0])
            for format_ in (WEBM, HEVC):
                path = Path(folder) / f"film.{format_.extension}"
                transcode(clip.path, {format_: {None: path}}, wardrobe=clip.wardrobe)
                with ffmpeg.read_frames(
                    path, SIZE, SIZE, pixels="rgba", decode=format_.decode
                ) as frames:
                    pairs = zip(frames, true, strict=True)
                    sums = sum((compare(f, t) for f, t in pairs), Sums())
                found[format_.name].append(sums.scores()["alpha"])
    return {name: float(np.mean(errors)) for name, errors in found.items()}


def large() -> float:
    """The milliseconds of our keyer per frame of 1024²."""
    size = 2 * SIZE
    model, move = CAST[0], MOVES[1]
    true = [frame for frame, _ in zip(truth(model, move, size), range(16), strict=False)]
    with tempfile.TemporaryDirectory() as folder:
        clip = shot(model, move, Path(folder), true, QUALITIES[0])
        return 1000 * float(np.mean([seconds for _, seconds in keyed(clip, size)]))


def measure(*, with_rivals: bool = True) -> list[Outcome]:
    """Every clip's outcome; pictures of the worst frame of each are written."""
    os.environ.update(rivals.ONE_CORE)
    shutil.rmtree(pictures.FOLDER, ignore_errors=True)
    pictures.FOLDER.mkdir(parents=True)
    return run(with_rivals=with_rivals)


def summarise(outcomes: list[Outcome]) -> Scores:
    """Ours over all frames: `alpha`, `worst`, `holes`, `leaks`; `band_ratio`, `colour_ratio` and
    `flicker_ratio` to the best rival's mean; on what share of the clips its alpha is `beaten`, and
    the `lag` behind it where ours does worst; `ms` per frame."""
    rows = means(outcomes)
    ratios = {
        f"{m}_ratio": rows[OURS][m] / min(row[m] for name, row in rows.items() if name != OURS)
        for m in ("band", "colour", "flicker")
    }
    against = [o.scores[OURS]["alpha"] / o.best("alpha") for o in outcomes]
    errors = [o.whole["alpha"] for o in outcomes]
    return {
        "alpha": float(np.mean(errors)),
        "worst": max(errors),
        "holes": sum(o.whole["holes"] for o in outcomes),
        "leaks": sum(o.whole["leaks"] for o in outcomes),
        **ratios,
        "beaten": float(np.mean([ratio < 1 for ratio in against])),
        "lag": max(against),
        "ms": rows[OURS]["ms"],
    }


def means(outcomes: list[Outcome]) -> dict[str, Scores]:
    """By keyer, the mean of every score over the clips."""
    rows: dict[str, Scores] = {}
    for name in outcomes[0].scores:
        scores = [o.scores[name] for o in outcomes]
        rows[name] = {m: float(np.nanmean([s[m] for s in scores])) for m in scores[0]}
        rows[name]["ms"] = float(np.mean([o.ms[name] for o in outcomes]))
    return rows


def show(outcomes: list[Outcome]) -> None:
    """Means over the clips by keyer, then ours and the best rival's alpha clip by clip."""
    rows = means(outcomes)
    print(" " * 36 + "".join(f"{measure:>9}" for measure in rows[OURS]))
    for name, row in rows.items():
        print(f"{name:36}" + "".join(f"{value:9.2f}" for value in row.values()))
    print()
    for o in sorted(outcomes, key=lambda o: -o.whole["alpha"]):
        rival = f"{o.best('alpha'):9.2f}" if len(o.scores) > 1 else ""
        print(f"{o.clip:36}" + "".join(f"{value:9.2f}" for value in o.whole.values()) + rival)


def main() -> None:
    began = time.perf_counter()
    with_rivals = "--ours" not in sys.argv
    outcomes = measure(with_rivals=with_rivals)
    show(outcomes)
    if with_rivals:
        print(summarise(outcomes), delivered())
    print(f"1024²: {large():.1f} ms; {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
