"""An item: a pose or an action of a character."""

from enum import StrEnum

from shared.model.base import Entity


class ItemType(StrEnum):
    IMAGE = "image"
    ANIMATION = "animation"
    LOGO = "logo"


class Item(Entity):
    """`canvas_id` names the canvas that it was made for; None if people asked for it."""

    project_id: str
    collection_id: str
    type: ItemType
    name: str
    slug: str
    canvas_id: str | None = None
