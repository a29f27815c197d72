"""POST /v1/collections/:id/generate."""

from functions.api import jobs
from functions.api.call import Call, Reply, Route
from shared.model.request import GenerateRequest
from shared.model.workspace import Scope
from shared.services import generation


def generate(call: Call) -> Reply:
    request = call.body(GenerateRequest)
    made = generation.generate(call.ports, call.who, call.ids["collection_id"], request)
    job = made.job
    data = {
        "job_id": job.id,
        "poll_url": call.poll_url(job.id),
        "item_id": made.item.id,
        "cost_credits": job.cost_credits,
        "asset_ids": jobs.asset_ids(job),
        "urls": jobs.urls(call, job),
        "warnings": list(job.warnings),
    }
    return Reply(data, status=202)


ROUTES = (Route("POST", "/v1/collections/<collection_id>/generate", generate, Scope.WRITE),)
