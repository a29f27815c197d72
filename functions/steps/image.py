"""Draw a still: a pose, a logo, or a change to one that is there."""

from functions import composition
from functions.steps import scenes
from shared.character.prompt import edit_prompt, logo_prompt, still_prompt
from shared.media.verify import verify_still
from shared.model.asset import Provenance
from shared.model.collection import Collection
from shared.providers.base import Framing, ImageRequest, Later, Refused, Scene
from shared.services.steps import Made, MadeFile, Source, StepContext, StepResult


def run(context: StepContext) -> StepResult:
    (key,) = context.step.makes
    collection = context.collection()
    name = context.step.params["provider"] or context.settings.image_provider
    provider = composition.image_provider(name)
    edited = context.source("edited") if context.has_source("edited") else None
    references = [context.asset(asset_id) for asset_id in collection.reference_asset_ids]
    request = ImageRequest(
        prompt=_prompt(context, collection),
        scene=_scene(context, collection, edited),
        seed=scenes.seed(edited, collection.seed),
        size=context.step.params["size"],
        framing=Framing(context.step.params["framing"]),
        references=tuple(source.path for source in references if source),
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
        style_card_version=collection.style_card.version if collection.style_card else None,
        reference_asset_ids=collection.reference_asset_ids,
    )
    background = list(picture.background) if picture.background else None
    return Made(
        {
            key: MadeFile(
                path=picture.path,
                width=checked.width,
                height=checked.height,
                provenance=provenance,
                metadata={**picture.metadata, "background": background},
            )
        }
    )


def _prompt(context: StepContext, collection: Collection) -> str:
    params = context.step.params
    if params["instructions"]:
        return edit_prompt(collection, params["instructions"])
    compose = logo_prompt if params["framing"] == Framing.LOGO else still_prompt
    return compose(collection, params["action"], cautions=collection.cautions)


def _scene(context: StepContext, collection: Collection, edited: Source | None) -> Scene:
    params = context.step.params
    if edited is None:
        return Scene(character=collection.prompt, action=params["action"])
    known = scenes.recall(edited) or Scene(character="", action="")
    return Scene(known.character, known.action, edits=(*known.edits, params["instructions"]))
