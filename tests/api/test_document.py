"""The OpenAPI document: complete, well-formed, for everybody, and true.

That it is true is shown by every other test here: `tests/api/contract.py` holds each answer of the
API against it.
"""

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from functions.api import document
from functions.api.call import Route
from shared import errors
from tests.api import contract
from tests.api.client import Client, function
from tests.services.world import World

NOT_YET_DESCRIBED: frozenset[str] = frozenset()
"""Routes that are too new for the document, as `GET /v1/things`. Empty it again."""

Json = dict[str, Any]
NAMES = [f"{route.method} {route.path}" for route in contract.ROUTES]


def operations() -> Iterator[tuple[str, Json]]:
    for path, methods in contract.whole()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


@pytest.mark.parametrize("route", contract.ROUTES, ids=NAMES)
def test_a_route_is_described(route: Route) -> None:
    name = f"{route.method} {route.path}"
    if name in NOT_YET_DESCRIBED:
        return
    assert document.described(route), (
        f"Say what {name} answers: Route(…, answer=…) names a model in functions/api/schemas.py; "
        "say its body=, query=, status= and example= too. Until then, list it in NOT_YET_DESCRIBED."
    )
    assert route.handler.__doc__, "the first line of its docstring is its summary"
    summary = route.handler.__doc__.strip().partition("\n")[0]
    assert summary.endswith("."), "the first line of its docstring is its summary: one sentence"
    assert (route.example is None) == (route.body is None), "show a body that would do"


def test_nothing_is_listed_in_vain() -> None:
    undescribed = {
        f"{route.method} {route.path}" for route in contract.ROUTES if not document.described(route)
    }
    assert undescribed >= NOT_YET_DESCRIBED


def test_every_fault_is_described() -> None:
    def below(fault: type[errors.MascotryError]) -> Iterator[type[errors.MascotryError]]:
        yield fault
        for inner in fault.__subclasses__():
            yield from below(inner)

    public = {fault for fault in below(errors.MascotryError) if fault.__module__ == errors.__name__}
    # To clients a lost decoder is busy.
    inside = {errors.StepError, errors.TransientError, errors.PermanentError, errors.DecoderLost}
    assert public - inside == set(document.FAULTS)


def test_names_are_unique() -> None:
    found = [operation["operationId"] for _, operation in operations()]
    assert len(found) == len(set(found))


def schemas(value: Any, place: str = "") -> Iterator[tuple[str, Json]]:
    """Every object schema in the document."""
    if isinstance(value, dict):
        if value.get("type") == "object" and "properties" in value:
            yield place, value
        for key, inner in value.items():
            yield from schemas(inner, f"{place}/{key}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from schemas(inner, f"{place}/{number}")


def test_every_schema_is_one_and_knows_all_its_fields() -> None:
    found = dict(schemas(contract.whole()))
    assert len(found) > 60
    for place, schema in found.items():
        Draft202012Validator.check_schema(schema)
        assert schema.get("additionalProperties") is False or "multipart" in place, place


def parts(value: Any, place: str = "") -> Iterator[tuple[str, Json]]:
    """Every object of the document as it is served."""
    if isinstance(value, dict):
        yield place, value
        for key, inner in value.items():
            if not key.startswith("x-") and key not in ("example", "default"):
                yield from parts(inner, f"{place}/{key}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from parts(inner, f"{place}/{number}")


def test_programs_that_write_clients_can_take_it() -> None:
    """What made them leave out operations, number their classes, or stop."""
    for place, part in parts(contract.served()):
        if place.endswith(("/properties", "/info")):
            continue
        assert not isinstance(part.get("title"), str), f"{place}: the component's name is enough"
        assert "requestBody" not in part or "responses" in part, f"{place}: a link with a body"
        assert not {"oneOf", "allOf", "not"} & set(part), f"{place}: use rules()"
        branches = part.get("anyOf", [])
        assert not (branches and "properties" in part), f"{place}: use rules()"
        if {"type": "null"} in branches:
            others = [branch for branch in branches if branch != {"type": "null"}]
            assert [list(branch) for branch in others] == [["$ref"]], f"{place}: say it by type"
        elif branches:
            assert place.rpartition("/")[0] == "/components/schemas", f"{place}: give it a name"
        if "enum" in part and not place.endswith("/schema"):  # but parameters are named already
            own = part["type"] == "string" or "string" in part["type"]
            assert own and place.startswith("/components/schemas/"), f"{place}: use named()"
        content = part.get("content", {}) if "components" not in part else {}
        for media_type, body in content.items():
            if "json" in media_type or "form" in media_type:
                assert "$ref" in body["schema"] or "/openapi.json/" in place, f"{place}: name it"


def test_no_name_is_numbered() -> None:
    for name in contract.served()["components"]["schemas"]:
        assert name.isalpha() and name[0].isupper(), name


def test_every_component_is_used() -> None:
    text = json.dumps(contract.served())
    for name in contract.served()["components"]["schemas"]:
        assert f'"#/components/schemas/{name}"' in text, name


def test_rules_are_said_in_words_and_in_force() -> None:
    served, found = contract.served()["components"]["schemas"], 0
    for name, schema in served.items():
        for rule in schema.get("x-rules", []):
            found += 1
            if "properties" in schema:
                assert rule["description"] in schema["description"], name
    assert found > 8
    both = {"asset_id": "0" * 8 + "-0000-4000-8000-" + "0" * 12, "url": "https://example.com/a"}
    body = contract.whole()["components"]["schemas"]["ReferenceBody"]
    assert list(Draft202012Validator(body).iter_errors(both))


def test_each_operation_says_what_it_is() -> None:
    info = contract.served()["info"]
    assert info["license"] and info["contact"]
    tags = {tag["name"] for tag in contract.served()["tags"]}
    for name, operation in operations():
        assert operation["operationId"] and operation["summary"] and operation["description"], name
        assert set(operation["tags"]) <= tags, name
        assert any(status.startswith("4") for status in operation["responses"]), name


def test_references_and_links_lead_somewhere() -> None:
    text = json.dumps(contract.whole())
    names = {operation["operationId"] for _, operation in operations()}
    links = 0
    for _, operation in operations():
        for response in operation["responses"].values():
            for link in response.get("links", {}).values():
                assert link["operationId"] in names
                links += 1
    assert links > 30
    for part in text.split('"$ref": "#/')[1:]:
        found: Any = contract.whole()
        for key in part.partition('"')[0].split("/"):
            found = found[key]


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param(operation, id=name)
        for name, operation in operations()
        if "requestBody" in operation
    ],
)
def test_examples_would_do(operation: Json) -> None:
    content = operation["requestBody"]["content"]["application/json"]
    schema = {**content["schema"], "components": contract.whole()["components"]}
    assert list(Draft202012Validator(schema).iter_errors(content["example"])) == []


# --- serving -------------------------------------------------------------------------------------


def test_the_document_is_for_everybody(world: World) -> None:
    response = function("api").get("/v1/openapi.json")
    assert response.status_code == 200
    assert response.mimetype == "application/json"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    served = response.get_json()
    assert served["openapi"] == "3.1.0"
    assert served["servers"] == [{"url": "http://api.test"}]
    assert served["paths"] == contract.served()["paths"]


def test_a_wrong_key_does_not_matter(world: World) -> None:
    for headers in ({}, {"Authorization": "Bearer msk_wrong"}):
        response = function("api").get("/v1/docs", headers=headers)
        assert response.status_code == 200
        assert response.mimetype == "text/html"


def test_only_reading_is_for_everybody(world: World) -> None:
    answer = Client("api", None).ask("POST", "/v1/openapi.json")
    assert answer.status in (401, 405)


class Page(HTMLParser):
    """The tags of a page, and what they lead to."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.leads: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("src", "href"):
                self.leads.append(value or "")
            if name == "id":
                self.ids.add(value or "")


def test_the_page_shows_every_route_and_needs_nothing_else(world: World) -> None:
    response = function("api").get("/v1/docs")
    text, page = response.get_data(as_text=True), Page()
    page.feed(text)
    assert {operation["operationId"] for _, operation in operations()} <= page.ids
    assert all(lead.startswith("#") or lead == "openapi.json" for lead in page.leads)
    assert {lead[1:] for lead in page.leads if lead.startswith("#")} <= page.ids
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "curl -X POST http://api.test/v1/projects" in text
    assert "My app" in text
