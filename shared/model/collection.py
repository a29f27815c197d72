"""A collection: one character, with everything that keeps it the same."""

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field

from shared.model.asset import USUAL_FORMATS, AssetType, ExtraFormat
from shared.model.base import Entity, Value, matching

MAX_REFERENCES = 6

Slug = Annotated[
    str,
    Field(max_length=60),
    matching(r"[a-z0-9]+(-[a-z0-9]+)*", "must be lower-case letters, digits and single dashes"),
]


class Quality(StrEnum):
    DRAFT = "draft"
    STANDARD = "standard"
    BEST = "best"


class Cdn(Value):
    """How caches treat the files: `enabled` False makes them ask again each time; `slug` overrides
    the collection's own in new public paths."""

    enabled: bool = True
    slug: Slug | None = None
    cache_seconds: int = Field(default=31_536_000, ge=0, le=31_536_000)


class Settings(Value):
    """`animation_sizes` are widths in pixels of the variants of every animation, `extra_formats`
    what it comes in beside those that players need."""

    animation_sizes: tuple[int, ...] = ()
    extra_formats: tuple[ExtraFormat, ...] = ()
    cdn: Cdn = Cdn()
    max_retries: int = Field(default=2, ge=0, le=5)
    quality: Quality = Quality.STANDARD

    @property
    def formats(self) -> tuple[AssetType, ...]:
        """All that every animation comes in."""
        return (*USUAL_FORMATS, *self.extra_formats)


class Collection(Entity):
    """One character. `seed` makes every picture of it start from the same dice."""

    project_id: str
    name: str
    slug: str
    prompt: str
    seed: int
    reference_asset_ids: tuple[str, ...] = Field(default=(), max_length=MAX_REFERENCES)
    settings: Settings = Settings()
    is_published: bool = True

    @classmethod
    def load(cls, data: dict[str, Any]) -> Self:
        """The stored collection; before there were guides it held two fields of theirs, empty."""
        moved = ("style_card", "cautions")
        return super().load({name: value for name, value in data.items() if name not in moved})
