"""What a PATCH changes: a field that is left out stays as it is."""

from typing import Annotated, Any, TypeVar

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema

from shared.model.base import Value

T = TypeVar("T")


class _NotNull:
    """None stands for a field that was left out, and nobody may send it."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        schema = handler(source)
        return schema["schema"] if schema["type"] == "nullable" else schema


Given = Annotated[T | None, _NotNull()]
"""A field that may be left out, but not be null."""


class Changes(Value):
    """A body whose fields may all be left out."""

    def changes(self) -> dict[str, Any]:
        """The fields that were given."""
        return {name: getattr(self, name) for name in self.model_fields_set}
