"""Writes with an Idempotency-Key: once, however often they are sent."""

import io
from datetime import timedelta
from typing import Any

import pytest

from shared.model import paths
from shared.model.errand import Errand
from shared.model.request import GenerateRequest
from shared.model.workspace import Scope
from shared.services import errands, generation, jobs, keys
from tests.api.client import Answer, Client
from tests.api.everything import Everything
from tests.graph.jobs import FILM, IMAGE
from tests.services.world import Tenant, World

KEY = "0b6a-felix"


class Killed(BaseException):
    """The process ends here."""


def send(client: Client, path: str, key: str = KEY, **body: Any) -> Answer:
    return client.ask("POST", path, json=body, headers={"Idempotency-Key": key})


def replayed(answer: Answer) -> bool:
    return answer.response.headers.get("Idempotent-Replayed") == "true"


def test_the_same_request_gets_the_same_answer(api: Client, world: World, tenant: Tenant) -> None:
    path = f"/v1/collections/{tenant.collection.id}/generate"
    first = send(api, path, name="Wave", **FILM)
    assert first.status == 202
    assert not replayed(first)
    world.drain()
    again = send(api, path, name="Wave", **FILM)
    assert replayed(again)
    assert (again.status, again.body) == (202, first.body)
    assert len(world.jobs(tenant)) == 1
    assert len(world.ids(tenant, "items")) == 1
    assert send(api, path, "another", name="Wave", **FILM).data["job_id"] != first.data["job_id"]


def test_the_same_key_with_other_content_is_a_conflict(api: Client, tenant: Tenant) -> None:
    assert send(api, "/v1/projects", name="One").status == 201
    answer = send(api, "/v1/projects", name="Two")
    assert answer.status == 409
    assert "Idempotency-Key was used for another" in answer.error["message"]
    item = {"type": "image", "name": "One"}
    assert send(api, f"/v1/collections/{tenant.collection.id}/items", **item).status == 409


def test_a_refusal_is_an_answer_too(api: Client) -> None:
    first = send(api, "/v1/projects", name="")
    assert first.status == 400
    again = send(api, "/v1/projects", name="")
    assert replayed(again)
    assert again.body == first.body


def test_a_key_is_ones_own(api: Client, world: World) -> None:
    mine = send(api, "/v1/projects", name="One").data
    other = Client("api", world.tenant("Other").key)
    theirs = send(other, "/v1/projects", name="Two")
    assert theirs.status == 201
    assert theirs.data["id"] != mine["id"]


def test_after_a_day_a_key_is_free(api: Client, world: World) -> None:
    first = send(api, "/v1/projects", name="One").data
    world.clock.advance(timedelta(hours=24, seconds=1))
    assert send(api, "/v1/projects", name="Two").data["id"] != first["id"]
    world.clock.advance(timedelta(hours=24, seconds=1))
    assert errands.sweep(world.ports) == 1
    assert errands.sweep(world.ports) == 0


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "ä"])
def test_what_is_no_key(api: Client, key: str) -> None:
    answer = send(api, "/v1/projects", key, name="One")
    assert (answer.status, answer.error["field"]) == (400, "Idempotency-Key")


def test_reading_needs_no_key_and_takes_none(api: Client) -> None:
    headers = {"Idempotency-Key": KEY}
    for _ in range(2):
        assert not replayed(api.ask("GET", "/v1/projects", headers=headers))


def test_while_the_first_is_at_work_the_second_waits(
    api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[Answer] = []
    create = Errand.stored

    def meanwhile(errand: Errand) -> dict[str, Any]:
        if errand.status is not None and not answers:
            answers.append(send(api, "/v1/projects", name="One"))
        return create(errand)

    monkeypatch.setattr(Errand, "stored", meanwhile)
    assert send(api, "/v1/projects", name="One").status == 201
    assert answers[0].status == 409
    assert "still at work" in answers[0].error["message"]


@pytest.mark.parametrize("orphaned", [False, True])
@pytest.mark.parametrize("where", ["before", "after"])
def test_a_worker_that_dies_leaves_nothing_twice(
    api: Client,
    world: World,
    tenant: Tenant,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
    *,
    orphaned: bool,
) -> None:
    """Before its commit nothing is there; after it the next request finds the very same job."""
    path = f"/v1/collections/{tenant.collection.id}/generate"
    begin = generation.begin

    def die(*arguments: Any, **more: Any) -> Any:
        if where == "after":
            begin(*arguments, **more)
        raise Killed

    with monkeypatch.context() as dying, pytest.raises(Killed):
        dying.setattr(generation, "begin", die)
        dying.setattr(errands, "_end", lambda *arguments: None)
        send(api, path, name="Wave", **IMAGE)
    early = send(api, path, name="Wave", **IMAGE)
    assert early.status == 409
    if orphaned:  # the only process there was has been started again
        errands.release(world.ports)
    else:
        world.clock.advance(errands.LEASE)
    done = send(api, path, name="Wave", **IMAGE)
    assert done.status == 202
    [job] = world.jobs(tenant)
    assert job.id == done.data["job_id"]
    world.drain()
    assert len(world.assets(tenant)) == 2
    assert len(world.ids(tenant, "items")) == 1


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_retry_that_was_cut_off_is_answered_with_its_job(
    api: Client, world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Though by then the failed job says that it was taken up."""
    failed = generation.generate(
        world.ports,
        world.settings,
        tenant.who,
        tenant.collection.id,
        GenerateRequest.model_validate({"name": "Wave", **IMAGE}),
    ).job
    jobs.cancel(world.ports, tenant.who, failed.id)
    path, begin = f"/v1/jobs/{failed.id}/retry", generation.begin

    def die(*arguments: Any, **more: Any) -> Any:
        if where == "after":
            begin(*arguments, **more)
        raise Killed

    with monkeypatch.context() as dying, pytest.raises(Killed):
        dying.setattr(generation, "begin", die)
        dying.setattr(errands, "_end", lambda *arguments: None)
        send(api, path)
    world.clock.advance(errands.LEASE)
    done, once_more = send(api, path), send(api, path)
    assert (done.status, once_more.status) == (202, 202)
    assert done.data == once_more.data
    [made] = [job for job in world.jobs(tenant) if job.id != failed.id]
    assert done.data["job_id"] == made.id
    other = send(api, path, "another-key")
    assert (other.status, other.error["job_id"]) == (409, made.id)
    world.drain()
    assert send(api, path).data == done.data
    told = api.get(f"/v1/jobs/{failed.id}").data
    assert (told["retry_id"], told["retry_of"]) == (made.id, None)


@pytest.mark.parametrize(
    "what", ["projects", "collections", "items", "assets", "webhooks", "style", "references"]
)
def test_a_deletion_that_was_cut_off_is_answered_as_the_first_would_have_been(
    world: World, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    everything = Everything(world, world.tenant("Mine"))
    client, ids = Client("api", everything.key), everything.ids
    path = {
        "projects": f"/v1/projects/{ids['project_id']}",
        "collections": f"/v1/collections/{ids['collection_id']}",
        "items": f"/v1/items/{ids['item_id']}?detach=true",
        "assets": f"/v1/assets/{ids['asset_id']}?detach=true",
        "webhooks": f"/v1/webhooks/{ids['webhook_id']}",
        "style": f"/v1/collections/{ids['collection_id']}/style-card",
        "references": f"/v1/collections/{ids['collection_id']}/references/{ids['asset_id']}",
    }[what]
    status = 202 if what in ("projects", "collections", "items", "assets") else 200

    def delete(key: str) -> Answer:
        return client.ask("DELETE", path, headers={"Idempotency-Key": key})

    def die(*arguments: Any) -> None:
        raise Killed

    with monkeypatch.context() as dying, pytest.raises(Killed):
        dying.setattr(errands, "_end", die)
        delete(KEY)
    world.clock.advance(errands.LEASE)
    assert delete("another").status == 404, "it is gone"
    done = delete(KEY)
    assert done.status == status, done.body
    again = delete(KEY)
    assert replayed(again)
    assert again.body == done.body
    if status == 202:
        jobs = {document.id for document in world.documents(everything.tenant, "jobs")}
        assert done.data["job_id"] in jobs
        world.drain()
        assert world.deliveries() == []


def test_what_somebody_else_has_deleted_is_not_found(api: Client, world: World) -> None:
    """Also by a request that is repeated, if it was cut off before it had done anything."""
    project = api.post("/v1/projects", name="Mine").data["id"]
    path, headers = f"/v1/projects/{project}", {"Idempotency-Key": KEY}
    with pytest.MonkeyPatch.context() as dying, pytest.raises(Killed):

        def die(*arguments: Any, **more: Any) -> None:
            raise Killed

        dying.setattr("shared.services.deletion.delete_project", die)
        dying.setattr(errands, "_end", lambda *arguments: None)
        api.ask("DELETE", path, headers=headers)
    api.delete(path)
    world.clock.advance(errands.LEASE)
    assert api.ask("DELETE", path, headers=headers).status == 404


def test_what_failed_on_our_side_may_be_asked_again(
    api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any) -> Any:
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr("shared.services.projects.create", fail)
        assert send(api, "/v1/projects", name="One").status == 500
    assert send(api, "/v1/projects", name="One").status == 201


def test_a_secret_is_not_kept(api: Client, world: World, tenant: Tenant) -> None:
    admin = Client("api", keys.issue(world.ports, tenant.who.workspace_id, "a", (Scope.ADMIN,)))
    first = send(admin, "/v1/keys", name="Spare")
    secret = first.data["secret"]
    again = send(admin, "/v1/keys", name="Spare")
    assert again.status == 409
    assert "only once" in again.error["message"]
    kept = world.ports.documents.get(paths.errand(errands.name(tenant.who, KEY)))
    assert kept
    assert secret not in str(kept.data)
    assert first.data["id"] not in str(kept.data)


def test_a_form_is_the_same_whatever_its_boundary(ingest: Client, tenant: Tenant) -> None:
    def upload(content: bytes) -> Answer:
        return ingest.ask(
            "POST",
            "/v1/upload",
            data={"file": (io.BytesIO(content), "x.png")},
            headers={"Idempotency-Key": KEY},
        )

    assert upload(b"no picture").status == 400
    assert replayed(upload(b"no picture"))
    assert upload(b"another").status == 409
