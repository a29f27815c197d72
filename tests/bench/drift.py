"""How well drift is noticed: known changes against clean pictures in other poses.

A card is made from three clean pictures of a character (at rest and in two more poses, as a
collection has them after its first accepted images), then asked about pictures in poses that it has
not seen. The same once more with pictures unlike our artist's. Only the half of the cast that was
kept out of tuning is counted.

What this cannot show: our own artist draws every case, so characters, poses and drifts are those
that we thought of, each drift comes alone and is as large as we made it, and the cut-outs are
perfect. A generative model changes a little of everything, from picture to picture, in ways that
nobody listed. The looks that are unlike our artist's only disturb the same drawings. So the rates
compare one edition of the checks with the next; they do not say what happens with another artist's
pictures, for which the limits may be too narrow or too wide.

python -m tests.bench.drift [--tuning]
"""

import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

import cv2
import numpy as np

from shared.character import card as cards
from shared.character.validation import Shows, validate
from shared.media.style import measure as measured
from shared.model.style import Decision
from shared.providers.offline.pose import POSES
from shared.providers.offline.raster import Rgba
from tests.bench.drift_cast import Character, cast, posed
from tests.bench.drift_changes import CHANGES, drawn
from tests.bench.drift_looks import UNLIKE, plain

CHARACTERS = 100
"""Of each half; each brings one case of every kind and as many clean ones. With forty, a rate of a
kind would be sure to ±5 points only."""
REST = "idle"
CLEAN, SAME_POSE = "clean", "clean, same pose"


class Case(NamedTuple):
    """A picture to be judged: what was changed in it, whether it is in the card's pose."""

    kind: str
    same_pose: bool
    pixels: Rgba


class Outcome(NamedTuple):
    """What became of a case: which checks failed, and whether it was accepted."""

    character: int
    look: str
    kind: str
    flagged: bool
    failed: tuple[str, ...]
    scores: dict[str, float]
    seconds: float


def measure(*, held_out: bool = True, characters: int = CHARACTERS) -> dict[str, float]:
    """Rates (0 to 1) for our artist's pictures and, with `unlike_` in front, for the others:
    `detected`, `false_alarms`, `detected_{kind}`, `cases`, and `ms` of one core per picture."""
    return summarise(run(held_out=held_out, characters=characters))


def run(*, held_out: bool, characters: int) -> list[Outcome]:
    """Every case of the cast, on two cores."""
    with ProcessPoolExecutor(2) as pool:
        groups = pool.map(_trial, cast(characters, held_out=held_out))
        return [outcome for group in groups for outcome in group]


def summarise(outcomes: list[Outcome]) -> dict[str, float]:
    found: dict[str, float] = {
        "ms": 1000 * float(np.median([outcome.seconds for outcome in outcomes]))
    }
    for prefix, is_plain in (("", True), ("unlike_", False)):
        group = [o for o in outcomes if (o.look == plain.__name__) == is_plain]
        drifted = [o for o in group if o.kind in CHANGES]
        clean = [o for o in group if o.kind not in CHANGES]
        found[f"{prefix}cases"] = len(group)
        found[f"{prefix}detected"] = _rate(drifted)
        found[f"{prefix}false_alarms"] = _rate(clean)
        for kind in CHANGES:
            found[f"{prefix}detected_{kind}"] = _rate([o for o in drifted if o.kind == kind])
    return found


def _rate(outcomes: list[Outcome]) -> float:
    return sum(outcome.flagged for outcome in outcomes) / max(1, len(outcomes))


def _trial(character: Character) -> list[Outcome]:
    """All cases of one character, in our look and in another one."""
    cv2.setNumThreads(1)
    dice = character.dice
    first, *others = [REST, *dice.sample(sorted(set(POSES) - {REST}), 2)]
    references = [drawn(character, posed(name, dice)) for name in (first, *others)]
    cases = list(_cases(character, set(POSES) - {first, *others}))
    other = sorted(UNLIKE)[character.number % len(UNLIKE)]
    outcomes = []
    for name, look in ((plain.__name__, plain), (other, UNLIKE[other])):
        grain = np.random.default_rng(character.number)
        card = cards.make(
            [measured(look(pixels, grain)) for pixels in references], source="bench", pose=REST
        )
        for case in cases:
            pixels = look(case.pixels, grain)
            started = time.process_time()
            seen = measured(pixels)
            seconds = time.process_time() - started
            verdict = validate(card, seen, shows=Shows.FIGURE, same_pose=case.same_pose)
            failed = tuple(check.name for check in verdict.checks if not check.passed)
            flagged = verdict.decision is not Decision.ACCEPT
            scores = {check.name: check.score for check in verdict.checks}
            outcomes.append(
                Outcome(character.number, name, case.kind, flagged, failed, scores, seconds)
            )
    return outcomes


def _cases(character: Character, poses: set[str]) -> Iterator[Case]:
    """One case of each kind, and as many clean ones."""
    dice = character.dice
    for kind, change in CHANGES.items():
        same_pose = kind == "proportions"
        tries = [REST] if same_pose else dice.sample(sorted(poses), len(poses))
        for name in tries:
            pixels = change(character, posed(name, dice), dice)
            if pixels is not None:
                yield Case(kind, same_pose, pixels)
                break
    for name in dice.sample(sorted(poses), len(CHANGES) - 1):
        yield Case(CLEAN, False, drawn(character, posed(name, dice)))
    yield Case(SAME_POSE, True, drawn(character, posed(REST, dice)))


def main() -> None:
    held_out = "--tuning" not in sys.argv
    started = time.perf_counter()
    outcomes = run(held_out=held_out, characters=CHARACTERS)
    _print(summarise(outcomes))
    for is_clean in (True, False):
        failed = Counter(
            (o.look if o.look == plain.__name__ else "unlike", check)
            for o in outcomes
            for check in o.failed
            if (o.kind not in CHANGES) == is_clean
        )
        print("failed checks,", "clean:" if is_clean else "drifted:")
        for (look, check), count in sorted(failed.items()):
            print(f"  {look:8}{check:14}{count:4}")
    print(f"{time.perf_counter() - started:.0f} s")


def _print(found: dict[str, float]) -> None:
    """Our artist's pictures and those unlike them side by side."""
    print(f"{'':32}{'plain':>9}{'unlike':>9}")
    print(f"{'cases':32}{found['cases']:9.0f}{found['unlike_cases']:9.0f}")
    for name in ("false_alarms", "detected", *(f"detected_{kind}" for kind in CHANGES)):
        label = name.replace("_", " ", 1) if name.endswith("alarms") else name.replace("_", ": ")
        print(f"{label:32}{found[name]:9.1%}{found[f'unlike_{name}']:9.1%}")
    print(f"{'ms to measure a picture':32}{found['ms']:9.0f}")


if __name__ == "__main__":
    main()
