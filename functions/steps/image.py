"""Draw the still."""

from functions import composition
from shared.character.prompt import still_prompt
from shared.media.verify import verify_still
from shared.model.asset import Provenance
from shared.providers.base import ImageRequest, Later, Refused, Scene
from shared.services.steps import Made, MadeFile, StepContext, StepResult


def run(context: StepContext) -> StepResult:
    (key,) = context.step.makes
    collection = context.collection()
    action, size = context.step.params["action"], context.step.params["size"]
    provider = composition.image_provider(context.settings.image_provider)
    request = ImageRequest(
        prompt=still_prompt(collection, action, cautions=collection.cautions),
        scene=Scene(character=collection.prompt, action=action),
        seed=collection.seed,
        size=size,
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
        # The words in parts, so that a later film can be of the same scene.
        parameters={**picture.parameters, "character": collection.prompt, "action": action},
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
