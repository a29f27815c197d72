"""POST /v1/generate/preview: a one-off picture that is stored nowhere."""

import base64
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from functions import composition
from functions.api import pictures
from functions.api.call import Call, Reply, Route
from shared.character.prompt import Brief, still_prompt
from shared.errors import BadRequest, PermanentError, ProviderError
from shared.model.base import Value
from shared.model.request import ImageProviderName, Prompt
from shared.model.workspace import Scope
from shared.services import answers, workspaces

if TYPE_CHECKING:
    from shared.providers.base import ImageProvider

SIZE = 512
SEED = 1


class PreviewBody(Value):
    prompt: Prompt
    image_prompt: Prompt = "standing, facing the viewer"
    reference_image_urls: pictures.Urls = ()
    image_provider: ImageProviderName | None = None


def preview(call: Call) -> Reply:
    """Draw one small picture that is stored nowhere."""
    from shared.providers.base import ImageRequest, Scene

    body = call.body(PreviewBody)
    with tempfile.TemporaryDirectory(prefix="mascotry-") as name, answers.faults():
        folder = Path(name)
        provider = _provider(call, body)
        references = tuple(
            pictures.fetched(
                call,
                url,
                folder / f"reference-{index}.png",
                field=f"reference_image_urls[{index}]",
            )
            for index, url in enumerate(body.reference_image_urls)
        )
        request = ImageRequest(
            prompt=still_prompt(Brief(body.prompt), body.image_prompt),
            scene=Scene(character=body.prompt, action=body.image_prompt),
            seed=SEED,
            size=SIZE,
            references=references,
        )
        answer = provider.generate(request, folder, lambda share: None)
        picture = answers.required(answer, field="prompt")
        content = base64.b64encode(picture.path.read_bytes()).decode()
    data = {
        "image": f"data:image/png;base64,{content}",
        "model": picture.model,
        "metadata": picture.metadata,
    }
    return Reply(data)


def _provider(call: Call, body: PreviewBody) -> "ImageProvider":
    """Who draws; one that was asked for by name but cannot be had is the request's fault."""
    name = body.image_provider or workspaces.image_provider(
        call.ports, call.who.workspace_id, call.settings
    )
    try:
        return composition.image_provider(name)
    except PermanentError as error:
        if body.image_provider:
            raise BadRequest(error.message, field="image_provider") from error
        raise


INGEST_ROUTES = (
    Route(
        "POST",
        "/v1/generate/preview",
        preview,
        Scope.WRITE,
        body=PreviewBody,
        answer="Preview",
        errors=(ProviderError,),
        example={"prompt": "an orange fox with a blue scarf", "image_prompt": "waving"},
    ),
)
