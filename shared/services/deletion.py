"""Deletion: the root of a subtree goes at once, a job removes the rest.

Without its root a subtree cannot be reached any more. The job then stops what is still being
made there, and removes files before the documents that name them, so that it can be cut off
anywhere and begun again.

While a picture in the subtree is a reference of a collection that stays, a deletion is refused with
Conflict, unless `detach` says that the picture is to be taken from that collection first.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.errors import Conflict, NotFound
from shared.graph.advance import outstanding, start
from shared.graph.events import Cancelled
from shared.model import paths
from shared.model.asset import beside
from shared.model.job import Fault, Job, JobStatus, JobType, Step, StepKind
from shared.ports import Bucket, Delete, Document, Ports, Query, Write
from shared.services import (
    assets,
    collections,
    entities,
    items,
    jobstore,
    projects,
    references,
    runner,
    versions,
)
from shared.services.keys import Principal
from shared.services.references import Holder

BATCH = 100
CANCELED = Fault(code="canceled", message="What the job was making has been deleted.")


class Level(StrEnum):
    PROJECT = "project"
    COLLECTION = "collection"
    ITEM = "item"
    ASSET = "asset"


@dataclass(frozen=True, slots=True)
class Subtree:
    """What a deletion job has to remove; `path` is the public path of an asset, with its
    `siblings`, `item_id` its item's."""

    level: Level
    id: str
    path: str = ""
    siblings: tuple[str, ...] = ()
    slug: str = ""
    item_id: str = ""


Root = tuple[Delete, Subtree, Sequence[Write]]
"""A subtree's root, what the job has to remove, and what else is written along."""


def delete_project(
    ports: Ports,
    who: Principal,
    project_id: str,
    *,
    if_match: str | None = None,
    detach: bool = False,
) -> Job:
    def root() -> Root:
        _, version = projects.get(ports, who, project_id)
        entities.require_version(version, if_match)
        holders = references.holders_below_collections(
            ports, who.workspace_id, lambda one: one.project_id == project_id
        )
        along = _along(ports, who, holders, detach=detach)
        path = paths.project(who.workspace_id, project_id)
        return Delete(path, version), Subtree(Level.PROJECT, project_id), along

    return _once(ports, who.workspace_id, root)


def delete_collection(
    ports: Ports,
    who: Principal,
    collection_id: str,
    *,
    if_match: str | None = None,
    detach: bool = False,
) -> Job:
    def root() -> Root:
        collection, version = collections.get(ports, who, collection_id)
        entities.require_version(version, if_match)
        holders = references.holders_below_collections(
            ports, who.workspace_id, lambda one: one.id == collection_id
        )
        along = _along(ports, who, holders, detach=detach)
        path = paths.collection(who.workspace_id, collection_id)
        subtree = Subtree(Level.COLLECTION, collection_id, slug=collection.slug)
        return Delete(path, version), subtree, along

    return _once(ports, who.workspace_id, root)


def delete_item(
    ports: Ports,
    who: Principal,
    item_id: str,
    *,
    if_match: str | None = None,
    detach: bool = False,
) -> Job:
    def root() -> Root:
        _, version = items.get(ports, who, item_id)
        entities.require_version(version, if_match)
        holders = references.holders_below_item(ports, who.workspace_id, item_id)
        along = _along(ports, who, holders, detach=detach)
        path = paths.item(who.workspace_id, item_id)
        return Delete(path, version), Subtree(Level.ITEM, item_id), along

    return _once(ports, who.workspace_id, root)


def delete_asset(
    ports: Ports,
    who: Principal,
    asset_id: str,
    *,
    if_match: str | None = None,
    detach: bool = False,
) -> Job:
    def root() -> Root:
        asset, version = assets.get(ports, who, asset_id)
        entities.require_version(version, if_match)
        holders = references.holders_of(ports, who.workspace_id, {asset_id})
        along = _along(ports, who, holders, detach=detach)
        path = paths.asset(who.workspace_id, asset_id)
        subtree = Subtree(
            Level.ASSET,
            asset_id,
            path=asset.path,
            siblings=asset.siblings,
            item_id=asset.item_id or "",
        )
        return Delete(path, version), subtree, along

    return _once(ports, who.workspace_id, root)


def delete_unreachable(ports: Ports, workspace_id: str, item_id: str) -> Job:
    """Delete an item that was written below what somebody has deleted meanwhile. As a job, whoever
    begins it may die at once."""
    root = Delete(paths.item(workspace_id, item_id))
    return _begin(ports, workspace_id, ports.ids.uuid(), root, Subtree(Level.ITEM, item_id))


def purge(ports: Ports, workspace_id: str, subtree: Subtree) -> None:
    """Remove everything below a deleted root. Can be repeated, also after half of it."""
    match subtree.level:
        case Level.ASSET:
            references.detach(ports, workspace_id, {subtree.id})
            _remove_files(ports, beside(subtree.path, subtree.siblings))
            if subtree.item_id:
                versions.refresh(ports, workspace_id, subtree.item_id)
            _remove_links(ports, workspace_id, "source_asset_id", subtree.id)
            _remove_links(ports, workspace_id, "target_asset_id", subtree.id)
        case Level.ITEM:
            remove_item(ports, workspace_id, subtree.id)
        case Level.COLLECTION:
            _purge_collection(ports, workspace_id, subtree.id, subtree.slug)
        case Level.PROJECT:
            for document in _children(ports, workspace_id, "collections", "project_id", subtree.id):
                _purge_collection(ports, workspace_id, document.id, document.data["slug"])
                ports.documents.commit([Delete(document.path)])


def _along(
    ports: Ports, who: Principal, holders: Sequence[Holder], *, detach: bool
) -> Sequence[Write]:
    """The writes that take the references away first; Conflict unless that was asked for."""
    if holders and not detach:
        raise references.refusal(holders)
    return references.detached(ports, who.workspace_id, holders[: references.MAX_IN_A_BATCH])


def _once(ports: Ports, workspace_id: str, root: Callable[[], Root]) -> Job:
    """Begin a deletion. A request that is repeated with its ids, since the first was cut off, finds
    the job that the first has begun."""
    job_id = ports.ids.uuid()
    try:
        delete, subtree, along = root()
    except NotFound:
        loaded = jobstore.load(ports.documents, workspace_id, job_id)
        if loaded is None:
            raise
        runner.perform(ports, loaded[0], outstanding(loaded[0]))
        return loaded[0]
    return _begin(ports, workspace_id, job_id, delete, subtree, along)


def _begin(
    ports: Ports,
    workspace_id: str,
    job_id: str,
    root: Delete,
    subtree: Subtree,
    along: Sequence[Write] = (),
) -> Job:
    """Remove the root and create the job that removes the rest, in one batch."""
    now = ports.clock.now()
    job = Job(
        id=job_id,
        created_at=now,
        updated_at=now,
        workspace_id=workspace_id,
        type=JobType.DELETION,
        steps={
            "purge": Step(
                kind=StepKind.PURGE,
                params={
                    "level": subtree.level.value,
                    "id": subtree.id,
                    "path": subtree.path,
                    "siblings": list(subtree.siblings),
                    "slug": subtree.slug,
                    "item_id": subtree.item_id,
                },
            )
        },
    )
    started = start(job, now)
    ports.documents.commit([root, *along, *jobstore.creation(started.job)])
    runner.perform(ports, started.job, started.commands)
    return started.job


def _purge_collection(ports: Ports, workspace_id: str, collection_id: str, slug: str) -> None:
    _cancel_jobs(ports, workspace_id, "collection_id", collection_id)
    for item in _children(ports, workspace_id, "items", "collection_id", collection_id):
        remove_item(ports, workspace_id, item.id)
    _remove_assets(ports, workspace_id, "collection_id", collection_id)
    _remove_links(ports, workspace_id, "collection_id", collection_id)
    for edition in _children(ports, workspace_id, "card_editions", "collection_id", collection_id):
        ports.documents.commit([Delete(edition.path)])
    ports.documents.commit([Delete(paths.guide(workspace_id, collection_id))])
    reservation = ports.documents.get(paths.slug(workspace_id, slug))
    if reservation is not None and reservation.data["collection_id"] == collection_id:
        ports.documents.commit([Delete(reservation.path, reservation.version)])
    for canvas in _children(ports, workspace_id, "canvases", "collection_id", collection_id):
        work = paths.canvas_work(workspace_id, canvas.id)
        ports.documents.commit([Delete(canvas.path), Delete(work)])


def remove_item(ports: Ports, workspace_id: str, item_id: str) -> None:
    """Remove an item with everything below it."""
    _cancel_jobs(ports, workspace_id, "item_id", item_id)
    _remove_assets(ports, workspace_id, "item_id", item_id)
    _remove_links(ports, workspace_id, "item_id", item_id)
    versions.remove(ports, workspace_id, item_id)
    ports.documents.commit([Delete(paths.item(workspace_id, item_id))])
    versions.remove(ports, workspace_id, item_id)  # what was copied while the item was there


def _cancel_jobs(ports: Ports, workspace_id: str, field: str, value: str) -> None:
    """Stop what is still being made. Finished jobs stay: they are the record of what was paid."""
    query = Query(paths.collection_of(workspace_id, "jobs"), {field: value})
    for document in entities.every(ports.documents, query, at_once=BATCH):
        if document.data["status"] in (JobStatus.PENDING, JobStatus.PROCESSING):
            runner.apply(ports, workspace_id, document.id, Cancelled(CANCELED))


def _remove_assets(ports: Ports, workspace_id: str, field: str, value: str) -> None:
    for documents in _pages(ports, workspace_id, "assets", field, value):
        # First, so that no collection names a picture whose file is gone.
        references.detach(ports, workspace_id, {document.id for document in documents})
        _remove_files(ports, [path for document in documents for path in _files(document)])
        for document in documents:
            _remove_links(ports, workspace_id, "source_asset_id", document.id)
            current: Document | None = document
            while current is not None:
                try:
                    ports.documents.commit([Delete(current.path, current.version)])
                    break
                except (Conflict, NotFound):
                    # At this very moment it was published or became a reference, which both write
                    # to it: undo that too.
                    current = ports.documents.get(document.path)
                    references.detach(ports, workspace_id, {document.id})
                    _remove_files(ports, _files(document))


def _files(asset: Document) -> Sequence[str]:
    return beside(asset.data["path"], asset.data.get("siblings", ()))


def _remove_files(ports: Ports, names: Sequence[str]) -> None:
    """Remove public files, and what the CDN keeps of them: it was told that they never change."""
    for name in names:
        ports.blobs.delete(Bucket.ASSETS, name)
    ports.blobs.forget(names)


def _remove_links(ports: Ports, workspace_id: str, field: str, value: str) -> None:
    for document in _children(ports, workspace_id, "links", field, value):
        ports.documents.commit([Delete(document.path)])


def _children(
    ports: Ports, workspace_id: str, kind: str, field: str, value: str
) -> Iterator[Document]:
    """The documents below a parent; the caller removes each one that it is given."""
    for documents in _pages(ports, workspace_id, kind, field, value):
        yield from documents


def _pages(
    ports: Ports, workspace_id: str, kind: str, field: str, value: str
) -> Iterator[Sequence[Document]]:
    """The same, page by page."""
    query = Query(paths.collection_of(workspace_id, kind), {field: value})
    while True:
        found = ports.documents.query(query, limit=BATCH)
        yield found.results
        if found.next_cursor is None:
            return
