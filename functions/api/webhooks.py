"""/v1/webhooks: where a workspace is told of its jobs, and what came of it."""

from typing import Annotated, Any

from pydantic import Field

from functions.api.call import Call, Reply, Route
from functions.api.changes import Changes, Given
from shared.model import paths
from shared.model.base import Value
from shared.model.webhook import Delivery, Events, Url, Webhook
from shared.model.workspace import Scope
from shared.ports import Query
from shared.services.webhooks import endpoints


class CreateBody(Value):
    url: Url
    events: Events


class UpdateBody(Changes):
    url: Given[Url] = None
    events: Given[Events] = None
    enabled: Given[Annotated[bool, Field(strict=True)]] = None


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
    """List the webhooks, oldest first."""
    query = Query(paths.collection_of(call.who.workspace_id, "webhooks"))
    return call.listing(
        query, lambda page: [show(Webhook.load(found.data)) for found in page.results]
    )


def create(call: Call) -> Reply:
    """Name a place to be told of jobs.

    This answer holds the secret that signs what is sent.
    """
    body = call.body(CreateBody)
    endpoint, secret = endpoints.create(call.ports, call.settings, call.who, body.url, body.events)
    return Reply({**show(endpoint), "secret": secret}, status=201)


def get(call: Call) -> Reply:
    """Read a webhook."""
    endpoint, _ = endpoints.get(call.ports, call.who, call.ids["webhook_id"])
    return Reply(show(endpoint))


def update(call: Call) -> Reply:
    """Change a webhook, or switch it off and on."""
    changes = call.body(UpdateBody).changes()
    webhook_id = call.ids["webhook_id"]
    changed = endpoints.update(call.ports, call.settings, call.who, webhook_id, changes)
    return Reply(show(changed))


def delete(call: Call) -> Reply:
    """Delete a webhook."""
    with call.unless_done():
        endpoints.delete(call.ports, call.who, call.ids["webhook_id"])
    return Reply({"id": call.ids["webhook_id"], "deleted": True})


def rotate_secret(call: Call) -> Reply:
    """Change the secret; for a while the previous one signs along."""
    endpoint, secret = endpoints.rotate_secret(call.ports, call.who, call.ids["webhook_id"])
    return Reply({**show(endpoint), "secret": secret})


def ping(call: Call) -> Reply:
    """Try a webhook."""
    delivery = endpoints.ping(call.ports, call.who, call.ids["webhook_id"])
    return Reply(show_delivery(delivery), status=202)


def deliveries(call: Call) -> Reply:
    """List what a webhook was told, the latest first."""
    query = endpoints.deliveries(call.ports, call.who, call.ids["webhook_id"])
    return call.listing(
        query, lambda page: [show_delivery(Delivery.load(found.data)) for found in page.results]
    )


def replay(call: Call) -> Reply:
    """Send a delivery once more."""
    webhook_id, delivery_id = call.ids["webhook_id"], call.ids["delivery_id"]
    delivery = endpoints.replay(call.ports, call.who, webhook_id, delivery_id)
    return Reply(show_delivery(delivery), status=202)


_EXAMPLE = {"url": "https://app.example/hooks", "events": ["job.completed", "job.failed"]}

ROUTES = (
    Route("GET", "/v1/webhooks", index, answer="Webhook", paged=True),
    Route(
        "POST",
        "/v1/webhooks",
        create,
        Scope.WRITE,
        secret=True,
        body=CreateBody,
        answer="NewWebhook",
        status=201,
        gives={"webhook_id": "/id"},
        example=_EXAMPLE,
    ),
    Route("GET", "/v1/webhooks/<webhook_id>", get, answer="Webhook"),
    Route(
        "PATCH",
        "/v1/webhooks/<webhook_id>",
        update,
        Scope.WRITE,
        body=UpdateBody,
        answer="Webhook",
        example={"enabled": False},
    ),
    Route("DELETE", "/v1/webhooks/<webhook_id>", delete, Scope.WRITE, answer="Gone"),
    Route(
        "POST",
        "/v1/webhooks/<webhook_id>/ping",
        ping,
        Scope.WRITE,
        answer="Delivery",
        status=202,
    ),
    Route(
        "POST",
        "/v1/webhooks/<webhook_id>/rotate-secret",
        rotate_secret,
        Scope.WRITE,
        secret=True,
        answer="NewWebhook",
    ),
    Route(
        "GET",
        "/v1/webhooks/<webhook_id>/deliveries",
        deliveries,
        answer="Delivery",
        paged=True,
    ),
    Route(
        "POST",
        "/v1/webhooks/<webhook_id>/deliveries/<delivery_id>/replay",
        replay,
        Scope.WRITE,
        answer="Delivery",
        status=202,
    ),
)
