"""A query parameter, as the API's document tells of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.model.base import GIVEN_UUID_PATTERN

ID: Mapping[str, Any] = {"type": "string", "format": "uuid", "pattern": GIVEN_UUID_PATTERN}
"""The JSON schema of an id that a client gives."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter: its name, its JSON schema and what it is for."""

    name: str
    schema: Mapping[str, Any]
    about: str


def whole(
    name: str, about: str, least: int, most: int | None = None, *, default: int | None = None
) -> Parameter:
    """A whole number between two."""
    limits = {"minimum": least, "maximum": most, "default": default}
    known = {key: value for key, value in limits.items() if value is not None}
    return Parameter(name, {"type": "integer", **known}, about)


def choice(name: str, about: str, values: Iterable[str]) -> Parameter:
    """One of some words."""
    return Parameter(name, {"type": "string", "enum": list(values)}, about)


def flag(name: str, about: str) -> Parameter:
    """True or false."""
    return Parameter(name, {"type": "boolean", "default": False}, about)


def id_(name: str, about: str) -> Parameter:
    """The id of something."""
    return Parameter(name, ID, about)


def text(name: str, about: str) -> Parameter:
    """Any text."""
    return Parameter(name, {"type": "string"}, about)


DETACH = flag("detach", "Take what is deleted from the references of characters first.")
