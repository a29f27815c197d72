"""Our writes and queries as Firestore's messages, and its documents as ours.

The messages are bare: their wrappers cost many times as much.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.field_path import render_field_path

from shared.adapters.documents import kind_of, split, to_json
from shared.adapters.gcp.values import Value, decode, encode, is_name
from shared.errors import Conflict
from shared.model.indexes import EXPIRING
from shared.ports import (
    Create,
    Delete,
    Document,
    Increment,
    Json,
    Put,
    Query,
    Replace,
    Update,
    Write,
)

MARK: Final = "_commit"
"""The field that says which commit wrote a document: random bytes, different each time.

Firestore leaves `update_time` alone when a write changes nothing, and so a version would not change
either. It also tells whether a commit has happened whose answer got lost."""

EXPIRES: Final = "_expires"
"""The field that Firestore's TTL policies look at: ours are texts, which those pass over."""

_OURS: Final = frozenset({MARK, EXPIRES})
_VERSION: Final = re.compile(r"([0-9]{1,11})\.([0-9]{9})")

_Write: Final[Any] = types.Write.pb()
_Query: Final[Any] = types.StructuredQuery.pb()


def write_message(root: str, write: Write, mark: bytes) -> Any:
    """`root` is where the paths begin. Raises ValueError or TypeError for what is not JSON, and
    Conflict for a version that no document can have."""
    split(write.path)
    name = f"{root}/{write.path}"
    match write:
        case Create(data=data):
            update = {"name": name, "fields": _fields(write.path, data, mark)}
            return _Write(update=update, current_document={"exists": False})
        case Replace(data=data):
            update = {"name": name, "fields": _fields(write.path, data, mark)}
            return _Write(update=update, current_document=_unchanged(write))
        case Put(data=data):
            return _Write(update={"name": name, "fields": _fields(write.path, data, mark)})
        case Update(data=data):
            fields = _fields(write.path, data, mark)
            return _Write(
                update={"name": name, "fields": fields},
                update_mask={"field_paths": [render_field_path([field]) for field in fields]},
                current_document={"exists": True},
            )
        case Delete():
            return _Write(
                delete=name, current_document=None if write.version is None else _unchanged(write)
            )
        case Increment(field=field, by=by):
            return _Write(
                update={"name": name, "fields": _fields(write.path, {}, mark)},
                update_mask={"field_paths": [MARK]},
                update_transforms=[
                    {"field_path": render_field_path([field]), "increment": encode(by)}
                ],
            )


def query_message(query: Query) -> Any:
    """The query, from its beginning and without a limit."""
    filters = [_compared(field, "EQUAL", value) for field, value in query.equals.items()]
    if query.at_most is not None:
        filters.append(_compared(query.order, "LESS_THAN_OR_EQUAL", query.at_most))
    direction = "DESCENDING" if query.descending else "ASCENDING"
    message = _Query(
        from_=[{"collection_id": kind_of(query.collection)}],
        order_by=[
            {"field": {"field_path": render_field_path([field])}, "direction": direction}
            for field in (query.order, "__name__")
        ],
    )
    if filters:
        message.where.composite_filter.op = "AND"
        message.where.composite_filter.filters.extend(filters)
    return message


def document(root: str, message: Any) -> Document:
    """A document as it was stored, at its version."""
    data = {name: decode(value) for name, value in message.fields.items() if name not in _OURS}
    version = version_of(message.update_time)
    return Document(message.name.removeprefix(f"{root}/"), version, data)


def version_of(time: Any) -> str:
    """What a document that was written at this time is at."""
    return f"{time.seconds}.{time.nanos:09d}"


def bears(message: Any, mark: bytes) -> bool:
    """Whether the commit with that mark was the last to write a document."""
    return bool(message.fields[MARK].bytes_value == mark)


def _fields(path: str, data: Json, mark: bytes) -> Mapping[str, Any]:
    to_json(data)  # says so when it is none, or too large
    for name in data:
        if name in _OURS or not is_name(name):
            raise ValueError(f"not a name for a field of a document: {name!r}")
    fields = {name: encode(value) for name, value in data.items()}
    end = data.get(EXPIRING.get(kind_of(split(path)[0]), ""))
    if end is not None:
        fields[EXPIRES] = Value(timestamp_value=datetime.fromisoformat(end))
    return {**fields, MARK: Value(bytes_value=mark)}


def _unchanged(write: Replace | Delete) -> Any:
    version = _VERSION.fullmatch(write.version or "")
    if version is None:
        raise Conflict(f"{write.path} is no longer what was read")  # and never was
    return {"update_time": {"seconds": int(version[1]), "nanos": int(version[2])}}


def _compared(field: str, operator: str, value: str | int | bool) -> Any:
    compared = _Query.Filter()
    compared.field_filter.field.field_path = render_field_path([field])
    compared.field_filter.op = _Query.FieldFilter.Operator.Value(operator)
    compared.field_filter.value.CopyFrom(encode(value))
    return compared
