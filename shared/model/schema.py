"""What JSON Schema says of rules over several fields, for models to add to their own."""

from collections.abc import Iterable
from typing import Any

_GIVEN = {"not": {"type": "null"}}
_ABSENT = {"type": "null"}


def having(*given: str, absent: Iterable[str] = (), **equal: str) -> dict[str, Any]:
    """An object with some fields that are not null, without others, and with these values."""
    return {
        "properties": {
            **{name: {"const": value} for name, value in equal.items()},
            **dict.fromkeys(given, _GIVEN),
            **dict.fromkeys(absent, _ABSENT),
        },
        "required": [*equal, *given],
    }


def having_some(name: str) -> dict[str, Any]:
    """An object with a list that is not empty."""
    return {"properties": {name: {"minItems": 1}}, "required": [name]}


def one_of(*names: str) -> dict[str, Any]:
    """Just one of these fields is given."""
    others = {name: [other for other in names if other != name] for name in names}
    return {"anyOf": [having(name, absent=others[name]) for name in names]}
