"""Few credits and many who want them: the real ledger, interrupted in front of each call of a port.

Workspaces have about as many credits as their jobs cost, and all of them ask at the same time. So
requests meet at the last credits, which lie in several shards, while jobs end, periods end, and
credits are granted. After every commit each credit must still be in one place.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from itertools import product
from pathlib import Path
from random import Random
from typing import Final

from shared.config import Settings
from shared.errors import Conflict, InsufficientCredits, NotFound
from shared.model import paths
from shared.model.base import instant_text
from shared.model.credit import METERED, Bucket, Entry, EntryKind, Part
from shared.model.job import Job, JobType, Promise
from shared.model.shards import SHARDS
from shared.ports import Create, Json, Ports, Replace, Write
from shared.services import audits, entities, ledger, purse
from shared.services.decoding import LocalDecoder
from tests.graph.fakes import CountingIds, FakeClock, no_pause
from tests.services.money import ended, priced
from tests.simulation import store
from tests.simulation.broken import Broken
from tests.simulation.hub import Hub, Outage, Worker
from tests.simulation.weather import CALM, Weather

MOVES: Final = 160
AT_ONCE: Final = 12
ADDED: Final = {EntryKind.GRANT: 1, EntryKind.CAPTURE: -1, EntryKind.EXPIRY: -1}
"""What an entry does to the credits that a workspace has, spendable and held together."""


class Documents(store.Documents):
    """Documents that tell of each batch that was committed."""

    def __init__(self, committed: Callable[[Sequence[Write]], None]) -> None:
        super().__init__()
        self._committed = committed

    def commit(self, writes: Sequence[Write]) -> str:
        version = super().commit(writes)
        self._committed(writes)
        return version


class CreditWorld:
    """Some workspaces and their jobs, for one seed."""

    def __init__(self, seed: int, tell: Callable[[str], None] | None = None) -> None:
        self.dice = Random(seed)
        dice = self.dice
        weather = Weather(
            steady=dice.choice((0.0, 0.3, 0.8)),
            crash=dice.choice((0.0, 0.0, 0.02)),
            outage=dice.choice((0.0, 0.0, 0.02)),
        )
        self.hub = Hub(dice, CALM, tell)
        self.hub.on_end = self._on_end
        self.clock = FakeClock()
        self.documents = Documents(self._committed)
        tasks = store.Tasks(self.clock)
        blobs = store.Blobs(self.clock, tasks)
        decoder = LocalDecoder(blobs)
        self.calm = Ports(
            self.documents, blobs, tasks, self.clock, CountingIds(), decoder, no_pause
        )
        self.ports = self.hub.ports(self.calm)
        self.settings = Settings(home=Path("/nowhere"), metered=True)
        self.wrong: list[str] = []
        self.has: Counter[str] = Counter()
        """The credits of each workspace, by the entries that were committed."""
        self._lowest: dict[Worker, int] = {}
        """The fewest credits that could be spent while somebody was asking for some."""
        self.workspaces = [f"workspace-{number}" for number in range(dice.choice((1, 1, 2, 3)))]
        for workspace_id in self.workspaces:
            self.documents.commit([Create(paths.workspace(workspace_id), {})])
            for _ in range(dice.choice((1, 2, 3))):
                self._grant(self.calm, workspace_id)
        self.hub.weather = weather

    # --- the history -----------------------------------------------------------------------------

    def storm(self) -> None:
        """Requests, ends, grants and sweeps, all at the same time."""
        moves = (
            *(self._work,) * 30,
            *(self._ask,) * 6,
            *(self._end,) * 4,
            *(self._keep, self._drop, self._grant_more, self._sweep, self._pass_time),
        )
        for _ in range(MOVES):
            self.dice.choice(moves)()

    def rest(self) -> None:
        """Let all workers come to an end, and then all jobs."""
        self.hub.weather = CALM
        while self.hub.workers:
            self._work()
        for data in self._jobs():
            self._finish(self.calm, Job.load(data))

    def check(self) -> None:
        """Broken, unless all is booked to the last credit, and the last credit can be spent."""
        for workspace_id in self.workspaces:
            self.wrong += unspendable(self.calm, workspace_id)
        for _ in range(3):  # the second meets what the first has let expire
            self.clock.advance(timedelta(days=2))
            audits.sweep(self.calm)
        if notes := self.documents.rows["audits"]:
            self.wrong.append(f"nobody audits {[*notes]}")
        for workspace_id in self.workspaces:
            found = purse.read(self.calm, workspace_id)
            for place, document in found.documents.items():
                if "held" in place and document and document.data[purse.FIELD]:
                    self.wrong.append(f"{place} holds {document.data} though all jobs have ended")
            if differences := audits.audit(self.calm, workspace_id):
                self.wrong.append(f"the audit of {workspace_id} finds {differences}")
        if self.wrong:
            raise Broken("\n".join(self.wrong))

    # --- moves -----------------------------------------------------------------------------------

    def _work(self) -> None:
        if self.hub.workers:
            self.hub.resume(self.dice.choice(self.hub.workers))

    def _begin(self, name: str, workspace_id: str, work: Callable[[], None]) -> None:
        if len(self.hub.workers) < AT_ONCE:
            self.hub.met[f"credits: {name}"] += 1
            worker = Worker(name, (name, workspace_id), work)
            self._lowest[worker] = self._spendable(workspace_id)
            self.hub.begin(worker)

    def _ask(self) -> None:
        """Ask for a job, or for one that promises others; once more if the answer was lost."""
        workspace_id, dice = self.dice.choice(self.workspaces), self.dice
        job = priced(self.calm, workspace_id, {Part.STILL: 1, Part.FILM: dice.choice((4, 20))})
        if dice.random() < 0.2:
            number = dice.choice((2, 5, 12))
            promises = {
                self.calm.ids.uuid(): Promise(cost=dice.choice((1, 5)), item_id="", item_name="")
                for _ in range(number)
            }
            job = job.with_(charges={}, promises=promises, type=JobType.CANVAS_GENERATION)
        path = paths.job(workspace_id, job.id)

        def ask() -> None:
            for last in (False, True):
                try:
                    ledger.begin(
                        self.ports, self.settings, job, lambda: [Create(path, job.stored())]
                    )
                except Outage:
                    if last:
                        raise
                except Conflict:
                    if self.calm.documents.get(path) is None:
                        self.wrong.append(f"{job.id} was refused as begun, and is not there")
                    return

        self._begin("ask", workspace_id, ask)

    def _end(self) -> None:
        """End a job: with all that it makes, with some of it, or with nothing."""
        if job := self._one(lambda data: True):
            self._begin("end", job.workspace_id, lambda: self._finish(self.ports, job))

    def _finish(self, ports: Ports, job: Job) -> None:
        path = paths.job(job.workspace_id, job.id)
        before, version = entities.read(ports.documents, Job, path)
        after = ended(before, made=self.dice.choice((0, 1, 2)))
        if not before.finished:
            settled = ledger.settlement(ports, before, after)
            ports.documents.commit([Replace(path, after.stored(), version), *settled])

    def _keep(self) -> None:
        """Begin what a batch has promised."""
        if batch := self._one(lambda data: bool(data["promises"])):
            promised = self.dice.choice(sorted(batch.promises))
            job = priced(self.calm, batch.workspace_id, {Part.FILM: batch.promises[promised].cost})
            job = job.with_(id=promised, batch_id=batch.id)
            create = Create(paths.job(job.workspace_id, job.id), job.stored())

            def keep() -> None:
                ledger.begin(
                    self.ports,
                    self.settings,
                    job,
                    lambda: [create, _without(self.ports, batch, promised)],
                    held=True,
                )

            self._begin("keep", job.workspace_id, keep)

    def _drop(self) -> None:
        """Take a promise back."""
        if batch := self._one(lambda data: bool(data["promises"])):
            promised, workspace_id = self.dice.choice(sorted(batch.promises)), batch.workspace_id

            def drop() -> None:
                writes = [_without(self.ports, batch, promised)]
                writes += ledger.release(self.ports, workspace_id, promised)
                self.ports.documents.commit(writes)

            self._begin("drop", workspace_id, drop)

    def _grant_more(self) -> None:
        workspace_id = self.dice.choice(self.workspaces)
        self._begin("grant", workspace_id, lambda: self._grant(self.ports, workspace_id))

    def _grant(self, ports: Ports, workspace_id: str) -> None:
        bucket, amount = self.dice.choice(METERED), self.dice.choice((1, 7, 20, 50))
        ends_at = None
        if bucket is Bucket.SUBSCRIPTION and self.dice.random() < 0.7:
            ends_at = self.clock.now() + timedelta(hours=self.dice.choice((1, 30)))
        ledger.grant(ports, workspace_id, amount, bucket, ends_at=ends_at)

    def _sweep(self) -> None:
        workspace_id = self.dice.choice(self.workspaces)

        def sweep() -> None:
            audits.sweep(self.ports)
            if differences := audits.audit(self.ports, workspace_id):
                self.wrong.append(f"an audit finds {differences} in {workspace_id}")

        self._begin("sweep", workspace_id, sweep)

    def _pass_time(self) -> None:
        self.clock.advance(timedelta(hours=self.dice.choice((0.1, 1, 20))))
        self._look()

    # --- what is watched -------------------------------------------------------------------------

    def _committed(self, writes: Sequence[Write]) -> None:
        """Look at the credits after every commit: none was spent twice, none is lost."""
        for write in writes:
            if isinstance(write, Create) and "/credit_entries/" in write.path:
                entry, workspace_id = Entry.load(write.data), write.path.split("/")[1]
                self.has[workspace_id] += ADDED.get(entry.kind, 0) * entry.amount
        for workspace_id in {write.path.split("/")[1] for write in writes}:
            counters = self._counters(workspace_id)
            numbers = {name: data[purse.FIELD] for name, data in counters.items()}
            if min(numbers.values(), default=0) < 0:
                self.wrong.append(f"{workspace_id} has less than nothing: {numbers}")
            if sum(numbers.values()) != self.has[workspace_id]:
                self.wrong.append(f"{numbers} is not {self.has[workspace_id]} in {workspace_id}")
        self._look()

    def _counters(self, workspace_id: str) -> dict[str, Json]:
        rows = self.documents.rows.get(paths.collection_of(workspace_id, "credits"), {})
        return {name: row.data for name, row in rows.items()}

    def _spendable(self, workspace_id: str) -> int:
        now = instant_text(self.clock.now())
        return sum(
            data[purse.FIELD]
            for name, data in self._counters(workspace_id).items()
            if ".available." in name and (data.get("ends_at") or "9") > now
        )

    def _look(self) -> None:
        left = {one: self._spendable(one) for one in self.workspaces}
        for worker in self.hub.workers:
            self._lowest[worker] = min(self._lowest[worker], left[worker.about[1]])

    def _on_end(self, worker: Worker) -> None:
        lowest, error = self._lowest.pop(worker), worker.error
        if isinstance(error, InsufficientCredits):
            self.hub.met["credits: refused"] += 1
            if lowest >= error.details["required"]:
                self.wrong.append(f"{error} But there were never less than {lowest}.")
        elif error and not isinstance(error, (Outage, Conflict, NotFound)):
            self.wrong.append(f"{worker.name}: {error!r}")

    # --- jobs ------------------------------------------------------------------------------------

    def _jobs(self) -> list[Json]:
        rows = self.documents.rows
        kinds = [rows.get(paths.collection_of(one, "jobs"), {}) for one in self.workspaces]
        return [row.data for kind in kinds for row in kind.values()]

    def _one(self, wanted: Callable[[Json], bool]) -> Job | None:
        """A job under way."""
        found = [data for data in self._jobs() if data["status"] == "pending" and wanted(data)]
        return Job.load(self.dice.choice(found)) if found else None


def _without(ports: Ports, batch: Job, promised: str) -> Write:
    """A batch without a promise; NotFound when somebody else was faster."""
    path = paths.job(batch.workspace_id, batch.id)
    current, version = entities.read(ports.documents, Job, path)
    if current.finished or promised not in current.promises:
        raise NotFound("The promise is no longer to be kept.")
    left = {id_: one for id_, one in current.promises.items() if id_ != promised}
    return Replace(path, current.with_(promises=left).stored(), version)


def unspendable(ports: Ports, workspace_id: str) -> Iterator[str]:
    """What is wrong when nothing else is under way: all that is left can be spent, whichever shards
    have it and whichever is looked at first; and not a credit more."""
    settings = Settings(home=Path("/nowhere"), metered=True)
    there = ledger.balance(ports, workspace_id)
    for amount, first in product((there.spendable, there.spendable + 1), range(SHARDS)):
        job = priced(ports, workspace_id, {Part.FILM: amount})
        try:
            writes = ledger.hold(ports, settings, [job], first)
        except InsufficientCredits:
            if amount == there.spendable:
                yield f"{amount} of {there} could not be spent"
            continue
        holds = [Entry.load(one.data) for one in writes if isinstance(one, Create)]
        spent = sum((Counter(hold.buckets) for hold in holds), Counter[Bucket]())
        if spent != +Counter(there.available):
            yield f"{dict(spent)} of {there} could be spent, for {amount}"


def spend(seed: int, tell: Callable[[str], None] | None = None) -> Counter[str]:
    """Live through a seed; Broken when a credit is lost, spent twice, or withheld. Gives what was
    met on the way."""
    world = CreditWorld(seed, tell)
    try:
        world.storm()
        world.rest()
    finally:
        world.hub.clear()
    world.check()
    return world.hub.met
