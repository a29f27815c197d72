"""What a finalized object sets going: the next steps of its job, which are enqueued and never run
here, or the look at a picture that a client has sent."""

import logging
from collections.abc import Mapping

from shared import tracing
from shared.config import Settings
from shared.graph.advance import unmade
from shared.graph.events import ObjectFinalized
from shared.model.job import Job
from shared.ports import Bucket, Ports
from shared.services import jobstore, placeholders, runner, uploads

log = logging.getLogger(__name__)


def object_finalized(
    ports: Ports, settings: Settings, bucket: Bucket, name: str, metadata: Mapping[str, str]
) -> bool:
    """Tell the job or the upload that an object belongs to; False for placeholders and objects that
    are not ours.

    The metadata names the job, and the job must name the object: a stranger's object with forged
    metadata fires nothing. What comes after the end of a job that did not make it is removed.
    """
    if bucket is Bucket.UPLOADS:
        return uploads.receive(ports, name, max_bytes=settings.max_upload_bytes)
    if bucket is not Bucket.ASSETS:
        return False
    if not {"workspace", "job", "asset"} <= metadata.keys():
        return False
    workspace_id, job_id, asset_id = (metadata[key] for key in ("workspace", "job", "asset"))
    loaded = jobstore.load(ports.documents, workspace_id, job_id)
    if loaded is None:
        return False
    job = loaded[0]
    key = _key(job, asset_id, name)
    if key is None:
        log.warning("object is not of its job", extra={"object": name, "job": job_id})
        return False
    if job.finished and key in unmade(job):
        # It came too late: what the job's end takes away had been taken away before.
        placeholders.remove(ports, job, [key])
        return False
    if "placeholder" in metadata:
        return False
    with tracing.span("object finalized", job.trace):
        runner.apply(ports, workspace_id, job_id, ObjectFinalized(asset_id), known=loaded)
    return True


def _key(job: Job, asset_id: str, name: str) -> str | None:
    """Under which key a job has an asset of that id and path."""
    return next(
        (key for key, one in job.assets.items() if (one.id, one.path) == (asset_id, name)), None
    )
