"""Collections: characters, their references and their settings."""

from collections.abc import Callable, Sequence
from typing import Any

from shared.errors import BadRequest, Conflict, NotFound
from shared.model import paths
from shared.model.asset import Asset
from shared.model.base import instant_text
from shared.model.collection import MAX_REFERENCES, Collection, Settings
from shared.ports import Create, Delete, Ports, Replace, Update, Write
from shared.services import assets, entities, projects
from shared.services.keys import Principal
from shared.services.slugs import slugify

SUFFIX_LENGTH = 4
TRIES = 5


def require(
    ports: Ports, who: Principal, project_id: str, reference_asset_ids: Sequence[str]
) -> tuple[Asset, ...]:
    """The references of a character to be, each once; BadRequest says what of it is not there."""
    try:
        projects.get(ports, who, project_id)
    except NotFound as error:
        raise BadRequest("there is no such project", field="project_id") from error
    references = tuple(dict.fromkeys(reference_asset_ids))
    if len(references) > MAX_REFERENCES:
        raise BadRequest(f"at most {MAX_REFERENCES} references", field="reference_asset_ids")
    return tuple(
        assets.picture(ports, who, asset_id, field="reference_asset_ids") for asset_id in references
    )


def create(
    ports: Ports,
    who: Principal,
    *,
    project_id: str,
    name: str,
    prompt: str,
    reference_asset_ids: Sequence[str] = (),
    settings: Settings | None = None,
) -> Collection:
    """A new character. Its slug is unique in the workspace; a taken one gets a suffix."""
    references = require(ports, who, project_id, reference_asset_ids)
    now = ports.clock.now()
    wanted = slugify(name, "mascot")
    for attempt in range(TRIES):
        slug = wanted if attempt == 0 else f"{wanted}-{ports.ids.token(SUFFIX_LENGTH)}"
        collection_id = ports.ids.uuid()
        collection = Collection(
            id=collection_id,
            created_at=now,
            updated_at=now,
            project_id=project_id,
            name=name,
            slug=slug,
            prompt=prompt,
            seed=int(collection_id.replace("-", "")[:8], 16) & 0x7FFFFFFF,
            reference_asset_ids=tuple(asset.id for asset in references),
            settings=settings or Settings(),
        )
        path = paths.collection(who.workspace_id, collection_id)
        reservation = Create(paths.slug(who.workspace_id, slug), {"collection_id": collection_id})
        try:
            writes: list[Write] = [
                reservation,
                Create(path, collection.stored()),
                *(_held(ports, who, asset.id) for asset in references),
            ]
            entities.create(ports.documents, path, writes)
        except Conflict:  # the slug is taken, or a reference was deleted
            require(ports, who, project_id, reference_asset_ids)
            continue
        return collection
    raise Conflict("No free slug was found; give the collection another name.")


def get(ports: Ports, who: Principal, collection_id: str) -> tuple[Collection, str]:
    """A collection of a project that still exists, and its version."""
    path = paths.collection(who.workspace_id, collection_id)
    collection, version = entities.read(ports.documents, Collection, path)
    project = paths.project(who.workspace_id, collection.project_id)
    entities.require_all(ports.documents, [project], "collection")
    return collection, version


def update(
    ports: Ports,
    who: Principal,
    collection_id: str,
    changes: dict[str, Any],
    settings: dict[str, Any] | None = None,
    *,
    if_match: str | None = None,
    along: Callable[[Collection, Collection], Sequence[Write]] = lambda before, after: (),
) -> Collection:
    """Change name, prompt or slug, and some settings. A new slug counts for new assets only. What
    `along` makes of it as it was and as it will be is committed with the change."""
    collection, version = get(ports, who, collection_id)
    entities.require_version(version, if_match)
    path = paths.collection(who.workspace_id, collection_id)
    if settings:
        changes = {**changes, "settings": collection.settings.with_(**settings)}
    changed = collection.with_(**changes, updated_at=ports.clock.now())
    writes: list[Write] = [Replace(path, changed.stored(), version)]
    if changed.slug != collection.slug:
        if ports.documents.get(paths.slug(who.workspace_id, changed.slug)) is not None:
            raise BadRequest("is taken by another collection of this workspace", field="slug")
        owner = {"collection_id": collection_id}
        writes.append(Create(paths.slug(who.workspace_id, changed.slug), owner))
        writes.append(Delete(paths.slug(who.workspace_id, collection.slug)))
    ports.documents.commit([*writes, *along(collection, changed)])
    return changed


def add_reference(ports: Ports, who: Principal, collection_id: str, asset_id: str) -> Collection:
    """Add a reference image. A style card holds for the references that it was made from, so any
    change of them clears it."""
    assets.picture(ports, who, asset_id, field="asset_id")

    def add(references: tuple[str, ...]) -> tuple[str, ...]:
        if asset_id in references:
            return references
        if len(references) >= MAX_REFERENCES:
            raise BadRequest(
                f"the collection has {MAX_REFERENCES} references already; remove one first",
                field="asset_id",
            )
        return (*references, asset_id)

    return _change_references(ports, who, collection_id, add, [_held(ports, who, asset_id)])


def remove_reference(ports: Ports, who: Principal, collection_id: str, asset_id: str) -> Collection:
    def remove(references: tuple[str, ...]) -> tuple[str, ...]:
        if asset_id not in references:
            raise NotFound("There is no such reference.")
        return _without(references, asset_id)

    return _change_references(ports, who, collection_id, remove)


def _without(references: tuple[str, ...], asset_id: str) -> tuple[str, ...]:
    return tuple(reference for reference in references if reference != asset_id)


def _held(ports: Ports, who: Principal, asset_id: str) -> Update:
    """That an asset becomes a reference is written to it: the commit fails if it was deleted, and
    its deletion fails if it has looked for references before."""
    now = {"updated_at": instant_text(ports.clock.now())}
    return Update(paths.asset(who.workspace_id, asset_id), now)


def _change_references(
    ports: Ports,
    who: Principal,
    collection_id: str,
    change: Callable[[tuple[str, ...]], tuple[str, ...]],
    along: Sequence[Write] = (),
) -> Collection:
    collection, version = get(ports, who, collection_id)
    references = change(collection.reference_asset_ids)
    if references == collection.reference_asset_ids:
        return collection
    changed = collection.with_(reference_asset_ids=references, updated_at=ports.clock.now())
    path = paths.collection(who.workspace_id, collection_id)
    ports.documents.commit([Replace(path, changed.stored(), version), *along])
    return changed
