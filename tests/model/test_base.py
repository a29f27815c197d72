"""What all stored documents have in common."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from shared.model.base import instant_text, is_id
from shared.model.job import Job, StepKind
from shared.model.project import Project
from tests.graph.fakes import START, CountingIds
from tests.graph.jobs import FILM, outputs, planned

UUID = "00000000-0000-4000-8000-00000000000a"


def project(**changes: object) -> Project:
    return Project.model_validate(
        {"id": "p", "created_at": START, "updated_at": START, "name": "App", **changes}
    )


def test_an_entity_comes_back_as_it_was_stored() -> None:
    plan = planned({**FILM, "sizes": [64]})
    job = plan.job.with_step("image", outputs=outputs(plan.job, "image"), not_before=START)
    assert Job.load(job.stored()) == job
    for entity in (*plan.assets, *plan.links):
        assert type(entity).load(entity.stored()) == entity


def test_entities_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        project().name = "Other"


def test_unknown_fields_are_an_error() -> None:
    with pytest.raises(ValidationError, match="colour"):
        project(colour="red")


def test_with_step_changes_one_step_of_a_copy() -> None:
    job = planned(FILM).job
    changed = job.with_step("image", attempt=3)
    assert changed.steps["image"].attempt == 3
    assert job.steps["image"].attempt == 1
    assert changed.steps["image"].kind is StepKind.IMAGE
    assert changed.steps["cutout"] is job.steps["cutout"]


def test_times_are_kept_in_utc() -> None:
    east = timezone(timedelta(hours=2))
    stored = project(created_at=datetime(2026, 1, 1, 1, 0, tzinfo=east)).stored()
    assert stored["created_at"] == "2025-12-31T23:00:00.000000Z"
    with pytest.raises(ValidationError, match="zone"):
        project(created_at=datetime(2026, 1, 1))  # noqa: DTZ001


def test_times_sort_as_text() -> None:
    times = [
        datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
        datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC),
        datetime(2026, 10, 1, tzinfo=UTC),
    ]
    texts = [instant_text(time) for time in times]
    assert texts == sorted(texts)
    assert len({len(text) for text in texts}) == 1


def test_ids_are_uuids_in_lower_case() -> None:
    assert is_id(UUID)
    assert is_id(CountingIds().uuid())
    for text in ("", "x", "..", "a/b", UUID.upper(), f"{{{UUID}}}", f"{UUID}\n", UUID[:-1]):
        assert not is_id(text)
