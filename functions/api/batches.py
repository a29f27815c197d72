"""POST /v1/collections/:id/generate/batch."""

from typing import Annotated

from pydantic import ConfigDict, Field

from functions.api import jobs
from functions.api.call import Call, Reply, Route
from shared.errors import InsufficientCredits
from shared.model.base import Value
from shared.model.request import GenerateRequest
from shared.model.schema import rules
from shared.model.workspace import Scope
from shared.services import batches


class BatchBody(Value):
    """`max_credits` and `dry_run` are of all requests together."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            {
                "description": "No request has a `dry_run` of its own.",
                "properties": {
                    "requests": {"items": {"properties": {"dry_run": {"const": False}}}}
                },
            }
        )
    )

    requests: Annotated[tuple[GenerateRequest, ...], Field(min_length=1, max_length=20)]
    max_credits: Annotated[int, Field(ge=0)] | None = None
    dry_run: bool = False


def generate(call: Call) -> Reply:
    """Generate up to twenty things in one call: one price, and one job for each.

    When one request is wrong, or the credits do not suffice for all, none is begun: no item, no job
    and no event is left, and no credit is held. With `dry_run` none is begun either: the answer
    says what each would cost.
    """
    body, collection_id = call.body(BatchBody), call.ids["collection_id"]
    batch = batches.propose(
        call.ports, call.settings, call.who, collection_id, body.requests, body.max_credits
    )
    if body.dry_run:
        costs = [job.cost_credits for job in batch.jobs]
        return Reply({"dry_run": True, "cost_credits": batch.price, "costs": costs})
    begun = batches.begin(call.ports, call.settings, call.who, batch)
    shown = [jobs.show_begun(call, job) for job in begun]
    return Reply({"cost_credits": batch.price, "jobs": shown}, status=202)


ROUTES = (
    Route(
        "POST",
        "/v1/collections/<collection_id>/generate/batch",
        generate,
        Scope.WRITE,
        body=BatchBody,
        answer="Batch",
        status=202,
        dry_answer="BatchQuote",
        errors=(InsufficientCredits,),
        example={
            "requests": [
                {"type": "image", "name": "Waving", "image_prompt": "waving"},
                {"type": "image", "name": "Sitting", "image_prompt": "sitting"},
            ]
        },
    ),
)
