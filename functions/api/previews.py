"""POST /v1/generate/preview: a one-off picture that is stored nowhere."""

import base64
import tempfile
from pathlib import Path

from functions import composition
from functions.api.call import Call, Reply, Route
from shared.errors import BadRequest, RateLimited
from shared.model.base import Value
from shared.model.request import Prompt
from shared.model.workspace import Scope

SIZE = 512
SEED = 1


class PreviewBody(Value):
    prompt: Prompt
    image_prompt: Prompt = "standing, facing the viewer"


def preview(call: Call) -> Reply:
    from shared.providers.base import ImageRequest, Later, Refused, Scene

    body = call.body(PreviewBody)
    scene = Scene(character=body.prompt, action=body.image_prompt)
    request = ImageRequest(
        prompt=f"Character: {scene.character}\nAction: {scene.action}",
        scene=scene,
        seed=SEED,
        size=SIZE,
    )
    provider = composition.image_provider(call.settings.image_provider)
    with tempfile.TemporaryDirectory(prefix="mascotry-") as folder:
        picture = provider.generate(request, Path(folder), lambda share: None)
        if isinstance(picture, Refused):
            raise BadRequest(picture.reason, field="prompt")
        if isinstance(picture, Later):
            raise RateLimited("The provider is busy.", retry_after=round(picture.delay))
        content = base64.b64encode(picture.path.read_bytes()).decode()
    data = {
        "image": f"data:image/png;base64,{content}",
        "model": picture.model,
        "metadata": picture.metadata,
    }
    return Reply(data)


ROUTES = (Route("POST", "/v1/generate/preview", preview, Scope.WRITE),)
