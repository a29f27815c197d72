"""A small check of a provider for real, which costs money: says how much, and asks first.

python -m infra.live --provider google [--video] [--yes]

One still and one description of it, and with --video one film of three seconds. The credentials
are those of the settings, as `docs/4-providers.md` lists them.
"""

import argparse
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from functions import composition
from shared.config import Settings, settings
from shared.errors import MascotryError, TransientError
from shared.media.cutout import cut_out
from shared.media.verify import verify_film, verify_still
from shared.providers.base import ImageRequest, Later, Refused, Scene, VideoRequest, Waiting
from shared.providers.pricing import is_priced, price
from shared.providers.square import longer

SCENE = Scene("A friendly orange fox mascot wearing a blue scarf", "standing and waving", "waving")
PROMPT = (
    f"Character: {SCENE.character}\nAction: {SCENE.action}\nThe whole figure is in the frame, "
    "centred, on a perfectly flat, plain background of one colour."
)
SECONDS = 3.0
SIZE, FPS = 512, 24
KEY = (0, 200, 70)
PATIENCE = 900.0
"""Seconds to wait for the film."""


class StoppedError(Exception):
    """Something that the person at the terminal should read."""


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that is tried, the model that does it and what it should cost in dollars."""

    what: str
    model: str
    cost: float | None


def main() -> int:
    parser = argparse.ArgumentParser(description="Try a provider for real. This costs money.")
    parser.add_argument("--provider", required=True, choices=("google", "openai", "fal"))
    parser.add_argument("--video", action="store_true", help="make a film, too")
    parser.add_argument("--yes", action="store_true", help="don't ask before spending money")
    parser.add_argument("--folder", type=Path, default=Path("out/live"))
    arguments = parser.parse_args()
    try:
        check(settings(), arguments.provider, arguments.folder, arguments.video, arguments.yes)
    except (StoppedError, MascotryError) as stopped:
        print(f"{arguments.provider}: {stopped}", file=sys.stderr)
        return 1
    return 0


def check(chosen: Settings, provider: str, folder: Path, video: bool, agreed: bool) -> None:
    """Say what it will cost, ask, and try each part; StoppedError says why not."""
    parts = planned(chosen, provider, video)
    if not parts:
        raise StoppedError(f"there is nothing to try; {available(provider)}.")
    for part in parts:
        cost = "at a price that we don't know" if part.cost is None else f"about ${part.cost:.2f}"
        print(f"{part.what} by {part.model}, {cost}")
    if not agreed and not _agreed():
        raise StoppedError("nothing was asked for, nothing was spent.")
    folder.mkdir(parents=True, exist_ok=True)
    for part in parts:
        started = time.monotonic()
        outcome = {"a still": _still, "a description": _description, "a film": _film}[part.what](
            provider, folder
        )
        print(f"{part.what}: {outcome} ({time.monotonic() - started:.0f} s)")


def planned(chosen: Settings, provider: str, video: bool) -> list[Part]:
    """What the provider can do of what is wanted, with today's models."""
    parts: list[Part] = []
    if provider in composition.IMAGE_PROVIDERS:
        model = chosen.google_image_model if provider == "google" else chosen.openai_image_model
        parts.append(Part("a still", model, _cost(chosen, model, pictures=1)))
    if provider in composition.VISION_PROVIDERS:
        model = chosen.google_vision_model if provider == "google" else chosen.openai_vision_model
        parts.append(Part("a description", model, _cost(chosen, model, tokens=(3000, 1000))))
    if video and provider in composition.VIDEO_PROVIDERS:
        model, offered = _film_model(chosen, provider)
        parts.append(Part("a film", model, _cost(chosen, model, seconds=longer(SECONDS, offered))))
    return parts


def available(provider: str) -> str:
    films = provider in composition.VIDEO_PROVIDERS
    return f"{provider} makes films, so add --video" if films else f"{provider} does nothing"


def _film_model(chosen: Settings, provider: str) -> tuple[str, tuple[int, ...]]:
    if provider == "fal":
        return chosen.fal_video_model, chosen.fal_video_durations
    if chosen.google_project:
        return chosen.google_video_model, chosen.google_video_durations
    return chosen.google_omni_model, chosen.google_omni_durations


def _cost(
    chosen: Settings,
    model: str,
    *,
    pictures: int = 0,
    seconds: int = 0,
    tokens: tuple[int, int] = (0, 0),
) -> float | None:
    if not is_priced(model, chosen.provider_prices):
        return None
    each = price(model, chosen.provider_prices)
    return each.picture * pictures + each.second * seconds + each.tokens(*tokens)


def _agreed() -> bool:
    try:
        return input("Go on? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _still(provider: str, folder: Path) -> str:
    request = ImageRequest(prompt=PROMPT, scene=SCENE, seed=1)
    picture = composition.image_provider(provider).generate(request, folder, _quiet)
    if isinstance(picture, (Refused, Later)):
        raise StoppedError(_said(picture))
    seen = verify_still(picture.path, alpha=False)
    picture.path.replace(folder / "still.png")
    return f"{folder / 'still.png'}, {seen.width}×{seen.height}, ${picture.cost_usd:.3f}"


def _description(provider: str, folder: Path) -> str:
    seen = composition.vision_provider(provider).describe([folder / "still.png"])
    if isinstance(seen, (Refused, Later)):
        raise StoppedError(_said(seen))
    return f"{seen.name}, with {', '.join(seen.features)}, ${seen.cost_usd:.4f}"


def _film(provider: str, folder: Path) -> str:
    request = _film_request(folder)
    films = composition.video_provider(provider)
    film = films.submit(request, folder, _quiet)
    end = time.monotonic() + PATIENCE
    while isinstance(film, Waiting):
        if time.monotonic() > end:
            raise StoppedError(f"the film is not done yet; its operation is {film.operation}")
        time.sleep(film.delay)
        with suppress(TransientError):  # it is paid for by now, so it is asked after again
            film = films.poll(film.operation, request, folder, _quiet)
    if isinstance(film, (Refused, Later)):
        raise StoppedError(_said(film))
    frames = round(SECONDS * FPS)
    verify_film(film.path, None, (SIZE, SIZE), frames, FPS, alpha_expected=False)
    film.path.replace(folder / "film.mp4")
    return f"{folder / 'film.mp4'}, {frames} frames, ${film.cost_usd:.2f}"


def _film_request(folder: Path) -> VideoRequest:
    """A cut-out to move that costs nothing: the offline artist's."""
    request = ImageRequest(prompt=PROMPT, scene=SCENE, seed=1)
    drawn = composition.image_provider("offline").generate(request, folder, _quiet)
    if isinstance(drawn, (Refused, Later)):
        raise StoppedError(_said(drawn))
    still = folder / "cut-out.png"
    cut_out(drawn.path, still, drawn.background, settings().weights)
    return VideoRequest(
        prompt=f"{PROMPT}\nMotion: {SCENE.motion}. The camera does not move.",
        scene=SCENE,
        still=still,
        seed=1,
        duration=SECONDS,
        loop=True,
        background=KEY,
        size=SIZE,
        fps=FPS,
    )


def _said(outcome: Refused | Later) -> str:
    if isinstance(outcome, Refused):
        return f"refused: {outcome.reason}"
    return f"busy; nothing was started, try again in {outcome.delay:.0f} s"


def _quiet(share: float) -> None:
    """Nobody stops a check but the person at the terminal."""


if __name__ == "__main__":
    sys.exit(main())
