"""What models add to their JSON Schema: names of its parts, and rules over several fields.

Rules stand under `x-rules`: each is a schema that a body has to fit too, with words for people in
its `description`. As plain `anyOf` and `allOf` the programs that write clients from the API's
document would make a class of each branch.
"""

from collections.abc import Iterable
from typing import Any

from pydantic import Field

_GIVEN = {"not": {"type": "null"}}
_ABSENT = {"type": "null"}


def named(name: str) -> Any:
    """What gives a type that is no class a name in the API's document."""
    return Field(json_schema_extra={"title": name})


def rules(*chosen: dict[str, Any]) -> dict[str, Any]:
    """What has to be so of a body, beside what each of its fields says."""
    return {"x-rules": list(chosen)}


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
    """The rule that just one of these fields is given."""
    others = {name: [other for other in names if other != name] for name in names}
    return {
        "description": f"Give either {' or '.join(f'`{name}`' for name in names)}.",
        "anyOf": [having(name, absent=others[name]) for name in names],
    }
