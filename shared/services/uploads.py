"""Uploads: pictures and films of a client's own, as assets that belong to the workspace alone.

The asset is there, pending, before its file is, and the sweeper knows of it until it is settled. So
a process may die anywhere: what it has left behind is finished or taken away.

A picture is decoded when it has arrived, and a clean copy of it is public. A film stays private, as
it came and pending, until a job has imported it, for a day at most. Nothing is decoded here: the
`Decoder` port does that.
"""

import hashlib
import logging
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final

from shared.errors import BadRequest, Busy, Conflict, DecoderLost, NotFound, PermanentError
from shared.graph.draft import HASH_LENGTH
from shared.media.container import FILM_TYPES, HEAD, film_container, identify, no_film
from shared.model import paths
from shared.model.asset import EXTENSIONS, Asset, AssetStatus, AssetType, Content, Provenance
from shared.model.base import instant_text, is_id
from shared.model.fault import Fault
from shared.model.finding import Finding
from shared.model.workspace import Workspace
from shared.ports import (
    MAX_UPLOAD,
    Blob,
    Bucket,
    Create,
    Delete,
    Json,
    Ports,
    Put,
    Replace,
    Task,
    Update,
)
from shared.services import entities, findings
from shared.services.keys import Principal

log = logging.getLogger(__name__)

CACHE_CONTROL = "public, max-age=31536000, immutable"

QUEUE: Final = "upload"
"""Of the function that looks at what has arrived."""

LIFETIME: Final = timedelta(minutes=15)
"""How long an upload URL is good for."""
SLACK: Final = timedelta(minutes=2)
"""How much later a PUT may end that began in time."""
PATIENCE: Final = timedelta(hours=24)
"""How long we try to look at a picture that is there, as long as events are delivered again; and
how long a film is kept for those who import it."""
MAX_LOOKS: Final = 5
"""How often a picture is decoded before it is given up. Looks count that the process or the decoder
did not survive, or that ended in a fault which nobody foresaw; waiting for room does not."""

SPENT: Final = "spent"
"""The metadata of an object that only keeps its name taken: see `_spend`."""

EXPIRED = Fault(code="upload_expired", message="Nothing was sent before the URL expired.")
OVER = Fault(code="upload_expired", message="A film is kept for a day; send it again.")
GIVEN_UP = Fault(code="internal_error", message="The picture could not be looked at.")
UNDECODABLE = "the picture could not be decoded in several tries; save it anew and send that"


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture on its way: whose it is, which asset it becomes, and that asset's public path."""

    workspace_id: str
    asset_id: str
    path: str

    @property
    def raw(self) -> str:
        """The name in UPLOADS of what the client sends. The random part of the public path is in
        it, so nobody can guess it, and it stands for this asset alone."""
        return f"{self.workspace_id}/{self.asset_id}/{self.path}"

    @property
    def document(self) -> str:
        return paths.asset(self.workspace_id, self.asset_id)

    def due(self, at: datetime, looks: int = 0) -> Put:
        """The sweeper's entry; `looks` is how often the picture was decoded in vain."""
        entry = {
            "at": instant_text(at),
            "workspace_id": self.workspace_id,
            "asset_id": self.asset_id,
            "path": self.path,
            "looks": looks,
        }
        return Put(paths.due(self.asset_id), entry)


@dataclass(frozen=True, slots=True)
class Invitation:
    """Where a client may send one picture of one type, with which headers and until when."""

    asset_id: str
    url: str
    headers: Mapping[str, str]
    expires_at: datetime


def invite(
    ports: Ports,
    who: Principal,
    content_type: str,
    *,
    max_bytes: int = MAX_UPLOAD,
    is_film: bool = False,
) -> Invitation:
    """A pending asset, and the signed URL that takes its picture or film, of so many bytes at most.

    A picture is looked at as `store` does, but after it has arrived: see `receive`.
    """
    expires_at = (ports.clock.now() + LIFETIME).replace(microsecond=0)
    upload = _create(
        ports, who, _draft(ports, who, AssetType.VIDEO if is_film else AssetType.IMAGE)
    )
    signed = ports.blobs.upload_url(
        upload.raw, content_type=content_type, expires_at=expires_at, max_bytes=max_bytes
    )
    return Invitation(upload.asset_id, signed.url, signed.headers, expires_at)


def store(ports: Ports, who: Principal, content: bytes) -> Asset:
    """The picture as a clean PNG, its orientation applied and its metadata dropped.

    BadRequest says what is wrong with a file that is not a picture, or too large a one.
    """
    with tempfile.TemporaryDirectory(prefix="mascotry-") as folder:
        return keep(ports, who, _cleaned(ports, who, content, Path(folder)))


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was sent, looked at but not stored: the asset that it would be, and its file, which is a
    clean PNG of a picture, whose content is known, or a film as it came."""

    asset: Asset
    file: Path | bytes


def prepare(ports: Ports, who: Principal, content: bytes, folder: Path) -> Prepared:
    """Look at a picture, of which the folder gets a clean copy, or a film. BadRequest for what can
    be neither."""
    if not _moves(ports, content):
        return _cleaned(ports, who, content, folder)
    _require_film(content)
    return Prepared(_draft(ports, who, AssetType.VIDEO), content)


def keep(ports: Ports, who: Principal, prepared: Prepared) -> Asset:
    """Store what was prepared: a picture is ready then, a film pending, to be imported."""
    content, file = prepared.asset.content, prepared.file
    upload = _create(ports, who, prepared.asset.with_(content=None))
    if isinstance(file, bytes):
        container = _require_film(file)
        ports.blobs.put(Bucket.UPLOADS, upload.raw, file, content_type=FILM_TYPES[container])
    elif content is not None:
        _publish(ports, upload, file, content)
        _withdraw(ports, upload)
        _close(ports, upload)
    return entities.read(ports.documents, Asset, upload.document)[0]


def _cleaned(ports: Ports, who: Principal, content: bytes, folder: Path) -> Prepared:
    clean = folder / "upload.png"
    looked_at = _reencode(ports, content, clean)
    return Prepared(_draft(ports, who, AssetType.IMAGE).with_(content=looked_at), clean)


def _moves(ports: Ports, content: bytes) -> bool:
    """Whether something is a film: of pictures, those that have more than one frame."""
    kind = identify(content)
    if kind is None or not (kind.is_still and kind.container):
        return kind is not None and kind.sort == "film"
    return ports.decoder.moves(content)


def is_film(asset: Asset) -> bool:
    """Whether an asset is an upload that is only there to be imported."""
    return asset.job_id is None and asset.type is AssetType.VIDEO


def find(ports: Ports, workspace_id: str, asset_id: str) -> Asset:
    """The asset of an upload that is to be imported. PermanentError when it was deleted, or says
    why its file will never be there."""
    document = ports.documents.get(paths.asset(workspace_id, asset_id))
    if document is None:
        raise PermanentError("source_deleted", f"The upload {asset_id} was deleted.")
    asset = Asset.load(document.data)
    if asset.error is not None:
        raise PermanentError(asset.error.code, asset.error.message)
    return asset


def find_film(ports: Ports, workspace_id: str, asset_id: str) -> str | None:
    """The name in UPLOADS of the film of an upload; None while it is still to come. PermanentError
    as `find` says."""
    asset = find(ports, workspace_id, asset_id)
    name = Upload(workspace_id, asset_id, asset.path).raw
    return name if ports.blobs.stat(Bucket.UPLOADS, name) else None


def announced(
    ports: Ports, name: str, generation: str, metadata: Mapping[str, str] = MappingProxyType({})
) -> bool:
    """Enqueue the look at an object that was finalized in UPLOADS, once for each generation of it.

    False for an object that no upload URL of ours is for, and for one that was looked at.
    """
    if _named(name) is None or SPENT in metadata:
        return False
    identity = hashlib.sha256(f"{name}/{generation}".encode()).hexdigest()
    ports.tasks.enqueue(Task(queue=QUEUE, name=identity, payload={"name": name}))
    return True


def receive(ports: Ports, name: str, *, max_bytes: int, max_film_bytes: int) -> bool:
    """Look at what arrived in UPLOADS: the asset becomes ready, or failed with an error that says
    why, and the object is emptied. Can be repeated, and finds what an earlier try has left.

    A film is only looked at from outside, and left where it is for those who import it.

    False for an object that no upload URL of ours is for.
    """
    upload = _named(name)
    if upload is None:
        return False
    asset, _ = _find(ports, upload)
    if asset is not None and asset.path != upload.path:
        log.warning("object is not of its asset", extra={"object": name, "asset": upload.asset_id})
        return False
    if asset is not None and asset.status is AssetStatus.PENDING:
        if asset.type is AssetType.VIDEO:
            if _is_kept(ports, upload, max_film_bytes):
                return True
        else:
            _examine(ports, upload, max_bytes)
    _withdraw(ports, upload)
    _spend(ports, upload)
    _close(ports, upload)
    return True


def sweep(ports: Ports, entry: Json) -> None:
    """Settle an upload whose time is up. A picture that has been there for a while is announced
    once more: its event may have been lost."""
    now = ports.clock.now()
    if entry["at"] > instant_text(now):
        return
    upload = Upload(entry["workspace_id"], entry["asset_id"], entry["path"])
    asset, _ = _find(ports, upload)
    if asset is not None and asset.status is AssetStatus.PENDING:
        raw = ports.blobs.stat(Bucket.UPLOADS, upload.raw)
        is_film, looks = asset.type is AssetType.VIDEO, entry.get("looks", 0)
        if raw is not None and now < asset.created_at + PATIENCE:
            if now < raw.updated_at + LIFETIME and not is_film:
                # It came late, or was announced just now: its task is on its way.
                ports.documents.commit([upload.due(raw.updated_at + LIFETIME, looks)])
                return
            again = asset.created_at + PATIENCE if is_film else now + LIFETIME
            ports.documents.commit([upload.due(again, looks)])
            _announce(ports, upload, raw)
            return
        fault = EXPIRED if raw is None else OVER if is_film else GIVEN_UP
        _settle(ports, upload, status=AssetStatus.FAILED, error=fault)
    _clear(ports, upload)


def _named(name: str) -> Upload | None:
    """The upload that an object in UPLOADS would be of, by its name; None for another object."""
    workspace_id, _, rest = name.partition("/")
    asset_id, _, path = rest.partition("/")
    if not (is_id(workspace_id) and is_id(asset_id) and path):
        return None
    return Upload(workspace_id, asset_id, path)


def _draft(ports: Ports, who: Principal, type_: AssetType) -> Asset:
    workspace, _ = entities.read(ports.documents, Workspace, paths.workspace(who.workspace_id))
    now = ports.clock.now()
    return Asset(
        id=ports.ids.uuid(),
        created_at=now,
        updated_at=now,
        project_id=None,
        collection_id=None,
        item_id=None,
        job_id=None,
        type=type_,
        path=f"{workspace.user_prefix}/uploads/upload-{ports.ids.token(HASH_LENGTH)}"
        f".{EXTENSIONS[type_]}",
    )


def _create(ports: Ports, who: Principal, asset: Asset) -> Upload:
    upload = Upload(who.workspace_id, asset.id, asset.path)
    due = upload.due(asset.created_at + LIFETIME + SLACK)
    entities.create(
        ports.documents, upload.document, [Create(upload.document, asset.stored()), due]
    )
    return upload


def _examine(ports: Ports, upload: Upload, max_bytes: int) -> None:
    raw = ports.blobs.stat(Bucket.UPLOADS, upload.raw)
    if raw is None:
        return  # another delivery of the event has done it
    with tempfile.TemporaryDirectory(prefix="mascotry-") as folder:
        source, clean = Path(folder) / "raw", Path(folder) / "upload.png"
        try:
            _require_size(raw, max_bytes, "picture")
            ports.blobs.download(Bucket.UPLOADS, upload.raw, source)
            content = _look_at(ports, upload, source, clean)
        except NotFound:
            return
        except BadRequest as error:
            _refuse(ports, upload, error)
        else:
            _publish(ports, upload, clean, content)


def _look_at(ports: Ports, upload: Upload, source: Path, target: Path) -> Content:
    """Have the picture decoded, or give it up: BadRequest when that was tried too often.

    The look is counted before, since this process may not survive it.
    """
    document = ports.documents.get(paths.due(upload.asset_id))
    looks: int = document.data.get("looks", 0) if document else 0
    if looks >= MAX_LOOKS:
        findings.tell(
            Finding.UPLOAD_GIVEN_UP, workspace_id=upload.workspace_id, asset_id=upload.asset_id
        )
        raise BadRequest(UNDECODABLE, field="file")
    _count_looks(ports, upload, looks + 1)
    try:
        return _reencode(ports, source, target)
    except DecoderLost:
        raise
    except (Busy, OSError):  # no room, or none on the disk: that is not the picture's doing
        _count_looks(ports, upload, looks)
        raise


def _count_looks(ports: Ports, upload: Upload, looks: int) -> None:
    with suppress(Conflict):  # it was settled at this very moment
        ports.documents.commit([Update(paths.due(upload.asset_id), {"looks": looks})])


def _is_kept(ports: Ports, upload: Upload, max_bytes: int) -> bool:
    """Whether what was sent could be a film; what could not is refused. Nothing of it is decoded:
    whoever imports it does that, in a step made for it."""
    raw = ports.blobs.stat(Bucket.UPLOADS, upload.raw)
    try:
        if raw is not None:
            _require_size(raw, max_bytes, "film")
            _require_film(ports.blobs.read(Bucket.UPLOADS, upload.raw, end=HEAD))
    except NotFound:
        pass  # removed at this very moment
    except BadRequest as error:
        _refuse(ports, upload, error)
        return False
    return True


def _refuse(ports: Ports, upload: Upload, error: BadRequest) -> None:
    sentence = f"{error.message[:1].upper()}{error.message[1:]}."
    fault = Fault(code="upload_refused", message=sentence)
    _settle(ports, upload, status=AssetStatus.FAILED, error=fault)


def _require_film(head: bytes) -> str:
    """The container of what could be a film, by how it begins."""
    container = film_container(head)
    if container is None:
        raise BadRequest(f"the film {no_film(head)}", field="file")
    return container


def _require_size(raw: Blob, max_bytes: int, what: str) -> None:
    if raw.size > max_bytes:
        raise BadRequest(f"the {what} has more than {max_bytes:,} bytes", field="file")


def _reencode(ports: Ports, source: Path | bytes, target: Path) -> Content:
    width, height = ports.decoder.picture(source, target)
    with target.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    return Content(sha256=sha256, bytes=target.stat().st_size, width=width, height=height)


def _publish(ports: Ports, upload: Upload, clean: Path, content: Content) -> None:
    """Write the file to its public path, then commit that it is there."""
    there = ports.blobs.stat(Bucket.ASSETS, upload.path)
    if there is None or there.metadata.get("sha256") != content.sha256:
        with suppress(Conflict):  # another delivery was faster, with the same picture
            ports.blobs.put(
                Bucket.ASSETS,
                upload.path,
                clean,
                content_type="image/png",
                cache_control=CACHE_CONTROL,
                metadata={
                    "workspace": upload.workspace_id,
                    "asset": upload.asset_id,
                    "sha256": content.sha256,
                },
                if_generation=there.generation if there else 0,
            )
    _settle(
        ports,
        upload,
        status=AssetStatus.READY,
        content=content,
        provenance=Provenance(provider="upload", model="upload"),
    )


def _settle(
    ports: Ports,
    upload: Upload,
    *,
    status: AssetStatus,
    error: Fault | None = None,
    content: Content | None = None,
    provenance: Provenance | None = None,
) -> None:
    """Commit how a pending upload ended. If it is no longer pending, the first word counts."""
    asset, version = _find(ports, upload)
    if asset is None or asset.status is not AssetStatus.PENDING:
        return
    settled = asset.with_(
        status=status,
        error=error,
        content=content,
        provenance=provenance,
        updated_at=ports.clock.now(),
    )
    try:
        ports.documents.commit([Replace(upload.document, settled.stored(), version)])
    except Conflict:
        current, _ = _find(ports, upload)
        if current is not None and current.status is AssetStatus.PENDING:
            raise


def _clear(ports: Ports, upload: Upload) -> None:
    """Remove what a settled or deleted upload needs no more. The sweeper's entry goes last, so that
    it is done even if this is cut off."""
    _withdraw(ports, upload)
    ports.blobs.delete(Bucket.UPLOADS, upload.raw)
    _close(ports, upload)


def _spend(ports: Ports, upload: Upload) -> None:
    """Empty what was sent, and keep its name taken: the URL, which may be valid for a while, takes
    nothing more. UPLOADS drops by itself what is two days old."""
    raw = ports.blobs.stat(Bucket.UPLOADS, upload.raw)
    if raw is None or SPENT in raw.metadata:
        return
    with suppress(Conflict):  # another delivery was faster
        ports.blobs.put(
            Bucket.UPLOADS,
            upload.raw,
            b"",
            content_type=raw.content_type,
            metadata={SPENT: "true"},
            if_generation=raw.generation,
        )


def _withdraw(ports: Ports, upload: Upload) -> None:
    """Remove the public file of an upload that is not ready, or was deleted."""
    asset, _ = _find(ports, upload)
    if asset is None or asset.status is not AssetStatus.READY:
        there = ports.blobs.stat(Bucket.ASSETS, upload.path)
        if there is not None and there.metadata.get("asset") == upload.asset_id:
            ports.blobs.delete(Bucket.ASSETS, upload.path)


def _close(ports: Ports, upload: Upload) -> None:
    """Let the sweeper forget an upload that is settled."""
    ports.documents.commit([Delete(paths.due(upload.asset_id))])


def _announce(ports: Ports, upload: Upload, raw: Blob) -> None:
    """Write the object anew, which is an event."""
    with suppress(Conflict, NotFound):  # it was received at this very moment
        ports.blobs.copy(
            (Bucket.UPLOADS, upload.raw),
            (Bucket.UPLOADS, upload.raw),
            content_type=raw.content_type,
            cache_control=raw.cache_control,
            metadata=raw.metadata,
            if_generation=raw.generation,
        )


def _find(ports: Ports, upload: Upload) -> tuple[Asset | None, str]:
    """The asset as it is now, None when it was deleted, and its version."""
    document = ports.documents.get(upload.document)
    return (Asset.load(document.data), document.version) if document else (None, "")
