"""The pictures that characters are drawn by, kept whole while what holds them is deleted.

A deletion looks for the collections that have a reference below what it deletes and are not deleted
themselves. It is refused, or takes the references from them in its own batch. What becomes a
reference between that look and the commit, or does not fit into the batch, is taken away when the
deletion's job removes the picture.
"""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from shared.errors import Conflict, NotFound
from shared.model import paths
from shared.model.collection import Collection
from shared.ports import Ports, Query, Replace, Write
from shared.services import entities

MAX_IN_A_BATCH = 400
"""Collections that are changed along with a deletion: a batch takes 500 writes."""
_MAX_NAMED = 5
_PAGE = 100


@dataclass(frozen=True, slots=True)
class Holder:
    """A collection, its version, and which of its references are to be deleted."""

    collection: Collection
    version: str
    asset_ids: frozenset[str]


def holders_of(ports: Ports, workspace_id: str, asset_ids: AbstractSet[str]) -> list[Holder]:
    """The collections that have one of these assets among their references."""
    return _holders(_living(ports, workspace_id), asset_ids)


def holders_below_item(ports: Ports, workspace_id: str, item_id: str) -> list[Holder]:
    """The collections that have a picture of an item among their references."""
    living = _living(ports, workspace_id)
    return _holders(living, _below(ports, workspace_id, living, "item_id", {item_id}))


def holders_below_collections(
    ports: Ports, workspace_id: str, is_deleted: Callable[[Collection], bool]
) -> list[Holder]:
    """The collections that stay and have a picture of a deleted one among their references."""
    every = _living(ports, workspace_id)
    deleted = {collection.id for collection, _ in every if is_deleted(collection)}
    staying = [found for found in every if found[0].id not in deleted]
    return _holders(staying, _below(ports, workspace_id, staying, "collection_id", deleted))


def detached(ports: Ports, workspace_id: str, holders: Sequence[Holder]) -> list[Write]:
    """The writes that take the references from collections, which clears their style cards. They
    hold if no collection has changed meanwhile."""
    now = ports.clock.now()
    return [
        Replace(
            paths.collection(workspace_id, holder.collection.id),
            holder.collection.with_(
                reference_asset_ids=tuple(
                    reference
                    for reference in holder.collection.reference_asset_ids
                    if reference not in holder.asset_ids
                ),
                updated_at=now,
            ).stored(),
            holder.version,
        )
        for holder in holders
    ]


def detach(ports: Ports, workspace_id: str, asset_ids: AbstractSet[str]) -> None:
    """Take assets from all collections that have them as references. Can be repeated."""
    while asset_ids and (holders := holders_of(ports, workspace_id, asset_ids)):
        for write in detached(ports, workspace_id, holders):
            try:
                ports.documents.commit([write])
            except (Conflict, NotFound):
                continue  # changed or deleted meanwhile: the next look sees it as it is now


def refusal(holders: Sequence[Holder]) -> Conflict:
    """Why nothing is deleted: it names the first collections, and has the ids of all."""
    shown = [f"'{one.collection.name}' ({one.collection.id})" for one in holders[:_MAX_NAMED]]
    more = len(holders) - len(shown)
    names = ", ".join([*shown, *([f"{more} more"] if more else [])])
    return Conflict(
        f"It is or holds a reference of {names}. Take it from these first, or delete it with "
        "?detach=true, which does so.",
        collection_ids=[one.collection.id for one in holders],
    )


def _living(ports: Ports, workspace_id: str) -> list[tuple[Collection, str]]:
    """All collections of projects that exist, with their versions."""
    query = Query(paths.collection_of(workspace_id, "collections"))
    found = [
        (Collection.load(document.data), document.version)
        for document in entities.every(ports.documents, query, at_once=_PAGE)
    ]
    projects = {paths.project(workspace_id, one.project_id) for one, _ in found}
    alive = entities.existing(ports.documents, projects)
    return [one for one in found if paths.project(workspace_id, one[0].project_id) in alive]


def _holders(
    collections: Sequence[tuple[Collection, str]], asset_ids: AbstractSet[str]
) -> list[Holder]:
    found = (
        Holder(one, version, frozenset(one.reference_asset_ids) & asset_ids)
        for one, version in collections
    )
    return [holder for holder in found if holder.asset_ids]


def _below(
    ports: Ports,
    workspace_id: str,
    collections: Sequence[tuple[Collection, str]],
    field: str,
    parents: AbstractSet[str],
) -> frozenset[str]:
    """Those references of collections whose assets lie below one of the parents."""
    ids = sorted({asset for one, _ in collections for asset in one.reference_asset_ids})
    found: list[Mapping[str, Any]] = []
    for first in range(0, len(ids), _PAGE):
        chunk = [paths.asset(workspace_id, id_) for id_ in ids[first : first + _PAGE]]
        found += [document.data for document in ports.documents.get_many(chunk) if document]
    return frozenset(asset["id"] for asset in found if asset.get(field) in parents)
