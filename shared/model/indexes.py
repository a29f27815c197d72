"""The composite indexes that queries may rely on, declared once for every implementation.

A query names a collection, some equality fields and one order field. Only the combinations below
are answered: on Firestore an undeclared one fails in production, so it fails everywhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Index:
    """Documents whose `equals` fields are given, in the order of `order`, then of their id.

    `collection` is the last segment of the collection's path (`items` stands for the items of
    every workspace). The sequence of the equality fields does not matter.
    """

    collection: str
    equals: tuple[str, ...]
    order: str


def _by_creation(collection: str, *combinations_of_fields: tuple[str, ...]) -> tuple[Index, ...]:
    return tuple(Index(collection, equals, "created_at") for equals in combinations_of_fields)


_JOB_FILTERS = ("status", "collection_id", "type")

INDEXES: tuple[Index, ...] = (
    *_by_creation("workspaces", ()),
    *_by_creation("projects", ()),
    *_by_creation("collections", (), ("project_id",), ("slug",)),
    *_by_creation("items", ("collection_id",), ("project_id",)),
    *_by_creation("assets", (), ("item_id",), ("collection_id",), ("project_id",), ("job_id",)),
    *_by_creation("assets", ("collection_id", "type")),
    *_by_creation(
        "links", ("source_asset_id",), ("target_asset_id",), ("item_id",), ("collection_id",)
    ),
    *_by_creation(
        "jobs",
        *(fields for size in range(4) for fields in combinations(_JOB_FILTERS, size)),
        ("item_id",),
        ("batch_id", "status"),
    ),
    *_by_creation("card_editions", ("collection_id",)),
    *_by_creation("canvases", ("collection_id",)),
    *_by_creation("keys", ("workspace_id",)),
    *_by_creation("credit_entries", ()),
    *_by_creation("webhooks", ()),
    *_by_creation("webhook_deliveries", ("webhook_id",), ("webhook_id", "job_id", "status")),
    Index("due", (), "at"),
    Index("audits", (), "at"),
    Index("errands", (), "expires_at"),
    Index("errands", ("done",), "expires_at"),
    Index("expiring", (), "at"),
)

EXPIRING: Mapping[str, str] = MappingProxyType({"errands": "expires_at"})
"""Collections whose documents are good for nothing after a time, with the field that says when. A
store that can do so removes them itself some time after it, and the sweeper finds less to do."""
