"""What a finalized object sets going: the next steps of its job, or the look at a file that a
client has sent. Both are enqueued and never run here: Eventarc delivers an event again that is not
acknowledged within 10 seconds."""

import logging
from collections.abc import Mapping

from shared import tracing
from shared.graph.events import ObjectFinalized
from shared.model.base import is_id
from shared.model.job import Job
from shared.ports import Bucket, Ports
from shared.services import jobstore, runner, uploads
from shared.services.runner import FIRES

log = logging.getLogger(__name__)


def object_finalized(
    ports: Ports, bucket: Bucket, name: str, generation: str, metadata: Mapping[str, str]
) -> bool:
    """Tell the job or the upload that an object belongs to; False for what fires nothing, which
    most objects say themselves, so that nothing is read for them, and for what is not ours.

    The metadata names the job, and the job must name the object and have committed its content: a
    stranger's object with forged metadata fires nothing, nor does the late event of one that has
    been overwritten since.
    """
    if bucket is Bucket.UPLOADS:
        return uploads.announced(ports, name, generation, metadata)
    if bucket is not Bucket.ASSETS:
        return False
    if FIRES not in metadata:
        return False
    workspace_id, job_id, asset_id = (
        metadata.get(key, "") for key in ("workspace", "job", "asset")
    )
    if not (is_id(workspace_id) and is_id(job_id)):
        return False
    loaded = jobstore.load(ports.documents, workspace_id, job_id)
    if loaded is None:
        return False
    job = loaded[0]
    if not _has_committed(job, asset_id, name, metadata.get("sha256")):
        log.warning("object is not of its job", extra={"object": name, "job": job_id})
        return False
    with tracing.span("object finalized", job.trace):
        runner.apply(ports, workspace_id, job_id, ObjectFinalized(asset_id), known=loaded)
    return True


def _has_committed(job: Job, asset_id: str, name: str, sha256: str | None) -> bool:
    """Whether this content under this name is what a step of the job has made of the asset."""
    return any(
        (asset.id, asset.path, step.outputs[key].content.sha256) == (asset_id, name, sha256)
        for key, asset in job.assets.items()
        for step in job.steps.values()
        if key in step.makes and key in step.outputs
    )
