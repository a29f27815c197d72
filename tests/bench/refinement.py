"""Train the network that refines what the keyer makes of single pixels, anew.

python -m tests.bench.refinement [PUPILS]

Films characters of our artist that no bench has, keys them, and learns what is still wrong. It
writes shared/media/key/refinement.npz, after saying how far alpha was off before and after on films
that it did not learn from.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.media import Rgb
from shared.media.figure import MEASURED_FRAMES
from shared.media.key import FilmKeyer, Frame, choose_key, measure_ground
from shared.media.key import refinement as network
from shared.media.key.choice import distance
from shared.media.key.colour import Floats
from shared.media.key.refinement import INPUTS, SLOPE, Surroundings, features
from shared.providers.offline.raster import composite
from tests.bench.keyer import cut_from, encode, raw
from tests.bench.keyer_cast import SIZE, drawn, key_of_still
from tests.bench.refinement_cast import Pupil, pupil

TARGET = Path(network.__file__).with_suffix(".npz")
PUPILS = 500
SEEN = (1, 4, 7)
"""The frames of a film that are learned from."""
SHARE = 2
"""Every so manieth unknown pixel counts."""
HELD_OUT = 10
"""Every so manieth film is not learned from."""
HOPELESS = 1.0
"""Films off by more, of 255, outside of what is unknown, teach nothing: glass was not found."""
APART = 30.0
"""How far, at least, a key is from what is worn."""

HIDDEN = (32, 16)
EPOCHS, BATCH, RATE, WARM = 12, 2048, 2e-3, 300
EXACT = 0.01
"""Errors below it count by their square, above it as they are."""

Halves = NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class Lesson:
    """Of some pixels, what the network sees (N, 48), and alpha as it is (N,) and as the keyer had
    it (N,)."""

    inputs: Halves
    true: Floats
    found: Floats

    @classmethod
    def joined(cls, lessons: Sequence["Lesson"]) -> "Lesson":
        return cls(
            np.concatenate([one.inputs for one in lessons]),
            np.concatenate([one.true for one in lessons]),
            np.concatenate([one.found for one in lessons]),
        )


def lesson(number: int) -> Lesson | None:
    """What there is to learn from a film; None if its key is worn, or its glass was not found."""
    cv2.setNumThreads(1)
    one = pupil(number)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wardrobe = cut_from(
            lambda: drawn(one.model, one.pose, 0.0, 2 * SIZE), key_of_still(one.model), folder
        )
        key = one.key or choose_key(wardrobe)
        worn = [*wardrobe.colours, *wardrobe.small]
        if not worn or distance(key, worn) < APART:
            return None
        true = list(one.frames())
        frames = filmed(one, true, key, folder / "film.mp4")
    lessons: list[Lesson] = []
    off = 0.0

    def collect(seen: Surroundings) -> Floats:
        nonlocal off
        found = seen.alone
        if showing in SEEN:
            alpha = np.asarray(true[showing][..., 3][seen.box] / 255, np.float32)
            apart = np.abs(alpha - seen.alpha)
            apart.reshape(-1)[seen.unknown] = 0
            off += 255 * float(apart.sum()) / SIZE**2 / len(SEEN)
            some = np.s_[number % SHARE :: SHARE]
            inputs = features(seen)[:, some].T.astype(np.float16)
            lessons.append(Lesson(inputs, alpha.reshape(-1).take(seen.unknown)[some], found[some]))
        return found

    keyer = FilmKeyer(measure_ground(frames[:MEASURED_FRAMES])[1], wardrobe, collect)
    for showing in (0, *SEEN):
        keyer.matte(frames[showing])
    return Lesson.joined(lessons) if lessons and off < HOPELESS else None


def filmed(one: Pupil, true: Sequence[Frame], key: Rgb, path: Path) -> list[Frame]:
    """The raw frames of a film of it."""
    dice = np.random.default_rng(one.crf)

    def shown(picture: Frame) -> Frame:
        on = composite(picture, key)
        if one.grain:
            on = np.clip(on + dice.normal(0, one.grain, on.shape), 0, 255).astype(np.uint8)
        return on

    encode(path, map(shown, true), SIZE, one.crf)
    return raw(path, SIZE)


class Network:
    """Layers with leaky rectifiers between, whose one output is added to alpha."""

    def __init__(self, inputs: Halves) -> None:
        dice = np.random.default_rng(0)
        some = inputs[::17].astype(np.float32)
        self._mean, self._spread = some.mean(axis=0), some.std(axis=0) + 1e-3
        sizes = (INPUTS, *HIDDEN, 1)
        self.weights: list[Floats] = []
        for begin, end in pairwise(sizes):
            drawn = dice.standard_normal((begin, end)) * np.sqrt(2 / begin)
            self.weights.append((drawn * (0.1 if end == 1 else 1)).astype(np.float32))
        self.biases = [np.zeros(size, np.float32) for size in sizes[1:]]

    def forward(self, inputs: Halves) -> list[Floats]:
        """Every layer's values, the inputs first and what is added to alpha last."""
        values: list[Floats] = [(inputs.astype(np.float32) - self._mean) / self._spread]
        for number, (weights, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            value = values[-1] @ weights + bias
            last = number == len(self.weights) - 1
            values.append(value if last else np.maximum(value, SLOPE * value))
        return values

    def slopes(self, values: list[Floats], wrong: Floats) -> list[Floats]:
        """How the error `wrong` (N,) changes with the weights and, after them, the biases."""
        slopes: list[Floats] = []
        biases: list[Floats] = []
        back = wrong[:, None] / np.float32(len(wrong))
        for number in reversed(range(len(self.weights))):
            slopes.insert(0, values[number].T @ back)
            biases.insert(0, back.sum(axis=0))
            if number:
                steep = np.where(values[number] > 0, np.float32(1), np.float32(SLOPE))
                back = back @ self.weights[number].T * steep
        return [*slopes, *biases]

    def save(self, path: Path) -> None:
        """As `refinement` reads it: inputs need no more to be made alike."""
        first = self.weights[0] / self._spread[:, None]
        weights = [first, *self.weights[1:]]
        biases = [self.biases[0] - self._mean @ first, *self.biases[1:]]
        layers = {f"weights_{n}": w.T.astype(np.float16) for n, w in enumerate(weights)}
        layers |= {f"bias_{n}": b[:, None].astype(np.float16) for n, b in enumerate(biases)}
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, **layers)


def train(known: Lesson) -> Network:
    """The network with the least mean absolute error, by Adam (Kingma and Ba 2015)."""
    found, dice = Network(known.inputs), np.random.default_rng(0)
    parameters = [*found.weights, *found.biases]
    first, second = ([np.zeros_like(one) for one in parameters] for _ in range(2))
    steps = EPOCHS * (len(known.true) // BATCH)
    for step in range(1, steps + 1):
        batch = dice.integers(len(known.true), size=BATCH)
        values = found.forward(known.inputs[batch])
        true, alpha = known.true[batch], known.found[batch] + values[-1][:, 0]
        wrong = alpha - true
        wrong[((alpha > 1) & (true >= 1)) | ((alpha < 0) & (true <= 0))] = 0
        rate = RATE * min(1, step / WARM) * (1 + np.cos(np.pi * step / steps)) / 2
        slopes = found.slopes(values, np.clip(wrong / EXACT, -1, 1))
        for one, slope, mean, square in zip(parameters, slopes, first, second, strict=True):
            mean += 0.1 * (slope - mean)
            square += 0.001 * (slope * slope - square)
            root = np.sqrt(square / (1 - 0.999**step))
            one -= rate * mean / (1 - 0.9**step) / (root + 1e-8)
    return found


def error(known: Lesson, refine: Callable[[Halves], Floats] | None = None) -> float:
    """The mean absolute error of alpha where it is not sure, of 255."""
    found = known.found if refine is None else np.clip(known.found + refine(known.inputs), 0, 1)
    return 255 * float(np.abs(found - known.true).mean())


def main() -> None:
    began = time.perf_counter()
    count = int(sys.argv[1]) if len(sys.argv) > 1 else PUPILS
    with ProcessPoolExecutor(2) as pool:
        every = list(pool.map(lesson, range(count)))
    good = [(number, one) for number, one in enumerate(every) if one is not None]
    known = Lesson.joined([one for number, one in good if number % HELD_OUT])
    unseen = Lesson.joined([one for number, one in good if number % HELD_OUT == 0])
    print(f"{len(good)} of {count} films, {len(known.true):,} pixels; learning")
    found = train(known)
    correction = partial(_correction, found)
    for name, some in (("learned from", known), ("not seen", unseen)):
        print(f"{name}: {error(some):.2f} before, {error(some, correction):.2f} after, of 255")
    found.save(TARGET)
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes, {time.perf_counter() - began:.0f} s")


def _correction(found: Network, inputs: Halves) -> Floats:
    return np.concatenate(
        [found.forward(part)[-1][:, 0] for part in np.array_split(inputs, len(inputs) // 65536 + 1)]
    )


if __name__ == "__main__":
    main()
