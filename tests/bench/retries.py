"""What becomes of drift: many poses drawn by an artist who drifts on purpose, through every step.

Each character has three references. Of the pictures drawn from its prompts `DRIFTS` are changed in
one of the ways that the drift bench knows (all but proportions, which can be told within one pose
only). A caution that an earlier picture with the same change has led to is heeded with probability
`HEEDS`. Image, cut-out, style card and validation are the real steps, on the embedded stack.

python -m tests.bench.retries [characters] [poses of each]
"""

import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import cv2
from PIL import Image

from functions import composition
from functions.steps import cutout, image, style_card, validate
from shared.model.job import JobStatus, StepKind
from shared.providers.base import ImageRequest, Picture, Progress
from shared.providers.offline.character import colours
from shared.providers.offline.colour import choose_background
from shared.providers.offline.pose import POSES
from shared.providers.offline.raster import Rgba, composite
from shared.services import collections, uploads
from tests.bench.drift_cast import Character, cast, posed
from tests.bench.drift_changes import CHANGES, drawn
from tests.services.world import Tenant, World

DRIFTS, HEEDS = 0.3, 0.8
CHARACTERS, POSES_OF_EACH = 20, 50
REFERENCES = ("idle", "wave", "sit")
KINDS = sorted(set(CHANGES) - {"proportions"})
CAUTION = "Take care: "


@dataclass
class DriftingArtist:
    """Draws one character, not always as it should; `drifted` says how each picture came out."""

    character: Character
    dice: Random
    name = "offline"
    repeatable = True
    drifted: list[str | None] = field(default_factory=list)
    _warned_of: dict[str, set[str]] = field(default_factory=dict)
    """Caution → the changes that it came from."""

    def generate(self, request: ImageRequest, folder: Path, progress: Progress) -> Picture:
        kind, pixels = self._draw(request.scene.action, self._cautions(request.prompt))
        self.drifted.append(kind)
        path = folder / "still.png"
        background = choose_background(colours(self.character.sheet))
        cv2.imwrite(str(path), cv2.cvtColor(composite(pixels, background), cv2.COLOR_RGB2BGR))
        return Picture(path, model="drifting", background=background)

    def _draw(self, action: str, warned_of: set[str]) -> tuple[str | None, Rgba]:
        pose = posed(action, self.dice)
        if self.dice.random() < DRIFTS:
            for kind in self.dice.sample(KINDS, len(KINDS)):
                pixels = CHANGES[kind](self.character, pose, self.dice)
                if pixels is None:
                    continue  # it can't be seen in this pose
                if kind in warned_of and self.dice.random() < HEEDS:
                    break
                return kind, pixels
        return None, drawn(self.character, pose)

    def _cautions(self, prompt: str) -> set[str]:
        """The changes that the prompt warns of. A caution that was not there before came from the
        last picture that was changed."""
        last = next((kind for kind in reversed(self.drifted) if kind), None)
        found: set[str] = set()
        for line in prompt.splitlines():
            if line.startswith(CAUTION):
                found |= self._warned_of.setdefault(line, {last} if last else set())
        return found


@dataclass(frozen=True)
class Outcome:
    """A pose: how many pictures were drawn, how the last one came out, and whether it was kept only
    for people to look at."""

    images: int
    drifted: str | None
    needs_review: bool
    verdict: str


def measure(characters: int = CHARACTERS, poses: int = POSES_OF_EACH) -> dict[str, float]:
    """`poses`, `images` per pose, the share of `drifted` pictures among all that were drawn and
    that of the accepted ones (`accepted_drift`), and the share of `needs_review`."""
    outcomes = run(characters, poses)
    accepted = [outcome for outcome in outcomes if not outcome.needs_review]
    count = len(outcomes)
    return {
        "poses": count,
        "images": sum(outcome.images for outcome in outcomes) / count,
        "accepted_drift": sum(outcome.drifted is not None for outcome in accepted) / count,
        "accepted_drift_with_caution": sum(
            outcome.drifted is not None and outcome.verdict == "caution" for outcome in accepted
        )
        / count,
        "needs_review": 1 - len(accepted) / count,
        "clean_in_review": sum(o.needs_review and o.drifted is None for o in outcomes) / count,
    }


def run(characters: int, poses: int) -> list[Outcome]:
    """The outcomes for characters that were kept out of tuning, on two cores."""
    with ProcessPoolExecutor(2) as pool:
        chosen = cast(characters, held_out=True)
        groups = pool.map(_career, chosen, [poses] * characters)
        return [outcome for group in groups for outcome in group]


def _career(character: Character, poses: int) -> list[Outcome]:
    cv2.setNumThreads(1)
    dice = Random(character.number)
    artist = DriftingArtist(character, dice)
    composition.IMAGE_PROVIDERS = {"offline": lambda: artist}
    with tempfile.TemporaryDirectory(prefix="mascotry-bench-") as folder:
        world = World(Path(folder))
        world.codes |= {
            StepKind.IMAGE: image.run,
            StepKind.CUTOUT: cutout.run,
            StepKind.VALIDATE: validate.run,
            StepKind.STYLE_CARD: style_card.run,
        }
        tenant = world.tenant()
        for name in REFERENCES:
            path = Path(folder) / f"{name}.png"
            Image.fromarray(drawn(character, posed(name, dice))).save(path)
            asset = uploads.store(world.ports, tenant.who, path.read_bytes())
            collections.add_reference(world.ports, tenant.who, tenant.collection.id, asset.id)
        return [_pose(world, tenant, artist, dice) for _ in range(poses)]


def _pose(world: World, tenant: Tenant, artist: DriftingArtist, dice: Random) -> Outcome:
    before = len(artist.drifted)
    action = dice.choice(sorted(POSES))
    job = world.generate(tenant, {"type": "image", "image_prompt": action}).job
    world.drain()
    job = world.job(job)
    if job.status is not JobStatus.COMPLETED:
        raise RuntimeError(f"the job failed: {job.error}")
    verdict = job.steps["validate"].outputs["image"].metadata["consistency"]["decision"]
    return Outcome(len(artist.drifted) - before, artist.drifted[-1], job.needs_review, verdict)


def main() -> None:
    started = time.perf_counter()
    numbers = [int(given) for given in sys.argv[1:]]
    for name, value in measure(*numbers).items():
        print(f"{name:20} {value:10.4f}")
    print(f"{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
