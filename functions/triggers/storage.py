"""The storage trigger: from a CloudEvent to the job or upload that its object belongs to."""

from cloudevents.http import CloudEvent

from functions import composition, telemetry, trust
from shared.config import settings
from shared.services import triggers

FINALIZED = "google.cloud.storage.object.v1.finalized"


def finalized(event: CloudEvent) -> None:
    """Ignore what is not a finalized object in a bucket of ours; raising asks for it again."""
    with telemetry.entry(settings(), "on_object_finalized", event.get("traceparent"), flush=True):
        trust.admit_event("on_object_finalized")
        _finalized(event)


def _finalized(event: CloudEvent) -> None:
    if event["type"] != FINALIZED:
        return
    resource = event.data
    bucket = composition.bucket(str(resource.get("bucket"))) if isinstance(resource, dict) else None
    if bucket is None:
        return
    triggers.object_finalized(
        composition.ports(),
        settings(),
        bucket,
        str(resource.get("name", "")),
        resource.get("metadata") or {},
    )
