"""Uploads: decoded, cleaned and stored as assets that belong to the workspace alone."""

import hashlib
import tempfile
from pathlib import Path

from shared.graph.plan import HASH_LENGTH
from shared.media.stills import reencode
from shared.model import paths
from shared.model.asset import Asset, AssetStatus, AssetType, Content, Provenance
from shared.model.workspace import Workspace
from shared.ports import Bucket, Create, Ports
from shared.services import entities
from shared.services.keys import Principal

CACHE_CONTROL = "public, max-age=31536000, immutable"


def store(ports: Ports, who: Principal, content: bytes) -> Asset:
    """The picture as a clean PNG, its orientation applied and its metadata dropped.

    BadRequest says what is wrong with a file that is not a picture, or too large a one.
    """
    workspace, _ = entities.read(ports.documents, Workspace, paths.workspace(who.workspace_id))
    with tempfile.TemporaryDirectory(prefix="mascotry-") as folder:
        clean = Path(folder) / "upload.png"
        width, height = reencode(content, clean)
        data = clean.read_bytes()
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
        status=AssetStatus.READY,
        content=Content(
            sha256=hashlib.sha256(data).hexdigest(), bytes=len(data), width=width, height=height
        ),
        provenance=Provenance(provider="upload", model="upload"),
    )
    ports.blobs.put(
        Bucket.ASSETS,
        asset.path,
        data,
        content_type=asset.content_type,
        cache_control=CACHE_CONTROL,
        metadata={"workspace": who.workspace_id, "asset": asset.id},
        if_generation=0,
    )
    ports.documents.commit([Create(paths.asset(who.workspace_id, asset.id), asset.stored())])
    return asset
