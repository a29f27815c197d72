"""POST /v1/collections/:id/generate."""

from typing import Any

from functions.api import jobs
from functions.api.call import Call, Reply, Route
from shared.errors import InsufficientCredits
from shared.model.request import GenerateRequest
from shared.model.workspace import Scope
from shared.services import generation, ledger


def generate(call: Call) -> Reply:
    """Generate an image, an animation, a logo or an edit.

    With `dry_run` nothing is begun: the answer says what would be made, and what it would cost.
    """
    request, collection_id = call.body(GenerateRequest), call.ids["collection_id"]
    if request.dry_run:
        return _quote(call, generation.propose(call.ports, call.who, collection_id, request))
    made = generation.generate(call.ports, call.settings, call.who, collection_id, request)
    return jobs.begun(call, made)


def _quote(call: Call, proposal: generation.Proposal) -> Reply:
    job = proposal.plan.job
    after: dict[str, int | None] = {"balance_after": None, "available_after": None}
    if call.settings.metered:
        balance = ledger.balance(call.ports, call.who.workspace_id)
        after["balance_after"] = balance.total - job.cost_credits
        after["available_after"] = balance.spendable - job.cost_credits
    data: dict[str, Any] = {
        "dry_run": True,
        "cost_credits": job.cost_credits,
        "charges": job.charges,
        **after,
        "steps": [
            {"id": step_id, "kind": step.kind, "needs": list(step.needs)}
            for step_id, step in job.steps.items()
        ],
        "assets": [
            {"key": key, "type": asset.type, "size": asset.size}
            for key, asset in job.assets.items()
        ],
        "warnings": list(job.warnings),
    }
    return Reply(data)


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
