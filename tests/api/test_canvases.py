"""Canvases over the API: as clients make, change and read them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from shared.model.workspace import KeyKind, Scope
from shared.services import keys
from tests.api.client import Client, function
from tests.graph.canvases import asks, canvas, edge, node
from tests.services.world import Tenant, World

Json = dict[str, Any]


def parts(**more: Any) -> Json:
    """Those of a canvas of two states, as a client would send them."""
    stored = canvas(**more).stored()
    return {name: stored[name] for name in ("name", "nodes", "edges", "inputs")}


@pytest.fixture
def path(tenant: Tenant) -> str:
    return f"/v1/collections/{tenant.collection.id}/canvases"


def test_from_a_template_to_an_export(api: Client, world: World, tenant: Tenant, path: str) -> None:
    [template] = [one for one in api.get("/v1/canvas-templates").data if len(one["edges"]) == 16]
    made = api.post(path, name="Assistant", template_id=template["id"]).data
    assert made["edges"] == template["edges"]
    assert (made["initial_node"], made["auto_play"], made["warnings"]) == ("idle", True, [])
    assert (made["status"]["percent"], made["status"]["complete"]) == (0, False)
    one = f"{path}/{made['id']}"
    quote = api.post(f"{one}/generate-all", dry_run=True, duration=2)
    assert quote.status == 200
    assert quote.data["would_charge_credits"] == 4 + 10 * 10
    assert (quote.data["generated"], quote.data["actual_cost"]) == (0, 0)
    assert api.get("/v1/jobs").data == []
    begun = api.post(f"{one}/generate-all", duration=2)
    assert begun.status == 202
    assert (begun.data["generated"], begun.data["actual_cost"]) == (14, 104)
    status = api.get(one).data["status"]
    assert status["job"]["job_id"] == begun.data["job_id"]
    assert {part["state"] for part in status["nodes"]} == {"waiting"}
    early = api.get(f"{one}/export")
    assert (early.status, early.error["code"], len(early.error["errors"])) == (409, "conflict", 20)
    assert "the pose of node 'idle' waits" in early.error["message"]
    world.drain()
    status = api.get(one).data["status"]
    assert (status["percent"], status["complete"], status["job"]) == (100, True, None)
    back = next(part for part in status["edges"] if part["id"] == "working-to-idle")
    assert back["reverse_of"] == "idle-to-working"
    assert {"webm", "hevc", "stacked_video"} <= back["assets"].keys()
    shown = api.get(f"{one}/export").data
    assert (shown["version"], len(shown["edges"])) == ("2.0", 16)
    again = api.post(f"{one}/generate-all")
    assert (again.status, again.data["job_id"], again.data["already_complete"]) == (200, None, 20)


def test_what_the_page_describes(api: Client, world: World, path: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "11-canvases.md").read_text()
    described, answered, exported = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    made = api.post(path, **json.loads(described)).data
    assert made["warnings"] == []
    one = f"{path}/{made['id']}"
    begun = api.post(f"{one}/generate-all").data
    said = json.loads(answered)["data"]
    assert {**begun, "job_id": "…", "poll_url": "…"} == said
    world.drain()
    shown, said = api.get(f"{one}/export").data, json.loads(exported)
    assert shown.keys() == said.keys()
    assert shown["inputs"] == said["inputs"]
    for kind in ("nodes", "edges"):
        assert shown[kind][0].keys() == said[kind][0].keys()


def test_what_is_wrong_is_named(api: Client, path: str) -> None:
    wrong = parts(edges=[edge("a", "c"), edge("b", "a", conditions=[asks("off", "eq", True)])])
    answer = api.post(path, **wrong)
    assert (answer.status, answer.error["field"]) == (400, "edges[0].target")
    assert answer.error["message"] == "edge 'a-c': there is no node 'c'"
    fields = [one["field"] for one in answer.error["errors"]]
    assert fields == ["edges[0].target", "edges[1].conditions[0].input"]
    answer = api.post(path, name="x", template_id="nope")
    assert (answer.status, answer.error["field"]) == (400, "template_id")
    assert "claude-code-4state" in answer.error["message"]
    assert api.get(path).data == []


def test_operators_are_told_by_one_name(api: Client, path: str) -> None:
    some = [edge("a", "b", conditions=[asks("n", op, 1)], priority=number)
            for number, op in enumerate(("gte", ">="))]  # fmt: skip
    some[1]["id"] = "other"
    sent = {**parts(), "edges": some}
    made = api.post(path, **sent).data
    assert [one["conditions"][0]["op"] for one in made["edges"]] == [">=", ">="]
    assert [one["message"][:8] for one in made["warnings"]] == ["node 'a'", "node 'b'"]


def test_who_has_not_seen_the_last_change_changes_nothing(api: Client, path: str) -> None:
    one = f"{path}/{api.post(path, **parts()).data['id']}"
    first = api.get(one).response.headers["ETag"]
    changed = api.patch(one, name="Other", nodes=[node("a", itemName="Sitting"), node("b")])
    assert changed.data["nodes"][0]["itemName"] == "Sitting"
    assert changed.response.headers["ETag"] == api.get(one).response.headers["ETag"] != first
    late = api.ask("PATCH", one, headers={"If-Match": first}, json={"name": "Late"})
    assert (late.status, late.error["code"]) == (412, "precondition_failed")
    assert api.ask("DELETE", one, headers={"If-Match": first}).status == 412
    assert api.patch(one, nodes=[node("a")]).error["field"] == "edges[1].source"
    assert api.get(one).data["name"] == "Other"
    assert api.delete(one).data == {"id": one.rsplit("/", 1)[1], "deleted": True}
    assert api.get(one).status == 404


def test_making_it_changes_no_version(api: Client, world: World, path: str) -> None:
    """Who edits a canvas meanwhile is in nobody's way."""
    one = f"{path}/{api.post(path, **parts()).data['id']}"
    first = api.get(one).response.headers["ETag"]
    api.post(f"{one}/generate-all", targets=["a"])
    world.drain()
    assert api.get(one).response.headers["ETag"] == first
    assert api.get(one).data["status"]["stills_percent"] == 50


def test_an_export_is_asked_for_again_for_nothing(
    api: Client, world: World, tenant: Tenant, path: str
) -> None:
    one = f"{path}/{api.post(path, **parts()).data['id']}"
    api.post(f"{one}/generate-all")
    world.drain()
    _, secret = keys.create(
        world.ports,
        tenant.who.workspace_id,
        "page",
        kind=KeyKind.PUBLISHABLE,
        scopes=(Scope.READ,),
        allowed_origins=("https://app.example",),
    )
    page = {"Authorization": f"Bearer {secret}", "Origin": "https://app.example"}
    export = f"{one}/export?extended=true"
    first = function("api").get(export, headers=page)
    assert first.status_code == 200
    assert first.headers["Access-Control-Allow-Origin"] == "https://app.example"
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert "stillUrl" in first.get_json()["data"]["nodes"][0]
    known = {**page, "If-None-Match": first.headers["ETag"]}
    second = function("api").get(export, headers=known)
    assert (second.status_code, second.data) == (304, b"")
    assert function("api").get(f"{one}/export", headers=known).status_code == 200
    api.post(f"{one}/generate-all", targets=["a-a"], skip_completed=False)
    world.drain()
    assert function("api").get(export, headers=known).status_code == 200
    assert function("api").get(one, headers=page).status_code == 403


def test_a_call_that_is_sent_again_begins_nothing(api: Client, world: World, path: str) -> None:
    one = f"{path}/{api.post(path, **parts()).data['id']}"
    named = {"Idempotency-Key": "one"}
    first, second = (
        api.ask("POST", f"{one}/generate-all", headers=named, json={}) for _ in range(2)
    )
    assert (first.status, first.data) == (202, second.data)
    assert second.response.headers["Idempotent-Replayed"] == "true"
    assert api.post(f"{one}/generate-all").status == 200  # all of it is in progress
    assert len(api.get("/v1/jobs").data) == 1
    world.drain()
    assert len(api.get("/v1/jobs").data) == 6


def test_a_price_may_be_refused(api: Client, path: str) -> None:
    one = f"{path}/{api.post(path, **parts()).data['id']}"
    answer = api.post(f"{one}/generate-all", max_credits=61)
    assert (answer.status, answer.error["field"]) == (400, "max_credits")
    assert "62 credits" in answer.error["message"]
    assert api.get("/v1/jobs").data == []
