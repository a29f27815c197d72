"""Remove the background of a still."""

import numpy as np

from shared.media.compact import write_webp
from shared.media.cutout import cut_out
from shared.media.stance import stance
from shared.media.stills import open_image
from shared.media.verify import verify_still
from shared.model.asset import Provenance
from shared.services.steps import Made, MadeFile, StepContext


def run(context: StepContext) -> Made:
    (key,) = context.step.files
    image = context.source("image")
    target = context.target(key)
    background = image.metadata.get("background")
    report = cut_out(
        image.path, target, tuple(background) if background else None, context.settings.weights
    )
    figure = open_image(target)
    write_webp(figure, target.with_suffix(".webp"))
    checked = verify_still(target, alpha=True)
    # It is the same picture: a film of it is still of the same scene, by the same artist.
    provenance = image.provenance or Provenance(provider="mascotry", model="upload")
    return Made(
        {
            key: MadeFile(
                path=target,
                width=checked.width,
                height=checked.height,
                provenance=provenance,
                stance=stance(np.asarray(figure), image.footing),
                metadata={
                    **image.metadata,
                    "cutout": report.as_dict(),
                    "verification": checked.as_dict(),
                },
            )
        }
    )
