"""Remove what is below a deleted project, collection, item or asset."""

from shared.services.deletion import Level, Subtree, purge
from shared.services.steps import Made, StepContext


def run(context: StepContext) -> Made:
    params = context.step.params
    subtree = Subtree(**{**params, "level": Level(params["level"])})
    purge(context.ports, context.job.workspace_id, subtree)
    return Made()
