"""How often a key may ask, as a client reads it."""

from datetime import timedelta

import pytest

from shared.config import Settings
from tests.api.client import Answer, Client, function
from tests.api.conftest import limit
from tests.graph.fakes import START
from tests.services.world import Tenant, World

MINUTE_ENDS = int((START.replace(second=0) + timedelta(minutes=1)).timestamp())


def told(answer: Answer) -> tuple[int, int, int]:
    """Limit, remaining, reset."""
    names = ("Limit", "Remaining", "Reset")
    limit, remaining, reset = (int(answer.response.headers[f"X-RateLimit-{n}"]) for n in names)
    return limit, remaining, reset


def test_every_answer_says_how_many_are_left(
    world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(world, monkeypatch, per_minute=7, per_hour=100)
    api, ingest, events = (Client(name, tenant.key) for name in ("api", "ingest", "events"))
    answers = [
        api.get("/v1/projects"),
        api.get("/v1/nowhere"),
        api.ask("PUT", "/v1/projects"),
        api.get("/v1/items/x"),
        api.post("/v1/projects"),
        ingest.post("/v1/upload"),
        events.get("/v1/jobs/x"),
    ]
    assert [answer.status for answer in answers] == [200, 404, 405, 404, 400, 400, 404]
    assert [told(answer) for answer in answers] == [
        (7, left, MINUTE_ENDS) for left in range(6, -1, -1)
    ]
    for target in ("api", "ingest", "events"):
        refused = Client(target, tenant.key).get("/v1/jobs/x")
        assert refused.status == 429
        assert refused.error["code"] == "rate_limited"
        assert refused.error["retry_after"] == 55
        assert refused.response.headers["Retry-After"] == "55"
        assert told(refused) == (7, 0, MINUTE_ENDS)
    exposed = refused.response.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"Retry-After", "X-RateLimit-Remaining", "X-RateLimit-Reset"} <= set(exposed)
    world.clock.advance(timedelta(seconds=55))
    assert told(api.get("/v1/projects")) == (7, 6, MINUTE_ENDS + 60)


def test_a_refused_request_changes_nothing(
    world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(world, monkeypatch, per_minute=1)
    api = Client("api", tenant.key)
    assert api.post("/v1/projects", name="One").status == 201
    assert api.post("/v1/projects", name="Two").status == 429
    assert len(world.ids(tenant, "projects")) == 2


def test_keys_do_not_share_a_limit(
    world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(world, monkeypatch, per_minute=1)
    other = world.tenant("Other")
    for client in (Client("api", tenant.key), Client("api", other.key)):
        assert [client.get("/v1/projects").status for _ in range(2)] == [200, 429]


def test_who_has_no_key_is_not_counted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(world, monkeypatch, per_minute=1)
    for _ in range(3):
        answer = Client("api", None).get("/v1/projects")
        assert answer.status == 401
        assert "X-RateLimit-Limit" not in answer.response.headers
        assert function("api").options("/v1/projects").status_code == 204


def test_without_limits_there_is_nothing_to_say(
    world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(world, monkeypatch)
    answer = Client("api", tenant.key).get("/v1/projects")
    assert answer.status == 200
    assert "X-RateLimit-Limit" not in answer.response.headers


def test_sixty_a_minute_and_a_thousand_an_hour() -> None:
    chosen = Settings()
    assert (chosen.rate_limit_per_minute, chosen.rate_limit_per_hour) == (60, 1_000)
