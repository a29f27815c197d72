"""/v1/collections: characters and their references."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from functions import composition
from functions.api import pictures, style
from functions.api.call import Call, Reply, Route
from shared.character.cautions import active
from shared.errors import BadRequest
from shared.model import paths
from shared.model.base import Id, Value
from shared.model.collection import MAX_REFERENCES, Cdn, Collection, Quality, Settings, Slug
from shared.model.request import Name, Prompt, Sizes
from shared.model.workspace import Scope
from shared.ports import Document, Page, Query
from shared.services import answers, collections, deletion, entities, guides, workspaces

Retries = Annotated[int, Field(ge=0, le=5)]

SETTINGS = ("animation_sizes", "cdn", "max_retries", "quality")


class CreateBody(Value):
    """`description` is the character's prompt. With references, a vision provider finds the name
    or the description that is not given; without, the name has to do."""

    project_id: Id
    name: Name | None = None
    description: Prompt | None = None
    reference_asset_ids: Annotated[tuple[Id, ...], Field(max_length=MAX_REFERENCES)] = ()
    reference_image_urls: pictures.Urls = ()
    animation_sizes: Sizes = ()
    cdn: Cdn = Cdn()
    max_retries: Retries = 2
    quality: Quality = Quality.STANDARD

    @model_validator(mode="after")
    def _enough(self) -> Self:
        references = len(self.reference_asset_ids) + len(self.reference_image_urls)
        if references > MAX_REFERENCES:
            raise ValueError(
                f"reference_image_urls: at most {MAX_REFERENCES} references, "
                "together with reference_asset_ids"
            )
        if self.name is None and not references:
            raise ValueError("name: give a name, or references to find one from")
        return self


class UpdateBody(Value):
    name: Name | None = None
    description: Prompt | None = None
    slug: Slug | None = None
    animation_sizes: Sizes | None = None
    cdn: Cdn | None = None
    max_retries: Retries | None = None
    quality: Quality | None = None


class ReferenceBody(Value):
    asset_id: Id | None = None
    url: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.asset_id is None) == (self.url is None):
            raise ValueError("asset_id: give either asset_id, of an upload, or url")
        return self


def show(collection: Collection, user_prefix: str) -> dict[str, Any]:
    """The collection as lists show it."""
    return {
        **collection.model_dump(
            mode="json", include={"id", "project_id", "name", "is_published", "created_at"}
        ),
        "type": "mascot",
        "public_slug": collection.settings.cdn.slug or collection.slug,
        "user_prefix": user_prefix,
    }


def show_whole(call: Call, collection: Collection) -> dict[str, Any]:
    """The collection with its configuration, and what is known of its character."""
    return {
        **show(collection, _user_prefix(call)),
        "slug": collection.slug,
        "updated_at": collection.stored()["updated_at"],
        "config": _config(call, collection),
    }


def _config(call: Call, collection: Collection) -> dict[str, Any]:
    """What the owner has chosen; of that, anybody may know which sizes there are."""
    stored = collection.stored()
    if call.who.publishable:
        return {"animation_sizes": stored["settings"]["animation_sizes"]}
    guide = guides.load(call.ports.documents, call.who.workspace_id, collection.id)
    card = guide.card_for(collection.reference_asset_ids) if guide else None
    return {
        "prompt": collection.prompt,
        "reference_asset_ids": stored["reference_asset_ids"],
        "style_card": style.show_card(card) if card else None,
        "caution_list": list(active(guide.cautions)) if guide else [],
        **stored["settings"],
    }


def index(call: Call) -> Reply:
    kind = paths.collection_of(call.who.workspace_id, "collections")
    project_id = call.request.args.get("project_id")
    query = Query(kind, {"project_id": project_id} if project_id else {})
    user_prefix = _user_prefix(call)
    return call.listing(
        query,
        lambda page: [show(found, user_prefix) for found in _alive(call, page)],
    )


def create(call: Call) -> Reply:
    body = call.body(CreateBody)
    # Before anything is fetched, stored or looked at.
    collections.require(call.ports, call.who, body.project_id, body.reference_asset_ids)
    fetched = (
        pictures.stored(call, url, field=f"reference_image_urls.{index}")
        for index, url in enumerate(body.reference_image_urls)
    )
    references = (*body.reference_asset_ids, *fetched)
    name, prompt = _words(call, body, references)
    collection = collections.create(
        call.ports,
        call.who,
        project_id=body.project_id,
        name=name,
        prompt=prompt,
        reference_asset_ids=references,
        settings=Settings(**{name: getattr(body, name) for name in SETTINGS}),
    )
    return Reply(show_whole(call, collection), status=201)


def get(call: Call) -> Reply:
    collection, _ = collections.get(call.ports, call.who, call.ids["collection_id"])
    return Reply(show_whole(call, collection))


def update(call: Call) -> Reply:
    given = call.body(UpdateBody)
    changes = {name: getattr(given, name) for name in given.model_fields_set}
    if empty := [name for name, value in changes.items() if value is None]:
        raise BadRequest("may be left out, but not be null", field=empty[0])
    collection_id = call.ids["collection_id"]
    current, _ = collections.get(call.ports, call.who, collection_id)
    settings = {name: changes.pop(name) for name in SETTINGS if name in changes}
    if settings:
        changes["settings"] = current.settings.with_(**settings)
    if "description" in changes:
        changes["prompt"] = changes.pop("description")
    changed = collections.update(call.ports, call.who, collection_id, changes)
    return Reply(show_whole(call, changed))


def delete(call: Call) -> Reply:
    job = deletion.delete_collection(call.ports, call.who, call.ids["collection_id"])
    return call.deleted(call.ids["collection_id"], job)


def add_reference(call: Call) -> Reply:
    """Add an uploaded picture, or one behind a URL, which is fetched and stored as an upload."""
    body = call.body(ReferenceBody)
    collection_id = call.ids["collection_id"]
    collections.get(call.ports, call.who, collection_id)
    asset_id = body.asset_id or pictures.stored(call, body.url or "", field="url")
    changed = collections.add_reference(call.ports, call.who, collection_id, asset_id)
    return Reply(show_whole(call, changed), status=201)


def remove_reference(call: Call) -> Reply:
    changed = collections.remove_reference(
        call.ports, call.who, call.ids["collection_id"], call.ids["asset_id"]
    )
    return Reply(show_whole(call, changed))


def _words(call: Call, body: CreateBody, references: tuple[str, ...]) -> tuple[str, str]:
    """Name and prompt: what was given, and what the references show where it was not."""
    if body.name and (body.description or not references):
        return body.name, body.description or body.name
    from shared.services import vision  # decodes pictures

    given = collections.require(call.ports, call.who, body.project_id, references)
    field = "reference_asset_ids" if body.reference_asset_ids else "reference_image_urls"
    with answers.faults():
        chosen = workspaces.vision_provider(call.ports, call.who.workspace_id, call.settings)
        provider = composition.vision_provider(chosen)
        seen = vision.describe_assets(call.ports, provider, given, field=field)
    return body.name or seen.name, body.description or seen.character


def _user_prefix(call: Call) -> str:
    document = call.ports.documents.get(paths.workspace(call.who.workspace_id))
    return str(document.data["user_prefix"]) if document else ""


def _alive(call: Call, page: Page[Document]) -> list[Collection]:
    """Without those of a project that was deleted a moment ago."""
    found = [Collection.load(document.data) for document in page.results]
    projects = entities.existing(
        call.ports.documents,
        {paths.project(call.who.workspace_id, collection.project_id) for collection in found},
    )
    return [
        collection
        for collection in found
        if paths.project(call.who.workspace_id, collection.project_id) in projects
    ]


ROUTES = (
    Route("GET", "/v1/collections", index, publishable=True),
    Route("GET", "/v1/collections/<collection_id>", get, publishable=True),
    Route("PATCH", "/v1/collections/<collection_id>", update, Scope.WRITE),
    Route("DELETE", "/v1/collections/<collection_id>", delete, Scope.WRITE),
    Route(
        "DELETE",
        "/v1/collections/<collection_id>/references/<asset_id>",
        remove_reference,
        Scope.WRITE,
    ),
)

INGEST_ROUTES = (
    Route("POST", "/v1/collections", create, Scope.WRITE),
    Route("POST", "/v1/collections/<collection_id>/references", add_reference, Scope.WRITE),
)
