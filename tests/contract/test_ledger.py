"""On every implementation of the documents, requests that meet never spend the same credit."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from shared.adapters.system import SystemClock, SystemIds, pause
from shared.config import Settings
from shared.errors import Busy, Conflict, InsufficientCredits
from shared.model import paths
from shared.model.credit import METERED, Bucket, Part
from shared.model.job import Job
from shared.model.request import GenerateRequest
from shared.model.workspace import Scope
from shared.ports import Create, Documents, Ports, Put, Replace, Write
from shared.services import (
    audits,
    batches,
    collections,
    contention,
    keys,
    ledger,
    projects,
    purse,
)
from shared.services.batches import Batch
from shared.services.decoding import LocalDecoder
from shared.services.keys import Principal
from tests.graph.jobs import IMAGE
from tests.services.money import ended, priced
from tests.simulation import store

ID = "workspace"
THREADS = 12
METERING = Settings(home=Path("/nowhere"), metered=True)


def with_a_workspace(documents: Documents) -> Ports:
    clock = SystemClock()
    tasks = store.Tasks(clock)
    blobs = store.Blobs(clock, tasks)
    documents.commit([Put(paths.workspace(ID), {})])
    return Ports(documents, blobs, tasks, clock, SystemIds(), LocalDecoder(blobs), pause)


def test_the_last_credits_of_all_shards_are_spent_once(documents: Documents) -> None:
    """Credits for three jobs lie in sixteen documents. Twelve threads ask for them, give back what
    they got, and ask again."""
    ports = with_a_workspace(documents)
    ledger.grant(ports, ID, 30, Bucket.SUBSCRIPTION)
    ledger.grant(ports, ID, 33, Bucket.TOPUP)
    start = threading.Barrier(THREADS)

    def begin() -> bool:
        job = priced(ports, ID, {Part.FILM: 21})
        path = paths.job(ID, job.id)
        try:
            ledger.begin(ports, METERING, job, lambda: [Create(path, job.stored())])
        except InsufficientCredits:
            return False
        begun.append(job)
        return True

    def ask(_: int) -> None:
        start.wait()
        if begin():
            job = begun.pop()
            document = documents.get(paths.job(ID, job.id))
            assert document
            after = ended(job, made=0)
            settled = ledger.settlement(ports, job, after)
            documents.commit([Replace(document.path, after.stored(), document.version), *settled])
        begin()

    begun: list[Job] = []
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(ask, range(THREADS)))
    assert len(begun) == 3
    found = purse.read(ports, ID)
    assert {left for bucket in METERED for left in found.spendable(bucket).values()} == {0}
    balance = ledger.balance(ports, ID)
    assert (balance.spendable, balance.held) == (0, {Bucket.SUBSCRIPTION: 30, Bucket.TOPUP: 33})
    assert audits.audit(ports, ID) == {}


def test_of_batches_that_meet_whole_ones_are_begun(documents: Documents) -> None:
    """Credits for three and a half batches of ten jobs lie in sixteen documents, and eight batches
    ask at once: three are begun, and of the others nothing is there."""
    ports = with_a_workspace(documents)
    ledger.grant(ports, ID, 100, Bucket.SUBSCRIPTION)
    ledger.grant(ports, ID, 250, Bucket.TOPUP)
    start = threading.Barrier(8)

    def begin(_: int) -> tuple[bool, list[Job]]:
        jobs = [priced(ports, ID, {Part.FILM: 10}) for _ in range(10)]
        start.wait()
        try:
            ledger.begin_all(
                ports,
                METERING,
                jobs,
                lambda: [Create(paths.job(ID, job.id), job.stored()) for job in jobs],
            )
        except InsufficientCredits:
            return False, jobs
        return True, jobs

    with ThreadPoolExecutor(8) as pool:
        asked = list(pool.map(begin, range(8)))
    assert sum(begun for begun, _ in asked) == 3
    for begun, jobs in asked:
        there = documents.get_many([paths.job(ID, job.id) for job in jobs])
        assert [document is not None for document in there] == [begun] * 10
    balance = ledger.balance(ports, ID)
    assert (balance.spendable, sum(balance.held.values())) == (50, 300)
    assert audits.audit(ports, ID) == {}


def test_of_batches_of_items_that_meet_whole_ones_are_begun(documents: Documents) -> None:
    """As clients ask for them: four new items each, and credits for three and a half batches."""
    ports = with_a_workspace(documents)
    workspace = keys.create_workspace(ports, "Tenant")
    who = Principal(workspace.id, (Scope.READ, Scope.WRITE))
    project = projects.create(ports, who, "Project")
    character = collections.create(
        ports, who, project_id=project.id, name="Felix", prompt="an orange fox"
    )
    ledger.grant(ports, who.workspace_id, 4, Bucket.SUBSCRIPTION)
    ledger.grant(ports, who.workspace_id, 10, Bucket.TOPUP)
    wanted = [GenerateRequest.model_validate({"name": f"Pose {n}", **IMAGE}) for n in range(4)]
    start = threading.Barrier(8)

    def ask(_: int) -> tuple[bool, Batch]:
        batch = batches.propose(ports, METERING, who, character.id, wanted)
        start.wait()
        try:
            batches.begin(ports, METERING, who, batch)
        except InsufficientCredits:
            return False, batch
        return True, batch

    with ThreadPoolExecutor(8) as pool:
        asked = list(pool.map(ask, range(8)))
    assert sum(begun for begun, _ in asked) == 3
    for begun, batch in asked:
        places = [paths.job(who.workspace_id, job.id) for job in batch.jobs]
        places += [paths.item(who.workspace_id, item.id) for item in batch.items]
        assert [found is not None for found in documents.get_many(places)] == [begun] * 8
    balance = ledger.balance(ports, who.workspace_id)
    assert (balance.spendable, sum(balance.held.values())) == (2, 12)
    assert audits.audit(ports, who.workspace_id) == {}


def test_who_loses_pauses_longer_each_time() -> None:
    """And gives up in time for the request to be answered."""
    pauses: list[float] = []

    class Contended(store.Documents):
        def commit(self, writes: Sequence[Write]) -> str:
            if any("/jobs/" in write.path for write in writes):
                raise Conflict("Somebody else was faster.")
            return super().commit(writes)

    ports = replace(with_a_workspace(Contended()), pause=pauses.append)
    ledger.grant(ports, ID, 30, Bucket.TOPUP)
    job = priced(ports, ID, {Part.FILM: 21})
    with pytest.raises(Busy):
        ledger.begin(ports, METERING, job, lambda: [Create(paths.job(ID, job.id), job.stored())])
    assert pauses == sorted(pauses)
    assert len(pauses) == contention.TRIES - 1
    assert 0 < pauses[0] < pauses[-1]
    assert sum(pauses) < 6
