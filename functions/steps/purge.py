"""Remove what is below a deleted project, collection, item or asset."""

from shared.services.deletion import Level, Subtree, purge
from shared.services.steps import Made, StepContext


def run(context: StepContext) -> Made:
    params = context.step.params
    subtree = Subtree(
        Level(params["level"]), params["id"], path=params["path"], slug=params["slug"]
    )
    purge(context.ports, context.job.workspace_id, subtree)
    return Made()
