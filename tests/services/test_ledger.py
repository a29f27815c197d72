"""Credits: held with the job, captured or given back with its end, and never spent twice."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from shared.adapters.embedded.database import Database
from shared.adapters.embedded.documents import EmbeddedDocuments
from shared.adapters.system import SystemIds
from shared.errors import BadRequest, Conflict, InsufficientCredits, NotFound, PermanentError
from shared.graph.charges import refunded
from shared.model import paths
from shared.model.credit import Bucket, EntryKind
from shared.model.job import StepKind
from shared.model.request import GenerateRequest
from shared.ports import Increment, Json, Ports
from shared.services import again, audits, deletion, generation, jobs, ledger
from shared.services.steps import StepContext, StepResult
from tests.graph.fakes import CountingIds
from tests.graph.jobs import FILM, IMAGE
from tests.services.faults import Crash, Fuse, crash
from tests.services.money import available, balances, booked, entries, meter
from tests.services.test_crashes import (
    Story,
    a_film,
    after_a_restart,
    among_others,
    ask_for_a_film,
    ask_for_a_film_that_will_fail,
    by_the_queue_alone,
    dies,
    everywhere,
    is_deleted,
    is_deleted_and_dies,
    its_deliveries,
)
from tests.services.world import KINDS, Tenant, World, accept_the_second, draw

SUBSCRIPTION, TOPUP, UNMETERED = Bucket.SUBSCRIPTION, Bucket.TOPUP, Bucket.UNMETERED
HOLD, CAPTURE, RELEASE = EntryKind.HOLD, EntryKind.CAPTURE, EntryKind.RELEASE


def fail(
    world: World, kind: StepKind, when: Callable[[StepContext], bool] = lambda _: True
) -> None:
    def code(context: StepContext) -> StepResult:
        if when(context):
            raise PermanentError("no_luck", "It cannot be made.")
        return draw(context)

    world.codes[kind] = code


# --- what a job costs ----------------------------------------------------------------------------


def test_a_film_is_held_and_then_captured(world: World, tenant: Tenant) -> None:
    meter(world, tenant, topup=50)
    job = world.generate(tenant).job
    assert booked(world, tenant, job) == {HOLD: {TOPUP: 21}}
    assert available(world, tenant) == {TOPUP: 29}
    world.drain()
    assert booked(world, tenant, job) == {HOLD: {TOPUP: 21}, CAPTURE: {TOPUP: 21}}
    assert available(world, tenant) == {TOPUP: 29}
    balances(world, tenant)


def test_a_part_goes_back_to_where_it_came_from(world: World, tenant: Tenant) -> None:
    """The subscription is spent first, so that it pays for what was made."""
    meter(world, tenant, subscription=5, topup=20)
    fail(world, StepKind.VIDEO)
    job = world.generate(tenant).job
    assert available(world, tenant) == {TOPUP: 4}
    world.drain()
    assert booked(world, tenant, job) == {
        HOLD: {SUBSCRIPTION: 5, TOPUP: 16},
        CAPTURE: {SUBSCRIPTION: 1},
        RELEASE: {SUBSCRIPTION: 4, TOPUP: 16},
    }
    assert refunded(world.job(job)) == 20
    assert available(world, tenant) == {SUBSCRIPTION: 4, TOPUP: 20}
    balances(world, tenant)


def test_a_film_without_one_of_its_formats_is_given_back(world: World, tenant: Tenant) -> None:
    meter(world, tenant, topup=21)
    fail(world, StepKind.TRANSCODE, lambda context: "hevc" in context.step.makes)
    job = world.generate(tenant).job
    world.drain()
    assert booked(world, tenant, job) == {
        HOLD: {TOPUP: 21},
        CAPTURE: {TOPUP: 1},
        RELEASE: {TOPUP: 20},
    }
    world.codes[StepKind.TRANSCODE] = draw
    retry = again.retry(world.ports, world.settings, tenant.who, job.id).job
    world.drain()
    assert booked(world, tenant, retry) == {HOLD: {TOPUP: 20}, CAPTURE: {TOPUP: 20}}
    assert available(world, tenant) == {}
    balances(world, tenant)


def test_a_new_take_is_free(world: World, tenant: Tenant) -> None:
    meter(world, tenant, topup=1)
    world.codes[StepKind.VALIDATE] = accept_the_second
    job = world.generate(tenant, IMAGE).job
    world.drain()
    assert booked(world, tenant, job) == {HOLD: {TOPUP: 1}, CAPTURE: {TOPUP: 1}}


def test_who_cancels_pays_for_what_was_made(world: World, tenant: Tenant) -> None:
    meter(world, tenant, topup=100)
    for queues, captured in (((), 0), (("image", "cutout", "validate"), 1)):
        before = available(world, tenant)[TOPUP]
        job = world.generate(tenant).job
        if queues:
            world.drain(*queues)
        jobs.cancel(world.ports, tenant.who, job.id)
        jobs.cancel(world.ports, tenant.who, job.id)
        world.drain()
        assert booked(world, tenant, job).get(CAPTURE, {}) == (
            {TOPUP: captured} if captured else {}
        )
        assert available(world, tenant) == {TOPUP: before - captured}
    balances(world, tenant)


def test_a_deleted_character_gives_back_what_it_held(world: World, tenant: Tenant) -> None:
    meter(world, tenant, topup=21)
    job = world.generate(tenant).job
    deletion.delete_collection(world.ports, tenant.who, tenant.collection.id)
    world.drain()
    assert booked(world, tenant, job) == {HOLD: {TOPUP: 21}, RELEASE: {TOPUP: 21}}
    assert available(world, tenant) == {TOPUP: 21}
    balances(world, tenant)


def test_without_credits_nothing_is_written(world: World, tenant: Tenant) -> None:
    meter(world, tenant, topup=30)
    world.generate(tenant)
    kinds = (*KINDS, "credits", "credit_entries")
    before = [world.documents(tenant, kind) for kind in kinds], world.public()
    with pytest.raises(InsufficientCredits) as caught:
        world.generate(tenant)
    assert caught.value.details == {"required": 21, "balance": 30, "available": 9}
    assert ([world.documents(tenant, kind) for kind in kinds], world.public()) == before
    assert world.generate(tenant, IMAGE)


def test_where_nothing_is_metered_nobody_is_refused(world: World, tenant: Tenant) -> None:
    """It is counted nevertheless, and not as a debt."""
    done = world.generate(tenant).job
    world.drain()
    assert booked(world, tenant, done) == {HOLD: {UNMETERED: 21}, CAPTURE: {UNMETERED: 21}}
    under_way = world.generate(tenant).job
    meter(world, tenant, topup=25)
    world.generate(tenant)
    assert available(world, tenant) == {TOPUP: 4}
    jobs.cancel(world.ports, tenant.who, under_way.id)
    assert booked(world, tenant, under_way)[RELEASE] == {UNMETERED: 21}
    assert available(world, tenant) == {TOPUP: 4}
    world.drain()
    balances(world, tenant)


def test_a_request_that_is_made_again_is_held_once(world: World, tenant: Tenant) -> None:
    """Whoever makes it again with the same ids finds the job that spent the last credit."""
    meter(world, tenant, topup=21)
    wanted = GenerateRequest.model_validate({"name": "Wave", **FILM})
    who, collection = tenant.who, tenant.collection.id

    def ask() -> None:
        ids = CountingIds()
        ids._count = 1000
        ports = replace(world.ports, ids=ids)
        generation.generate(ports, world.settings, who, collection, wanted)

    world.light(Fuse({2: crash}))
    with pytest.raises(Crash):
        ask()
    world.restart()
    ask()
    world.drain()
    [job] = world.jobs(tenant)
    assert booked(world, tenant, job) == {HOLD: {TOPUP: 21}, CAPTURE: {TOPUP: 21}}
    balances(world, tenant)


@pytest.mark.parametrize("metered", [True, False])
def test_many_at_once_never_overspend(world: World, tenant: Tenant, metered: bool) -> None:
    """Two processes, each with many requests, on one store; meanwhile jobs end and credits come."""
    if metered:
        meter(world, tenant, subscription=30, topup=33)
    collection, who, settings = tenant.collection.id, tenant.who, world.settings
    wanted = GenerateRequest.model_validate({"name": "Wave", **FILM})
    start = threading.Barrier(16)

    def ask(number: int) -> None:
        ports = processes[number % 2]
        start.wait()
        job = generation.generate(ports, settings, who, collection, wanted).job
        jobs.cancel(ports, who, job.id)
        generation.generate(ports, settings, who, collection, wanted)

    databases = [Database(world.settings.home) for _ in range(2)]
    try:
        processes = [
            replace(world.ports, documents=EmbeddedDocuments(database), ids=SystemIds())
            for database in databases
        ]
        with ThreadPoolExecutor(16) as pool:
            done = [pool.submit(ask, number) for number in range(16)]
        faults = [future.exception() for future in done if future.exception()]
    finally:
        for database in databases:
            database.close()
    assert all(isinstance(fault, InsufficientCredits) for fault in faults)
    assert bool(faults) <= metered
    balances(world, tenant)
    held = sum(job.cost_credits for job in world.jobs(tenant) if not job.finished)
    assert held == (63 if metered else 16 * 21)
    if metered:
        assert available(world, tenant) == {}


# --- grants --------------------------------------------------------------------------------------


def test_a_grant_is_made_once(world: World, tenant: Tenant) -> None:
    meter(world, tenant)
    id_ = tenant.who.workspace_id
    entry = ledger.grant(world.ports, id_, 5, TOPUP, reference="invoice-7")
    assert entry.id == "invoice-7.grant"
    with pytest.raises(Conflict, match="invoice-7"):
        ledger.grant(world.ports, id_, 5, TOPUP, reference="invoice-7")
    ledger.grant(world.ports, id_, 5, TOPUP)
    assert available(world, tenant) == {TOPUP: 10}
    balances(world, tenant)


def test_grants_that_will_not_do(world: World, tenant: Tenant) -> None:
    ports, id_, now = world.ports, tenant.who.workspace_id, world.clock.now()
    hour = timedelta(hours=1)
    refusals: list[tuple[str, Callable[[], object]]] = [
        ("amount", lambda: ledger.grant(ports, id_, 0, TOPUP)),
        ("bucket", lambda: ledger.grant(ports, id_, 1, UNMETERED)),
        ("ends_at", lambda: ledger.grant(ports, id_, 1, TOPUP, ends_at=now + hour)),
        ("ends_at", lambda: ledger.grant(ports, id_, 1, SUBSCRIPTION, ends_at=now)),
        ("reference", lambda: ledger.grant(ports, id_, 1, TOPUP, reference="a/b")),
    ]
    for field, refused in refusals:
        with pytest.raises(BadRequest) as caught:
            refused()
        assert caught.value.details["field"] == field
    with pytest.raises(NotFound):
        ledger.grant(ports, "nobody", 1, TOPUP)
    assert entries(world, tenant) == []


def test_what_is_left_of_a_subscription_expires(world: World, tenant: Tenant) -> None:
    meter(world, tenant, topup=30)
    id_, end = tenant.who.workspace_id, world.clock.now() + timedelta(days=30)
    ledger.grant(world.ports, id_, 40, SUBSCRIPTION, ends_at=end)
    job = world.generate(tenant).job
    world.clock.advance_to(end)
    assert available(world, tenant) == {TOPUP: 30}, "before anybody has swept"
    paid = world.generate(tenant, IMAGE).job
    assert booked(world, tenant, paid)[HOLD] == {TOPUP: 1}
    world.sweep()  # which also gives the job up that should have moved long ago
    [expired] = [entry for entry in entries(world, tenant) if entry.kind is EntryKind.EXPIRY]
    assert expired.buckets in ({SUBSCRIPTION: 19}, {SUBSCRIPTION: 40})
    world.drain()
    assert booked(world, tenant, job)
    balances(world, tenant)

    ledger.grant(world.ports, id_, 40, SUBSCRIPTION, ends_at=end + timedelta(days=30))
    assert available(world, tenant)[SUBSCRIPTION] == 40
    ledger.grant(world.ports, id_, 10, SUBSCRIPTION, ends_at=end + timedelta(days=60))
    assert available(world, tenant)[SUBSCRIPTION] == 50, "a period that is renewed in time goes on"
    balances(world, tenant)


# --- audits --------------------------------------------------------------------------------------


def test_a_difference_is_told_and_not_corrected(
    world: World, tenant: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    meter(world, tenant, topup=30)
    other = world.tenant("Other")
    meter(world, other, topup=1)
    world.generate(other, IMAGE)
    world.drain()
    path = paths.credit_counter(tenant.who.workspace_id, TOPUP, "available", 3)
    world.ports.documents.commit([Increment(path, "credits", 7)])
    with caplog.at_level("ERROR", "shared"):
        world.sweep()
    assert caplog.text == "", "the day is not over"
    world.clock.advance(timedelta(days=1))
    with caplog.at_level("ERROR", "shared"):
        world.sweep()
    [record] = caplog.records
    assert record.message == "credits do not balance"
    assert record.__dict__["workspace_id"] == tenant.who.workspace_id
    assert (record.__dict__["stored"], record.__dict__["entries"]) == (37, 30)
    assert available(world, tenant) == {TOPUP: 37}
    world.clock.advance(timedelta(days=1))
    world.sweep()
    assert len(caplog.records) == 1, "nothing was written since"
    balances(world, other)


def test_a_purse_that_is_never_still_is_audited_later(
    world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    meter(world, tenant, topup=30)
    world.clock.advance(timedelta(days=1))
    add_up = audits._sum
    busy = [True]

    def meanwhile(*arguments: object) -> object:
        if busy[0]:
            ledger.grant(world.ports, tenant.who.workspace_id, 1, TOPUP)
        return add_up(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(audits, "_sum", meanwhile)
    world.sweep()
    world.clock.advance(audits.LATER)
    busy[0] = False
    seen: list[Json | None] = []
    audit = audits.audit

    def noted(ports: Ports, workspace_id: str) -> Json | None:
        seen.append(audit(ports, workspace_id))
        return seen[-1]

    monkeypatch.setattr(audits, "audit", noted)
    world.sweep()
    assert seen == [{}]


# --- crashes -------------------------------------------------------------------------------------


def metered(before: Story | None = None) -> Story:
    """A story that begins with credits for one film."""

    def begin(world: World, tenant: Tenant) -> None:
        meter(world, tenant, subscription=5, topup=16)
        if before:
            before(world, tenant)

    return begin


def a_story_that_may_be_too_dear(story: Story) -> Story:
    def told(world: World, tenant: Tenant) -> None:
        story(world, tenant)
        with pytest.raises(InsufficientCredits):
            world.generate(tenant)

    return told


@pytest.mark.parametrize("recover", [after_a_restart, among_others])
def test_it_balances_wherever_a_film_is_cut_off(folder: Path, recover: Story) -> None:
    story = a_story_that_may_be_too_dear(a_film)
    everywhere(folder, story, dies, check=balances, before=metered(), recover=recover)


@pytest.mark.parametrize(
    ("before", "faults", "recover"),
    [
        (ask_for_a_film_that_will_fail, dies, by_the_queue_alone),
        (ask_for_a_film, is_deleted, among_others),
        (ask_for_a_film, is_deleted_and_dies, among_others),
    ],
)
def test_it_balances_wherever_a_film_ends_early(
    folder: Path, before: Story, faults: object, recover: Story
) -> None:
    everywhere(
        folder,
        its_deliveries,
        faults,  # type: ignore[arg-type]
        check=balances,
        before=metered(before),
        recover=recover,
    )


def test_it_balances_when_the_character_goes_while_it_is_asked_for(folder: Path) -> None:
    everywhere(folder, a_film, is_deleted, check=balances, before=metered(), recover=among_others)
