"""The API's own description: an OpenAPI document, made from the routes, their models and faults."""

import inspect
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from functions.api import parameter, schemas
from functions.api.call import DEFAULT_LIMIT, Route
from functions.api.components import Components, an_object
from functions.api.parameter import Parameter
from shared import errors
from shared.model.workspace import Scope
from shared.services.entities import MAX_LIMIT, MAX_OFFSET

Json = dict[str, Any]

VERSION = "1.0.0"
ABOUT = """A character is described once; poses and animations of it are generated, and served as
files in every format with alpha. Success is `{"data", "meta"?}`, a fault
`{"error": {"code", "message"}}`. Times are ISO-8601 in UTC, ids are UUIDs. A path that does not
exist answers 404, a method that a path does not take 405 with the header `Allow`."""

FAULTS: tuple[type[errors.MascotryError], ...] = (
    errors.BadRequest,
    errors.Unauthorized,
    errors.InsufficientCredits,
    errors.Forbidden,
    errors.NotFound,
    errors.Conflict,
    errors.PreconditionFailed,
    errors.RateLimited,
    errors.MascotryError,
    errors.ProviderError,
    errors.Busy,
    errors.StorageFull,
)
ALWAYS = (
    errors.BadRequest,
    errors.Unauthorized,
    errors.Forbidden,
    errors.RateLimited,
    errors.MascotryError,
    errors.Busy,
    errors.StorageFull,
)

PAGES = (
    parameter.whole("limit", "How many to a page.", 1, MAX_LIMIT, default=DEFAULT_LIMIT),
    parameter.whole("offset", "How many to pass over; beyond, use `cursor`.", 0, MAX_OFFSET),
    parameter.text("cursor", "The `next_cursor` of the page before; instead of `offset`."),
)
RATE_LIMIT = {
    "X-RateLimit-Limit": "How many requests the key may make in this window.",
    "X-RateLimit-Remaining": "How many of them are left.",
    "X-RateLimit-Reset": "When the window ends, in seconds since 1970.",
}
IDEMPOTENCY_KEY = """A name of your own for this write, such as a UUID: sent again within 24 hours,
it is answered as it was the first time, and not done twice."""
IF_MATCH = "The `ETag` of what you have read: when it was changed since, nothing is done."
IF_NONE_MATCH = "The `ETag` of what you have: when that is still so, the answer is 304, and empty."
NOT_MODIFIED = {"description": "It is as the `ETag` that was sent says."}
ETAG = "The version of what is shown, for `If-Match`."
FIREBASE = """The ID token of a user of the registered Firebase project. With the scope `write` it
does what such a key does; with `read` alone it reads what a publishable key may read."""
EVENT_STREAM = "text/event-stream"
RETRY_AFTER = "How many seconds to wait before asking again."


def build(routes: Iterable[Route], base_url: str) -> Json:
    """The OpenAPI 3.1 document of these routes.

    A route that says neither its `answer` nor its `media_type` is left out: see `described`.
    """
    known = [route for route in _once(routes) if described(route)]
    models = _components(known)
    return {
        # 3.0 has no null but `nullable`, which says nothing beside a reference, and no `const`.
        "openapi": "3.1.0",
        "info": {
            "title": "Mascotry",
            "version": VERSION,
            "description": ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
            "contact": {"name": "Mascotry", "url": f"{base_url}/v1/docs"},
        },
        "servers": [{"url": base_url}],
        "security": [{"key": []}, {"firebase": []}],
        "tags": _tags(known),
        "paths": _paths(known, models),
        "components": {
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "An API key."},
                "firebase": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": FIREBASE,
                },
            },
            "headers": {
                **{name: _header("integer", about) for name, about in RATE_LIMIT.items()},
                "Retry-After": {**_header("integer", RETRY_AFTER), "required": True},
                "ETag": _header("string", ETAG),
            },
            "responses": {_name(fault): _fault(fault, models) for fault in FAULTS},
            "schemas": models.schemas,
        },
    }


def described(route: Route) -> bool:
    """Whether a route says what the document needs."""
    return route.answer is not None or route.media_type != "application/json"


def operation_id(route: Route) -> str:
    """The name of an operation: its noun and its verb."""
    return f"{tag(route)}_{route.handler.__name__}"


def tag(route: Route) -> str:
    """The noun that a route belongs to."""
    return route.handler.__module__.rpartition(".")[2]


def template(path: str) -> str:
    """A route's path as OpenAPI writes it."""
    return re.sub(r"<(\w+)>", r"{\1}", path)


# --- schemas -------------------------------------------------------------------------------------


def _components(routes: Sequence[Route]) -> Components:
    """The schemas of all bodies, answers and faults."""
    answers = {answer for route in routes for answer in (route.answer, route.dry_answer) if answer}
    types = {name: getattr(schemas, name) for name in sorted(answers)}
    types |= {_key(fault): getattr(schemas, _name(fault)) for fault in FAULTS}
    types |= {operation_id(route): route.body for route in routes if route.body}
    types |= {_form(route): route.terms for route in routes if route.terms}
    types["ListMeta"] = schemas.ListMeta
    return Components(types)


def _form(route: Route) -> str:
    return f"{_camel(operation_id(route))}Form"


def _camel(name: str) -> str:
    return name.title().replace("_", "")


# --- operations ----------------------------------------------------------------------------------


def _once(routes: Iterable[Route]) -> list[Route]:
    """Routes that several functions serve are told of once; the order is that of the nouns."""
    unique = {(route.method, route.path): route for route in routes}
    return list(unique.values())


def _tags(routes: Sequence[Route]) -> list[Json]:
    modules = {tag(route): sys.modules[route.handler.__module__] for route in routes}
    return [
        {"name": name, "description": _paragraphs(module)[0]} for name, module in modules.items()
    ]


def _paths(routes: Sequence[Route], models: Components) -> Json:
    paths: dict[str, Json] = {}
    for route in routes:
        operations = paths.setdefault(template(route.path), {})
        operations[route.method.lower()] = _operation(route, routes, models)
    return paths


def _operation(route: Route, routes: Sequence[Route], models: Components) -> Json:
    summary, *more = _paragraphs(route.handler)
    operation: Json = {
        "operationId": operation_id(route),
        "tags": [tag(route)],
        "summary": summary.removesuffix("."),
        "description": "\n\n".join([*more, _who(route)]),
        "parameters": [
            *_path_parameters(route),
            *_query_parameters(route),
            *_header_parameters(route),
        ],
        "responses": {
            str(route.status): _success(route, routes, models),
            **{
                str(fault.status): {"$ref": f"#/components/responses/{_name(fault)}"}
                for fault in sorted(_faults(route), key=lambda fault: fault.status)
            },
        },
    }
    if route.cached:
        operation["responses"]["304"] = NOT_MODIFIED
    if route.dry_answer:
        dry = replace(route, answer=route.dry_answer, status=200, gives={})
        operation["responses"]["200"] = _success(dry, routes, models)
    if route.body:
        operation["requestBody"] = _body(route, models)
    if route.keyless:
        operation["security"] = []
    elif route.scope is Scope.ADMIN:  # which no token has
        operation["security"] = [{"key": []}]
    return operation


def _paragraphs(thing: object) -> list[str]:
    """The docstring's paragraphs, each on one line."""
    text = inspect.getdoc(thing) or ""
    return [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]


def _who(route: Route) -> str:
    if route.keyless:
        return "Needs no key."
    needs = f"Needs a key with the scope `{route.scope.value}`."
    return f"{needs} A publishable key may read it." if route.publishable else needs


def _path_parameters(route: Route) -> Iterator[Json]:
    for name in names_in(route.path):
        yield {"name": name, "in": "path", "required": True, "schema": dict(parameter.ID)}


def _query_parameters(route: Route) -> Iterator[Json]:
    for known in (*route.query, *(PAGES if route.paged else ())):
        yield _query_parameter(known)


def _header_parameters(route: Route) -> Iterator[Json]:
    if route.method != "GET":
        yield _header_parameter(
            "Idempotency-Key", IDEMPOTENCY_KEY, {"maxLength": 255, "pattern": "^[!-~]+$"}
        )
    if route.versioned and route.method != "GET":
        yield _header_parameter("If-Match", IF_MATCH, {"pattern": '^((W/)?"[!#-~]*"|\\*)$'})
    if route.cached:
        # Of any form: one that is no ETag matches nothing, and is no fault (RFC 9110, 13.1.2).
        yield _header_parameter("If-None-Match", IF_NONE_MATCH, {})


def _header_parameter(name: str, about: str, schema: Json) -> Json:
    schema = {"type": "string", **schema}
    return {"name": name, "in": "header", "description": about, "schema": schema}


def _query_parameter(known: Parameter) -> Json:
    return {
        "name": known.name,
        "in": "query",
        "description": known.about,
        "schema": dict(known.schema),
    }


def _body(route: Route, models: Components) -> Json:
    content: Json = {"application/json": {"schema": models.of(operation_id(route))}}
    if route.example:
        content["application/json"]["example"] = dict(route.example)
    if route.form:
        content["multipart/form-data"] = {"schema": _form_schema(route, models)}
    return {"required": not route.optional, "content": content}


def _form_schema(route: Route, models: Components) -> Json:
    """A form with a file, and what else its fields say."""
    name = _form(route)
    terms: Json = models.resolved(models.of(name)) if route.terms else an_object({})
    if route.terms:
        models.remove(route.terms.__name__)
    # `format` is how OpenAPI 3.0 said it, and what most programs look for.
    file = {
        "type": "string",
        "format": "binary",
        "contentMediaType": "application/octet-stream",
        "description": "The file itself.",
    }
    properties = {"file": file, **terms["properties"]}
    required = ["file", *terms.get("required", [])]
    return models.add(name, {**terms, "properties": properties, "required": required})


def _success(route: Route, routes: Sequence[Route], models: Components) -> Json:
    schema: Json = {"type": "string"}
    if route.answer:
        is_wrapped = route.media_type == "application/json" and not route.keyless
        schema = _envelope(route, models) if is_wrapped else models.of(route.answer)
    if route.media_type == EVENT_STREAM:
        # A text to whoever reads it whole: generated clients would take it for an object.
        schema = {"type": "string", "contentMediaType": EVENT_STREAM, "contentSchema": schema}
    response: Json = {
        "description": "What was asked for." if route.status == 200 else "It was begun or made.",
        "content": {route.media_type: {"schema": schema}},
    }
    if not route.keyless:
        response["headers"] = _limits()
    if route.cached or (route.versioned and route.method == "GET"):
        response["headers"]["ETag"] = {"$ref": "#/components/headers/ETag"}
    if links := dict(_links(route, routes)):
        response["links"] = links
    return response


def _envelope(route: Route, models: Components) -> Json:
    """The schema of an answer, which is named after what it holds."""
    name = route.answer or ""
    data = models.of(name)
    if "anyOf" in data:
        data = models.add(name, data)
    if not route.paged:
        return models.add(f"{name}Response", an_object({"data": data}))
    properties = {"data": {"type": "array", "items": data}, "meta": models.of("ListMeta")}
    return models.add(f"{name}ListResponse", an_object(properties))


# --- faults --------------------------------------------------------------------------------------


def _faults(route: Route) -> set[type[errors.MascotryError]]:
    """All that a route may answer instead of what was asked for."""
    if route.keyless:
        return {errors.NotFound, errors.MascotryError}  # by a function that does not serve it
    found = {*ALWAYS, *route.errors}
    if "<" in route.path:
        found.add(errors.NotFound)
    if route.method != "GET":
        found.add(errors.Conflict)
        if route.versioned:
            found.add(errors.PreconditionFailed)
    return found


def _fault(fault: type[errors.MascotryError], models: Components) -> Json:
    headers = {} if fault is errors.Unauthorized else _limits()
    if fault is errors.RateLimited:
        headers["Retry-After"] = {"$ref": "#/components/headers/Retry-After"}
    if fault is errors.Busy:  # which can't always tell
        headers["Retry-After"] = _header("integer", RETRY_AFTER)
    body = models.add(f"{_name(fault)}Response", an_object({"error": models.of(_key(fault))}))
    return {
        "description": f"`{fault.code}`",
        "headers": headers,
        "content": {"application/json": {"schema": body}},
    }


def _name(fault: type[errors.MascotryError]) -> str:
    return "InternalError" if fault is errors.MascotryError else fault.__name__


def _key(fault: type[errors.MascotryError]) -> str:
    return f"error {_name(fault)}"


def _limits() -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in RATE_LIMIT}


def _header(type_: str, about: str) -> Json:
    return {"description": about, "schema": {"type": type_}}


# --- links ---------------------------------------------------------------------------------------


def _links(route: Route, routes: Sequence[Route]) -> Iterator[tuple[str, Json]]:
    """Where to go on with the ids that an answer holds."""
    for name, pointer in route.gives.items():
        value = f"$response.body#/data{pointer}"
        for other in routes:
            if names_in(other.path) == [name]:
                target = {"operationId": operation_id(other), "parameters": {name: value}}
            elif _needs(other, name):
                # A link's own `requestBody` is the whole of a body, and text to most programs.
                target = {
                    "operationId": operation_id(other),
                    "description": f"The id is the `{name}` of the body.",
                    "x-request-body": {name: value},
                }
            else:
                continue
            yield f"{operation_id(other)}_by_{name}", target


def names_in(path: str) -> list[str]:
    """The names of the ids in a route's path."""
    return re.findall(r"<(\w+)>", path)


def _needs(route: Route, name: str) -> bool:
    """Whether a body has to name this id."""
    field = route.body.model_fields.get(name) if route.body else None
    return field is not None and field.is_required() and not names_in(route.path)
