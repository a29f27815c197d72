"""How much of a job is done: its steps, weighed by how long each takes."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from shared.model.job import Job, Step, StepKind, StepStatus

SECONDS: Final[Mapping[StepKind, float]] = MappingProxyType(
    {
        StepKind.IMAGE: 5.4,
        StepKind.CUTOUT: 9.8,
        StepKind.VALIDATE: 1.3,
        StepKind.STYLE_CARD: 2.6,
    }
)
"""How long a step takes: only the proportions count. From the `started_at` and `finished_at` of the
steps of a 2-second film, made by the offline providers at standard quality in the usual formats and
two sizes, on two cores that were busy with other work as well."""
SECONDS_OF_FILM: Final[Mapping[StepKind, float]] = MappingProxyType(
    {StepKind.VIDEO: 16.7, StepKind.TRANSCODE: 5.6}
)
"""The same for each second of film, and of an encoding for each of its files."""
OTHER: Final = 2.0
"""For steps that were not measured."""
USUAL: Final = 4.0
"""Seconds of a film of which nobody said how long it is to be, such as one that is imported."""


def done(job: Job, shares: Mapping[str, float]) -> float:
    """How much of a job is done, 0 to 1, where each of its steps is done by its share.

    It never goes back while no step does: a step that is sent back begins anew, and its share with
    it.
    """
    weights = {step_id: _weight(job, step) for step_id, step in job.steps.items()}
    ended = {
        step_id: 1.0 if step.status is StepStatus.SKIPPED else shares[step_id]
        for step_id, step in job.steps.items()
    }
    return sum(weights[one] * ended[one] for one in weights) / sum(weights.values())


def _weight(job: Job, step: Step) -> float:
    if step.kind in SECONDS_OF_FILM:
        seconds = float(job.request.get("duration") or USUAL)
        files = len(step.makes) if step.kind is StepKind.TRANSCODE else 1
        return SECONDS_OF_FILM[step.kind] * seconds * max(files, 1)
    return SECONDS.get(step.kind, OTHER)
