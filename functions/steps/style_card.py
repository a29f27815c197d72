"""Extract a character's style card from its references, or from its first accepted picture."""

import logging
from functools import partial

from functions.steps import looking
from shared.character import card as cards
from shared.errors import PermanentError
from shared.media.cutout import cut_out
from shared.media.stills import MEASURED_SIDE, load
from shared.media.style import measure
from shared.model.asset import AssetType
from shared.model.style import Measurement
from shared.providers.base import Later
from shared.services import guides
from shared.services.steps import Made, Source, StepContext, StepResult

log = logging.getLogger("shared.steps")


def run(context: StepContext) -> StepResult:
    collection, guide = context.character()
    references = collection.reference_asset_ids
    if (guide and guide.card_for(references)) or context.job.needs_review:
        return Made()
    pictures = _pictures(context)
    if context.step.needs and references:  # they came while the picture was drawn without them
        return Made()
    shown = [(source, measured) for source in pictures if (measured := _measured(context, source))]
    if not shown:
        return Made()
    seen = looking.ask(context, lambda eyes: eyes.describe([source.path for source, _ in shown]))
    if isinstance(seen, Later):
        return seen
    card = cards.make(
        [measured for _, measured in shown],
        source="picture" if context.step.needs else "references",
        reference_asset_ids=references,
        pose=context.job.request.get("image_prompt", "") if context.step.needs else "",
        features=seen.features if seen else (),
        shading=seen.shading if seen else "",
        summary=seen.summary if seen else "",
    )
    learned = partial(
        guides.extracted, context.ports, context.job.workspace_id, collection.id, card
    )
    return Made(learned=learned, cost_usd=seen.cost_usd if seen else 0.0)


def _pictures(context: StepContext) -> list[Source]:
    found = [context.asset(asset_id) for asset_id in context.step.inputs.values()]
    return [source for source in found if source]


def _measured(context: StepContext, source: Source) -> Measurement | None:
    """What a picture measures; None when there is no figure to be found in it."""
    path = source.path
    try:
        if source.type is not AssetType.TRANSPARENT_IMAGE:
            path = context.folder / f"cut-{source.asset_id}.png"
            cut_out(source.path, path, None, context.settings.weights, MEASURED_SIDE)
        return measure(load(path, "RGBA", MEASURED_SIDE))
    except PermanentError as error:
        log.warning("a picture for the style card cannot be measured: %s", error.message)
        return None
