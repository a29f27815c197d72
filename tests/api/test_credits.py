"""Credits over HTTP: what there is, where it went, what something would cost, and a refusal."""

from typing import Any

import pytest

from functions.api.routes import API, INGEST
from infra import credits as infra_credits
from shared import config
from shared.errors import InsufficientCredits, PermanentError
from shared.model.credit import Bucket
from shared.model.job import StepKind
from shared.ports import Query
from shared.services import ledger
from shared.services.steps import StepContext, StepResult
from tests.api.client import Client
from tests.api.test_refusals import refuses, traces
from tests.graph.jobs import FILM, IMAGE
from tests.services.world import Tenant, World

CREDITS = "/v1/credits"


@pytest.fixture
def metered(world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation whose credits count, and 30 of them."""
    monkeypatch.setenv("MASCOTRY_METERED", "true")
    config.settings.cache_clear()
    world.settings = world.settings.model_copy(update={"metered": True})
    ledger.grant(world.ports, tenant.who.workspace_id, 30, Bucket.TOPUP, reference="order-1")


def generate(api: Client, tenant: Tenant, **body: Any) -> Any:
    return api.post(f"/v1/collections/{tenant.collection.id}/generate", **{"name": "Wave", **body})


def summary(api: Client) -> tuple[int, int, int]:
    data = api.get(CREDITS).data
    return data["balance"], data["held"], data["available"]


def fail(context: StepContext) -> StepResult:
    raise PermanentError("no_luck", "It cannot be made.")


@pytest.mark.usefixtures("metered")
def test_where_credits_go(api: Client, tenant: Tenant, world: World) -> None:
    assert summary(api) == (30, 0, 30)
    world.codes[StepKind.VIDEO] = fail
    made = generate(api, tenant, **FILM).data
    assert made["cost_credits"] == 21
    assert summary(api) == (30, 21, 9)
    assert api.get(f"/v1/jobs/{made['job_id']}").data["refunded_credits"] == 0
    world.drain()
    assert summary(api) == (29, 0, 29)
    assert api.get(CREDITS).data["buckets"] == {
        "subscription": {"available": 0, "held": 0, "ends_at": None},
        "topup": {"available": 29, "held": 0},
    }
    job = api.get(f"/v1/jobs/{made['job_id']}").data
    assert (job["cost_credits"], job["refunded_credits"]) == (21, 20)

    found = api.get(f"{CREDITS}/history")
    assert found.pagination["total"] == 4
    moves = sorted((one["kind"], one["amount"], one["job_id"]) for one in found.data)
    id_ = made["job_id"]
    assert moves == [
        ("capture", 1, id_),
        ("grant", 30, None),
        ("hold", 21, id_),
        ("release", 20, id_),
    ]
    assert {one["item_name"] for one in found.data} == {None, "Wave"}
    assert {one["reference"] for one in found.data} == {None, "order-1"}
    page = api.get(f"{CREDITS}/history", limit=3)
    rest = api.get(f"{CREDITS}/history", cursor=page.pagination["next_cursor"])
    assert [*page.data, *rest.data] == found.data


@pytest.mark.usefixtures("metered")
def test_who_has_too_little_is_refused(api: Client, tenant: Tenant, world: World) -> None:
    generate(api, tenant, **FILM)
    before = traces(world, tenant)
    answer = generate(api, tenant, **FILM)
    assert (answer.status, answer.error["code"]) == (402, "insufficient_credits")
    assert [answer.error[name] for name in ("required", "balance", "available")] == [21, 30, 9]
    assert traces(world, tenant) == before
    assert generate(api, tenant, **IMAGE).status == 202


@pytest.mark.usefixtures("metered")
def test_a_refusal_is_not_kept_for_its_idempotency_key(
    api: Client, tenant: Tenant, world: World
) -> None:
    path = f"/v1/collections/{tenant.collection.id}/generate"
    again = {"json": {"name": "Wave", **FILM}, "headers": {"Idempotency-Key": "a"}}
    generate(api, tenant, **FILM)
    assert api.ask("POST", path, **again).status == 402
    ledger.grant(world.ports, tenant.who.workspace_id, 12, Bucket.TOPUP)
    assert api.ask("POST", path, **again).status == 202
    assert api.ask("POST", path, **again).status == 202
    assert summary(api) == (42, 42, 0)


@pytest.mark.usefixtures("metered")
def test_a_dry_run_says_what_it_would_cost(api: Client, tenant: Tenant, world: World) -> None:
    before = traces(world, tenant), world.documents(tenant, "credit_entries")
    answer = generate(api, tenant, **{**FILM, "duration": 6, "sizes": [64, 600]}, dry_run=True)
    assert answer.status == 200
    data = answer.data
    assert data["cost_credits"] == 31
    assert data["charges"] == {"still": 1, "film": 30}
    assert (data["balance_after"], data["available_after"]) == (-1, -1)
    assert [step["id"] for step in data["steps"]][-2:] == ["video", "transcode"]
    assert {"key": "webm_64", "type": "webm", "size": 64} in data["assets"]
    assert "600" in data["warnings"][0]
    assert (traces(world, tenant), world.documents(tenant, "credit_entries")) == before
    refuses(generate(api, tenant, **{**FILM, "duration": 11}, dry_run=True), "duration")


def test_what_is_not_metered_is_unlimited(api: Client, tenant: Tenant, world: World) -> None:
    assert api.get(CREDITS).data["unlimited"] is True
    data = generate(api, tenant, **IMAGE, dry_run=True).data
    assert (data["cost_credits"], data["balance_after"], data["available_after"]) == (1, None, None)
    assert generate(api, tenant, **IMAGE).status == 202
    assert summary(api) == (0, 0, 0)
    [hold] = api.get(f"{CREDITS}/history").data
    assert (hold["kind"], hold["buckets"]) == ("hold", {"unmetered": 1})


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_price_may_be_too_high(api: Client, tenant: Tenant, world: World, dry_run: bool) -> None:
    before = traces(world, tenant)
    answer = generate(api, tenant, **FILM, max_credits=20, dry_run=dry_run)
    assert "21" in refuses(answer, "max_credits")
    assert traces(world, tenant) == before
    assert generate(api, tenant, **FILM, max_credits=21, dry_run=dry_run).status in (200, 202)
    refuses(generate(api, tenant, **FILM, max_credits=-1), "max_credits")
    refuses(generate(api, tenant, **FILM, dry_run="yes"), "dry_run")


def ended(world: World, api: Client, tenant: Tenant, *, well: bool) -> dict[str, Any]:
    """A film that is finished, or whose video could not be made."""
    if not well:
        world.codes[StepKind.VIDEO] = fail
    made: dict[str, Any] = generate(api, tenant, **FILM).data
    world.drain()
    return made


@pytest.mark.usefixtures("metered")
@pytest.mark.parametrize(
    ("what", "cost", "keys"),
    [
        ("retry", 20, {"video", "webm", "hevc", "stacked_video"}),
        ("regenerate", 20, {"video", "webm", "hevc", "stacked_video"}),
        ("reverse", 0, {f"reverse_{key}" for key in ("video", "webm", "hevc", "stacked_video")}),
    ],
)
def test_what_is_done_again_tells_its_price(
    api: Client, tenant: Tenant, world: World, what: str, cost: int, keys: set[str]
) -> None:
    """And the same Idempotency-Key is still free for doing it."""
    if cost:
        ledger.grant(world.ports, tenant.who.workspace_id, 30, Bucket.TOPUP)
    made = ended(world, api, tenant, well=what != "retry")
    path = f"/v1/assets/{made['asset_ids']['video']}/{what}"
    if what == "retry":
        path = f"/v1/jobs/{made['job_id']}/retry"
    before = [traces(world, tenant), world.documents(tenant, "credit_entries"), errands_of(world)]
    spendable = summary(api)[2]
    headers = {"Idempotency-Key": "again"}
    told = api.ask("POST", path, json={"dry_run": True}, headers=headers)
    assert told.status == 200
    assert told.data["cost_credits"] == cost
    assert told.data["available_after"] == spendable - cost
    assert {asset["key"] for asset in told.data["assets"]} == keys
    assert {step["id"] for step in told.data["steps"]} >= {
        "reverse" if what == "reverse" else "video"
    }
    if cost:
        refuses(api.post(path, max_credits=cost - 1), "max_credits")
        refuses(api.post(path, max_credits=cost - 1, dry_run=True), "max_credits")
    refuses(api.post(path, dry_run="yes"), "dry_run")
    refuses(api.post(path, dry=True), "dry")
    after = [traces(world, tenant), world.documents(tenant, "credit_entries"), errands_of(world)]
    assert after == before
    body = {"max_credits": cost} if cost else {}
    begun = api.ask("POST", path, json=body, headers=headers)
    assert (begun.status, begun.data["cost_credits"]) == (202, cost)
    assert set(begun.data["asset_ids"]) == keys


def errands_of(world: World) -> list[str]:
    """The keys that were used so far."""
    found = world.ports.documents.query(Query("errands", order="expires_at"), limit=100)
    return [document.id for document in found.results]


def test_a_dry_run_takes_no_idempotency_key(api: Client, tenant: Tenant, world: World) -> None:
    path = f"/v1/collections/{tenant.collection.id}/generate"
    headers = {"Idempotency-Key": "mine"}
    for more in ({"dry_run": True}, {"dry_run": True, "max_credits": 0}, {}):
        answer = api.ask("POST", path, json={"name": "Wave", **IMAGE, **more}, headers=headers)
    assert answer.status == 202
    assert len(errands_of(world)) == 1


def test_every_call_that_begins_a_job_knows_dry_run() -> None:
    """Whoever adds another one says in its body how it is asked for."""
    answers = ("Generation", "Batch", "CanvasProduction")
    beginning = [route for route in (*API, *INGEST) if route.answer in answers]
    assert len(beginning) == 7
    for route in beginning:
        assert route.dry_answer, route.path
        assert route.body, route.path
        assert "dry_run" in route.body.model_fields, route.path
    assert {route.path for route in (*API, *INGEST) if InsufficientCredits in route.errors} == {
        route.path for route in beginning if not route.path.endswith(("/reverse", "/import"))
    }


def test_one_of_a_batch_cannot_be_dry(api: Client, tenant: Tenant, world: World) -> None:
    """It would have been made, and paid for."""
    one = {"name": "Wave", **IMAGE}
    path = f"/v1/collections/{tenant.collection.id}/generate/batch"
    refuses(api.post(path, requests=[one, {**one, "dry_run": True}]), "requests[1].dry_run")
    assert world.jobs(tenant) == []


def test_a_job_does_not_remember_how_it_was_asked_for(
    api: Client, tenant: Tenant, world: World
) -> None:
    generate(api, tenant, **IMAGE, max_credits=1)
    [job] = world.jobs(tenant)
    assert not {"dry_run", "max_credits"} & set(job.request)


# --- who runs the installation -------------------------------------------------------------------


def test_credits_are_granted_by_who_runs_the_installation(
    api: Client, tenant: Tenant, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--workspace", tenant.who.workspace_id]
    grant = ["--grant", "500", "--bucket", "subscription", "--until", "2030-01-01"]
    assert infra_credits.main([*command, *grant, "--reference", "march"]) == 0
    assert "subscription: 500 available, 0 held, until 2030-01-01" in capsys.readouterr().out
    assert infra_credits.main([*command, *grant, "--reference", "march"]) == 1
    assert "march" in capsys.readouterr().err
    assert infra_credits.main([*command, "--grant", "-5"]) == 1
    assert "amount: must be" in capsys.readouterr().err
    assert infra_credits.main(command) == 0
    assert api.get(CREDITS).data["buckets"]["subscription"] == {
        "available": 500,
        "held": 0,
        "ends_at": "2030-01-01T00:00:00.000000Z",
    }
