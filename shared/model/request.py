"""What a client may ask to be generated."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from shared.model.base import Id, Value
from shared.model.name import readable
from shared.model.schema import having, rules

MIN_SIZE, MAX_SIZE = 16, 2048


def _size(value: Any) -> Any:
    """A size is the width of a square; `"256x256"` is accepted for 256."""
    if isinstance(value, str):
        match = re.fullmatch(r"([0-9]{1,5})(?:x([0-9]{1,5}))?", value.strip())
        if not match or (match[2] and int(match[1]) != int(match[2])):
            raise ValueError("must be a width in pixels, such as 256 or 256x256")
        return int(match[1])
    return value


_WIDTH = r"1[6-9]|[2-9][0-9]|[1-9][0-9]{2}|1[0-9]{3}|20[0-3][0-9]|204[0-8]"
_SIZE_SCHEMA = {
    "title": "Size",
    "description": "The width of a square, in pixels.",
    "anyOf": [
        {"type": "integer", "minimum": MIN_SIZE, "maximum": MAX_SIZE},
        {"type": "string", "pattern": f"^({_WIDTH})(x({_WIDTH}))?$"},
    ],
    # Not every regular expression can refer back.
    **rules({"description": "As `256x256`, both are the same.", "pattern": r"^(\d+)(x\1)?$"}),
}
Size = Annotated[
    int,
    BeforeValidator(_size),
    Field(ge=MIN_SIZE, le=MAX_SIZE),
    WithJsonSchema(_SIZE_SCHEMA),
]
Sizes = Annotated[tuple[Size, ...], Field(max_length=8)]
NOT_BLANK = Field(json_schema_extra={"pattern": r"\S"})
"""For JSON Schema, that text which is stripped has to hold something else than blanks."""
Prompt = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000), NOT_BLANK
]
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=120),
    AfterValidator(readable),
    NOT_BLANK,
]


class GenerateType(StrEnum):
    IMAGE = "image"
    ANIMATION = "animation"
    LOGO = "logo"
    EDIT = "edit"


class ImageProviderName(StrEnum):
    OFFLINE = "offline"
    GOOGLE = "google"
    OPENAI = "openai"


class VideoProviderName(StrEnum):
    OFFLINE = "offline"
    GOOGLE = "google"
    FAL = "fal"


class VisionProviderName(StrEnum):
    OFFLINE = "offline"
    GOOGLE = "google"
    OPENAI = "openai"


@dataclass(frozen=True, slots=True)
class _Rule:
    """Which fields a type needs, each with a word on what it is for, and which it may have."""

    needs: Mapping[str, str]
    allows: frozenset[str] = frozenset()


_MOVING = frozenset({"animation_prompt", "end_image_asset_id", "video_provider"})
_RULES = {
    GenerateType.IMAGE: _Rule({"image_prompt": "say what the image shows"}),
    GenerateType.LOGO: _Rule({}, frozenset({"image_prompt"})),
    GenerateType.EDIT: _Rule(
        {
            "source_image_asset_id": "say which image is to be edited",
            "edit_instructions": "say what is to be changed",
        }
    ),
    GenerateType.ANIMATION: _Rule(
        {"animation_prompt": "say how it moves"},
        _MOVING | {"image_prompt", "source_image_asset_id"},
    ),
}
_FIELDS_OF_SOME = _MOVING | {"image_prompt", "source_image_asset_id", "edit_instructions"}


_IN_WORDS = """Give either `name` or `item_id`; an edit needs neither. The `type` says what else
there has to be, and nothing more of that: `image` needs `image_prompt`; `logo` may have it; `edit`
needs `source_image_asset_id` and `edit_instructions`; `animation` needs `animation_prompt` and
either `image_prompt` or `source_image_asset_id`, and may have `end_image_asset_id` and
`video_provider`."""


def _as_schema() -> dict[str, Any]:
    """The rules below as JSON Schema: every way in which a request is consistent."""
    ways = []
    for type_, rule in _RULES.items():
        optional = rule.allows if type_ is not GenerateType.ANIMATION else _MOVING
        stills = ["image_prompt", "source_image_asset_id"] * (type_ is GenerateType.ANIMATION)
        items = ["name", "item_id"] * (type_ is not GenerateType.EDIT)
        for chosen in product(*filter(None, (stills, items))):
            needs = {*rule.needs, *chosen}
            absent = sorted(_FIELDS_OF_SOME - needs - optional)
            ways.append(having(*sorted(needs), absent=absent, type=type_.value))
    only_there = {"properties": {"auto_reverse": {"const": False}}}
    return rules(
        {"description": _IN_WORDS, "anyOf": ways},
        {
            "description": "`auto_reverse` needs `end_image_asset_id`.",
            "anyOf": [only_there, having("end_image_asset_id")],
        },
    )


class GenerateRequest(Value):
    """`duration` is in seconds, `sizes` in pixels. `dry_run` only asks what it would cost;
    `max_credits` refuses what would cost more. These two say how to ask, not what for."""

    model_config = ConfigDict(json_schema_extra=_as_schema())

    type: GenerateType
    name: Name | None = Field(default=None, description="For a new item.")
    item_id: Id | None = Field(default=None, description="For more of an item; nothing is lost.")
    image_prompt: Prompt | None = Field(default=None, description="What the still shows.")
    animation_prompt: Prompt | None = Field(default=None, description="How it moves.")
    edit_instructions: Prompt | None = Field(default=None, description="What is to be changed.")
    duration: float = Field(default=4, ge=1, le=10, description="In seconds.")
    loop: bool = True
    source_image_asset_id: Id | None = None
    end_image_asset_id: Id | None = None
    auto_reverse: bool = False
    sizes: Sizes | None = None
    image_provider: ImageProviderName | None = None
    video_provider: VideoProviderName | None = None
    dry_run: bool = Field(default=False, strict=True, exclude=True)
    max_credits: int | None = Field(default=None, ge=0, strict=True, exclude=True)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        is_edit = self.type is GenerateType.EDIT  # which goes to the item of its source
        if not self.name and not self.item_id and not is_edit:
            raise ValueError("name: give a name for a new item, or the item_id of an existing one")
        rule = _RULES[self.type]
        for field, purpose in rule.needs.items():
            if getattr(self, field) is None:
                raise ValueError(f"{field}: {purpose}")
        for field in sorted(_FIELDS_OF_SOME - rule.needs.keys() - rule.allows):
            if getattr(self, field) is not None:
                raise ValueError(f"{field}: does not belong to type {self.type.value}")
        from_still = self.source_image_asset_id is not None
        if self.type is GenerateType.ANIMATION and (self.image_prompt is None) != from_still:
            raise ValueError(
                "image_prompt: give either image_prompt, for a new still, or source_image_asset_id"
            )
        if self.auto_reverse and self.end_image_asset_id is None:
            raise ValueError(
                "auto_reverse: give end_image_asset_id too, the still that the way back starts from"
            )
        return self

    @property
    def loops(self) -> bool:
        """A transition to another pose cannot loop, whatever was asked."""
        return self.loop and self.end_image_asset_id is None
