"""Make the size variants of a cut-out."""

from shared.media.stills import resize
from shared.media.verify import verify_still
from shared.model.asset import Provenance
from shared.services.steps import Made, MadeFile, StepContext


def run(context: StepContext) -> Made:
    still = context.source("still")
    keys = {context.job.assets[key].size or 0: key for key in context.step.makes}
    targets = {size: context.target(key) for size, key in keys.items()}
    provenance = Provenance(provider="mascotry", model="lanczos-premultiplied")
    made: dict[str, MadeFile] = {}
    for size, dimensions in resize(still.path, targets).items():
        checked = verify_still(targets[size], alpha=True, size=dimensions)
        made[keys[size]] = MadeFile(
            path=targets[size],
            width=checked.width,
            height=checked.height,
            provenance=provenance,
            metadata={"verification": checked.as_dict()},
        )
    return Made(made)
