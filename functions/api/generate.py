"""POST /v1/collections/:id/generate."""

from functions.api import jobs
from functions.api.call import Call, Reply, Route
from shared.model.request import GenerateRequest
from shared.model.workspace import Scope
from shared.services import generation


def generate(call: Call) -> Reply:
    """Generate an image, an animation, a logo or an edit."""
    request = call.body(GenerateRequest)
    made = generation.generate(call.ports, call.who, call.ids["collection_id"], request)
    return jobs.begun(call, made)


ROUTES = (
    Route(
        "POST",
        "/v1/collections/<collection_id>/generate",
        generate,
        Scope.WRITE,
        body=GenerateRequest,
        answer="Generation",
        status=202,
        gives={"job_id": "/job_id", "item_id": "/item_id"},
        example={
            "type": "animation",
            "name": "Waving",
            "image_prompt": "waving",
            "animation_prompt": "waves happily",
        },
    ),
)
