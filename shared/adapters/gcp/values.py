"""JSON as Firestore keeps it, and back.

Nearly everything has a type of its own there. The rest is packed: kept as bytes, which JSON does
not have, with its JSON text in them. That is a list inside a list, an integer of more than 64 bits,
a map with a name that Firestore refuses, and whatever is nested deeper than it allows.
"""

import json
import re
from typing import Any, Final

from google.cloud.firestore_v1 import types

# As in `messages`, bare.
Value: Final[Any] = types.Value.pb()
_Array: Final[Any] = types.ArrayValue.pb()
_Map: Final[Any] = types.MapValue.pb()

_DEEPEST: Final = 20
_LARGEST: Final = 2**63 - 1
_LONGEST_NAME: Final = 1_500  # bytes
_RESERVED: Final = re.compile(r"__.*__", re.DOTALL)


def encode(value: Any, depth: int = 1) -> Any:
    """The Value of something that `json.loads` gave; `depth` counts the maps and lists around it,
    the document included."""
    match value:
        case None:
            return Value(null_value=0)
        case bool():
            return Value(boolean_value=value)
        case int():
            fits = -_LARGEST - 1 <= value <= _LARGEST
            return Value(integer_value=value) if fits else _packed(value)
        case float():
            return Value(double_value=value)
        case str():
            return Value(string_value=value)
        case list() if depth <= _DEEPEST:
            values = [
                _packed(one) if isinstance(one, list) else encode(one, depth + 1) for one in value
            ]
            return Value(array_value=_Array(values=values))
        case dict() if depth <= _DEEPEST and all(is_name(name) for name in value):
            fields = {name: encode(one, depth + 1) for name, one in value.items()}
            return Value(map_value=_Map(fields=fields))
    return _packed(value)


def decode(value: Any) -> Any:
    """What `encode` was given. TypeError for a value that it cannot have made."""
    match value.WhichOneof("value_type"):
        case "string_value":
            return value.string_value
        case "integer_value":
            return value.integer_value
        case "boolean_value":
            return value.boolean_value
        case "null_value":
            return None
        case "double_value":
            return value.double_value
        case "array_value":
            return [decode(one) for one in value.array_value.values]
        case "map_value":
            return {name: decode(one) for name, one in value.map_value.fields.items()}
        case "bytes_value":
            return json.loads(value.bytes_value)
        case other:
            raise TypeError(f"a {other} is not JSON; somebody else has written it")


def is_name(name: str) -> bool:
    """Whether Firestore takes it as the name of a field."""
    return (
        name != ""
        and not (name.startswith("__") and _RESERVED.fullmatch(name))
        and len(name.encode()) <= _LONGEST_NAME
    )


def _packed(value: Any) -> Any:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Value(bytes_value=text.encode())
