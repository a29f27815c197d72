"""What all stored documents have in common."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
)
from pydantic_core import CoreSchema, core_schema


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time needs a zone; use UTC")
    return value.astimezone(UTC)


def instant_text(value: datetime) -> str:
    """ISO-8601 in UTC with exactly six fractional digits, so that text sorts as time does."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


Instant = Annotated[datetime, AfterValidator(_utc), PlainSerializer(instant_text, return_type=str)]


@dataclass(frozen=True, slots=True)
class _Matching:
    pattern: str
    message: str
    format: str | None

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        compiled = re.compile(self.pattern)

        def check(value: str) -> str:
            if not compiled.fullmatch(value):
                raise ValueError(self.message)
            return value

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        known = {"format": self.format} if self.format else {}
        return {**handler(schema), **known, "pattern": f"^(?:{self.pattern})$"}


def matching(pattern: str, message: str, format_: str | None = None) -> _Matching:
    """A check of text against a pattern; `message` says what would be right, and `format_` what
    the pattern is known as to JSON Schema."""
    return _Matching(pattern, message, format_)


_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_UUID_OF_EITHER_CASE = _UUID.replace("a-f", "a-fA-F")
UUID_PATTERN = f"^{_UUID}$"
"""An id as it is stored and answered."""
GIVEN_UUID_PATTERN = f"^{_UUID_OF_EITHER_CASE}$"
"""An id as clients may write it: some languages print UUIDs in upper case."""
NO_ID = "must be an id: a UUID"

Id = Annotated[str, matching(_UUID_OF_EITHER_CASE, NO_ID, "uuid"), AfterValidator(str.lower)]
"""An id that a client gives, in either case; the value is in lower case."""


def is_id(text: str) -> bool:
    """Whether a text is an id as it is stored."""
    return re.fullmatch(_UUID, text) is not None


def canonical_id(text: str) -> str | None:
    """An id that a client gives, as it is stored; None when the text is no id."""
    return text.lower() if re.fullmatch(_UUID_OF_EITHER_CASE, text) else None


def with_canonical_ids(text: str) -> str:
    """A text whose ids are all in lower case, such as a path."""
    return re.sub(_UUID_OF_EITHER_CASE, lambda found: found[0].lower(), text)


class Value(BaseModel):
    """An immutable value inside a document. Unknown fields are an error, not a surprise later."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def with_(self, **changes: Any) -> Self:
        """A copy with some fields changed (the changes are trusted, as in model_copy)."""
        return self.model_copy(update=changes)


class Entity(Value):
    """A stored document: it has an id and knows when it came and last changed."""

    id: str
    created_at: Instant
    updated_at: Instant

    def stored(self) -> dict[str, Any]:
        """The document's data as the Documents port takes it."""
        return self.model_dump(mode="json")

    @classmethod
    def load(cls, data: dict[str, Any]) -> Self:
        """The entity that was stored; the inverse of `stored`."""
        return cls.model_validate(data)
