"""How much of a job is done."""

from itertools import pairwise

import pytest

from shared.graph.progress import done
from shared.model.job import Job, StepKind, StepStatus
from tests.graph.jobs import FILM, IMAGE, started


def shares(job: Job, **known: float) -> dict[str, float]:
    return {step_id: known.get(step_id, 0.0) for step_id in job.steps}


def of_kind(job: Job, kind: StepKind) -> list[str]:
    return [step_id for step_id, step in job.steps.items() if step.kind is kind]


@pytest.mark.parametrize("request_", [IMAGE, FILM])
def test_it_goes_from_nothing_to_all_and_never_back(request_: dict[str, object]) -> None:
    job = started(dict(request_))
    known = shares(job)
    seen = [done(job, known)]
    for step_id in job.steps:
        for share in (0.25, 0.5, 1.0):
            known[step_id] = share
            seen.append(done(job, known))
    assert seen[0] == 0
    assert seen[-1] == pytest.approx(1)
    assert all(before < after for before, after in pairwise(seen))


def test_what_takes_long_counts_for_much() -> None:
    """A still is a small part of a film, and the longer the film, the smaller."""
    parts = []
    for seconds in (2, 8):
        job = started({**FILM, "duration": seconds})
        still = [
            one for kind in ("image", "cutout", "validate") for one in of_kind(job, StepKind(kind))
        ]
        parts.append(done(job, shares(job, **dict.fromkeys(still, 1.0))))
    assert 0 < parts[1] < parts[0] < 0.4


def test_nothing_waits_before_its_end() -> None:
    """When films begin to be encoded, a good part of the bar is left for that."""
    job = started(FILM)
    encoding = of_kind(job, StepKind.TRANSCODE)
    before = {one: 1.0 for one in job.steps if one not in encoding}
    assert 0.2 < 1 - done(job, shares(job, **before)) < 0.7


def test_what_is_left_out_is_not_waited_for() -> None:
    job = started(FILM)
    for step_id in of_kind(job, StepKind.VIDEO) + of_kind(job, StepKind.TRANSCODE):
        job = job.with_step(step_id, status=StepStatus.SKIPPED)
    still = {one: 1.0 for one in job.steps if job.steps[one].status is not StepStatus.SKIPPED}
    assert done(job, shares(job, **still)) == pytest.approx(1)
