"""Whoever wants to be told of a job's end is told, whatever happens."""

import base64
import hashlib
import hmac
import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from standardwebhooks import Webhook as Receiver
from standardwebhooks import WebhookVerificationError

from shared.errors import Busy, Conflict, NotFound, PermanentError
from shared.graph.policy import GRACE
from shared.model import paths
from shared.model.job import JobStatus, StepKind, files
from shared.model.webhook import Delivery, DeliveryStatus, Event, Secrets, Webhook
from shared.services import deletion, sweeper
from shared.services.steps import StepContext, StepResult
from shared.services.webhooks import delivery as module
from shared.services.webhooks import endpoints, outbox, schedule, sender
from shared.services.webhooks.sender import Answer
from tests.graph.jobs import FILM, IMAGE
from tests.services import checks
from tests.services.endpoint import Endpoint, serve
from tests.services.test_crashes import Story, after_a_restart, among_others, dies, everywhere
from tests.services.world import Tenant, World

BOTH = (Event.JOB_COMPLETED, Event.JOB_FAILED)
URL = "https://93.184.216.34/hook"
OTHER = "https://93.184.216.34/other"


class Inbox:
    """Endpoints that note what they get, and answer as told (200 if nothing is said)."""

    def __init__(self, world: World) -> None:
        self.got: list[tuple[str, Mapping[str, str], str]] = []
        self.answers: dict[str, Answer] = {}
        world.post = self

    def __call__(
        self, url: str, body: str, headers: Mapping[str, str], *, loopback: bool
    ) -> Answer:
        assert not loopback
        self.got.append((url, headers, body))
        return self.answers.get(url, Answer(200))

    def ids(self, url: str = URL) -> list[str]:
        return [headers["webhook-id"] for to, headers, _ in self.got if to == url]

    def bodies(self, url: str = URL) -> list[dict[str, Any]]:
        return [json.loads(body) for to, _, body in self.got if to == url]


@pytest.fixture
def inbox(world: World) -> Inbox:
    return Inbox(world)


def listen(
    world: World, tenant: Tenant, url: str = URL, events: tuple[Event, ...] = BOTH
) -> tuple[Webhook, str]:
    return endpoints.create(world.ports, world.settings, tenant.who, url, events)


def sent(world: World, tenant: Tenant) -> list[Delivery]:
    return [Delivery.load(found.data) for found in world.documents(tenant, "webhook_deliveries")]


def fail(context: StepContext) -> StepResult:
    raise PermanentError("no_encoder", "There is no encoder.")


# --- what is told --------------------------------------------------------------------------------


def test_an_end_is_told(world: World, tenant: Tenant, inbox: Inbox) -> None:
    listen(world, tenant)
    job = world.generate(tenant, IMAGE).job
    assert sent(world, tenant) == []
    world.drain()
    [told] = inbox.bodies()
    job = world.job(job)
    made = files(job.assets)
    assert told == {
        "event": "job.completed",
        "job_id": job.id,
        "type": "image_generation",
        "collection_id": tenant.collection.id,
        "item_id": job.item_id,
        "asset_ids": {key: id_ for key, (id_, _) in made.items()},
        "urls": {key: world.ports.blobs.public_url(path) for key, (_, path) in made.items()},
        "timestamp": job.stored()["completed_at"],
    }
    [delivery] = sent(world, tenant)
    assert delivery.status is DeliveryStatus.DELIVERED
    assert inbox.ids() == [delivery.id]


def test_a_failure_is_told_with_what_was_made(world: World, tenant: Tenant, inbox: Inbox) -> None:
    listen(world, tenant)
    world.codes[StepKind.TRANSCODE] = fail
    job = world.generate(tenant, FILM).job
    world.drain()
    [told] = inbox.bodies()
    assert told["event"] == "job.failed"
    assert told["error"]["code"] == "no_encoder"
    made = {"image", "transparent_image", "transparent_image_webp", "video"}
    assert set(told["urls"]) == set(told["asset_ids"]) == made
    assert world.job(job).status is JobStatus.FAILED


def test_who_is_not_told(world: World, tenant: Tenant, inbox: Inbox) -> None:
    disabled, _ = listen(world, tenant, f"{URL}/disabled")
    endpoints.update(world.ports, world.settings, tenant.who, disabled.id, {"enabled": False})
    removed, _ = listen(world, tenant, f"{URL}/removed")
    endpoints.delete(world.ports, tenant.who, removed.id)
    listen(world, tenant, f"{URL}/failures", (Event.JOB_FAILED,))
    listen(world, tenant, f"{URL}/completions", (Event.JOB_COMPLETED,))
    listen(world, world.tenant("Stranger"), f"{URL}/stranger")
    world.generate(tenant, IMAGE)
    world.drain()
    assert [url for url, _, _ in inbox.got] == [f"{URL}/completions"]
    assert len(sent(world, tenant)) == 1


def test_a_deletion_is_nobodys_business_and_loses_nothing(
    world: World, tenant: Tenant, inbox: Inbox
) -> None:
    listen(world, tenant)
    inbox.answers[URL] = Answer(500)
    world.generate(tenant, IMAGE)
    while inbox.got == []:
        assert world.deliver_next()
    world.generate(tenant, IMAGE)
    deletion.delete_collection(world.ports, tenant.who, tenant.collection.id)
    world.drain(StepKind.PURGE)
    inbox.answers.clear()
    world.drain()
    assert Counter(body["event"] for body in inbox.bodies()) == {
        "job.completed": 2,
        "job.failed": 1,
    }
    [canceled] = [body for body in inbox.bodies() if body["event"] == "job.failed"]
    assert canceled["error"]["code"] == "canceled"
    assert canceled["urls"] == {}
    assert {delivery.status for delivery in sent(world, tenant)} == {DeliveryStatus.DELIVERED}


# --- wherever a process dies ---------------------------------------------------------------------


def two_listen(world: World, tenant: Tenant) -> None:
    Inbox(world)
    listen(world, tenant)
    listen(world, tenant, OTHER)


def two_listen_in_vain_at_first(world: World, tenant: Tenant) -> None:
    two_listen(world, tenant)
    assert isinstance(world.post, Inbox)
    world.post.answers[OTHER] = Answer(503)
    world.codes[StepKind.CUTOUT] = fail
    world.generate(tenant, IMAGE)


def an_image(world: World, tenant: Tenant) -> None:
    world.generate(tenant, IMAGE)
    world.drain()


def its_end(world: World, tenant: Tenant) -> None:
    inbox = world.post
    assert isinstance(inbox, Inbox)
    while len(inbox.ids(OTHER)) < 2:
        assert world.deliver_next()
    inbox.answers.clear()
    world.drain()


def is_told(world: World, tenant: Tenant) -> None:
    """Each end has one event for each endpoint, which arrived, each time under the same id."""
    checks.nothing_is_left_over(world, tenant)
    jobs_ = [job for job in world.jobs(tenant) if job.finished]
    assert len(jobs_) == len(world.jobs(tenant))
    found = sent(world, tenant)
    told = {(delivery.job_id, delivery.webhook_id) for delivery in found}
    assert len(told) == len(found) == 2 * len(jobs_)
    inbox = world.post
    assert isinstance(inbox, Inbox)
    for delivery in found:
        assert delivery.status is DeliveryStatus.DELIVERED
        assert {body for _, headers, body in inbox.got if headers["webhook-id"] == delivery.id} == {
            delivery.body
        }


@pytest.mark.parametrize("recover", [after_a_restart, among_others])
def test_an_end_is_told_wherever_it_is_cut_off(folder: Path, recover: Story) -> None:
    everywhere(folder, an_image, dies, check=is_told, before=two_listen, recover=recover)


def test_so_is_one_that_is_heard_at_the_third_attempt(folder: Path) -> None:
    def recover(world: World, tenant: Tenant) -> None:
        assert isinstance(world.post, Inbox)
        world.post.answers.clear()
        among_others(world, tenant)

    everywhere(
        folder, its_end, dies, check=is_told, before=two_listen_in_vain_at_first, recover=recover
    )


def test_a_lost_task_is_sent_again(world: World, tenant: Tenant, inbox: Inbox) -> None:
    listen(world, tenant)
    world.generate(tenant, IMAGE)
    world.drain(*StepKind)
    world.lose_deliveries()
    world.drain()
    assert inbox.got == []
    world.clock.advance(GRACE)
    assert world.sweep() == 1
    world.drain()
    assert len(inbox.got) == 1


def test_a_repeated_task_is_not_another_attempt(world: World, tenant: Tenant, inbox: Inbox) -> None:
    endpoint, _ = listen(world, tenant)
    delivery = endpoints.ping(world.ports, tenant.who, endpoint.id)
    errand = outbox.Errand.of(delivery)
    inbox.answers[URL] = Answer(500)
    for _ in range(3):
        module.deliver(world.ports, world.settings, errand, inbox)
    assert len(inbox.got) == 1
    [delivery] = sent(world, tenant)
    assert delivery.attempt == 2


def test_a_task_that_comes_late_leaves_it_to_its_successor(
    world: World, tenant: Tenant, inbox: Inbox
) -> None:
    """So a queue that has fallen behind does not fill with what the sweeper sends."""
    endpoint, _ = listen(world, tenant)
    late = outbox.Errand.of(endpoints.ping(world.ports, tenant.who, endpoint.id))
    world.clock.advance(GRACE)
    assert world.sweep() == 1
    module.deliver(world.ports, world.settings, late, inbox)
    assert inbox.got == []
    world.drain()
    assert len(inbox.got) == 1


def test_what_is_on_its_way_when_the_sweeper_comes_counts(
    world: World, tenant: Tenant, inbox: Inbox
) -> None:
    endpoint, _ = listen(world, tenant)
    delivery = endpoints.ping(world.ports, tenant.who, endpoint.id)

    def post(url: str, body: str, headers: Mapping[str, str], *, loopback: bool) -> Answer:
        world.clock.advance(GRACE)
        world.sweep()
        return inbox(url, body, headers, loopback=loopback)

    module.deliver(world.ports, world.settings, outbox.Errand.of(delivery), post)
    world.drain()
    assert len(inbox.got) == 1
    assert sent(world, tenant)[0].status is DeliveryStatus.DELIVERED


def test_what_is_on_its_way_at_a_replay_is_of_the_round_before(
    world: World, tenant: Tenant, inbox: Inbox
) -> None:
    endpoint, _ = listen(world, tenant)
    delivery = endpoints.ping(world.ports, tenant.who, endpoint.id)

    def post(url: str, body: str, headers: Mapping[str, str], *, loopback: bool) -> Answer:
        del url, body, headers, loopback
        endpoints.replay(world.ports, tenant.who, endpoint.id, delivery.id)
        return Answer(410)

    module.deliver(world.ports, world.settings, outbox.Errand.of(delivery), post)
    assert sent(world, tenant)[0].status is DeliveryStatus.PENDING
    world.drain()
    assert len(inbox.got) == 1
    assert [attempt.status for attempt in sent(world, tenant)[0].attempts] == [200]


# --- signatures ----------------------------------------------------------------------------------


@pytest.fixture
def real() -> Iterator[Endpoint]:
    with serve() as endpoint:
        yield endpoint


def test_a_message_is_signed_in_both_ways(world: World, tenant: Tenant, real: Endpoint) -> None:
    world.settings = world.settings.model_copy(update={"webhook_loopback": True})
    world.post = sender.post
    world.clock.advance_to(datetime.now(UTC))  # receivers want messages to be fresh
    endpoint, secret = listen(world, tenant, real.url)
    world.generate(tenant, IMAGE)
    world.drain()
    [message] = real.messages
    headers = {name.lower(): value for name, value in message.headers.items()}
    assert Receiver(secret).verify(message.body, headers)["event"] == "job.completed"

    id_, time = headers["webhook-id"], headers["webhook-timestamp"]
    signed = f"{id_}.{time}.".encode() + message.body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    by_hand = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{by_hand}"
    mine = hmac.new(secret.encode(), message.body, hashlib.sha256).hexdigest()
    assert headers["x-masko-signature"] == mine

    with pytest.raises(WebhookVerificationError):
        Receiver(secret).verify(message.body + b" ", headers)
    with pytest.raises(WebhookVerificationError):
        Receiver(listen(world, tenant, real.url)[1]).verify(message.body, headers)
    assert len(key) == 36
    assert endpoint.id in str(sent(world, tenant)[0].webhook_id)


def test_two_secrets_sign_while_one_replaces_the_other(
    world: World, tenant: Tenant, inbox: Inbox
) -> None:
    world.clock.advance_to(datetime.now(UTC))
    endpoint, old = listen(world, tenant)
    _, new = endpoints.rotate_secret(world.ports, tenant.who, endpoint.id)
    endpoints.ping(world.ports, tenant.who, endpoint.id)
    world.drain()
    _, headers, body = inbox.got[0]
    for secret in (old, new):
        Receiver(secret).verify(body, dict(headers))
    assert headers["X-Masko-Signature"] == (
        hmac.new(new.encode(), body.encode(), hashlib.sha256).hexdigest()
    )
    world.clock.advance(endpoints.OVERLAP)
    endpoints.ping(world.ports, tenant.who, endpoint.id)
    world.drain()
    assert len(inbox.got[1][1]["webhook-signature"].split()) == 1


def test_a_secret_is_in_its_own_document_alone(
    world: World, tenant: Tenant, inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        endpoint, secret = listen(world, tenant)
        world.generate(tenant, IMAGE)
        world.drain()
    stored = {
        kind: repr(world.documents(tenant, kind))
        for kind in ("webhooks", "webhook_secrets", "webhook_deliveries", "jobs")
    }
    assert [kind for kind, text in stored.items() if secret in text] == ["webhook_secrets"]
    assert all(secret not in repr(vars(record)) for record in caplog.records)
    assert any(record.message == "webhook" for record in caplog.records)
    document = world.ports.documents.get(
        paths.webhook_secrets(tenant.who.workspace_id, endpoint.id)
    )
    assert document
    with pytest.raises(ValidationError) as broken:
        Secrets.model_validate({**document.data, "current": [secret]})
    assert "whsec_" not in str(broken.value), "not even the part that pydantic would show"
    secrets = Secrets.model_validate(document.data)
    assert secret not in repr(secrets) + str(secrets) + secrets.model_dump_json()
    assert secrets.current.get_secret_value() == secret


# --- attempts ------------------------------------------------------------------------------------


def test_a_deaf_endpoint_is_given_up_after_a_day(
    world: World, tenant: Tenant, inbox: Inbox
) -> None:
    endpoint, _ = listen(world, tenant)
    inbox.answers[URL] = Answer(None, "The endpoint refused the connection.")
    delivery = endpoints.ping(world.ports, tenant.who, endpoint.id)
    world.drain()
    [dead] = sent(world, tenant)
    assert dead.status is DeliveryStatus.DEAD
    assert dead.next_attempt_at is None
    assert len(inbox.got) == len(dead.attempts) == len(schedule.WAITS) + 1
    times = [attempt.at for attempt in dead.attempts]
    waits = [later - earlier for earlier, later in pairwise(times)]
    for wait, planned in zip(waits, schedule.WAITS, strict=True):
        assert 0.8 * planned <= wait <= 1.2 * planned
    assert len({wait / planned for wait, planned in zip(waits, schedule.WAITS, strict=True)}) > 5
    assert timedelta(hours=19) < times[-1] - times[0] < timedelta(hours=29)
    assert set(inbox.ids()) == {delivery.id}
    assert world.due() == []

    # A replay begins anew with the same message.
    inbox.answers[URL] = Answer(503)
    endpoints.replay(world.ports, tenant.who, endpoint.id, delivery.id)
    assert world.deliver_next()
    inbox.answers.clear()
    world.drain()
    [delivery] = sent(world, tenant)
    assert delivery.status is DeliveryStatus.DELIVERED
    assert [attempt.status for attempt in delivery.attempts[-3:]] == [None, 503, 200]
    assert len({(headers["webhook-id"], body) for _, headers, body in inbox.got}) == 1


def test_a_replay_need_not_wait(world: World, tenant: Tenant, inbox: Inbox) -> None:
    """Whoever has mended an endpoint can have what is still on its way at once."""
    endpoint, _ = listen(world, tenant)
    inbox.answers[URL] = Answer(503, retry_after=3_000)
    delivery = endpoints.ping(world.ports, tenant.who, endpoint.id)
    now = world.clock.now()
    assert world.deliver_next()
    inbox.answers.clear()
    endpoints.replay(world.ports, tenant.who, endpoint.id, delivery.id)
    while world.deliver_next(until=now):
        pass
    assert sent(world, tenant)[0].status is DeliveryStatus.DELIVERED
    world.drain()
    assert len(inbox.got) == 2, "what was planned before is not done on top"


@pytest.mark.parametrize(
    ("asked", "waits"),
    [
        (0.0, (4, 6)),
        (-5.0, (4, 6)),
        (float("nan"), (4, 6)),
        (float("inf"), (4, 6)),
        (90.0, (90, 90)),
        (1e9, (3_600, 3_600)),
    ],
)
def test_a_receiver_may_ask_for_patience(
    world: World, tenant: Tenant, inbox: Inbox, asked: float, waits: tuple[float, float]
) -> None:
    endpoint, _ = listen(world, tenant)
    inbox.answers[URL] = Answer(429, retry_after=asked)
    endpoints.ping(world.ports, tenant.who, endpoint.id)
    assert world.deliver_next()
    at = sent(world, tenant)[0].next_attempt_at
    assert at
    assert waits[0] <= (at - world.clock.now()).total_seconds() <= waits[1]


def test_an_endpoint_that_is_gone_is_disabled(world: World, tenant: Tenant, inbox: Inbox) -> None:
    endpoint, _ = listen(world, tenant)
    endpoints.ping(world.ports, tenant.who, endpoint.id)
    second = endpoints.ping(world.ports, tenant.who, endpoint.id)
    inbox.answers[URL] = Answer(410)
    world.drain()
    assert len(inbox.got) == 1, "nothing more is sent there"
    assert not endpoints.get(world.ports, tenant.who, endpoint.id)[0].enabled
    assert {delivery.status for delivery in sent(world, tenant)} == {DeliveryStatus.DEAD}
    assert {delivery.attempts[-1].error for delivery in sent(world, tenant)} == {
        "The endpoint is gone (status 410), so the webhook was disabled.",
        "The webhook is disabled.",
    }
    with pytest.raises(Conflict, match="enable it first"):
        endpoints.ping(world.ports, tenant.who, endpoint.id)
    with pytest.raises(Conflict, match="enable it first"):
        endpoints.replay(world.ports, tenant.who, endpoint.id, second.id)
    endpoints.update(world.ports, world.settings, tenant.who, endpoint.id, {"enabled": True})
    inbox.answers.clear()
    endpoints.replay(world.ports, tenant.who, endpoint.id, second.id)
    world.drain()
    assert inbox.ids()[1:] == [second.id]


def test_an_endpoint_that_has_moved_is_not_disabled(world: World, tenant: Tenant) -> None:
    endpoint, _ = listen(world, tenant)

    def gone(url: str, body: str, headers: Mapping[str, str], *, loopback: bool) -> Answer:
        del body, headers, loopback
        if url == OTHER:
            return Answer(200)
        endpoints.update(world.ports, world.settings, tenant.who, endpoint.id, {"url": OTHER})
        return Answer(410)

    world.post = gone
    endpoints.ping(world.ports, tenant.who, endpoint.id)
    world.drain()
    assert endpoints.get(world.ports, tenant.who, endpoint.id)[0].enabled


def test_what_was_for_a_removed_endpoint_ends(world: World, tenant: Tenant, inbox: Inbox) -> None:
    endpoint, _ = listen(world, tenant)
    endpoints.ping(world.ports, tenant.who, endpoint.id)
    endpoints.delete(world.ports, tenant.who, endpoint.id)
    world.drain()
    assert inbox.got == []
    assert world.due() == []
    assert sent(world, tenant)[0].attempts[-1].error == "The webhook was deleted."
    assert world.documents(tenant, "webhook_secrets") == []


def test_the_events_of_a_job_stay_in_order(world: World, tenant: Tenant, inbox: Inbox) -> None:
    """A job has one event today; whatever comes second waits until the first has arrived."""
    listen(world, tenant)
    inbox.answers[URL] = Answer(503)
    job = world.generate(tenant, IMAGE).job
    world.drain(*StepKind)
    after = world.job(job)
    world.clock.advance(timedelta(milliseconds=1))
    second = outbox.of_end(world.ports, job, after)
    world.ports.documents.commit(outbox.writes(second))
    outbox.enqueue(world.ports, second[0])
    for _ in range(6):
        assert world.deliver_next(outbox.QUEUE)
    assert len(inbox.ids()) > 1
    assert second[0].id not in inbox.ids()
    inbox.answers.clear()
    world.drain()
    assert inbox.ids()[-1] == second[0].id
    assert inbox.ids().count(second[0].id) == 1
    assert {delivery.status for delivery in sent(world, tenant)} == {DeliveryStatus.DELIVERED}


def test_a_slow_endpoint_holds_up_nobody_else(world: World, tenant: Tenant) -> None:
    slow, _ = listen(world, tenant)
    other, _ = listen(world, tenant, OTHER)
    waiting = [endpoints.ping(world.ports, tenant.who, slow.id) for _ in range(module.AT_ONCE)]
    late = endpoints.ping(world.ports, tenant.who, slow.id)
    quick = endpoints.ping(world.ports, tenant.who, other.id)
    refused: list[str] = []

    def run(delivery: Delivery) -> None:
        module.deliver(world.ports, world.settings, outbox.Errand.of(delivery), post)

    def post(url: str, body: str, headers: Mapping[str, str], *, loopback: bool) -> Answer:
        """While a message is on its way, the next one is begun."""
        del body, headers, loopback
        if url == OTHER:
            return Answer(200)
        if waiting:
            run(waiting.pop())
        elif not refused:
            with pytest.raises(Busy):
                run(late)
            refused.append(late.id)
            run(quick)
        return Answer(200)

    run(waiting.pop())
    assert refused == [late.id]
    run(late)
    assert {delivery.status for delivery in sent(world, tenant)} == {DeliveryStatus.DELIVERED}


def test_the_record_is_removed_after_thirty_days(
    world: World, tenant: Tenant, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "BATCH", 2)
    endpoint, _ = listen(world, tenant)
    for _ in range(3):
        endpoints.ping(world.ports, tenant.who, endpoint.id)
    world.drain()
    world.clock.advance(timedelta(days=29, hours=23))
    world.sweep()
    assert len(sent(world, tenant)) == 3
    world.clock.advance(timedelta(hours=1))
    for left in (1, 0, 0):
        sweeper.sweep(world.ports)
        assert len(sent(world, tenant)) == left


# --- tenants -------------------------------------------------------------------------------------


def test_a_stranger_reaches_nothing(world: World, tenant: Tenant, inbox: Inbox) -> None:
    stranger = world.tenant("Stranger")
    endpoint, _ = listen(world, tenant)
    own, _ = listen(world, stranger)
    delivery = endpoints.ping(world.ports, tenant.who, endpoint.id)
    world.drain()
    ports, settings, who = world.ports, world.settings, stranger.who
    mine, _ = listen(world, tenant, OTHER)
    with pytest.raises(NotFound):  # nor is it found where it was not sent
        endpoints.replay(world.ports, tenant.who, mine.id, delivery.id)
    before = [world.documents(tenant, kind) for kind in ("webhooks", "webhook_deliveries")]
    uses: tuple[Callable[[], Any], ...] = (
        lambda: endpoints.get(ports, who, endpoint.id),
        lambda: endpoints.update(ports, settings, who, endpoint.id, {"url": OTHER}),
        lambda: endpoints.delete(ports, who, endpoint.id),
        lambda: endpoints.rotate_secret(ports, who, endpoint.id),
        lambda: endpoints.ping(ports, who, endpoint.id),
        lambda: endpoints.deliveries(ports, who, endpoint.id),
        lambda: endpoints.replay(ports, who, endpoint.id, delivery.id),
        lambda: endpoints.replay(ports, who, own.id, delivery.id),
    )
    for use in uses:
        with pytest.raises(NotFound):
            use()
    world.drain()
    assert before == [world.documents(tenant, kind) for kind in ("webhooks", "webhook_deliveries")]


def test_ten_webhooks_and_no_more(world: World, tenant: Tenant) -> None:
    made = [listen(world, tenant)[0] for _ in range(10)]
    with pytest.raises(Conflict, match="at most 10"):
        listen(world, tenant)
    listen(world, world.tenant("Stranger"))
    endpoints.delete(world.ports, tenant.who, made[0].id)
    listen(world, tenant)
