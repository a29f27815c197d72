"""firebase.json: what Firebase's own tools accept, and every route of the API at the one address
that Hosting gives them."""

import json
import re
from typing import Any

import jsonschema
import pytest
from werkzeug.routing import Map, Rule

from functions.api.routes import API, EVENTS, INGEST
from infra import gateway, site
from tests.infra import terraform
from tests.infra.terraform import ROOT

CONFIG: dict[str, Any] = json.loads((ROOT / "firebase.json").read_text())
SCHEMA = json.loads((ROOT / "tests" / "infra" / "firebase-config.schema.json").read_text())
REWRITES = CONFIG["hosting"]["rewrites"]
ROUTES = [*dict.fromkeys((*API, *EVENTS, *INGEST))]
SERVED = {"api": (*API,), "events": (*EVENTS,), "ingest": (*INGEST, *API)}


def test_it_is_what_firebase_reads() -> None:
    jsonschema.validate(CONFIG, SCHEMA)


def test_the_schema_would_say_so() -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**CONFIG, "hostng": {}}, SCHEMA)


def test_what_it_names_is_there() -> None:
    firestore = CONFIG["firestore"]
    for path in (firestore["rules"], firestore["indexes"], CONFIG["storage"]["rules"]):
        assert (ROOT / path).is_file()
    assert (ROOT / CONFIG["hosting"]["public"] / "index.html").is_file()
    assert {rewrite["run"]["serviceId"] for rewrite in REWRITES} == {
        f"mascotry-{name}" for name in SERVED
    }
    region = terraform.variables()["region"]["default"]
    assert {rewrite["run"]["region"] for rewrite in REWRITES} == {region}


def hosted(method: str, path: str) -> str:
    """The function that Hosting sends a request to: the first that matches, by path alone."""
    for rewrite in REWRITES:
        if site.pattern(rewrite["source"]).fullmatch(path):
            return str(rewrite["run"]["serviceId"]).removeprefix("mascotry-")
    raise AssertionError(f"{method} {path} goes nowhere")


def answers(function: str, method: str, path: str) -> bool:
    """Whether a function has the route."""
    rules = [Rule(route.path, methods=[route.method]) for route in SERVED[function]]
    return Map(rules, strict_slashes=False).bind("x").test(path, method)


def test_every_route_reaches_a_function_that_serves_it() -> None:
    """Only lists of characters and jobs without a wait cost more than behind a load balancer."""
    elsewhere = {("GET", "/v1/collections"): "ingest", ("GET", "/v1/jobs/<job_id>"): "events"}
    for route in ROUTES:
        path = re.sub(r"<\w+>", "0b3f", route.path)
        found = hosted(route.method, path)
        cheapest = gateway.target({"PATH_INFO": path, "REQUEST_METHOD": route.method})
        assert answers(found, route.method, path), (route.method, path)
        assert found == elsewhere.get((route.method, route.path), cheapest), (route.method, path)
