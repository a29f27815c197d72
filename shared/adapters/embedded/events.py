"""Storage events: what the storage trigger is told when an object is finalized.

The body and the headers are those of Eventarc's CloudEvents in binary mode, so that a function
cannot tell which store an event came from.
"""

from urllib.parse import quote

from shared.ports import Blob, Json

EVENTS_QUEUE = "storage-events"

# Printable ASCII but the space, the quotation mark and the per cent sign: the CloudEvents HTTP
# binding has everything else in a header percent-encoded.
_PLAIN = "".join(map(chr, range(0x21, 0x7F))).translate({0x22: None, 0x25: None})


def event_name(blob: Blob) -> str:
    """The event's identity: one for each generation of an object."""
    return f"{blob.bucket}-{blob.generation}"


def object_resource(blob: Blob) -> Json:
    """The object as the JSON API of Cloud Storage describes it (64-bit numbers are text)."""
    updated = blob.updated_at.isoformat().replace("+00:00", "Z")
    return {
        "kind": "storage#object",
        "id": f"{blob.bucket}/{blob.name}/{blob.generation}",
        "bucket": str(blob.bucket),
        "name": blob.name,
        "generation": str(blob.generation),
        "metageneration": "1",
        "contentType": blob.content_type,
        "cacheControl": blob.cache_control,
        "size": str(blob.size),
        "etag": blob.etag,
        "metadata": dict(blob.metadata),
        "timeCreated": updated,
        "updated": updated,
    }


def event_headers(name: str, resource: Json) -> dict[str, str]:
    """The headers of the CloudEvent `name` whose body is the object `resource`."""
    return {
        "ce-id": name,
        "ce-specversion": "1.0",
        "ce-type": "google.cloud.storage.object.v1.finalized",
        "ce-source": f"//storage.googleapis.com/projects/_/buckets/{resource['bucket']}",
        "ce-subject": quote(f"objects/{resource['name']}", safe=_PLAIN),
        "ce-time": resource["updated"],
    }
