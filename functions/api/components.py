"""The schemas of the API's document, as components: each has a name, and no two have the same.

Programs write clients from the document, and name classes after its schemas. What they cannot take
is said in another way here, and no less of it:

- A schema inside another one that has a `title` becomes a component of that name. Apart from that
  there are no titles, since some programs prefer them to the component's name.
- A value that may be null has `"type": ["string", "null"]`. Only a reference stands in an `anyOf`
  with null; JSON Schema has no other way to say that, and every program knows this one.
- Rules over several fields stand under `x-rules`, and in words in the description. They are what
  JSON Schema has as `allOf`; programs would make a class of every branch.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode
from pydantic_core import core_schema

Json = dict[str, Any]

PLACE = "#/components/schemas/"
OF_THE_FIELD = ("description", "default")
"""What a field says of itself beside a reference, and not of the schema that it refers to."""
WITH_SCHEMAS = ("anyOf", "allOf", "items", "properties", "additionalProperties", "propertyNames")


class Components:
    """The schemas of some types, and of what they are made of, by name."""

    def __init__(self, types: Mapping[str, Any]) -> None:
        sources: list[tuple[str, JsonSchemaMode, TypeAdapter[Any]]] = [
            (name, "validation", TypeAdapter(type_)) for name, type_ in types.items()
        ]
        found, rest = TypeAdapter.json_schemas(
            sources, schema_generator=_Schemas, ref_template=PLACE + "{model}"
        )
        self._names = {name: _short(name) for name in rest["$defs"]}
        self._known: dict[str, Json] = {}
        for name, schema in rest["$defs"].items():
            self.add(self._names[name], self._hoisted({**schema, "title": None}))
        self._types: dict[str, Json] = {
            name: self._hoisted(schema) for (name, _), schema in found.items()
        }

    @property
    def schemas(self) -> Json:
        """All of them, in the order of their names."""
        return dict(sorted(self._known.items()))

    def of(self, name: str) -> Json:
        """The schema of a type: mostly a reference."""
        return self._types[name]

    def resolved(self, schema: Json) -> Json:
        """What a reference refers to."""
        if "$ref" not in schema:
            return schema
        known: Json = self._known[schema["$ref"].removeprefix(PLACE)]
        return known

    def add(self, name: str, schema: Json) -> Json:
        """A reference to a schema that is a component from now on."""
        if self._known.setdefault(name, schema) != schema:
            raise ValueError(f"two schemas have the name {name}")
        return {"$ref": PLACE + name}

    def remove(self, name: str) -> None:
        """Leave out a component that nothing refers to."""
        del self._known[name]

    def _hoisted(self, schema: Any) -> Any:
        """A schema whose parts with a title have become components."""
        if isinstance(schema, list):
            return [self._hoisted(inner) for inner in schema]
        if not isinstance(schema, dict):
            return schema
        if "$ref" in schema:
            name = schema["$ref"].removeprefix(PLACE)
            return {**schema, "$ref": PLACE + self._names.get(name, name)}
        whole = {key: self._inner(key, value) for key, value in schema.items() if key != "title"}
        if rules := whole.get("x-rules"):
            words = [whole.get("description"), *(rule["description"] for rule in rules)]
            whole["description"] = "\n\n".join(filter(None, words))
        if not schema.get("title"):
            return whole
        own = {key: value for key, value in whole.items() if key in OF_THE_FIELD}
        shared = {key: value for key, value in whole.items() if key not in own}
        return {**self.add(schema["title"], shared), **own}

    def _inner(self, key: str, value: Any) -> Any:
        if key not in WITH_SCHEMAS and not key.startswith("content"):
            return value
        if key == "properties":
            return {name: self._hoisted(inner) for name, inner in value.items()}
        return self._hoisted(value)


class _Schemas(GenerateJsonSchema):
    """Pydantic's schemas without what says nothing: titles of fields, and null as a default."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> Json:
        if schema.get("default", ...) is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def nullable_schema(self, schema: core_schema.NullableSchema) -> Json:
        inner = self.generate_inner(schema["schema"])
        type_ = inner.get("type")
        if type_ is None or "title" in inner:
            return {"anyOf": [inner, {"type": "null"}]}
        values = [inner.pop("const")] if "const" in inner else inner.get("enum")
        chosen = {"enum": [*values, None]} if values else {}
        return {**inner, "type": [type_, "null"], **chosen}

    def enum_schema(self, schema: core_schema.EnumSchema) -> Json:
        """Names too, where the values cannot be names in a program."""
        found = super().enum_schema(schema)
        if not all(str(member.value).isidentifier() for member in schema["members"]):
            found["x-enum-varnames"] = [member.name for member in schema["members"]]
        return found


def _short(name: str) -> str:
    """`functions__api__keys__CreateBody` is the `KeysCreateBody`; an answer keeps its own name."""
    *_, module, own = ("", *name.split("__"))
    return own if module == "schemas" else module.title().replace("_", "") + own


def an_object(properties: Mapping[str, Json], required: Sequence[str] | None = None) -> Json:
    """The schema of an object that has these fields and no others; all of them, mostly."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties if required is None else required),
        "additionalProperties": False,
    }
