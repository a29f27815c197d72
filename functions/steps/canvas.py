"""Begin what is made for a canvas, as soon as what it is made from is there; then wait."""

from shared.providers.base import Waiting
from shared.services.canvases import production
from shared.services.canvases.production import Pace
from shared.services.steps import Made, StepContext, StepResult, SupersededError

PAUSE = 5.0
"""Seconds between two looks at what is being made."""


def run(context: StepContext) -> StepResult:
    """Cut off, it goes on with what is still promised, and first with what was begun just then."""
    noted = f"attempt {context.step.attempt}"
    if context.step.operation != noted:
        production.resume(context.ports, context.job)
    match production.go_on(context.ports, context.settings, context.job):
        case Pace.MORE:
            return Waiting(noted, 0)
        case Pace.WAIT:
            return Waiting(noted, PAUSE)
        case Pace.STOPPED:
            raise SupersededError("The canvas was deleted.")
        case Pace.DONE:
            return Made()
