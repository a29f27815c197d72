"""/v1/collections: characters and their references."""

from typing import Annotated, Any, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from functions import composition
from functions.api import items as items_api
from functions.api import parameter, pictures, style
from functions.api.call import Call, Reply, Route
from functions.api.changes import Changes, Given
from shared.character.cautions import active
from shared.errors import ProviderError
from shared.model import paths
from shared.model.asset import ExtraFormat
from shared.model.base import Id, Value
from shared.model.collection import MAX_REFERENCES, Cdn, Collection, Quality, Settings, Slug
from shared.model.request import Name, Prompt, Sizes
from shared.model.schema import having, having_some, named, one_of, rules
from shared.model.workspace import Scope
from shared.ports import Document, Page, Query
from shared.services import (
    answers,
    collections,
    deletion,
    entities,
    guides,
    sizes,
    summaries,
    workspaces,
)

Retries = Annotated[int, Field(ge=0, le=5)]

Formats = Annotated[
    tuple[Annotated[ExtraFormat, named("ExtraFormat")], ...],
    AfterValidator(lambda formats: tuple(dict.fromkeys(formats))),
]

SETTINGS = ("animation_sizes", "cdn", "extra_formats", "max_retries", "quality")
PUBLIC = ("animation_sizes", "extra_formats")
"""What anybody may know: which files there are."""


class CreateBody(Value):
    """`description` is the character's prompt. With references, a vision provider finds the name
    or the description that is not given; without, the name has to do."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            {
                "description": "Give a `name`, or references to find one from.",
                "anyOf": [
                    having("name"),
                    having_some("reference_asset_ids"),
                    having_some("reference_image_urls"),
                ],
            }
        )
    )

    project_id: Id
    name: Name | None = None
    description: Prompt | None = None
    reference_asset_ids: Annotated[tuple[Id, ...], Field(max_length=MAX_REFERENCES)] = ()
    reference_image_urls: pictures.Urls = ()
    animation_sizes: Sizes = ()
    extra_formats: Formats = ()
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


class UpdateBody(Changes):
    name: Given[Name] = None
    description: Given[Prompt] = None
    slug: Given[Slug] = None
    animation_sizes: Given[Sizes] = None
    extra_formats: Given[Formats] = None
    cdn: Given[Cdn] = None
    max_retries: Given[Retries] = None
    quality: Given[Quality] = None


class ReferenceBody(Value):
    model_config = ConfigDict(json_schema_extra=rules(one_of("asset_id", "url")))

    asset_id: Id | None = None
    url: pictures.Url | None = None

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
    """What the owner has chosen."""
    stored = collection.stored()
    if call.who.publishable:
        return {name: stored["settings"][name] for name in PUBLIC}
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
    """List the collections, of all projects or of one.

    The oldest comes first if you don't say otherwise.
    """
    kind = paths.collection_of(call.who.workspace_id, "collections")
    project_id = call.id("project_id")
    of = {"project_id": project_id} if project_id else {}
    query = Query(kind, of, descending=call.flag("latest"))
    user_prefix = _user_prefix(call)
    best = call.flag("best")
    return call.listing(
        query,
        lambda page: [
            {**show(found, user_prefix), **(_best(call, found) if best else {})}
            for found in _alive(call, page)
        ],
    )


def create(call: Call) -> Reply:
    """Create a collection: one character.

    What references show fills in a name or a description that is not given.
    """
    body = call.body(CreateBody)
    # Before anything is fetched, stored or looked at.
    collections.require(call.ports, call.who, body.project_id, body.reference_asset_ids)
    fetched = (
        pictures.stored(call, url, field=f"reference_image_urls[{index}]")
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
    """Read a collection with its configuration."""
    collection, version = collections.get(call.ports, call.who, call.ids["collection_id"])
    return Reply(show_whole(call, collection), version=version)


def update(call: Call) -> Reply:
    """Change a collection.

    Animation sizes and extra formats that are new to it are made of the films that it has, too, in
    a job that is free. Files of what is left out stay.
    """
    changes = call.body(UpdateBody).changes()
    settings = {name: changes.pop(name) for name in SETTINGS if name in changes}
    if "description" in changes:
        changes["prompt"] = changes.pop("description")
    changed, batch = sizes.update(
        call.ports,
        call.who,
        call.ids["collection_id"],
        changes,
        settings,
        if_match=call.if_match,
    )
    begun = {"job_id": batch.id, "poll_url": call.poll_url(batch.id)} if batch else None
    return Reply({**show_whole(call, changed), "sizes_job": begun})


def delete(call: Call) -> Reply:
    """Delete a collection with everything in it.

    While a picture in it is a reference of other characters the answer is 409 and names their
    collections; with `detach` it is taken from them, which clears their style cards.
    """
    job = deletion.delete_collection(
        call.ports,
        call.who,
        call.ids["collection_id"],
        if_match=call.if_match,
        detach=call.flag("detach"),
    )
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
    """Take a picture from the references, which clears the style card."""
    collection_id = call.ids["collection_id"]
    with call.unless_done():
        collections.remove_reference(call.ports, call.who, collection_id, call.ids["asset_id"])
    return Reply(show_whole(call, collections.get(call.ports, call.who, collection_id)[0]))


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


def _best(call: Call, collection: Collection) -> dict[str, Any]:
    found = summaries.of_collection(call.ports, call.who, collection.id)
    return {"best": items_api.show_best(call, found)}


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


_EXAMPLE = {
    "project_id": "6f1c0f5e-8a0e-4b52-9c55-0d8b1f5e7a10",
    "name": "Felix",
    "description": "an orange fox with a blue scarf",
    "animation_sizes": [256],
}

ROUTES = (
    Route(
        "GET",
        "/v1/collections",
        index,
        publishable=True,
        query=(
            parameter.id_("project_id", "Only those of this project."),
            parameter.flag("latest", "The latest first."),
            parameter.flag("best", "Each with the best files of the item that was drawn last."),
        ),
        answer="CollectionInList",
        paged=True,
    ),
    Route(
        "GET",
        "/v1/collections/<collection_id>",
        get,
        versioned=True,
        publishable=True,
        answer="CollectionView",
    ),
    Route(
        "PATCH",
        "/v1/collections/<collection_id>",
        update,
        Scope.WRITE,
        versioned=True,
        body=UpdateBody,
        answer="CollectionChanged",
        example={"description": "an orange fox with a red scarf"},
    ),
    Route(
        "DELETE",
        "/v1/collections/<collection_id>",
        delete,
        Scope.WRITE,
        versioned=True,
        query=(parameter.DETACH,),
        answer="Deletion",
        status=202,
        gives={"job_id": "/job_id"},
    ),
    Route(
        "DELETE",
        "/v1/collections/<collection_id>/references/<asset_id>",
        remove_reference,
        Scope.WRITE,
        answer="CollectionDetails",
    ),
)

INGEST_ROUTES = (
    Route(
        "POST",
        "/v1/collections",
        create,
        Scope.WRITE,
        body=CreateBody,
        answer="CollectionDetails",
        status=201,
        errors=(ProviderError,),
        gives={"collection_id": "/id"},
        example=_EXAMPLE,
    ),
    Route(
        "POST",
        "/v1/collections/<collection_id>/references",
        add_reference,
        Scope.WRITE,
        body=ReferenceBody,
        answer="CollectionDetails",
        status=201,
        example={"url": "https://example.com/fox.png"},
    ),
)
