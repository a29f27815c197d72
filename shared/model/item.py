"""An item: a pose or an action of a character."""

from enum import StrEnum

from shared.model.base import Entity


class ItemType(StrEnum):
    IMAGE = "image"
    ANIMATION = "animation"
    LOGO = "logo"


class Item(Entity):
    project_id: str
    collection_id: str
    type: ItemType
    name: str
    slug: str
