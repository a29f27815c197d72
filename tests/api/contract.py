"""The API's document, held against what is asked and answered: it may not lie."""

import json
import re
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012
from werkzeug.test import TestResponse

from functions.api import document
from functions.api.routes import API, EVENTS, INGEST

Json = dict[str, Any]

ROUTES = (*API, *EVENTS, *INGEST)
NOWHERE = (404, 405)
"""What a path or a method may be answered with that is not in the document."""
URI = "urn:document"


@cache
def served() -> Json:
    """The document as everybody reads it."""
    return document.build(ROUTES, "http://api.test")


@cache
def whole() -> Json:
    """The document, with all that it says in its own words as JSON Schema and OpenAPI have it."""
    told: Json = strict(served())
    return told


def strict(value: Any) -> Any:
    """What programs may pass over (rules over several fields, ids to send in a body) in force."""
    if isinstance(value, list):
        return [strict(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    names = {"x-rules": "allOf", "x-request-body": "requestBody"}
    return {names.get(key, key): strict(inner) for key, inner in value.items()}


@cache
def _paths() -> list[tuple[re.Pattern[str], str]]:
    """What a path has to look like; texts come before ids, as they do for the server."""
    found = sorted(whole()["paths"], key=lambda path: path.count("{"))
    return [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path) for path in found]


@cache
def _young() -> list[tuple[str, re.Pattern[str]]]:
    """What routes look like that the document says nothing of: `test_document` counts them."""
    return [
        (route.method, re.compile(re.sub(r"<\w+>", "[^/]+", route.path)))
        for route in ROUTES
        if not document.described(route)
    ]


@cache
def _validator(*pointer: str) -> Draft202012Validator:
    """The validator of a schema somewhere in the document."""
    resource = DRAFT202012.create_resource(whole())
    registry: Registry[Any] = Registry().with_resource(URI, resource)
    place = "/".join(part.replace("~", "~0").replace("/", "~1") for part in pointer)
    return Draft202012Validator({"$ref": f"{URI}#/{place}"}, registry=registry)


def path_of(path: str) -> str | None:
    """The path of the document that a request asked for."""
    path = path.rstrip("/")
    return next((known for pattern, known in _paths() if pattern.fullmatch(path)), None)


def check(response: TestResponse) -> None:
    """Fail unless the document knows this answer, and the question if it was answered."""
    request = response.request
    method, path = request.method.lower(), path_of(request.path)
    if any(young == request.method and it.fullmatch(request.path) for young, it in _young()):
        return
    operation = whole()["paths"].get(path, {}).get(method)
    asked = f"{request.method} {path or request.path} → {response.status_code}"
    if path is None or operation is None:
        assert response.status_code in (*NOWHERE, 401, 403, 429), f"{asked} is not in the document"
        return
    if response.status_code == 404 and "is no such path" in response.get_json()["error"]["message"]:
        return  # another function's
    status = str(response.status_code)
    assert status in operation["responses"], f"{asked} is not in the document"
    place: tuple[str, ...] = ("paths", path, method, "responses", status)
    described = operation["responses"][status]
    if "$ref" in described:
        place = ("components", "responses", described["$ref"].rpartition("/")[2])
        described = whole()["components"]["responses"][place[-1]]
    assert response.mimetype in described["content"], asked
    _check_headers(response, described, asked)
    if response.mimetype == "application/json":
        schema = (*place, "content", "application/json", "schema")
        _check(schema, response.get_json(), asked)
    if response.status_code < 300:
        _check_question(response, (path, method), operation, asked)


def _check_headers(response: TestResponse, described: Json, asked: str) -> None:
    ours = {name for name in response.headers.keys() if name.startswith(("X-RateLimit", "Retry"))}  # noqa: SIM118
    assert ours <= set(described["headers"]), f"{asked}: these headers are not in the document"
    for name in ours:
        assert response.headers[name].isdigit(), name


def _check_question(
    response: TestResponse, place: tuple[str, str], operation: Json, asked: str
) -> None:
    """What was accepted has to be allowed."""
    request = response.request
    known = {parameter["name"] for parameter in operation["parameters"]}
    # A stranger's ids are tried as parameters of everything, and most lists ignore them.
    asked_for = {name for name, _ in parse_qsl(request.query_string.decode())}
    strange = {name for name in asked_for - known if not name.endswith(("_id", "_ids"))}
    assert not strange, f"{asked}: these parameters are not in the document: {strange}"
    if "requestBody" in operation and request.mimetype == "application/json":
        request.input_stream.seek(0)
        body = json.loads(request.input_stream.read())
        schema = ("paths", *place, "requestBody", "content", "application/json", "schema")
        _check(schema, body, f"{asked}, its question")


def _check(pointer: tuple[str, ...], value: Any, asked: str) -> None:
    faults = sorted(_validator(*pointer).iter_errors(value), key=lambda fault: list(fault.path))
    told = [f"{fault.json_path}: {fault.message}" for fault in faults]
    assert not told, f"{asked} is not as the document says:\n" + "\n".join(told)
