"""Pictures behind URLs that a request names: fetched with the guard, decoded, and kept or not.

What decodes is imported when it is needed, since most calls need not know of it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from pydantic import Field

from functions.api.call import Call
from shared.errors import BadRequest
from shared.model.collection import MAX_REFERENCES
from shared.services.fetch import fetch

Url = Annotated[str, Field(max_length=2048, json_schema_extra={"format": "uri"})]
Urls = Annotated[tuple[Url, ...], Field(max_length=MAX_REFERENCES)]


def fetched(call: Call, url: str, target: Path, *, field: str) -> Path:
    """The picture behind a URL, as a PNG that is small enough to look at; nothing is stored."""
    from shared.services import vision

    with naming(field):
        content = fetch(url, max_bytes=call.settings.max_upload_bytes)
        call.ports.decoder.picture(content, target, side=vision.SIDE)
    return target


def stored(call: Call, url: str, *, field: str) -> str:
    """The id of the asset that the picture behind a URL becomes."""
    from shared.services import uploads

    with naming(field):
        content = fetch(url, max_bytes=call.settings.max_upload_bytes)
        return uploads.store(call.ports, call.who, content).id


@contextmanager
def naming(field: str) -> Iterator[None]:
    """Let a fault name the field of the request that the URL stands in."""
    try:
        yield
    except BadRequest as error:
        raise BadRequest(error.message, field=field) from error
