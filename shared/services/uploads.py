"""Uploads: pictures of a client's own, as assets that belong to the workspace alone.

The asset is there, pending, before its file is, and the sweeper knows of it until it is settled. So
a process may die anywhere: what it has left behind is finished or taken away.
"""

import hashlib
import logging
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from shared.errors import BadRequest, Conflict, NotFound
from shared.graph.plan import HASH_LENGTH
from shared.model import paths
from shared.model.asset import Asset, AssetStatus, AssetType, Content, Provenance
from shared.model.base import instant_text, is_id
from shared.model.fault import Fault
from shared.model.workspace import Workspace
from shared.ports import Blob, Bucket, Create, Delete, Json, Ports, Put, Replace
from shared.services import entities
from shared.services.keys import Principal

log = logging.getLogger(__name__)

CACHE_CONTROL = "public, max-age=31536000, immutable"

LIFETIME: Final = timedelta(minutes=15)
"""How long an upload URL is good for."""
SLACK: Final = timedelta(minutes=2)
"""How much later a PUT may end that began in time."""
PATIENCE: Final = timedelta(hours=24)
"""How long we try to look at a picture that is there, as long as events are delivered again."""

EXPIRED = Fault(code="upload_expired", message="No picture was sent before the URL expired.")
GIVEN_UP = Fault(code="internal_error", message="The picture could not be looked at.")


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

    def due(self, at: datetime) -> Put:
        """The sweeper's entry."""
        entry = {
            "at": instant_text(at),
            "workspace_id": self.workspace_id,
            "asset_id": self.asset_id,
            "path": self.path,
        }
        return Put(paths.due(self.asset_id), entry)


@dataclass(frozen=True, slots=True)
class Invitation:
    """Where a client may send one picture of one type, with which headers and until when."""

    asset_id: str
    url: str
    headers: Mapping[str, str]
    expires_at: datetime


def invite(ports: Ports, who: Principal, content_type: str) -> Invitation:
    """A pending asset, and the signed URL that takes its picture.

    The picture is looked at as `store` does, but after it has arrived: see `receive`.
    """
    expires_at = (ports.clock.now() + LIFETIME).replace(microsecond=0)
    upload = _create(ports, who)
    signed = ports.blobs.upload_url(upload.raw, content_type=content_type, expires_at=expires_at)
    return Invitation(upload.asset_id, signed.url, signed.headers, expires_at)


def store(ports: Ports, who: Principal, content: bytes) -> Asset:
    """The picture as a clean PNG, its orientation applied and its metadata dropped.

    BadRequest says what is wrong with a file that is not a picture, or too large a one.
    """
    with tempfile.TemporaryDirectory(prefix="mascotry-") as folder:
        clean = Path(folder) / "upload.png"
        size = _reencode(content, clean)
        upload = _create(ports, who)
        _publish(ports, upload, clean, size)
    _clear(ports, upload)
    return entities.read(ports.documents, Asset, upload.document)[0]


def receive(ports: Ports, name: str, *, max_bytes: int) -> bool:
    """Look at what arrived in UPLOADS: the asset becomes ready, or failed with an error that says
    why, and the object is removed. Can be repeated, and finds what an earlier try has left.

    False for an object that no upload URL of ours is for.
    """
    workspace_id, _, rest = name.partition("/")
    asset_id, _, path = rest.partition("/")
    if not (is_id(workspace_id) and is_id(asset_id) and path):
        return False
    upload = Upload(workspace_id, asset_id, path)
    asset, _ = _find(ports, upload)
    if asset is not None and asset.path != path:
        log.warning("object is not of its asset", extra={"object": name, "asset": asset_id})
        return False
    if asset is not None and asset.status is AssetStatus.PENDING:
        _examine(ports, upload, max_bytes)
    _clear(ports, upload)
    return True


def sweep(ports: Ports, entry: Json) -> None:
    """Settle an upload whose time is up. A picture that is there is announced once more: its event
    may have been lost."""
    now = ports.clock.now()
    if entry["at"] > instant_text(now):
        return
    upload = Upload(entry["workspace_id"], entry["asset_id"], entry["path"])
    asset, _ = _find(ports, upload)
    if asset is not None and asset.status is AssetStatus.PENDING:
        raw = ports.blobs.stat(Bucket.UPLOADS, upload.raw)
        if raw is not None and now < asset.created_at + PATIENCE:
            _announce(ports, upload, raw)
            return
        fault = EXPIRED if raw is None else GIVEN_UP
        _settle(ports, upload, status=AssetStatus.FAILED, error=fault)
    _clear(ports, upload)


def _create(ports: Ports, who: Principal) -> Upload:
    workspace, _ = entities.read(ports.documents, Workspace, paths.workspace(who.workspace_id))
    now = ports.clock.now()
    asset = Asset(
        id=ports.ids.uuid(),
        created_at=now,
        updated_at=now,
        project_id=None,
        collection_id=None,
        item_id=None,
        job_id=None,
        type=AssetType.IMAGE,
        path=f"{workspace.user_prefix}/uploads/upload-{ports.ids.token(HASH_LENGTH)}.png",
    )
    upload = Upload(who.workspace_id, asset.id, asset.path)
    ports.documents.commit(
        [Create(upload.document, asset.stored()), upload.due(now + LIFETIME + SLACK)]
    )
    return upload


def _examine(ports: Ports, upload: Upload, max_bytes: int) -> None:
    raw = ports.blobs.stat(Bucket.UPLOADS, upload.raw)
    if raw is None:
        return  # another delivery of the event has done it
    with tempfile.TemporaryDirectory(prefix="mascotry-") as folder:
        source, clean = Path(folder) / "raw", Path(folder) / "upload.png"
        try:
            _require_size(raw, max_bytes)
            ports.blobs.download(Bucket.UPLOADS, upload.raw, source)
            size = _reencode(source, clean)
        except NotFound:
            return
        except BadRequest as error:
            sentence = f"{error.message[:1].upper()}{error.message[1:]}."
            fault = Fault(code="upload_refused", message=sentence)
            _settle(ports, upload, status=AssetStatus.FAILED, error=fault)
        else:
            _publish(ports, upload, clean, size)


def _require_size(raw: Blob, max_bytes: int) -> None:
    if raw.size > max_bytes:
        raise BadRequest(f"the picture has more than {max_bytes:,} bytes", field="file")


def _reencode(source: Path | bytes, target: Path) -> tuple[int, int]:
    from shared.media.stills import reencode  # heavy, and most who come here decode nothing

    return reencode(source, target)


def _publish(ports: Ports, upload: Upload, clean: Path, size: tuple[int, int]) -> None:
    """Write the file to its public path, then commit that it is there."""
    with clean.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    there = ports.blobs.stat(Bucket.ASSETS, upload.path)
    if there is None or there.metadata.get("sha256") != sha256:
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
                    "sha256": sha256,
                },
                if_generation=there.generation if there else 0,
            )
    width, height = size
    _settle(
        ports,
        upload,
        status=AssetStatus.READY,
        content=Content(sha256=sha256, bytes=clean.stat().st_size, width=width, height=height),
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
    asset, _ = _find(ports, upload)
    if asset is None or asset.status is not AssetStatus.READY:
        there = ports.blobs.stat(Bucket.ASSETS, upload.path)
        if there is not None and there.metadata.get("asset") == upload.asset_id:
            ports.blobs.delete(Bucket.ASSETS, upload.path)
    ports.blobs.delete(Bucket.UPLOADS, upload.raw)
    ports.documents.commit([Delete(paths.due(upload.asset_id))])


def _announce(ports: Ports, upload: Upload, raw: Blob) -> None:
    """Write the object anew, which is an event."""
    ports.documents.commit([upload.due(ports.clock.now() + LIFETIME)])
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
