"""On every implementation of the documents, requests that meet never spend the same credit."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from shared.adapters.system import SystemClock, SystemIds
from shared.config import Settings
from shared.errors import InsufficientCredits
from shared.model import paths
from shared.model.credit import METERED, Bucket, Part
from shared.model.job import Job
from shared.ports import Create, Documents, Ports, Put, Replace
from shared.services import audits, ledger, purse
from tests.services.money import ended, priced
from tests.simulation import store

ID = "workspace"
THREADS = 12


def test_the_last_credits_of_all_shards_are_spent_once(documents: Documents) -> None:
    """Credits for three jobs lie in sixteen documents. Twelve threads ask for them, give back what
    they got, and ask again."""
    clock = SystemClock()
    tasks = store.Tasks(clock)
    ports = Ports(documents, store.Blobs(clock, tasks), tasks, clock, SystemIds())
    settings = Settings(home=Path("/nowhere"), metered=True)
    documents.commit([Put(paths.workspace(ID), {})])
    ledger.grant(ports, ID, 30, Bucket.SUBSCRIPTION)
    ledger.grant(ports, ID, 33, Bucket.TOPUP)
    start = threading.Barrier(THREADS)

    def begin() -> bool:
        job = priced(ports, ID, {Part.FILM: 21})
        path = paths.job(ID, job.id)
        try:
            ledger.begin(ports, settings, job, lambda: [Create(path, job.stored())])
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
