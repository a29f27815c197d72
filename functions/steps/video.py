"""Move the cut-out on a key colour that the character does not wear."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from functions import composition
from functions.steps import scenes
from shared.character.prompt import film_prompt
from shared.media.ends import meet
from shared.media.key import Frame, Wardrobe, choose_key, learn
from shared.media.seam import mend
from shared.media.stills import MEASURED_SIDE, load
from shared.media.verify import verify_film
from shared.model.asset import Provenance
from shared.providers.base import Film, Later, Refused, Rgb, VideoRequest, Waiting
from shared.services import guides
from shared.services.steps import Made, MadeFile, Source, StepContext, StepResult

FPS = 24


def run(context: StepContext) -> StepResult:
    params = context.step.params
    provider = composition.video_provider(params["provider"] or context.settings.video_provider)
    collection, guide = context.character()
    still = context.source("still")
    end = context.source("end_still") if _ends_elsewhere(context) else None
    wardrobe = learn([_cutout(source) for source in (still, end) if source])
    background = choose_key(wardrobe)
    request = VideoRequest(
        prompt=film_prompt(
            guides.brief(collection, guide, checks=()), params["motion"], loop=params["loop"]
        ),
        scene=scenes.recall(still, params["motion"]),
        still=still.path,
        seed=scenes.seed(still, collection.seed),
        duration=params["duration"],
        loop=params["loop"],
        background=background,
        size=params["size"],
        fps=FPS,
        end_still=end.path if end else None,
        end_scene=scenes.recall(end, params["motion"]) if end else None,
    )
    if context.step.operation is None:
        if not provider.repeatable:
            context.intend()
        film = provider.submit(request, context.folder, context.progress)
    else:
        film = provider.poll(context.step.operation, request, context.folder, context.progress)
    if isinstance(film, (Refused, Waiting, Later)):
        return film
    film = mended(request, film, context.folder)
    return _made(context, request, film, provider.name, wardrobe)


def mended(request: VideoRequest, film: Film, folder: Path) -> Film:
    """The film with its seam or its ends mended where they show, and what was found of them."""
    found: dict[str, Any] = {}
    target = folder / "mended.mp4"
    if request.loop:
        found["seam"] = mend(film.path, target).as_dict()
    elif request.end_still:
        stills = (
            load(request.still, "RGBA", MEASURED_SIDE),
            load(request.end_still, "RGBA", MEASURED_SIDE),
        )
        found["ends"] = meet(film.path, target, stills).as_dict()
    path = target if target.exists() else film.path
    return replace(film, path=path, metadata={**film.metadata, **found})


def _made(
    context: StepContext, request: VideoRequest, film: Film, provider: str, wardrobe: Wardrobe
) -> Made:
    (key,) = context.step.makes
    frames = round(request.duration * request.fps)
    checked = verify_film(
        film.path, None, (request.size, request.size), frames, request.fps, alpha_expected=False
    )
    provenance = Provenance(
        provider=provider,
        model=film.model,
        seed=request.seed,
        prompt=request.prompt,
        parameters={
            **film.parameters,
            "cost_usd": film.cost_usd,
            "duration": request.duration,
            "loop": request.loop,
            "fps": request.fps,
        },
    )
    return Made(
        {
            key: MadeFile(
                path=film.path,
                width=checked.width,
                height=checked.height,
                duration=request.duration,
                frames=checked.frames,
                fps=request.fps,
                provenance=provenance,
                metadata={
                    **film.metadata,
                    "background": list(request.background),
                    "palette": [list(colour) for colour in wardrobe.colours],
                    "small": [list(colour) for colour in wardrobe.small],
                    "rim": [[list(colour), share] for colour, share in wardrobe.rim],
                    "glass": [asdict(pane) for pane in wardrobe.glass],
                    "verification": checked.as_dict(),
                },
            )
        }
    )


def _cutout(source: Source) -> tuple[Frame, Rgb | None]:
    """A still, and the key colour that it was cut out from."""
    behind = source.metadata.get("cutout", {}).get("background")
    return load(source.path, "RGBA", MEASURED_SIDE), tuple(behind) if behind else None


def _ends_elsewhere(context: StepContext) -> bool:
    """A loop's end frame is its own still, which is no second picture."""
    return context.has_source("end_still") and not context.step.params["loop"]
