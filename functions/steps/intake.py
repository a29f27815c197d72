"""Take in what a client has made himself: an uploaded picture as it is, a film written anew."""

from typing import Any

from shared.media.verify import verify_film, verify_still
from shared.model.asset import AssetType, Provenance
from shared.providers.base import Later
from shared.services import uploads
from shared.services.steps import Made, MadeFile, StepContext, StepResult

ARRIVING = 5.0
"""Seconds between two looks for a film that is still being sent."""
PROVENANCE = Provenance(provider="upload", model="upload")


def run(context: StepContext) -> StepResult:
    (key,) = context.step.files
    if context.job.assets[key].type is AssetType.VIDEO:
        return _film(context, key)
    picture = context.source("upload")
    checked = verify_still(picture.path, alpha=False)
    metadata = {"verification": checked.as_dict()}
    made = MadeFile(picture.path, checked.width, checked.height, PROVENANCE, metadata=metadata)
    return Made({key: made})


def _film(context: StepContext, key: str) -> StepResult:
    from shared.media import foreign
    from shared.media.worn import colours_worn

    source = context.folder / "film"
    upload_id = context.step.inputs["upload"]
    if not uploads.fetch_film(context.ports, context.job.workspace_id, upload_id, source):
        return Later(ARRIVING)
    target = context.target(key)
    taken = foreign.take_in(source, target)
    film = taken.master
    checked = verify_film(
        target, None, (film.width, film.height), film.frames, float(film.fps), alpha_expected=False
    )
    metadata: dict[str, Any] = {
        "source": taken.as_dict(),
        "background": list(taken.background) if taken.background else None,
        "palette": [] if taken.alpha else [list(colour) for colour in colours_worn(target, film)],
        "verification": checked.as_dict(),
    }
    return Made(
        {
            key: MadeFile(
                path=target,
                width=film.width,
                height=film.height,
                duration=film.duration,
                frames=film.frames,
                fps=float(film.fps),
                provenance=PROVENANCE,
                metadata=metadata,
            )
        }
    )
