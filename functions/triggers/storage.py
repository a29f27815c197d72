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
    resource = event.data if isinstance(event.data, dict) else {}
    stored, name = resource.get("bucket"), resource.get("name")
    metadata = resource.get("metadata") or {}
    bucket = composition.bucket(stored) if stored and isinstance(stored, str) else None
    if bucket is None or not isinstance(name, str) or not isinstance(metadata, dict):
        return
    triggers.object_finalized(
        composition.ports(),
        bucket,
        name,
        str(resource.get("generation")),
        {key: str(value) for key, value in metadata.items()},
    )
