"""/v1/credits: what a workspace has to spend, and where it went."""

from typing import Any

from functions.api.call import Call, Reply, Route
from shared.model.credit import METERED, Bucket, Entry
from shared.services import ledger


def get(call: Call) -> Reply:
    """Read how many credits there are.

    `balance` is what can be spent (`available`) and what jobs under way hold (`held`), together.
    """
    found = ledger.balance(call.ports, call.who.workspace_id)
    buckets: dict[str, dict[str, Any]] = {
        bucket: {
            "available": found.available.get(bucket, 0),
            "held": found.held.get(bucket, 0),
        }
        for bucket in METERED
    }
    stored = found.model_dump(mode="json")
    buckets[Bucket.SUBSCRIPTION]["ends_at"] = stored["ends_at"]
    data = {
        "balance": found.total,
        "held": found.total - found.spendable,
        "available": found.spendable,
        "buckets": buckets,
        "unlimited": not call.settings.metered,
    }
    return Reply(data)


def history(call: Call) -> Reply:
    """List every movement of credits, the latest first."""
    query = ledger.history(call.who.workspace_id)
    return call.listing(
        query, lambda page: [_show(Entry.load(found.data)) for found in page.results]
    )


def _show(entry: Entry) -> dict[str, Any]:
    shown = entry.model_dump(mode="json")
    fields = ("id", "kind", "buckets", "job_id", "item_id", "item_name", "reference", "ends_at")
    return {
        **{field: shown[field] for field in fields},
        "amount": entry.amount,
        "at": shown["created_at"],
    }


ROUTES = (
    Route("GET", "/v1/credits", get, answer="Credits"),
    Route("GET", "/v1/credits/history", history, answer="CreditEntry", paged=True),
)
