"""A batch is begun whole or not at all, wherever its request is cut off and whoever else asks."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from shared.adapters.documents import to_json
from shared.errors import InsufficientCredits
from shared.model.asset import AssetStatus, ExtraFormat
from shared.model.credit import Bucket
from shared.model.job import JobStatus
from shared.model.request import GenerateRequest
from shared.model.shards import SHARDS
from shared.ports import Json, Write
from shared.services import again, batches, collections, deletion, jobs, placeholders, runner
from shared.services.batches import Batch
from shared.services.errands import _Ids as Seeded
from tests.graph.jobs import FILM, IMAGE
from tests.services import checks
from tests.services.faults import Crash, Fuse, crash
from tests.services.money import available, balances, entries, meter
from tests.services.test_crashes import (
    Story,
    after_a_restart,
    among_others,
    dies,
    everywhere,
    is_deleted,
)
from tests.services.test_webhooks import Inbox, listen, sent
from tests.services.world import KINDS, Tenant, World

LARGEST = 20
"""Requests of one batch."""
MOST_WRITES, MOST_BYTES = 500, 10 * 1_048_576
"""Of one commit to Firestore."""


def requests(*wanted: dict[str, Any]) -> list[GenerateRequest]:
    return [
        GenerateRequest.model_validate({"name": f"Pose {number}", **one})
        for number, one in enumerate(wanted)
    ]


FOUR = requests(*[IMAGE] * 4)


def propose(world: World, tenant: Tenant, wanted: Sequence[GenerateRequest] = FOUR) -> Batch:
    return batches.propose(world.ports, world.settings, tenant.who, tenant.collection.id, wanted)


def ask(world: World, tenant: Tenant) -> None:
    batches.begin(world.ports, world.settings, tenant.who, propose(world, tenant))


def metered(topup: int) -> Story:
    return lambda world, tenant: meter(world, tenant, topup=topup)


def die_after_the_first_commit(world: World, tenant: Tenant, batch: Batch) -> None:
    world.light(Fuse({2: crash}))
    with pytest.raises(Crash):
        batches.begin(world.ports, world.settings, tenant.who, batch)
    world.reopen()


# --- cut off -------------------------------------------------------------------------------------


def seen_at_once(recover: Story) -> Story:
    """Before anybody mends anything, clients see all of it or nothing."""

    def look(world: World, tenant: Tenant) -> None:
        with world.aside():
            number = len(world.jobs(tenant))
            assert number in (0, 4)
            assert len(world.ids(tenant, "items")) == number
            assert len(entries(world, tenant)) == 1 + number
        recover(world, tenant)

    return look


def is_made_whole_or_not_begun(world: World, tenant: Tenant) -> None:
    balances(world, tenant)
    for job in world.jobs(tenant):
        checks.is_whole(world, tenant, job)
    if not world.jobs(tenant):
        assert world.ids(tenant, "items") == world.ids(tenant, "assets") == set()
        assert world.public() == {}


@pytest.mark.parametrize("recover", [after_a_restart, among_others])
def test_a_request_that_dies_has_begun_all_or_nothing(folder: Path, recover: Story) -> None:
    everywhere(
        folder,
        ask,
        dies,
        check=is_made_whole_or_not_begun,
        before=metered(4),
        recover=seen_at_once(recover),
    )


def is_gone_and_paid_back(world: World, tenant: Tenant) -> None:
    checks.is_gone(world, tenant)
    balances(world, tenant)


def test_a_character_that_is_deleted_meanwhile_leaves_nothing(folder: Path) -> None:
    everywhere(
        folder,
        ask,
        is_deleted,
        check=is_gone_and_paid_back,
        before=metered(4),
        recover=among_others,
    )


# --- between its first commit and its beginning --------------------------------------------------


def test_the_same_call_goes_on_though_plans_would_differ_by_now(
    world: World, tenant: Tenant
) -> None:
    """What is planned draws more ids than at the first try; the jobs are the same nevertheless."""
    two = requests(FILM, FILM)
    meter(world, tenant, topup=42)
    batch = once(world, tenant, two)
    die_after_the_first_commit(world, tenant, batch)
    settings = {"animation_sizes": (256, 128)}
    collections.update(world.ports, tenant.who, tenant.collection.id, {}, settings)
    repeated = once(world, tenant, two)
    begun = batches.begin(world.ports, world.settings, tenant.who, repeated)
    assert [job.id for job in begun] == [job.id for job in batch.jobs]
    assert repeated.price == batch.price == 42
    assert len(world.jobs(tenant)) == 2
    balances(world, tenant)


def once(world: World, tenant: Tenant, wanted: Sequence[GenerateRequest]) -> Batch:
    """What is proposed under one Idempotency-Key: the same ids are drawn each time."""
    ports = replace(world.ports, ids=Seeded("a seed"))
    return batches.propose(ports, world.settings, tenant.who, tenant.collection.id, wanted)


@pytest.mark.parametrize("ends", ["cancel", "delete"])
def test_a_job_that_ends_before_it_began_has_its_assets(
    world: World, tenant: Tenant, ends: str
) -> None:
    """They are failed, as of any job that was canceled; it can be retried with all its links."""
    meter(world, tenant, topup=4)
    batch = propose(world, tenant)
    die_after_the_first_commit(world, tenant, batch)
    assert world.assets(tenant) == []
    job = batch.jobs[0]
    if ends == "delete":
        deletion.delete_item(world.ports, tenant.who, job.item_id or "-")
        world.settle()
        assert world.job(job).status is JobStatus.FAILED
        assert len(world.ids(tenant, "items")) == 3
    else:
        jobs.cancel(world.ports, tenant.who, job.id)
        statuses = {one.status for one in world.assets(tenant) if one.job_id == job.id}
        assert statuses == {AssetStatus.FAILED}
        retried = again.retry(world.ports, world.settings, tenant.who, job.id).job
        world.settle()
        checks.is_whole(world, tenant, retried)
    balances(world, tenant)


# --- refused -------------------------------------------------------------------------------------


def test_a_refusal_leaves_nothing(world: World, tenant: Tenant) -> None:
    meter(world, tenant, topup=3)
    before = {kind: world.documents(tenant, kind) for kind in (*KINDS, "credit_entries", "credits")}
    with pytest.raises(InsufficientCredits) as refused:
        ask(world, tenant)
    assert refused.value.details == {"required": 4, "balance": 3, "available": 3}
    assert before == {kind: world.documents(tenant, kind) for kind in before}
    assert world.due() == []
    assert world.public() == {}


def test_who_meets_at_the_last_credits_never_refuses_each_other(
    world: World, tenant: Tenant
) -> None:
    """In front of its commit another batch is begun, for which there is enough as well."""
    meter(world, tenant, topup=9)

    def another() -> None:
        with world.aside():
            ask(world, tenant)

    world.light(Fuse({1: another}))
    ask(world, tenant)
    assert available(world, tenant) == {Bucket.TOPUP: 1}
    assert len(world.jobs(tenant)) == 8
    balances(world, tenant)


def test_a_refusal_tells_endpoints_nothing(world: World, tenant: Tenant) -> None:
    """Somebody spends, just before its commit, what the last job would need."""
    inbox = Inbox(world)
    listen(world, tenant)
    meter(world, tenant, topup=5)
    others: set[str] = set()

    def spend() -> None:
        with world.aside():
            others.update(world.generate(tenant, IMAGE).job.id for _ in range(2))

    world.light(Fuse({1: spend}))
    with pytest.raises(InsufficientCredits):
        ask(world, tenant)
    world.drain()
    assert {job.id for job in world.jobs(tenant)} == others
    assert {delivery.job_id for delivery in sent(world, tenant)} == others
    assert {body["job_id"] for body in inbox.bodies()} == others
    balances(world, tenant)


# --- the largest ---------------------------------------------------------------------------------


def test_the_largest_batch_fits_into_its_commits(
    world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty transitions with their ways back, in all sizes and formats: each job alone takes more
    than half of what a commit may write, and the first commit holds none of that."""
    settings = {
        "animation_sizes": (16, 32, 48, 64, 96, 128, 192, 256),
        "extra_formats": get_args(ExtraFormat),
    }
    collections.update(world.ports, tenant.who, tenant.collection.id, {}, settings)
    end = world.upload(tenant)
    largest = {
        **FILM,
        "image_prompt": "🦊" * 4_000,
        "animation_prompt": "🦊" * 4_000,
        "end_image_asset_id": end.id,
        "auto_reverse": True,
    }
    batch = propose(world, tenant, requests(*[largest] * LARGEST))
    half = batch.price // 2
    meter(world, tenant, topup=half, subscription=batch.price - half)
    commits: list[Sequence[Write]] = []
    commit = world.ports.documents.commit

    def counted(writes: Sequence[Write]) -> str:
        commits.append(writes)
        return commit(writes)

    monkeypatch.setattr(world.ports.documents, "commit", counted)
    monkeypatch.setattr(placeholders, "put_all", lambda *_: None)
    monkeypatch.setattr(runner, "perform", lambda *_: None)
    batches.begin(world.ports, world.settings, tenant.who, batch)
    reservation, *beginnings = commits
    assert len(reservation) <= 6 * LARGEST + 4 * SHARDS + 1
    assert sum(len(to_json(_data(write)).encode()) for write in reservation) < MOST_BYTES / 2
    assert len(beginnings) == LARGEST
    assert {len(writes) for writes in beginnings} == {len(beginnings[0])}
    assert MOST_WRITES / 2 < len(beginnings[0]) < MOST_WRITES
    balances(world, tenant)


def _data(write: Write) -> Json:
    return getattr(write, "data", {})
