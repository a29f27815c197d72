"""Which transitions a history has met: what a step or a job was in, and what happened to it."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest

from shared.graph.advance import advance
from shared.graph.events import Decision, Event
from shared.model.job import Job
from shared.services import jobstore

Transition = tuple[str, str, str]


class Transitions:
    """Counts (status, event, next status); the status of a step where the event is about one or
    changed one, else that of the job."""

    def __init__(self) -> None:
        self.met: Counter[Transition] = Counter()

    @contextmanager
    def watched(self) -> Iterator[None]:

        def watching(job: Job, event: Event, now: datetime) -> Decision:
            decision = advance(job, event, now)
            self._count(job, event, decision.job)
            return decision

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(jobstore, "advance", watching)
            yield

    def _count(self, before: Job, event: Any, after: Job) -> None:
        name = type(event).__name__
        of = getattr(event, "step", None)
        changed = [of] if of else [id_ for id_ in before.steps if _differ(id_, before, after)]
        for id_ in changed:
            step, then = before.steps[id_], after.steps[id_]
            late = getattr(event, "attempt", step.attempt) != step.attempt
            self.met[step.status.value, f"late {name}" if late else name, then.status.value] += 1
        if not changed:
            self.met[f"job {before.status.value}", name, f"job {after.status.value}"] += 1


def _differ(id_: str, before: Job, after: Job) -> bool:
    return before.steps[id_] is not after.steps[id_]
