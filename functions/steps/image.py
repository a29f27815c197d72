"""Draw a still: a pose, a logo, or a change to one that is there."""

from functions import composition
from functions.steps import scenes
from shared.character.prompt import Brief, edit_prompt, logo_prompt, still_prompt
from shared.character.validation import Shows, applicable
from shared.media.verify import verify_still
from shared.model.asset import Provenance
from shared.model.collection import Collection
from shared.providers.base import Framing, ImageRequest, Later, Refused, Scene
from shared.services import guides
from shared.services.steps import Made, MadeFile, Source, StepContext, StepResult


def run(context: StepContext) -> StepResult:
    (key,) = context.step.files
    collection, guide = context.character()
    card = guide.card_for(collection.reference_asset_ids) if guide else None
    name = context.step.params["provider"] or context.settings.image_provider
    provider = composition.image_provider(name)
    edited = context.source("edited") if context.has_source("edited") else None
    referred = map(context.asset, collection.reference_asset_ids)
    references = [source for source in referred if source]  # others were deleted a moment ago
    request = ImageRequest(
        prompt=_prompt(context, guides.brief(collection, guide, checks=_checks(context))),
        scene=_scene(context, collection, edited),
        seed=scenes.seed(edited, collection.seed),
        size=context.step.params["size"],
        framing=Framing(context.step.params["framing"]),
        references=tuple(source.path for source in references),
        edited=edited.path if edited else None,
    )
    if not provider.repeatable:
        context.intend()
    picture = provider.generate(request, context.folder, context.progress)
    if isinstance(picture, (Refused, Later)):
        return picture
    checked = verify_still(picture.path, alpha=False)
    provenance = Provenance(
        provider=provider.name,
        model=picture.model,
        seed=request.seed,
        prompt=request.prompt,
        parameters={
            **picture.parameters,
            **scenes.remember(request.scene),
            "cost_usd": picture.cost_usd,
        },
        style_card_version=card.version if card else None,
        reference_asset_ids=tuple(source.asset_id for source in references),
    )
    background = list(picture.background) if picture.background else None
    footing = picture.footing.model_dump() if picture.footing else None
    return Made(
        {
            key: MadeFile(
                path=picture.path,
                width=checked.width,
                height=checked.height,
                provenance=provenance,
                metadata={**picture.metadata, "background": background, "footing": footing},
            )
        },
        cost_usd=picture.cost_usd,
    )


def _checks(context: StepContext) -> frozenset[str]:
    """The checks whose cautions matter: who changes a scarf on purpose need not be warned of it."""
    params = context.step.params
    return applicable(Shows.EDIT if params["instructions"] else Shows(params["framing"]))


def _prompt(context: StepContext, brief: Brief) -> str:
    params = context.step.params
    if params["instructions"]:
        return edit_prompt(brief, params["instructions"])
    compose = logo_prompt if params["framing"] == Framing.LOGO else still_prompt
    return compose(brief, params["action"])


def _scene(context: StepContext, collection: Collection, edited: Source | None) -> Scene:
    params = context.step.params
    if edited is None:
        return Scene(character=collection.prompt, action=params["action"])
    known = scenes.recall(edited) or Scene(character="", action="")
    return Scene(known.character, known.action, edits=(*known.edits, params["instructions"]))
