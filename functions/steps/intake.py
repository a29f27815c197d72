"""Import what a client has made: an uploaded picture as it is, a film written anew.

Nothing is decoded here. A picture was decoded when it arrived, and is copied inside the store; a
film is decoded by the `Decoder` port, which puts the master into the work area.
"""

from typing import Any

from shared.errors import Busy, PermanentError
from shared.model.asset import AssetType, Content, Provenance, content_type
from shared.model.job import Output
from shared.ports import Bucket
from shared.providers.base import Later
from shared.services import uploads
from shared.services.steps import Accepted, StepContext, StepResult

ARRIVING = 5.0
"""Seconds between two looks for a film that is still being sent."""
OCCUPIED = 20.0
"""Seconds until a decoder that has no room, or cannot be reached, is asked again."""
PROVENANCE = Provenance(provider="upload", model="upload")


def run(context: StepContext) -> StepResult:
    (key,) = context.step.files
    if context.job.assets[key].type is AssetType.VIDEO:
        return _film(context, key)
    return _picture(context, key)


def _picture(context: StepContext, key: str) -> StepResult:
    asset = uploads.find(context.ports, context.job.workspace_id, context.step.inputs["upload"])
    if asset.content is None:
        raise PermanentError("source_missing", f"The upload {asset.id} has no file.")
    work_path = context.work_path(key)
    context.ports.blobs.copy(
        (Bucket.ASSETS, asset.path),
        (Bucket.WORK, work_path),
        content_type=content_type(work_path),
        cache_control="private, no-store",
    )
    content = asset.content
    verification = {
        "codec": "png",
        "width": content.width,
        "height": content.height,
        "frames": 1,
        "bytes": content.bytes,
    }
    return _accepted(key, work_path, content, {"verification": verification})


def _film(context: StepContext, key: str) -> StepResult:
    upload_id, work_path = context.step.inputs["upload"], context.work_path(key)
    source = uploads.find_film(context.ports, context.job.workspace_id, upload_id)
    if source is None:
        return Later(ARRIVING)
    try:
        film = context.ports.decoder.film(source, work_path)
    except Busy:
        return Later(OCCUPIED)
    content = Content(
        sha256=film.sha256,
        bytes=film.bytes,
        width=film.width,
        height=film.height,
        duration=film.duration,
        frames=film.frames,
        fps=film.fps,
    )
    metadata: dict[str, Any] = {
        "source": film.source,
        "background": list(film.background) if film.background else None,
        "palette": [list(colour) for colour in film.palette],
        "verification": film.verification,
    }
    return _accepted(key, work_path, content, metadata)


def _accepted(key: str, work_path: str, content: Content, metadata: dict[str, Any]) -> StepResult:
    output = Output(work_path=work_path, content=content, provenance=PROVENANCE, metadata=metadata)
    return Accepted({key: output})
