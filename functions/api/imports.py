"""POST /v1/collections/:id/items/import."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from pydantic import ConfigDict, model_validator

from functions.api import jobs, pictures
from functions.api import uploads as uploads_api
from functions.api.call import Call, Reply, Route
from shared.model.asset import Asset
from shared.model.base import Id, Value
from shared.model.request import Name, Sizes
from shared.model.schema import one_of, rules
from shared.model.workspace import Scope
from shared.services import collections, imports, uploads
from shared.services.fetch import fetch
from shared.services.generation import Proposal


class Terms(Value):
    """What a form says beside its file. `name` is for a new item, `item_id` for more of one that is
    there. `dry_run` only asks what would be made."""

    model_config = ConfigDict(json_schema_extra=rules(one_of("name", "item_id")))

    name: Name | None = None
    item_id: Id | None = None
    sizes: Sizes | None = None
    dry_run: bool = False

    @model_validator(mode="after")
    def _one_item(self) -> Self:
        if (self.name is None) == (self.item_id is None):
            raise ValueError(
                "name: give either a name, for a new item, or the item_id of one that is there"
            )
        return self

    @property
    def target(self) -> imports.Target:
        return imports.Target(self.name, self.item_id)


class ImportBody(Terms):
    """`asset_id` is that of an upload, `url` where a small file is to be fetched from."""

    model_config = ConfigDict(
        json_schema_extra=rules(one_of("name", "item_id"), one_of("asset_id", "url"))
    )

    asset_id: Id | None = None
    url: pictures.Url | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.asset_id is None) == (self.url is None):
            raise ValueError(
                "asset_id: give either asset_id, of an upload, or url, or send a form with a file"
            )
        return self


def bring(call: Call) -> Reply:
    """Import a picture or a film that is there already, as if it had been made here.

    A picture gets a cut-out, a film every web format. Nobody judges it, and it is free. With
    `dry_run` nothing is stored or begun.
    """
    collections.get(call.ports, call.who, call.ids["collection_id"])  # before anything is fetched
    if call.request.mimetype.startswith("multipart/"):
        return _begin(call, call.form(Terms), uploads_api.content_of_form(call))
    body = call.body(ImportBody)
    if body.asset_id is None:
        with pictures.naming("url"):
            content = fetch(body.url or "", max_bytes=call.settings.max_upload_bytes)
        return _begin(call, body, content, field="url")
    upload = imports.uploaded(call.ports, call.who, body.asset_id, field="asset_id")
    return jobs.begin(call, _proposal(call, body, upload), dry_run=body.dry_run)


def _begin(call: Call, terms: Terms, content: bytes, *, field: str = "file") -> Reply:
    """Begin with a file itself, which becomes an upload when all else is known to be right."""
    with TemporaryDirectory(prefix="mascotry-") as folder:
        with pictures.naming(field):
            prepared = uploads.prepare(call.ports, call.who, content, Path(folder))
        proposal = _proposal(call, terms, prepared.asset)
        if not terms.dry_run:
            uploads.keep(call.ports, call.who, prepared)
    return jobs.begin(call, proposal, dry_run=terms.dry_run)


def _proposal(call: Call, terms: Terms, upload: Asset) -> Proposal:
    return imports.propose(
        call.ports, call.who, call.ids["collection_id"], upload, terms.target, terms.sizes
    )


INGEST_ROUTES = (
    Route(
        "POST",
        "/v1/collections/<collection_id>/items/import",
        bring,
        Scope.WRITE,
        body=ImportBody,
        form=True,
        terms=Terms,
        answer="Generation",
        status=202,
        dry_answer="Quote",
        gives={"job_id": "/job_id", "item_id": "/item_id"},
        example={"url": "https://example.com/fox.png", "name": "Waving"},
    ),
)
