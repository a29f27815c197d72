"""What a client may ask to be generated."""

import re
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from shared.model.base import Id, Value

MIN_SIZE, MAX_SIZE = 16, 2048


def _size(value: Any) -> Any:
    """A size is the width of a square; `"256x256"` is accepted for 256."""
    if isinstance(value, str):
        match = re.fullmatch(r"(\d{1,5})(?:x(\d{1,5}))?", value.strip())
        if not match or (match[2] and int(match[1]) != int(match[2])):
            raise ValueError("must be a width in pixels, such as 256 or 256x256")
        return int(match[1])
    return value


Size = Annotated[int, BeforeValidator(_size), Field(ge=MIN_SIZE, le=MAX_SIZE)]
Sizes = Annotated[tuple[Size, ...], Field(max_length=8)]
Prompt = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]


class GenerateType(StrEnum):
    IMAGE = "image"
    ANIMATION = "animation"


class GenerateRequest(Value):
    """`POST /collections/:id/generate`. `duration` is in seconds, `sizes` in pixels."""

    type: GenerateType
    name: Name | None = None
    item_id: Id | None = None
    image_prompt: Prompt | None = None
    animation_prompt: Prompt | None = None
    duration: float = Field(default=4, ge=1, le=10)
    loop: bool = True
    source_image_asset_id: Id | None = None
    end_image_asset_id: Id | None = None
    sizes: Sizes | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.name and not self.item_id:
            raise ValueError("name: give a name for a new item, or the item_id of an existing one")
        if self.type is GenerateType.IMAGE:
            if not self.image_prompt:
                raise ValueError("image_prompt: say what the image shows")
            for field in ("animation_prompt", "source_image_asset_id", "end_image_asset_id"):
                if getattr(self, field) is not None:
                    raise ValueError(f"{field}: belongs to type animation, not image")
            return self
        if not self.animation_prompt:
            raise ValueError("animation_prompt: say how it moves")
        if bool(self.image_prompt) == bool(self.source_image_asset_id):
            raise ValueError(
                "image_prompt: give either image_prompt, for a new still, or source_image_asset_id"
            )
        return self

    @property
    def loops(self) -> bool:
        """A transition to another pose cannot loop, whatever was asked."""
        return self.loop and self.end_image_asset_id is None
