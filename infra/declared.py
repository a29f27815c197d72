"""What the code declares, in the form that deployments read: `python -m infra.declared`.

`firestore.indexes.json` is read by Terraform and by Firebase's tools, `queues.json` by Terraform.
Both are kept in the repository, so that deploying needs no Python; a test says when they are stale.
"""

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from shared.adapters.gcp.messages import EXPIRES
from shared.model.indexes import EXPIRING, INDEXES, Index
from shared.model.queues import QUEUES, Queue

FOLDER: Final = Path(__file__).resolve().parent
ASCENDING: Final = "ASCENDING"
DESCENDING: Final = "DESCENDING"

UNINDEXED: Final[Mapping[str, tuple[str, ...]]] = {
    "assets": ("metadata", "provenance"),
    "errands": ("body",),
    "jobs": ("assets", "request", "steps"),
    "webhook_deliveries": ("attempts", "body"),
}
"""Fields that no query names and whose texts are long (maps are kept as their JSON text): unless it
is told not to, Firestore keeps the first 1,500 bytes of each in two indexes, and writes them anew
with the document."""


def composite(index: Index) -> list[dict[str, Any]]:
    """The composite indexes that answer a declared query, in either direction.

    Ties are broken by name in the direction of the last field, as the port wants it. Without
    equality fields the index that Firestore keeps of every single field is enough.
    """
    if not index.equals:
        return []
    equals = [{"fieldPath": field, "order": ASCENDING} for field in index.equals]
    return [
        {
            "collectionGroup": index.collection,
            "queryScope": "COLLECTION",
            "fields": [*equals, {"fieldPath": index.order, "order": direction}],
        }
        for direction in (ASCENDING, DESCENDING)
    ]


def indexes(declared: Iterable[Index] = INDEXES) -> dict[str, Any]:
    """`firestore.indexes.json`."""
    overrides = [
        {"collectionGroup": collection, "fieldPath": field, "indexes": []}
        for collection, fields in UNINDEXED.items()
        for field in fields
    ]
    expiring = [
        {"collectionGroup": collection, "fieldPath": EXPIRES, "ttl": True, "indexes": []}
        for collection in EXPIRING
    ]
    return {
        "indexes": [made for index in declared for made in composite(index)],
        "fieldOverrides": [*overrides, *expiring],
    }


def queues(declared: Iterable[Queue] = QUEUES) -> dict[str, Any]:
    """`queues.json`: every queue by the name of the function that it feeds."""
    return {queue.function: {**asdict(queue), "id": queue.queue_id} for queue in declared}


FILES: Final[Mapping[str, Callable[[], dict[str, Any]]]] = {
    "firestore.indexes.json": indexes,
    "queues.json": queues,
}


def text(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2) + "\n"


def main() -> int:
    for name, made in FILES.items():
        (FOLDER / name).write_text(text(made()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
