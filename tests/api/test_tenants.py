"""Every endpoint, with what belongs to somebody else: it does not exist."""

import json
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import pytest
from pydantic import BaseModel

from functions.api.call import Call, Route
from tests.api.client import Answer, Client
from tests.api.everything import (
    QUERIES,
    ROUTES,
    UNKNOWN,
    Everything,
    Json,
    bodies,
    fill,
    names_in,
    stored,
)
from tests.services.world import World

WITH_IDS = [case for case in ROUTES if "<" in case.values[1].path]  # type: ignore[union-attr]
WITHOUT_BODY = {
    "/v1/jobs/<job_id>/cancel",
    "/v1/webhooks/<webhook_id>/ping",
    "/v1/webhooks/<webhook_id>/rotate-secret",
    "/v1/webhooks/<webhook_id>/deliveries/<delivery_id>/replay",
}
ONE = ("/v1/workspace", "/v1/workspace/firebase", "/v1/credits")
"""Of these a workspace has one, which is not a list."""
SAME = ("/v1/canvas-templates",)
"""A list that is the same for everybody."""
WITH_BODIES = [
    case
    for case in ROUTES
    if case.values[1].method in ("POST", "PATCH", "PUT")  # type: ignore[union-attr]
]
LISTS = [
    case
    for case in ROUTES
    if case.values[1].method == "GET"  # type: ignore[union-attr]
    and "<" not in case.values[1].path  # type: ignore[union-attr]
    and case.values[1].path not in (*ONE, *SAME)  # type: ignore[union-attr]
]


@pytest.fixture
def owner(world: World) -> Everything:
    return Everything(world, world.tenant("Owner"))


@pytest.fixture
def stranger(world: World) -> Everything:
    return Everything(world, world.tenant("Stranger"))


def told(answer: Answer, owner: Everything, sent: str) -> list[str]:
    """What an answer says of the owner that the question did not."""
    text = answer.response.get_data(as_text=True)
    secrets = {owner.workspace_id, *owner.ids.values(), *owner.stills, "Owner"}
    return sorted(secret for secret in secrets if secret in text and secret not in sent)


@pytest.mark.parametrize(("target", "route"), WITH_IDS)
def test_ids_in_the_path(
    world: World, owner: Everything, stranger: Everything, target: str, route: Route
) -> None:
    """Any of the ids being somebody else's is enough."""
    names, before = names_in(route.path), stored(world, owner)
    client = Client(target, stranger.key)
    body = next(iter(bodies(route, stranger.ids)), None)
    for count in range(1, len(names) + 1):
        for foreign in combinations(names, count):
            ids = {**stranger.ids, **{name: owner.ids[name] for name in foreign}}
            path = fill(route.path, ids)
            query = QUERIES.get(route.path)
            answer = client.ask(route.method, path, query_string=query, json=body)
            assert answer.status == 404, (path, answer.body)
            assert answer.error["code"] == "not_found"
            assert told(answer, owner, path) == []
    assert stored(world, owner) == before


@pytest.mark.parametrize(("target", "route"), WITH_IDS)
def test_what_is_no_id(
    world: World, owner: Everything, stranger: Everything, target: str, route: Route
) -> None:
    for key in (owner.key, stranger.key):
        client, body = Client(target, key), next(iter(bodies(route, stranger.ids)), None)
        for value in (UNKNOWN, "x", "..", "%2e%2e", "a%2Fb", "%00", "é", UNKNOWN.upper()):
            path = fill(route.path, dict.fromkeys(owner.ids, value))
            query = QUERIES.get(route.path)
            assert client.ask(route.method, path, query_string=query, json=body).status == 404


@pytest.mark.parametrize(("target", "route"), ROUTES)
def test_the_owner_may(world: World, owner: Everything, target: str, route: Route) -> None:
    """All of it does exist for its owner; otherwise these tests would show nothing."""
    client, path = Client(target, owner.key), fill(route.path, owner.ids)
    for body in bodies(route, owner.ids) or [{}]:
        answer = client.ask(route.method, path, query_string=QUERIES.get(route.path), json=body)
        if route.path == "/v1/upload":
            assert answer.error["field"] == "url"
        else:
            # A conflict says that it is there, but in no state for what was asked.
            assert answer.status < 300 or answer.status == 409, answer.body


def ids_in(schema: Any) -> set[str]:
    """The names of the fields that take ids, at any depth of a JSON schema."""
    found: set[str] = set()
    if isinstance(schema, Mapping):
        properties = schema.get("properties", {})
        found |= {name for name in properties if name.endswith(("_id", "_ids"))}
    for inner in schema.values() if isinstance(schema, Mapping) else schema:
        if isinstance(inner, Mapping | list):
            found |= ids_in(inner)
    return found


def swapped(body: Any, ids: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """The body with one field that takes ids changed, in turn, and the name of that field."""
    if isinstance(body, dict):
        for name, value in body.items():
            if name.endswith(("_id", "_ids")):
                yield name, {**body, name: [ids[name]] if isinstance(value, list) else ids[name]}
            else:
                for field, inner in swapped(value, ids):
                    yield field, {**body, name: inner}
    elif isinstance(body, list):
        for place, value in enumerate(body):
            for field, inner in swapped(value, ids):
                yield field, [*body[:place], inner, *body[place + 1 :]]


@pytest.mark.parametrize(("target", "route"), WITH_BODIES)
def test_ids_in_the_body(
    world: World,
    owner: Everything,
    stranger: Everything,
    target: str,
    route: Route,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ones own path with somebody else's id in any field of the body."""
    models: list[type[BaseModel]] = []
    parse = Call.body

    def noted(call: Call, model: type[BaseModel], *, optional: bool = False) -> BaseModel:
        models.append(model)
        return parse(call, model, optional=optional)

    monkeypatch.setattr(Call, "body", noted)
    client, path = Client(target, stranger.key), fill(route.path, stranger.ids)
    before, public = stored(world, owner), world.public()
    tried: set[str] = set()
    for body in bodies(route, stranger.ids):
        for field, foreign in swapped(body, owner.ids):
            answer = client.ask(route.method, path, json=foreign)
            assert answer.status in (400, 404), (foreign, answer.body)
            assert told(answer, owner, json.dumps(foreign)) == []
            tried.add(field)
    known: Json = {}
    if not tried:
        client.ask(route.method, path, json={})
    for model in models:
        known |= dict.fromkeys(ids_in(model.model_json_schema()))
    assert models or route.path in WITHOUT_BODY, "a body is read with Call.body"
    assert tried == set(known), "say in tests/api/everything.py what these fields take"
    world.drain()
    assert stored(world, owner) == before
    assert {name: world.public()[name] for name in public} == public


@pytest.mark.parametrize(("target", "route"), LISTS)
def test_lists_show_ones_own_alone(
    world: World, owner: Everything, stranger: Everything, target: str, route: Route
) -> None:
    client = Client(target, stranger.key)
    mine, theirs = (
        {found["id"] for found in Client(target, key).get(route.path).data}
        for key in (stranger.key, owner.key)
    )
    assert mine
    assert theirs
    assert not mine & theirs
    assert told(client.get(route.path), owner, "") == []
    for name, id_ in owner.ids.items():
        answer = client.get(route.path, **{name: id_})
        assert told(answer, owner, id_) == []
        if name in ("project_id", "collection_id") and answer.status == 200:
            assert not {one["id"] for one in answer.data} & theirs
    cursor = Client(target, owner.key).get(route.path, limit=1).pagination["next_cursor"]
    if cursor:
        assert told(client.get(route.path, cursor=cursor), owner, "") == []
