"""POST /v1/collections/:id/generate."""

from functions.api import jobs
from functions.api.call import Call, Reply, Route
from shared.errors import InsufficientCredits
from shared.model.request import GenerateRequest
from shared.model.workspace import Scope
from shared.services import generation


def generate(call: Call) -> Reply:
    """Generate an image, an animation, a logo or an edit.

    With `dry_run` nothing is begun: the answer says what would be made, and what it would cost.
    """
    request, collection_id = call.body(GenerateRequest), call.ids["collection_id"]
    proposal = generation.propose(call.ports, call.settings, call.who, collection_id, request)
    return jobs.begin(call, proposal, dry_run=request.dry_run)


ROUTES = (
    Route(
        "POST",
        "/v1/collections/<collection_id>/generate",
        generate,
        Scope.WRITE,
        body=GenerateRequest,
        answer="Generation",
        status=202,
        dry_answer="Quote",
        errors=(InsufficientCredits,),
        gives={"job_id": "/job_id", "item_id": "/item_id"},
        example={
            "type": "animation",
            "name": "Waving",
            "image_prompt": "waving",
            "animation_prompt": "waves happily",
        },
    ),
)
