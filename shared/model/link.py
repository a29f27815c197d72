"""A generation link: this asset was made from that one."""

from enum import StrEnum

from shared.model.base import Entity


class Role(StrEnum):
    SOURCE = "source"
    END_FRAME = "end_frame"


class Link(Entity):
    """`item_id` and `collection_id` are the target's, so that links can be found by them."""

    source_asset_id: str
    target_asset_id: str
    role: Role
    item_id: str | None
    collection_id: str | None
