"""What a PATCH changes: a field that is left out stays as it is."""

from typing import Annotated, Any, TypeVar

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from shared.model.base import Value

T = TypeVar("T")


class _NotNull:
    """None stands for a field that was left out, and nobody may send it."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        def check(value: Any) -> Any:
            if value is None:
                raise ValueError("may be left out, but not be null")
            return value

        return core_schema.no_info_before_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        found = handler(schema)
        known = [branch for branch in found.get("anyOf", ()) if branch != {"type": "null"}]
        return known[0] if len(known) == 1 else found


Given = Annotated[T | None, _NotNull()]
"""A field that may be left out, but not be null."""


class Changes(Value):
    """A body whose fields may all be left out."""

    def changes(self) -> dict[str, Any]:
        """The fields that were given."""
        return {name: getattr(self, name) for name in self.model_fields_set}
