"""Items: poses and actions of a character."""

from shared.errors import BadRequest, NotFound
from shared.model import paths
from shared.model.collection import Collection
from shared.model.item import Item, ItemType
from shared.ports import Create, Ports, Replace
from shared.services import collections, entities
from shared.services.keys import Principal
from shared.services.slugs import slugify


def draft(ports: Ports, collection: Collection, type_: ItemType, name: str) -> Item:
    """A new item that is not stored yet."""
    now = ports.clock.now()
    return Item(
        id=ports.ids.uuid(),
        created_at=now,
        updated_at=now,
        project_id=collection.project_id,
        collection_id=collection.id,
        type=type_,
        name=name,
        slug=slugify(name, "item"),
    )


def create(ports: Ports, who: Principal, collection_id: str, type_: ItemType, name: str) -> Item:
    """An item without assets; `generate` with its id adds them."""
    collection, _ = collections.get(ports, who, collection_id)
    item = draft(ports, collection, type_, name)
    path = paths.item(who.workspace_id, item.id)
    entities.create(ports.documents, path, [Create(path, item.stored())])
    return item


def get(ports: Ports, who: Principal, item_id: str) -> tuple[Item, str]:
    """An item whose collection and project still exist, and its version."""
    item, version = entities.read(ports.documents, Item, paths.item(who.workspace_id, item_id))
    ancestors = [
        paths.collection(who.workspace_id, item.collection_id),
        paths.project(who.workspace_id, item.project_id),
    ]
    entities.require_all(ports.documents, ancestors, "item")
    return item, version


def of_collection(ports: Ports, who: Principal, item_id: str, collection: Collection) -> Item:
    """An item of a collection that a request names as `item_id`; BadRequest if it is none."""
    try:
        item, _ = get(ports, who, item_id)
    except NotFound as error:
        raise BadRequest("there is no such item", field="item_id") from error
    if item.collection_id != collection.id:
        raise BadRequest("belongs to another collection", field="item_id")
    return item


def rename(
    ports: Ports, who: Principal, item_id: str, name: str, *, if_match: str | None = None
) -> Item:
    """Rename an item. Its slug, and so the paths of new assets, follow; existing paths stay."""
    item, version = get(ports, who, item_id)
    entities.require_version(version, if_match)
    changed = item.with_(name=name, slug=slugify(name, "item"), updated_at=ports.clock.now())
    path = paths.item(who.workspace_id, item_id)
    ports.documents.commit([Replace(path, changed.stored(), version)])
    return changed
