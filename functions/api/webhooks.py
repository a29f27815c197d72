"""/v1/webhooks: where a workspace is told of its jobs, and what came of it."""

from typing import Any

from pydantic import Field

from functions.api.call import Call, Reply, Route
from shared.errors import BadRequest
from shared.model import paths
from shared.model.base import Value
from shared.model.webhook import Delivery, Events, Url, Webhook
from shared.model.workspace import Scope
from shared.ports import Query
from shared.services.webhooks import endpoints


class CreateBody(Value):
    url: Url
    events: Events


class UpdateBody(Value):
    url: Url | None = None
    events: Events | None = None
    enabled: bool | None = Field(default=None, strict=True)


def show(endpoint: Webhook) -> dict[str, Any]:
    """An endpoint; its secret is shown once, by what makes it."""
    return endpoint.stored()


def show_delivery(delivery: Delivery) -> dict[str, Any]:
    """What an endpoint was told, and how it went; `duration_ms` is in milliseconds."""
    shown = delivery.model_dump(
        mode="json",
        include={
            *("id", "webhook_id", "event", "job_id", "status", "next_attempt_at"),
            *("created_at", "updated_at"),
        },
    )
    attempts = [
        {
            "at": attempt["at"],
            "http_status": attempt["status"],
            "duration_ms": attempt["milliseconds"],
            "error": attempt["error"],
            "response": attempt["response"],
        }
        for attempt in (made.model_dump(mode="json") for made in delivery.attempts)
    ]
    return {**shown, "attempts": attempts}


def index(call: Call) -> Reply:
    query = Query(paths.collection_of(call.who.workspace_id, "webhooks"))
    return call.listing(
        query, lambda page: [show(Webhook.load(found.data)) for found in page.results]
    )


def create(call: Call) -> Reply:
    body = call.body(CreateBody)
    endpoint, secret = endpoints.create(call.ports, call.settings, call.who, body.url, body.events)
    return Reply({**show(endpoint), "secret": secret}, status=201)


def get(call: Call) -> Reply:
    endpoint, _ = endpoints.get(call.ports, call.who, call.ids["webhook_id"])
    return Reply(show(endpoint))


def update(call: Call) -> Reply:
    given = call.body(UpdateBody)
    changes = {name: getattr(given, name) for name in given.model_fields_set}
    if empty := [name for name, value in changes.items() if value is None]:
        raise BadRequest("may be left out, but not be null", field=empty[0])
    webhook_id = call.ids["webhook_id"]
    changed = endpoints.update(call.ports, call.settings, call.who, webhook_id, changes)
    return Reply(show(changed))


def delete(call: Call) -> Reply:
    endpoints.delete(call.ports, call.who, call.ids["webhook_id"])
    return Reply({"id": call.ids["webhook_id"], "deleted": True})


def rotate_secret(call: Call) -> Reply:
    endpoint, secret = endpoints.rotate_secret(call.ports, call.who, call.ids["webhook_id"])
    return Reply({**show(endpoint), "secret": secret})


def ping(call: Call) -> Reply:
    delivery = endpoints.ping(call.ports, call.who, call.ids["webhook_id"])
    return Reply(show_delivery(delivery), status=202)


def deliveries(call: Call) -> Reply:
    query = endpoints.deliveries(call.ports, call.who, call.ids["webhook_id"])
    return call.listing(
        query, lambda page: [show_delivery(Delivery.load(found.data)) for found in page.results]
    )


def replay(call: Call) -> Reply:
    webhook_id, delivery_id = call.ids["webhook_id"], call.ids["delivery_id"]
    delivery = endpoints.replay(call.ports, call.who, webhook_id, delivery_id)
    return Reply(show_delivery(delivery), status=202)


ROUTES = (
    Route("GET", "/v1/webhooks", index),
    Route("POST", "/v1/webhooks", create, Scope.WRITE),
    Route("GET", "/v1/webhooks/<webhook_id>", get),
    Route("PATCH", "/v1/webhooks/<webhook_id>", update, Scope.WRITE),
    Route("DELETE", "/v1/webhooks/<webhook_id>", delete, Scope.WRITE),
    Route("POST", "/v1/webhooks/<webhook_id>/ping", ping, Scope.WRITE),
    Route("POST", "/v1/webhooks/<webhook_id>/rotate-secret", rotate_secret, Scope.WRITE),
    Route("GET", "/v1/webhooks/<webhook_id>/deliveries", deliveries),
    Route(
        "POST",
        "/v1/webhooks/<webhook_id>/deliveries/<delivery_id>/replay",
        replay,
        Scope.WRITE,
    ),
)
