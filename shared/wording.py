"""What is wrong with a value, in words that say what would be right and are nobody's jargon."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "missing": "is required",
        "extra_forbidden": "is not a field of this request",
        "string_type": "must be a string",
        "string_unicode": "must be a string of whole Unicode characters",
        "string_pattern_mismatch": "must match {pattern}",
        "bool_type": "must be true or false",
        "bool_parsing": "must be true or false",
        "int_type": "must be a whole number",
        "int_parsing": "must be a whole number",
        "int_parsing_size": "must be a smaller number",
        "int_from_float": "must be a whole number",
        "float_type": "must be a number",
        "float_parsing": "must be a number",
        "finite_number": "must be a finite number",
        "greater_than": "must be more than {gt}",
        "greater_than_equal": "must be at least {ge}",
        "less_than": "must be less than {lt}",
        "less_than_equal": "must be at most {le}",
        "string_too_long": "may have at most {max_length} characters",
        "too_long": "may have at most {max_length} entries",
        "enum": "must be one of {expected}",
        "literal_error": "must be one of {expected}",
        "none_required": "must be null",
        **dict.fromkeys(
            ("list_type", "tuple_type", "set_type", "frozen_set_type"), "must be a list"
        ),
        **dict.fromkeys(
            ("dict_type", "mapping_type", "model_type", "model_attributes_type"),
            "must be an object",
        ),
    }
)
"""By the types of pydantic's errors (https://docs.pydantic.dev/latest/errors/validation_errors/),
with places for what these know."""


def said(
    type_: str, context: Mapping[str, Any], *, otherwise: str, words: Mapping[str, str] = WORDS
) -> str:
    """What a fault of that type says; `otherwise` for one that has no words. What one of our own
    rules says is its own."""
    if type_ == "value_error":
        return str(context["error"])
    if type_ not in words:
        return otherwise
    return words[type_].format_map({name: _shown(value) for name, value in context.items()})


def _shown(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return f"{value:,}" if isinstance(value, (int, float)) else value
