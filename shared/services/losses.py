"""Losses: assets that are ready, and whose files are gone from the public store.

No code of ours brings that about; people, tools and stores can. The assets of all workspaces are
looked through a page at a time, round after round. A file that is lost is published again from what
is left of it: the step's own in the work area, or the copy at the item's stable URL. If nothing is
left, that is told in each round, and the asset stays as it is: whoever runs the installation may
have a backup, and no client should read that his picture failed when it was made and paid for.

A sweep reads at most `PAGE` assets of `WORKSPACES` workspaces, and looks at as many files. Between
two rounds it reads one document, which says how far the last one came.
"""

from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Final

from shared.errors import BadRequest, Conflict, NotFound
from shared.model import paths
from shared.model.asset import Asset, AssetStatus, content_type
from shared.model.base import instant_text
from shared.model.finding import Finding
from shared.model.job import Job
from shared.model.version import best_paths
from shared.ports import Bucket, Create, Document, Json, Page, Ports, Query, Replace
from shared.services import entities, findings, jobstore, runner

WALK: Final = "losses"
PAGE: Final = 100
WORKSPACES: Final = 20
REST: Final = timedelta(hours=6)
"""Between the end of a round and the next one."""


@dataclass(frozen=True, slots=True)
class Walk:
    """How far a round has come: in which workspace it is, after which of its assets, and after
    which workspace it goes on (None: after none, or, with a workspace, that it is the last)."""

    workspace_id: str | None = None
    assets: str | None = None
    workspaces: str | None = None
    rests_until: str = ""


def sweep(ports: Ports) -> None:
    """Look at some more assets."""
    path = paths.walk(WALK)
    document = ports.documents.get(path)
    walk = Walk(**document.data) if document else Walk()
    if instant_text(ports.clock.now()) < walk.rests_until:
        return
    try:
        after = _walk_on(ports, walk)
    except BadRequest:  # a store may forget its cursors
        after = Walk()
    data = asdict(after)
    with suppress(Conflict):  # another sweeper was faster, and has seen the same
        ports.documents.commit(
            [Replace(path, data, document.version) if document else Create(path, data)]
        )


def _walk_on(ports: Ports, walk: Walk) -> Walk:
    left = PAGE
    for _ in range(WORKSPACES):
        if walk.workspace_id is None:
            found = _workspace(ports, walk.workspaces)
            if not found.results:
                return _rest(ports)
            walk = Walk(found.results[0].id, None, found.next_cursor)
        assets = _assets(ports, walk.workspace_id or "", left, walk.assets)
        for document in assets.results:
            _look_at(ports, walk.workspace_id or "", document)
        left -= len(assets.results)
        if assets.next_cursor is None:
            if walk.workspaces is None:
                return _rest(ports)
            walk = Walk(None, None, walk.workspaces)
        else:
            walk = replace(walk, assets=assets.next_cursor)
        if left <= 0:
            break
    return walk


def _rest(ports: Ports) -> Walk:
    return Walk(rests_until=instant_text(ports.clock.now() + REST))


def _workspace(ports: Ports, cursor: str | None) -> Page[Document]:
    return ports.documents.query(Query("workspaces"), limit=1, cursor=cursor)


def _assets(ports: Ports, workspace_id: str, limit: int, cursor: str | None) -> Page[Document]:
    query = Query(paths.collection_of(workspace_id, "assets"))
    return ports.documents.query(query, limit=limit, cursor=cursor)


def _look_at(ports: Ports, workspace_id: str, document: Document) -> None:
    try:
        if document.data["status"] == AssetStatus.READY:
            _look_for(ports, workspace_id, Asset.load(document.data))
    except Exception:
        # It is met again in the next round, and must not keep this one from going on.
        findings.tell(Finding.SWEEP_FAILED, faulty=True, what=WALK, document=document.path)


def _look_for(ports: Ports, workspace_id: str, asset: Asset) -> None:
    """Tell of an asset whose file is gone, and publish it again if that can be done."""
    # In this order: the file of a ready asset goes after its document, or after one above it.
    if _is_there(ports, asset) or not _is_reachable(ports, workspace_id, asset):
        return
    about: Json = {"workspace_id": workspace_id, "asset_id": asset.id, "object": asset.path}
    if not _restore(ports, workspace_id, asset):
        findings.tell(Finding.ASSET_MISSING, **about)
    elif _is_reachable(ports, workspace_id, asset):
        findings.tell(Finding.ASSET_RESTORED, **about)
    else:  # deleted while it was copied
        for path in asset.paths:
            ports.blobs.delete(Bucket.ASSETS, path)


def _is_there(ports: Ports, asset: Asset) -> bool:
    found = (ports.blobs.stat(Bucket.ASSETS, path) for path in asset.paths)
    return all(blob is not None and "placeholder" not in blob.metadata for blob in found)


def _is_reachable(ports: Ports, workspace_id: str, asset: Asset) -> bool:
    """Whether neither the asset nor anything above it was deleted."""
    needed = {paths.asset(workspace_id, asset.id)}
    if asset.item_id and asset.collection_id and asset.project_id:
        needed |= {
            paths.item(workspace_id, asset.item_id),
            paths.collection(workspace_id, asset.collection_id),
            paths.project(workspace_id, asset.project_id),
        }
    return entities.existing(ports.documents, needed) == needed


def _restore(ports: Ports, workspace_id: str, asset: Asset) -> bool:
    """Whether the file is there again. What a client uploads is kept in one place alone."""
    loaded = jobstore.load(ports.documents, workspace_id, asset.job_id) if asset.job_id else None
    if loaded is None:
        return False
    for source in (_from_work, _from_alias):
        with suppress(NotFound, Conflict):
            source(ports, loaded[0], asset)
        if _is_there(ports, asset):
            return True
    return False


def _from_work(ports: Ports, job: Job, asset: Asset) -> None:
    for key, planned in job.assets.items():
        for step_id, step in job.steps.items():
            if planned.id == asset.id and key in step.makes and key in step.outputs:
                runner.publish_file(ports, job, step_id, key)


def _from_alias(ports: Ports, job: Job, asset: Asset) -> None:
    """An item's stable URLs serve copies of its best version."""
    if asset.content is None:
        return
    digests = asset.content.sha256, *(one.sha256 for one in asset.content.siblings.values())
    for (name, path), sha256 in zip(best_paths(asset).items(), digests, strict=True):
        alias, there = (ports.blobs.stat(Bucket.ASSETS, one) for one in (name, path))
        if alias is None or alias.metadata.get("asset") != asset.id:
            continue
        ports.blobs.copy(
            (Bucket.ASSETS, name),
            (Bucket.ASSETS, path),
            content_type=content_type(path),
            cache_control=job.cache_control,
            metadata={**job.metadata_of(asset.id), "sha256": sha256},
            if_generation=there.generation if there else 0,
        )
