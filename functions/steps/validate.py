"""Judge a drawn still against the character's card: accept it, or send it back."""

import logging
from functools import partial

from functions.steps import looking
from shared.character.validation import Shows, validate
from shared.errors import PermanentError
from shared.media.stance import anchor
from shared.media.stills import MEASURED_SIDE, load
from shared.media.style import background_residual, measure
from shared.model.job import JobType, Output, Retake, StepKind
from shared.model.stance import Anchor
from shared.model.style import Decision, Measurement, StyleCard, Verdict
from shared.providers.base import Later, Sighting
from shared.services import guides
from shared.services.steps import Accepted, SentBack, Source, StepContext, StepResult

log = logging.getLogger("shared.steps")

BLIND = Sighting(missing=(), added=())


def run(context: StepContext) -> StepResult:
    params = context.step.params
    collection, guide = context.character()
    card = guide.card_for(collection.reference_asset_ids) if guide else None
    shows = Shows(params["shows"])
    image, cutout = context.source("image"), context.source("cutout")
    frame = _frame(context)
    if params.get("imported"):
        outputs = _compared(context, card, image, cutout)
        if frame is None:
            return Accepted(outputs)
        ids = context.job.workspace_id, collection.id
        return Accepted(outputs, learned=partial(guides.anchored, context.ports, *ids, frame))
    measurement = _measured(image, cutout)
    sighting = _sighting(context, cutout, card) if shows is Shows.FIGURE else BLIND
    if isinstance(sighting, Later):
        return sighting
    verdict = validate(
        card,
        measurement,
        shows=shows,
        same_pose=card is not None and card.pose == params["action"],
        missing=sighting.missing,
        added=sighting.added,
    )
    learned = partial(
        guides.judged,
        context.ports,
        context.job.workspace_id,
        collection.id,
        verdict,
        asset_id=image.asset_id,
        measurement=measurement if shows is Shows.FIGURE else None,
        anchor=frame,
    )
    rejected = verdict.decision is Decision.REJECT
    if rejected and _may_try_again(context, collection.settings.max_retries):
        return SentBack(_retake(context, verdict), learned, sighting.cost_usd)
    outputs = {key: _judged(context, key, verdict) for key in context.step.makes}
    return Accepted(outputs, rejected, learned, sighting.cost_usd)


def _frame(context: StepContext) -> Anchor | None:
    """The frame of the character's poses, if this is the first of which there will be variants."""
    content = _draft(context, 1).content
    framed = context.job.type is not JobType.LOGO and any(
        step.kind is StepKind.RESIZE for step in context.job.steps.values()
    )
    return anchor(content.stance, content.width) if framed and content.stance else None


def _compared(
    context: StepContext, card: StyleCard | None, image: Source, cutout: Source
) -> dict[str, Output]:
    """A picture that we have not drawn, with its distances from the card as far as it has any. It
    is kept as it is, and teaches nothing: whoever brings it has chosen it."""
    try:
        verdict = validate(card, _measured(image, cutout), shows=Shows.FIGURE)
    except PermanentError as error:
        log.warning("an imported picture cannot be measured: %s", error.message)
        return {key: context.draft(key) for key in context.step.makes}
    return {key: _judged(context, key, verdict) for key in context.step.makes}


def _measured(image: Source, cutout: Source) -> Measurement:
    measurement = measure(load(cutout.path, "RGBA", MEASURED_SIDE))
    key = image.metadata.get("background")
    if not key:
        return measurement
    return measurement.with_(
        background=background_residual(load(image.path, "RGB", MEASURED_SIDE), tuple(key))
    )


def _sighting(context: StepContext, cutout: Source, card: StyleCard | None) -> Sighting | Later:
    if card is None or not card.features:
        return BLIND
    return looking.ask(context, lambda eyes: eyes.find(cutout.path, card.features)) or BLIND


def _may_try_again(context: StepContext, limit: int) -> bool:
    """Whether another take is allowed, and could be another picture: who has drawn the same one
    twice would draw it a third time."""
    retakes = context.step.retakes
    same = bool(retakes) and retakes[-1].sha256 == _draft(context, 0).content.sha256
    return len(retakes) < limit and not same


def _retake(context: StepContext, verdict: Verdict) -> Retake:
    return Retake(
        reasons=tuple(drift.text for drift in verdict.drifts),
        score=min(check.score for check in verdict.checks),
        sha256=_draft(context, 0).content.sha256,
    )


def _judged(context: StepContext, key: str, verdict: Verdict) -> Output:
    """A draft with what was found."""
    output = _draft(context, context.step.makes.index(key))
    return output.with_(
        metadata={**output.metadata, "consistency": verdict.model_dump(mode="json")}
    )


def _draft(context: StepContext, place: int) -> Output:
    """What is to be accepted: the still as it was drawn, then its cut-out."""
    return context.draft(context.step.makes[place])
