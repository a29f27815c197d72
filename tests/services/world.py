"""The embedded stack without HTTP and without threads: a test delivers every task itself.

Time stands still while there is work to do; when all that is left is due later, it jumps there.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from functions.steps import canvas, noop, purge, sizes
from shared.adapters.embedded.blobs import EmbeddedBlobs
from shared.adapters.embedded.database import Database
from shared.adapters.embedded.documents import EmbeddedDocuments
from shared.adapters.embedded.events import EVENTS_QUEUE
from shared.adapters.embedded.queue import Claim, EmbeddedTasks
from shared.config import Settings
from shared.errors import Busy
from shared.graph.policy import GRACE
from shared.model import paths
from shared.model.asset import Asset, AssetStatus, AssetType, Content, Provenance, beside
from shared.model.collection import Collection
from shared.model.job import Job, Retake, StepKind
from shared.model.request import GenerateRequest
from shared.model.style import Decision, Drift, Verdict
from shared.model.workspace import Scope
from shared.ports import Blob, Bucket, Create, Document, Ports, Query
from shared.providers.base import Later
from shared.services import (
    collections,
    generation,
    guides,
    keys,
    projects,
    runner,
    sweeper,
    triggers,
    uploads,
)
from shared.services.decoding import LocalDecoder
from shared.services.generation import Generation
from shared.services.keys import Principal
from shared.services.steps import (
    Accepted,
    Delivery,
    Learned,
    Made,
    MadeFile,
    SentBack,
    StepCode,
    StepContext,
    StepResult,
)
from shared.services.webhooks import delivery as webhook_delivery
from shared.services.webhooks import outbox
from shared.services.webhooks.sender import Answer
from tests.character.looks import fox
from tests.graph.fakes import CountingIds, FakeClock, no_pause
from tests.graph.jobs import FILM
from tests.services.faults import Fuse

QUEUES = (*(kind.value for kind in StepKind), EVENTS_QUEUE, uploads.QUEUE, outbox.QUEUE)
KINDS = ("projects", "collections", "items", "assets", "links", "jobs")
PROVENANCE = Provenance(provider="test", model="test")


def draw(context: StepContext) -> Made:
    """Make small files that say which asset and which attempt they are; read every input."""
    for role in context.step.inputs:
        context.source(role)
    context.progress(0.5)
    files = {}
    for key in context.step.files:
        target = context.target(key)
        for path in beside(str(target), context.job.assets[key].siblings):
            Path(path).write_text(f"{Path(path).name} of attempt {context.step.attempt}")
        files[key] = MadeFile(target, width=64, height=64, provenance=PROVENANCE)
    return Made(files)


def take_in(context: StepContext) -> StepResult:
    """Take an upload in, as `draw` does; a film is still to come until it is there."""
    upload_id = context.step.inputs["upload"]
    (key,) = context.step.files
    if context.job.assets[key].type is AssetType.VIDEO and not uploads.find_film(
        context.ports, context.job.workspace_id, upload_id
    ):
        return Later(5.0)
    target = context.target(key)
    target.write_text(f"{key} of attempt {context.step.attempt}")
    return Made({key: MadeFile(target, width=64, height=64, provenance=PROVENANCE)})


DRIFT = Drift(check="line", subject="outline", text="Draw the outlines thinner.", score=0.4)
VERDICT = Verdict(decision=Decision.CAUTION, checks=(), drifts=(DRIFT,))


def accept(context: StepContext) -> Accepted:
    """Accept whatever was drawn, with the same remark each time; read every input."""
    for role in context.step.inputs:
        context.source(role)
    outputs = {key: context.output(key) for key in context.step.makes}
    return Accepted(
        {key: output for key, output in outputs.items() if output},
        learned=remark(context),
    )


def accept_the_second(context: StepContext) -> Accepted | SentBack:
    """Send the first take back."""
    accepted = accept(context)
    if context.step.retakes:
        return accepted
    return SentBack(Retake(reasons=(DRIFT.text,), score=0.1, sha256=""), accepted.learned)


def remark(context: StepContext) -> Learned:
    job = context.job
    return partial(
        guides.judged,
        context.ports,
        job.workspace_id,
        job.collection_id or "",
        VERDICT,
        asset_id=job.assets["image"].id,
        measurement=None,
    )


def extract(context: StepContext) -> Made:
    """Make the card of a fox, without looking."""
    job, collection = context.job, context.collection()
    card = fox().with_(reference_asset_ids=collection.reference_asset_ids)
    return Made(
        learned=partial(guides.extracted, context.ports, job.workspace_id, collection.id, card)
    )


CODES: Mapping[StepKind, StepCode] = {
    **dict.fromkeys(StepKind, draw),
    StepKind.STYLE_CARD: extract,
    StepKind.VALIDATE: accept,
    StepKind.INTAKE: take_in,
    StepKind.SIZES: sizes.run,
    StepKind.CANVAS: canvas.run,
    StepKind.PURGE: purge.run,
    StepKind.NOOP: noop.run,
}


def answer_ok(url: str, body: str, headers: Mapping[str, str], *, loopback: bool) -> Answer:
    """An endpoint that takes everything."""
    del url, body, headers, loopback
    return Answer(status=200)


@dataclass(frozen=True)
class Tenant:
    """A workspace with a character."""

    who: Principal
    key: str
    project_id: str
    collection: Collection


class World:
    """One folder, opened as a process would; `restart` is what the next process does."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.settings = Settings(home=folder)
        self.codes = dict(CODES)
        self.post: webhook_delivery.Post = answer_ok
        """What takes the place of webhooks' endpoints."""
        self.runs: Counter[tuple[str, int]] = Counter()
        """How often each attempt at each step was begun."""
        self._ids = CountingIds()
        self._fuse: Fuse | None = None
        self._open()

    def _open(self) -> None:
        self._database = Database(self.settings.home)
        self._queue = EmbeddedTasks(self._database, self.clock)
        blobs = EmbeddedBlobs(
            self._database,
            base_url="http://cdn.test",
            announce=self._queue.announce,
            clock=self.clock,
            secret=b"a secret for tests",
        )
        self._plain = self.ports = Ports(
            EmbeddedDocuments(self._database),
            blobs,
            self._queue,
            self.clock,
            self._ids,
            LocalDecoder(blobs),
            no_pause,
        )

    def close(self) -> None:
        self._database.close()

    def light(self, fuse: Fuse) -> None:
        """From now on this process may die in front of an effect."""
        self._fuse = fuse
        self.ports = fuse.ports(self.ports)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """What somebody else does meanwhile, whose effects are not counted."""
        lit, fuse = self.ports, self._fuse
        self.ports, self._fuse = self._plain, None
        try:
            yield
        finally:
            self.ports, self._fuse = lit, fuse

    def reopen(self) -> None:
        """One worker was killed: its tasks come back, and nobody else takes notice."""
        self._fuse = None
        self.close()
        self._open()
        self._queue.recover()

    def restart(self) -> None:
        """The only process was killed: the next one takes over everything that was left."""
        self.reopen()
        sweeper.sweep(self.ports, orphaned=True)

    # --- deliveries ------------------------------------------------------------------------------

    def deliver_next(self, *queues: str, until: datetime | None = None) -> bool:
        """Deliver one task that is due, or jump to when one is; False when there is none."""
        waiting = [
            (due, queue, name)
            for queue in queues or QUEUES
            for name, due in self._queue.upcoming(queue, limit=1)
        ]
        due, queue, name = min(waiting, default=(None, "", ""))
        if due is None or (until and due > until):
            return False
        self.clock.advance_to(due)
        (claim,) = self._queue.claim([(queue, name)])
        try:
            self._deliver(claim)
        except Busy:
            self._queue.retry(claim, due=self.clock.now() + GRACE, answered=True)
        else:
            self.acknowledge(claim)
        return True

    def acknowledge(self, claim: Claim) -> None:
        if self._fuse:
            self._fuse.burn()
        self._queue.settle(claim)

    def drain(self, *queues: str) -> None:
        """Deliver until nothing is left, in these queues or in all."""
        while self.deliver_next(*queues):
            pass

    def settle(self) -> None:
        """Deliver, and sweep whatever becomes due, until no job is left to look after."""
        for _ in range(50):
            self.drain()
            due = self.due()
            if not due:
                return
            self.clock.advance_to(datetime.fromisoformat(due[0].data["at"]))
            self.sweep()
        raise AssertionError(f"still due: {self.due()}")

    def _deliver(self, claim: Claim) -> None:
        if claim.queue == EVENTS_QUEUE:
            told = claim.payload
            triggers.object_finalized(
                self.ports,
                Bucket(told["bucket"]),
                told["name"],
                told["generation"],
                told["metadata"],
            )
            return
        if claim.queue == uploads.QUEUE:
            uploads.receive(
                self.ports,
                claim.payload["name"],
                max_bytes=self.settings.max_upload_bytes,
                max_film_bytes=self.settings.max_film_bytes,
            )
            return
        if claim.queue == outbox.QUEUE:
            errand = outbox.Errand.parse(claim.payload)
            webhook_delivery.deliver(self.ports, self.settings, errand, self.post)
            return
        delivery = Delivery.parse(claim.payload)
        runner.deliver(self.ports, self.settings, delivery, self._counted(claim.queue))

    def _counted(self, queue: str) -> StepCode:
        def run(context: StepContext) -> Any:
            delivery = context._delivery
            self.runs[delivery.step, delivery.attempt] += 1
            return self.codes[StepKind(queue)](context)

        return run

    def deliveries(self) -> list[tuple[str, Delivery]]:
        """What the queues of steps hold, with the queue."""
        found = []
        for queue in QUEUES[: len(StepKind)]:
            for name, _ in self._queue.upcoming(queue, limit=100):
                (claim,) = self._queue.claim([(queue, name)])
                self._queue.retry(claim, due=claim.due, answered=False)
                found.append((queue, Delivery.parse(claim.payload)))
        return found

    def waiting(self, queue: str) -> list[str]:
        """The names of the tasks in a queue."""
        return [name for name, _ in self._queue.upcoming(queue, limit=100)]

    def lose_deliveries(self) -> None:
        """What no queue should do."""
        for queue in QUEUES:
            for name, _ in self._queue.upcoming(queue, limit=100):
                (claim,) = self._queue.claim([(queue, name)])
                self._queue.settle(claim)

    def sweep(self) -> int:
        return sweeper.sweep(self.ports)

    # --- beginnings ------------------------------------------------------------------------------

    def tenant(self, name: str = "Tenant") -> Tenant:
        workspace = keys.create_workspace(self.ports, name)
        scopes = (Scope.READ, Scope.WRITE)
        key = keys.issue(self.ports, workspace.id, name, scopes)
        who = Principal(workspace.id, scopes)
        project = projects.create(self.ports, who, "Project")
        collection = collections.create(
            self.ports, who, project_id=project.id, name="Felix", prompt="an orange fox"
        )
        return Tenant(who, key, project.id, collection)

    def generate(self, tenant: Tenant, request: Mapping[str, Any] = FILM) -> Generation:
        wanted = GenerateRequest.model_validate({"name": "Wave", **request})
        return generation.generate(
            self.ports, self.settings, tenant.who, tenant.collection.id, wanted
        )

    def upload(self, tenant: Tenant) -> Asset:
        """A picture of the tenant's own, stored without decoding it."""
        now, id_ = self.clock.now(), self.ports.ids.uuid()
        asset = Asset(
            id=id_,
            created_at=now,
            updated_at=now,
            project_id=None,
            collection_id=None,
            item_id=None,
            job_id=None,
            type=AssetType.IMAGE,
            path=f"uploads/{id_}.png",
            status=AssetStatus.READY,
            content=Content(sha256="", bytes=3, width=1, height=1),
            provenance=PROVENANCE,
        )
        self.ports.blobs.put(Bucket.ASSETS, asset.path, b"png", content_type="image/png")
        path = paths.asset(tenant.who.workspace_id, id_)
        self.ports.documents.commit([Create(path, asset.stored())])
        return asset

    # --- looking ---------------------------------------------------------------------------------

    def job(self, job: Job) -> Job:
        """A job as it now is."""
        found = self.ports.documents.get(paths.job(job.workspace_id, job.id))
        assert found
        return Job.load(found.data)

    def documents(self, tenant: Tenant, kind: str) -> list[Document]:
        query = Query(paths.collection_of(tenant.who.workspace_id, kind))
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT collection || '/' || id FROM documents WHERE collection = ? ORDER BY id",
                (query.collection,),
            ).fetchall()
        return [found for found in self.ports.documents.get_many([row[0] for row in rows]) if found]

    def jobs(self, tenant: Tenant) -> list[Job]:
        return [Job.load(document.data) for document in self.documents(tenant, "jobs")]

    def ids(self, tenant: Tenant, kind: str) -> set[str]:
        return {document.id for document in self.documents(tenant, kind)}

    def assets(self, tenant: Tenant) -> list[Asset]:
        return [Asset.load(document.data) for document in self.documents(tenant, "assets")]

    def public(self) -> dict[str, Blob]:
        """Every file that the CDN would serve at a name of its own."""
        return {name: blob for name, blob in self.served().items() if "best" not in blob.metadata}

    def served(self) -> dict[str, Blob]:
        """Everything that the CDN would serve."""
        found = self.ports.blobs.list(Bucket.ASSETS, "", limit=1000)
        assert found.next_cursor is None
        return {blob.name: blob for blob in found.results}

    def due(self) -> list[Document]:
        return list(self.ports.documents.query(Query("due", order="at"), limit=100).results)
