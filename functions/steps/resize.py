"""Make the size variants of a cut-out, in the frame that all poses of its character share."""

from shared.media.stance import draw
from shared.media.stills import resize
from shared.media.verify import verify_still
from shared.model.asset import Provenance
from shared.model.job import JobType
from shared.services.steps import Made, MadeFile, StepContext

PROVENANCE = Provenance(provider="mascotry", model="lanczos-premultiplied")


def run(context: StepContext) -> Made:
    still = context.source("still")
    keys = {context.job.assets[key].size or 0: key for key in context.step.makes}
    targets = {size: context.target(key) for size, key in keys.items()}
    if context.job.type is JobType.LOGO:  # which stands nowhere
        shapes = resize(still.path, targets)
        stances = {}
    else:
        _, guide = context.character()
        stances = draw(still.path, targets, guide.anchor if guide else None, still.footing)
        shapes = {size: (size, size) for size in stances}
    made: dict[str, MadeFile] = {}
    for size, shape in shapes.items():
        checked = verify_still(targets[size], alpha=True, size=shape)
        made[keys[size]] = MadeFile(
            path=targets[size],
            width=checked.width,
            height=checked.height,
            provenance=PROVENANCE,
            stance=stances.get(size),
            metadata={"verification": checked.as_dict()},
        )
    return Made(made)
