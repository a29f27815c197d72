"""JSON as Firestore keeps it, and back.

Numbers, texts, flags and null are what they are, so that queries and increments work on them. A map
or a list is kept as its JSON text, in a map of its own: `{json: text}`. Firestore's own maps would
forget the order of their names and refuse some of them, its lists refuse lists, and each of their
values would cost two entries of an index. Nothing asks for what is inside.
"""

import json
import re
from typing import Any, Final

from google.cloud.firestore_v1 import types

# As in `messages`, bare.
Value: Final[Any] = types.Value.pb()

_JSON: Final = "json"
_LARGEST: Final = 2**63 - 1
_LONGEST_NAME: Final = 1_500  # bytes
_RESERVED: Final = re.compile(r"__.*__", re.DOTALL)


def encode(value: Any) -> Any:
    """The Value of something that is JSON."""
    match value:
        case None:
            return Value(null_value=0)
        case bool():
            return Value(boolean_value=value)
        case int() if -_LARGEST - 1 <= value <= _LARGEST:
            return Value(integer_value=value)
        case float():
            return Value(double_value=value)
        case str():
            return Value(string_value=value)
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Value(map_value={"fields": {_JSON: {"string_value": text}}})


def decode(value: Any) -> Any:
    """What `encode` was given. TypeError for a value that it cannot have made."""
    match value.WhichOneof("value_type"):
        case "string_value":
            return value.string_value
        case "integer_value":
            return value.integer_value
        case "boolean_value":
            return value.boolean_value
        case "double_value":
            return value.double_value
        case "null_value":
            return None
        case "map_value" if _JSON in value.map_value.fields:
            return json.loads(value.map_value.fields[_JSON].string_value)
        case other:
            raise TypeError(f"a {other} was not written by Mascotry")


def is_name(name: str) -> bool:
    """Whether Firestore takes it as the name of a field."""
    return (
        name != ""
        and not (name.startswith("__") and _RESERVED.fullmatch(name))
        and len(name.encode()) <= _LONGEST_NAME
    )
