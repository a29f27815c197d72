"""Turn a finished film round: the way back of a transition."""

from typing import Any

from shared.media.master import reverse
from shared.media.probe import probe_film
from shared.media.verify import verify_film
from shared.model.asset import Provenance
from shared.services.steps import Made, MadeFile, StepContext

WRITING = 0.9
"""The share of the work that is reversing; the rest is verification."""


def run(context: StepContext) -> Made:
    (key,) = context.step.makes
    video = context.source("video")
    film = probe_film(video.path)
    target = context.target(key)
    reverse(video.path, target, lambda share: context.progress(share * WRITING))
    checked = verify_film(
        target, None, (film.width, film.height), film.frames, float(film.fps), alpha_expected=False
    )
    provenance = Provenance(
        provider="mascotry",
        model="reverse",
        seed=video.provenance.seed if video.provenance else None,
        parameters={"video": video.asset_id},
    )
    return Made(
        {
            key: MadeFile(
                path=target,
                width=checked.width,
                height=checked.height,
                duration=film.duration,
                frames=checked.frames,
                fps=checked.fps,
                provenance=provenance,
                metadata={
                    **_turned(dict(video.metadata)),
                    "verification": checked.as_dict(),
                },
            )
        }
    )


def _turned(metadata: dict[str, Any]) -> dict[str, Any]:
    """What was known of the film, of the film the other way round."""
    ends = metadata.get("ends")
    if ends:
        metadata["ends"] = {**ends, "first": ends["last"], "last": ends["first"]}
        metadata["ends"].pop("before", None)
    return metadata
