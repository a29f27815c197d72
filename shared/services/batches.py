"""Batches: many generations asked for at once, for one price, each as a job of its own.

All or none: one commit holds every job, every new item and the whole price. What the jobs will make
does not fit into it (twenty jobs may have six thousand assets and links, and a commit 500 writes),
so the commit only reserves the jobs; then each begins with its own assets and links in a commit of
its own. A crash between the two leaves jobs that are paid for and have not begun: the same request
sent again begins them, and so does the sweeper.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID, uuid5

from shared.config import Settings
from shared.errors import BadRequest, Conflict
from shared.model import paths
from shared.model.item import Item
from shared.model.job import Job
from shared.model.request import GenerateRequest
from shared.ports import Create, Ports, Write
from shared.services import generation, jobstore, ledger
from shared.services.generation import Proposal
from shared.services.keys import Principal


@dataclass(frozen=True, slots=True)
class Batch:
    """The jobs of a batch, in the order of the requests, and the items that are created with them.
    Nothing of it is stored, unless `is_reserved`: then an earlier try of the same call was cut off
    after it had reserved the jobs."""

    jobs: Sequence[Job]
    items: Sequence[Item] = field(default=())
    is_reserved: bool = False

    @property
    def price(self) -> int:
        """What the jobs cost together."""
        return sum(job.cost_credits for job in self.jobs)


def propose(
    ports: Ports,
    settings: Settings,
    who: Principal,
    collection_id: str,
    requests: Sequence[GenerateRequest],
    max_credits: int | None = None,
) -> Batch:
    """Plan all requests, or refuse them all: BadRequest names the one that is wrong."""
    # A repeated call has the same first id, whatever has changed meanwhile that plans depend on.
    batch_id = UUID(ports.ids.uuid())
    job_ids = [str(uuid5(batch_id, str(number))) for number in range(len(requests))]
    if jobstore.load(ports.documents, who.workspace_id, job_ids[0]):
        return Batch(_stored(ports, who, job_ids), is_reserved=True)
    proposals = [
        _propose_one(ports, settings, who, collection_id, number, request)
        for number, request in enumerate(requests)
    ]
    batch = Batch(
        [
            proposal.plan.job.with_(id=job_id, reserved=proposal.plan.links)
            for job_id, proposal in zip(job_ids, proposals, strict=True)
        ],
        [proposal.item for proposal in proposals if proposal.is_new],
    )
    if max_credits is not None and batch.price > max_credits:
        raise BadRequest(
            f"these cost {batch.price} credits; allow as many, or ask for less",
            field="max_credits",
        )
    return batch


def begin(ports: Ports, settings: Settings, who: Principal, batch: Batch) -> list[Job]:
    """Begin all jobs of a batch, or none: InsufficientCredits when the credits do not suffice for
    all, and then nothing was written."""
    if not batch.is_reserved:
        with suppress(Conflict):  # reserved before, by an earlier try of this call
            ledger.begin_all(ports, settings, batch.jobs, lambda: _reservation(who, batch))
    return [generation.begin_reserved(ports, who, job.id) for job in batch.jobs]


def _propose_one(
    ports: Ports,
    settings: Settings,
    who: Principal,
    collection_id: str,
    number: int,
    request: GenerateRequest,
) -> Proposal:
    if request.dry_run:
        raise BadRequest(
            "is said of all requests together, beside them", field=f"requests[{number}].dry_run"
        )
    try:
        return generation.propose(ports, settings, who, collection_id, request)
    except BadRequest as error:
        part = error.details.get("field", "")
        raise BadRequest(error.message, field=f"requests[{number}].{part}") from error


def _stored(ports: Ports, who: Principal, job_ids: Sequence[str]) -> list[Job]:
    found = ports.documents.get_many([paths.job(who.workspace_id, id_) for id_ in job_ids])
    return [Job.load(document.data) for document in found if document]


def _reservation(who: Principal, batch: Batch) -> list[Write]:
    items = [Create(paths.item(who.workspace_id, item.id), item.stored()) for item in batch.items]
    return [*items, *(write for job in batch.jobs for write in jobstore.creation(job))]
