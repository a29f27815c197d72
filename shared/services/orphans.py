"""Orphans: public files that no asset owns any more, since whoever should have removed them has
died, or because their asset was deleted at the very moment at which they were published.

They are looked for a page at a time, round after round. None is removed on first sight: what seems
to be nobody's is looked at again one sweep later, and goes if it is the same object then and still
nobody's. What we have not written ourselves is told of and stays.

A sweep lists at most `PAGE` files and reads six documents for each at the most, most of the time
one; and, for a stable URL that it mends, the assets of its item. Between two rounds it reads one
document, which says how far the last one came.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from shared.errors import BadRequest, Conflict
from shared.model import paths
from shared.model.asset import AssetStatus, beside
from shared.model.base import instant_text, is_id
from shared.model.finding import Finding
from shared.model.job import JobStatus, JobType
from shared.ports import Blob, Bucket, Create, Document, Json, Page, Ports, Query, Replace
from shared.services import findings, versions

WALK: Final = "orphans"
PAGE: Final = 100
GRACE: Final = timedelta(hours=1)
"""How long a file is left alone after it was written."""
REST: Final = timedelta(hours=6)
"""Between the end of a round and the next one."""
NAMED: Final = 10


@dataclass(frozen=True, slots=True)
class Walk:
    """How far a round has come. `suspects` are the names and generations that seemed to be
    nobody's at the last sweep."""

    cursor: str | None = None
    rests_until: str = ""
    suspects: tuple[tuple[str, str], ...] = ()

    def stored(self) -> Json:
        return {
            "cursor": self.cursor,
            "rests_until": self.rests_until,
            "suspects": [{"name": name, "generation": given} for name, given in self.suspects],
        }

    @classmethod
    def load(cls, data: Json) -> "Walk":
        suspects = tuple((one["name"], one["generation"]) for one in data["suspects"])
        return cls(data["cursor"], data["rests_until"], suspects)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a file says that it is."""

    workspace_id: str
    asset_id: str
    job_id: str | None
    item_id: str | None
    """Of a file at a stable URL."""

    @classmethod
    def of(cls, blob: Blob) -> "Owner | None":
        """None for what we have not written."""
        metadata = blob.metadata
        names = ("workspace", "asset", *(name for name in ("job", "item") if name in metadata))
        if not all(is_id(metadata.get(name, "")) for name in names):
            return None
        return cls(
            metadata["workspace"], metadata["asset"], metadata.get("job"), metadata.get("item")
        )

    @property
    def asset(self) -> str:
        return paths.asset(self.workspace_id, self.asset_id)


@dataclass(slots=True)
class _Deletions:
    """Whether something is being deleted in a workspace, asked once for each."""

    ports: Ports
    known: dict[str, bool] = field(default_factory=dict)

    def under_way(self, workspace_id: str) -> bool:
        if workspace_id not in self.known:
            kind = paths.collection_of(workspace_id, "jobs")
            self.known[workspace_id] = any(
                self.ports.documents.query(Query(kind, equals), limit=1).results
                for status in (JobStatus.PENDING, JobStatus.PROCESSING)
                for equals in [{"type": JobType.DELETION.value, "status": status.value}]
            )
        return self.known[workspace_id]


def sweep(ports: Ports) -> None:
    """Look at last time's suspects again, and at some more files for the first time."""
    path = paths.walk(WALK)
    document = ports.documents.get(path)
    walk = Walk.load(document.data) if document else Walk()
    deletions = _Deletions(ports)
    for name, generation in walk.suspects:
        try:
            _look_again(ports, name, generation, deletions)
        except Conflict:
            continue  # it was written at this very moment
        except Exception:
            # It is met again in the next round, and must not keep this one from going on.
            findings.tell(Finding.SWEEP_FAILED, faulty=True, what=WALK, object=name)
    after = _walk_on(ports, walk, deletions)
    if after == walk:
        return
    data = after.stored()
    try:
        ports.documents.commit(
            [Replace(path, data, document.version) if document else Create(path, data)]
        )
    except Conflict:
        return  # another sweeper was faster, and has seen the same


def _walk_on(ports: Ports, walk: Walk, deletions: _Deletions) -> Walk:
    """Look at the next page, unless the walk rests."""
    now = ports.clock.now()
    if instant_text(now) < walk.rests_until:
        return Walk(None, walk.rests_until)
    page = _page(ports, walk.cursor)
    old = [blob for blob in page.results if blob.updated_at <= now - GRACE]
    found = _suspects(ports, old, deletions)
    suspects = tuple((blob.name, str(blob.generation)) for blob in found)
    rests_until = "" if page.next_cursor else instant_text(now + REST)
    return Walk(page.next_cursor, rests_until, suspects)


def _page(ports: Ports, cursor: str | None) -> Page[Blob]:
    try:
        return ports.blobs.list(Bucket.ASSETS, "", limit=PAGE, cursor=cursor)
    except BadRequest:  # a store may forget its cursors: begin anew
        return ports.blobs.list(Bucket.ASSETS, "", limit=PAGE)


def _suspects(ports: Ports, blobs: Iterable[Blob], deletions: _Deletions) -> Iterator[Blob]:
    known: list[tuple[Blob, Owner]] = []
    unknown: list[str] = []
    for blob in blobs:
        owner = Owner.of(blob)
        if owner:
            known.append((blob, owner))
        else:
            unknown.append(blob.name)
    if unknown:
        findings.tell(Finding.BLOB_UNKNOWN, count=len(unknown), objects=unknown[:NAMED])
    assets = _documents(ports, {owner.asset for _, owner in known})
    for blob, owner in known:
        if not _is_of(blob, owner, assets[owner.asset]) and _is_left(ports, owner, deletions):
            findings.tell(Finding.BLOB_SUSPECTED, **_about(blob, owner))
            yield blob


def _look_again(ports: Ports, name: str, generation: str, deletions: _Deletions) -> None:
    blob = ports.blobs.stat(Bucket.ASSETS, name)
    owner = Owner.of(blob) if blob else None
    if blob is None or owner is None or str(blob.generation) != generation:
        return
    if _is_of(blob, owner, ports.documents.get(owner.asset)):
        return
    if not _is_left(ports, owner, deletions):
        return
    if owner.item_id:
        versions.refresh(ports, owner.workspace_id, owner.item_id)
        findings.tell(Finding.ALIAS_STALE, **_about(blob, owner))
    elif ports.blobs.delete(Bucket.ASSETS, name, if_generation=blob.generation):
        findings.tell(Finding.BLOB_ORPHANED, **_about(blob, owner))


def _is_of(blob: Blob, owner: Owner, document: Document | None) -> bool:
    """Whether an asset wants this file: one that is ready wants its own and those at its stable
    URLs, one that is pending wants its placeholder."""
    if document is None:
        return False
    status = document.data["status"]
    wanted = beside(document.data["path"], document.data.get("siblings", ()))
    if owner.item_id:
        return bool(status == AssetStatus.READY)
    return bool(status != AssetStatus.FAILED and blob.name in wanted)


def _is_left(ports: Ports, owner: Owner, deletions: _Deletions) -> bool:
    """Whether nobody looks after the file: no job that is at work, no upload that the sweeper
    waits for, and no deletion, which takes its own along."""
    upload, job = paths.due(owner.asset_id), paths.job(owner.workspace_id, owner.job_id or "-")
    found = _documents(ports, {upload, job})
    its_job = found[job]
    if found[upload] or (its_job and not its_job.data["settled"]):
        return False
    return not deletions.under_way(owner.workspace_id)


def _documents(ports: Ports, wanted: Iterable[str]) -> Mapping[str, Document | None]:
    ordered = sorted(wanted)
    return dict(zip(ordered, ports.documents.get_many(ordered), strict=True)) if ordered else {}


def _about(blob: Blob, owner: Owner) -> Json:
    return {
        "object": blob.name,
        "bytes": blob.size,
        "workspace_id": owner.workspace_id,
        "asset_id": owner.asset_id,
    }
