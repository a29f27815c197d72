"""The purse: counters in shards, of which as few as possible are read and written."""

from datetime import timedelta
from itertools import islice
from pathlib import Path
from random import Random
from uuid import UUID

import pytest

from shared.config import Settings
from shared.errors import InsufficientCredits
from shared.graph.canvas_plan import MOST
from shared.model import paths, shards
from shared.model.credit import Bucket, Entry, Part
from shared.model.job import Job, Promise
from shared.model.shards import SHARDS
from shared.ports import Create, Json, Ports, Put, Replace
from shared.services import audits, ledger, purse
from shared.services.decoding import LocalDecoder
from tests.bench.operations import Counted
from tests.graph.fakes import FakeClock, no_pause
from tests.services.money import ended, priced
from tests.simulation import store

SUBSCRIPTION, TOPUP = Bucket.SUBSCRIPTION, Bucket.TOPUP
ID = "workspace"
BURST = 1_000
SECONDS = BURST * 3_600 / 10_000
"""What a burst takes at 10,000 jobs an hour."""
UNDER_WAY = 50
METERED = Settings(home=Path("/nowhere"), metered=True)
UNMETERED = Settings(home=Path("/nowhere"), metered=False)


class RandomIds:
    """Ids as they really are, but always the same ones."""

    def __init__(self) -> None:
        self._dice = Random(7)

    def uuid(self) -> str:
        return str(UUID(int=self._dice.getrandbits(128), version=4))

    def token(self, length: int) -> str:
        raise NotImplementedError


@pytest.fixture
def counted() -> Counted:
    return Counted(store.Documents())


@pytest.fixture
def ports(counted: Counted) -> Ports:
    clock = FakeClock()
    tasks = store.Tasks(clock)
    counted.commit([Put(paths.workspace(ID), {})])
    blobs = store.Blobs(clock, tasks)
    return Ports(counted, blobs, tasks, clock, RandomIds(), LocalDecoder(blobs), no_pause)


def begin(ports: Ports, cost: int, settings: Settings = METERED) -> Job:
    job = priced(ports, ID, {Part.FILM: cost})
    ledger.begin(ports, settings, job, lambda: [Create(paths.job(ID, job.id), job.stored())])
    return job


def end(ports: Ports, job: Job, *, made: int) -> None:
    document = ports.documents.get(paths.job(ID, job.id))
    assert document
    after = ended(job, made)
    settled = ledger.settlement(ports, job, after)
    ports.documents.commit([Replace(document.path, after.stored(), document.version), *settled])


def held_for(ports: Ports, job: Job) -> dict[Bucket, int]:
    document = ports.documents.get(paths.credit_entry(ID, f"{job.id}.hold"))
    assert document
    return Entry.load(document.data).buckets


# --- spending ------------------------------------------------------------------------------------


def test_a_hold_reads_two_documents_if_its_shard_has_enough(ports: Ports, counted: Counted) -> None:
    ledger.grant(ports, ID, 800, TOPUP)
    counted.reads = 0
    counted.writes.clear()
    job = begin(ports, 100)
    assert counted.reads == 2
    taken = [path for path in counted.writes if "available" in path]
    assert taken == [paths.credit_counter(ID, TOPUP, "available", shards.of(job.id))]


def test_all_that_is_left_can_be_spent_in_one_go(ports: Ports, counted: Counted) -> None:
    ledger.grant(ports, ID, 30, SUBSCRIPTION)
    ledger.grant(ports, ID, 33, TOPUP)
    counted.reads = 0
    job = begin(ports, 63)
    assert counted.reads == 2 * SHARDS
    assert held_for(ports, job) == {SUBSCRIPTION: 30, TOPUP: 33}
    assert ledger.balance(ports, ID).spendable == 0
    with pytest.raises(InsufficientCredits) as caught:
        begin(ports, 1)
    assert caught.value.details == {"required": 1, "balance": 63, "available": 0}


def test_the_subscription_is_spent_first_wherever_it_lies(ports: Ports) -> None:
    ledger.grant(ports, ID, 8, SUBSCRIPTION)
    ledger.grant(ports, ID, 800, TOPUP)
    assert held_for(ports, begin(ports, 5)) == {SUBSCRIPTION: 5}
    assert held_for(ports, begin(ports, 5)) == {SUBSCRIPTION: 3, TOPUP: 2}


@pytest.mark.parametrize("subscribed", [False, True])
def test_a_subscription_that_can_have_nothing_is_not_searched(
    ports: Ports, counted: Counted, subscribed: bool
) -> None:
    if subscribed:
        end_ = ports.clock.now() + timedelta(days=1)
        ledger.grant(ports, ID, 80, SUBSCRIPTION, ends_at=end_)
        assert isinstance(ports.clock, FakeClock)
        ports.clock.advance_to(end_)
    ledger.grant(ports, ID, 800, TOPUP)
    counted.reads = 0
    job = begin(ports, 50)
    assert counted.reads == 2
    assert held_for(ports, job) == {TOPUP: 50}


def test_a_shard_that_changed_meanwhile_is_not_taken_from(ports: Ports) -> None:
    """Nor are the others: the batch is all or nothing."""
    ledger.grant(ports, ID, 16, TOPUP)
    before = purse.read(ports, ID)
    slow, quick = purse.take(ports, ID, 16, 0), purse.take(ports, ID, 2, 5)
    assert (len(slow.writes), len(quick.writes)) == (SHARDS, 1)
    ports.documents.commit(quick.writes)
    with pytest.raises(Exception, match="no longer what was read"):
        ports.documents.commit(slow.writes)
    left = purse.read(ports, ID).spendable(TOPUP)
    assert left == {**before.spendable(TOPUP), 5: 0}


def test_a_conflict_is_met_by_looking_at_another_shard_first(ports: Ports) -> None:
    ledger.grant(ports, ID, 800, TOPUP)
    job = priced(ports, ID, {Part.FILM: 1})
    taken = [ledger.hold(ports, METERED, [job], attempt) for attempt in range(SHARDS)]
    replaced = {write.path for writes in taken for write in writes if isinstance(write, Replace)}
    assert len(replaced) == SHARDS
    held = {write.path for writes in taken for write in writes if ".held." in write.path}
    assert held == {paths.credit_counter(ID, TOPUP, "held", shards.of(job.id))}


def test_the_largest_canvas_fits_into_a_batch(ports: Ports, counted: Counted) -> None:
    """Its holds are one batch, and so is what gives them back; both meet all shards."""
    ledger.grant(ports, ID, MOST, SUBSCRIPTION)
    ledger.grant(ports, ID, MOST, TOPUP)
    promise = Promise(cost=2, item_id="item", item_name="Wave")
    job = priced(ports, ID, {}).with_(promises={ports.ids.uuid(): promise for _ in range(MOST)})
    path = paths.job(ID, job.id)
    counted.writes.clear()
    ledger.begin(ports, METERED, job, lambda: [Create(path, job.stored())])
    assert counted.writes.total() == 1 + MOST + 4 * SHARDS + 1
    assert ledger.balance(ports, ID).spendable == 0
    counted.writes.clear()
    end(ports, job, made=0)
    assert counted.writes.total() == 1 + MOST + 4 * SHARDS + 1
    assert ledger.balance(ports, ID).spendable == 2 * MOST


# --- grants --------------------------------------------------------------------------------------


@pytest.mark.parametrize("bucket", [SUBSCRIPTION, TOPUP])
def test_a_grant_is_spread(ports: Ports, bucket: Bucket) -> None:
    ledger.grant(ports, ID, 100, bucket)
    ledger.grant(ports, ID, 4, bucket)
    left = purse.read(ports, ID).spendable(bucket).values()
    assert sum(left) == 104
    assert set(left) <= {12, 13, 14}


# --- how often a document is written --------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "made"),
    [
        pytest.param(METERED, 2, id="captured"),
        pytest.param(METERED, 0, id="released"),
        pytest.param(UNMETERED, 2, id="unmetered"),
    ],
)
def test_no_document_is_too_busy_in_a_burst(
    ports: Ports, counted: Counted, settings: Settings, made: int
) -> None:
    """A thousand jobs, as they come at 10,000 an hour, for which the credits are just enough."""
    if settings.metered:
        jobs_at_once = BURST if made else UNDER_WAY + 1
        ledger.grant(ports, ID, 10 * jobs_at_once, SUBSCRIPTION)
        ledger.grant(ports, ID, 11 * jobs_at_once, TOPUP)
    counted.writes.clear()
    counted.reads = 0
    under_way: list[Job] = []
    for _ in range(BURST):
        under_way.append(begin(ports, 21, settings))
        if len(under_way) > UNDER_WAY:
            end(ports, under_way.pop(0), made=made)
    for job in under_way:
        end(ports, job, made=made)
    written = {path: times for path, times in counted.writes.items() if times > 2}  # by many jobs
    counters = {path.rsplit(".", 1)[0] for path in written}
    assert len(written) == SHARDS * len(counters), written
    # On the average the busiest ones are written 0.69 times a second; a hash is not quite even.
    assert max(written.values()) / SECONDS < 0.85, written
    # An end reads its job, here, and its hold; a hold six documents on the average.
    assert counted.reads / BURST < (2 + 7 if made else 2 + 13)
    assert counted.writes.total() / BURST < (9.1 if made else 10.5)
    assert audits.audit(ports, ID) == {}


def test_the_notes_of_a_day_are_one_audit(
    ports: Ports, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(40):
        begin(ports, 1, UNMETERED)
    assert len([path for path in counted.writes if path.startswith("audits/")]) == SHARDS
    audited: list[str] = []
    audit = audits.audit

    def noted(ports: Ports, workspace_id: str) -> object:
        audited.append(workspace_id)
        return audit(ports, workspace_id)

    monkeypatch.setattr(audits, "audit", noted)
    assert isinstance(ports.clock, FakeClock)
    ports.clock.advance(timedelta(days=1))
    audits.sweep(ports)
    audits.sweep(ports)
    assert audited == [ID]


def test_a_sweep_audits_so_many_purses_at_most(
    ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of those that have a note for each shard, and of those that have one."""
    for name in ("many", "few"):
        for number in range(audits.AT_ONCE + 1):
            at = ports.clock.now()
            notes = [purse.audit_at(f"{name}-{number:02}", at, shard) for shard in range(SHARDS)]
            ports.documents.commit(list(islice(notes, SHARDS if name == "many" else 1)))
    audited: list[str] = []

    def audit(ports: Ports, workspace_id: str) -> Json:
        del ports
        audited.append(workspace_id)
        return {}

    monkeypatch.setattr(audits, "audit", audit)
    for _ in range(3):
        before = len(audited)
        audits.sweep(ports)
        assert len(audited) - before <= audits.AT_ONCE
    assert len(audited) == len(set(audited)) == 2 * (audits.AT_ONCE + 1)
