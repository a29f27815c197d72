"""Begin the jobs that give the items of a collection its new sizes, page by page; then wait."""

from shared.providers.base import Later, Waiting
from shared.services import sizes
from shared.services.steps import Made, StepContext, StepResult

MAKING, WAITING = 20.0, 10.0
"""Seconds between two looks: at items that are being made, and at the jobs that were begun."""
ALL_BEGUN = "all"
PAGE = "page:"
"""What the step notes of how far it is, where others note what a provider calls their work."""


def run(context: StepContext) -> StepResult:
    """Cut off, it begins the page again on which it was: what it has begun it finds there."""
    noted = context.step.operation or PAGE
    if noted == ALL_BEGUN:
        return Waiting(ALL_BEGUN, WAITING) if sizes.left(context.ports, context.job) else Made()
    complete, following = sizes.begin_page(
        context.ports,
        context.settings,
        context.job,
        context.collection(),
        noted.removeprefix(PAGE) or None,
    )
    if not complete:
        return Later(MAKING)
    return Waiting(f"{PAGE}{following}" if following else ALL_BEGUN, 0)
