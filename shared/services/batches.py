"""Batches: many generations asked for at once, for one price, each as a job of its own."""

from collections.abc import Sequence
from contextlib import suppress

from shared.config import Settings
from shared.errors import BadRequest, Conflict, MascotryError
from shared.model.request import GenerateRequest
from shared.ports import Ports
from shared.services import generation, jobs, ledger
from shared.services.generation import Generation, Proposal
from shared.services.keys import Principal


def propose(
    ports: Ports,
    who: Principal,
    collection_id: str,
    requests: Sequence[GenerateRequest],
    max_credits: int | None = None,
) -> list[Proposal]:
    """Plan all requests, or refuse them all: BadRequest names the one that is wrong."""
    proposals = []
    for number, request in enumerate(requests):
        if request.dry_run:
            raise BadRequest(
                "is said of all requests together, beside them", field=f"requests[{number}].dry_run"
            )
        try:
            proposals.append(generation.propose(ports, who, collection_id, request))
        except BadRequest as error:
            field = error.details.get("field", "")
            raise BadRequest(error.message, field=f"requests[{number}].{field}") from error
    cost = price(proposals)
    if max_credits is not None and cost > max_credits:
        raise BadRequest(
            f"these cost {cost} credits; allow as many, or ask for less", field="max_credits"
        )
    return proposals


def price(proposals: Sequence[Proposal]) -> int:
    """What they cost together."""
    return sum(proposal.plan.job.cost_credits for proposal in proposals)


def begin(
    ports: Ports, settings: Settings, who: Principal, proposals: Sequence[Proposal]
) -> list[Generation]:
    """Begin all, or none: when one cannot be begun, those before it are canceled."""
    if settings.metered:
        ledger.require(ledger.balance(ports, who.workspace_id), price(proposals))
    begun: list[Generation] = []
    try:
        for proposal in proposals:
            begun.append(generation.accept(ports, settings, who, proposal))
    except MascotryError:
        for made in begun:
            with suppress(Conflict):
                jobs.cancel(ports, who, made.job.id)
        raise
    return begun
