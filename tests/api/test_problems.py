"""Faults of a body are said by its fields, as the client wrote them, and in plain words."""

import json
import re
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from functions.api import keys
from functions.api.problems import as_bad_request
from shared.errors import BadRequest
from tests.api import contract
from tests.api.client import Client
from tests.services.world import Tenant

OURS = re.compile(
    r"(?i)\b(input should|valid (string|integer|dict\w*|list|tuple|array)|dict\w*|tuple|int|float"
    r"|bool|str|none\w*|nonetype|pydantic|instance|validator|field required)\b"
)
WRONG: list[Any] = [None, True, 7, -1, 1.5, 1e300, "", "x" * 5000, "\ud800", [], [None], {}, [{}]]
NODE = {"id": "a", "name": "A"}
EDGE = {"id": "e", "source": "a", "target": "a"}


def faults(model: type[BaseModel], given: dict[str, Any]) -> dict[str, str]:
    try:
        text = json.dumps(given, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return faults_of(model, given, lambda: model.model_validate(given))
    return faults_of(model, given, lambda: model.model_validate_json(text, strict=True))


def faults_of(model: type[BaseModel], given: dict[str, Any], parse: Any) -> dict[str, str]:
    try:
        parse()
    except ValidationError as error:
        return told(as_bad_request(error, given))
    return {}


def told(error: BadRequest) -> dict[str, str]:
    several = error.details.get("errors")
    if several is None:
        field = error.details["field"]
        return {field: error.message.removeprefix(f"{field}: ")}
    return {problem["field"]: problem["message"] for problem in several}


BODIES = {route.body: route for route in contract.ROUTES if route.body}


@pytest.mark.parametrize("model", BODIES, ids=lambda model: f"{model.__module__}.{model.__name__}")
def test_no_field_is_refused_in_our_own_words(model: type[BaseModel]) -> None:
    assert all(map(readable, faults(model, {}).items()))
    for name, field in model.model_fields.items():
        for value in WRONG:
            found = faults(model, {field.alias or name: value})
            for place, message in found.items():
                assert readable((place, message)), (place, message)
                assert re.split(r"[.\[]", place)[0] in {*model.model_fields, "body"}


def readable(problem: tuple[str, str]) -> bool:
    place, message = problem
    return bool(place) and bool(message) and not OURS.search(f"{place} {message}")


def test_a_wrong_entry_does_not_make_a_list_too_short() -> None:
    body = next(body for body in BODIES if body.__module__ == keys.__name__)
    assert list(faults(body, {"name": "k", "scopes": ["root"]})) == ["scopes[0]"]
    assert faults(body, {"name": "k", "scopes": []}) == {"scopes": "must not be empty"}


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({}, "name", "is required"),
        ({"name": 7}, "name", "must be a string"),
        ({"name": None}, "name", "must be a string, not null"),
        ({"name": " "}, "name", "must not be empty"),
        ({"name": "x" * 121}, "name", "may have at most 120 characters"),
        ({"name": "\u200b"}, "name", "must hold something that can be seen"),
        ({"name": "a\nb"}, "name", "must not hold control characters, such as line breaks"),
        ({"name": "\ud800"}, "name", "must be a string of whole Unicode characters"),
        ({"name": "C", "colour": 1}, "colour", "is not a field of this request"),
        ({"name": "C", "nodes": {}}, "nodes", "must be a list"),
        ({"name": "C", "nodes": [7]}, "nodes[0]", "must be an object"),
        ({"name": "C", "nodes": [NODE, {"id": "b"}]}, "nodes[1].name", "is required"),
        ({"name": "C", "nodes": [{**NODE, "itemName": 7}]}, "nodes[0].itemName", "a string"),
        (
            {"name": "C", "nodes": [{**NODE, "position": {"x": "0"}}]},
            "nodes[0].position.x",
            "must be a number",
        ),
        ({"name": "C", "edges": [{**EDGE, "priority": 1.5}]}, "edges[0].priority", "a whole"),
        ({"name": "C", "edges": [{**EDGE, "speed": 11}]}, "edges[0].speed", "most 10"),
        ({"name": "C", "edges": [{**EDGE, "speed": 0}]}, "edges[0].speed", "must be at least 0.1"),
        (
            {"name": "C", "inputs": [{"name": "n", "type": "text"}]},
            "inputs[0].type",
            "must be one of 'boolean', 'number' or 'trigger'",
        ),
        (
            {"name": "C", "edges": [{**EDGE, "conditions": [{"input": "n", "value": "x"}]}]},
            "edges[0].conditions[0].value",
            "must be true or false or a whole number or a number",
        ),
        (
            {"name": "C", "edges": [{**EDGE, "conditions": [{"input": "n", "value": 1e12}]}]},
            "edges[0].conditions[0].value",
            "must be at most 1,000,000,000",
        ),
    ],
)
def test_the_words(
    api: Client, tenant: Tenant, body: dict[str, Any], field: str, message: str
) -> None:
    path = f"/v1/collections/{tenant.collection.id}/canvases"
    error = api.ask("POST", path, data=json.dumps(body), content_type="application/json").error
    assert error["field"] == field
    assert message in error["message"]
    assert ".0" not in error["message"]
    assert "errors" not in error
